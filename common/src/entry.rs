//! A component's entry: what both services do before their router takes over.

use std::{
    sync::{Arc, OnceLock},
    task::Poll,
};

use axum::{Router, response::Response, routing::any};
use futures::channel::oneshot;
use spin_sdk::http::Request;
use tower_service::Service;

use crate::{
    config::{ConfigError, ConfigErrors},
    http::{layers::Layers, problem::Problem},
    store::{
        kv::{Kv, KvError, MemoryKv, RedisAddress, RedisKv, SpinKv},
        layout,
    },
    variable::{self, VariableError},
    world::{
        Ports, backpressure::ComponentBackpressure, clock::SystemClock, in_background, log_to_stderr,
        random::SystemRandom,
    },
};

/// Where a component's memory comes from. An instance has one thread, so that nothing needs a lock.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Why a component can't serve yet. It answers 503 meanwhile, and tries again at each request.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A variable can't be read.
    #[error(transparent)]
    Variable(#[from] VariableError),
    /// Variables hold something that can't be used.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// The store can't be opened, or holds another layout.
    #[error(transparent)]
    Store(#[from] KvError),
}

impl From<ConfigError> for StartError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error.into())
    }
}

/// A component instance: its router, built by the first request and kept for the others. It holds no request's data.
pub struct Instance {
    service: &'static str,
    begun: OnceLock<Begun>,
}

/// What the first request leaves to the others.
struct Begun {
    router: Router,
    kv: Arc<dyn Kv>,
}

impl Instance {
    /// The instance of `service`, whose keys in the store begin with that name.
    pub const fn new(service: &'static str) -> Self {
        Self {
            service,
            begun: OnceLock::new(),
        }
    }

    /// Answers `request` with the router that `build` makes. While it can't be made (a store that is away, a wrong
    /// setting) requests are answered 503, and each tries again.
    pub async fn serve<F>(&self, request: Request, build: impl FnOnce(Ports) -> F) -> Response
    where
        F: Future<Output = Result<Router, StartError>>,
    {
        let _until_answered = without_yielding();
        let mut router = match self.router(build).await {
            Ok(router) => router,
            Err(cause) => self.refusing(&cause),
        };
        router.call(request).await.unwrap_or_else(|never| match never {})
    }

    /// Answers everything with 503, and like every answer with a request id, safe headers and a line in the log.
    fn refusing(&self, cause: &StartError) -> Router {
        let problem = match cause {
            StartError::Config(errors) => Problem::misconfigured(errors),
            StartError::Variable(_) | StartError::Store(_) => Problem::unavailable(cause),
        };
        let refuse = move || std::future::ready(problem.clone());
        let layers = Layers {
            service: self.service,
            ..Layers::default()
        };
        let router = Router::new().route("/{*path}", any(refuse));
        layers.finish(router, &ports(Arc::new(MemoryKv::default())))
    }

    /// Requests that arrive while the router is being built build their own, and the first one done is kept.
    ///
    /// Don't add a lock here. In WASI 0.3 a task that waits for nothing but another task of the same instance traps
    /// (wit-bindgen without `inter-task-wakeup`, whose price is a few calls to the host at every await).
    async fn router<F>(&self, build: impl FnOnce(Ports) -> F) -> Result<Router, StartError>
    where
        F: Future<Output = Result<Router, StartError>>,
    {
        if let Some(begun) = self.begun.get() {
            begun.kv.reconnect().await;
            return Ok(begun.router.clone());
        }
        let kv = match open().await {
            // Nothing is served. What else is wrong is told together with this.
            Err(StartError::Config(errors)) => return Err(with_others(errors, build).await),
            store => store?,
        };
        let ports = ports(Arc::clone(&kv));
        layout::check(&ports, self.service).await?;
        let router = build(ports).await?;
        Ok(self.begun.get_or_init(|| Begun { router, kv }).router.clone())
    }
}

/// Keeps wit-bindgen from yielding to the host at every await, as long as the returned value lives: hold it until the
/// response is ready.
///
/// wit-bindgen keeps the futures of a request in a `FuturesUnordered`, which wakes itself whenever it has polled all
/// that it holds: with one future, at every await. The request then first *yields*, and begins to *wait* only on its
/// next turn; hosts give those turns last, so that under load a change of a memo took half as long again. Beside a
/// second future that merely sleeps, the one is not all.
fn without_yielding() -> oneshot::Sender<()> {
    let (answered, sleeps_until) = oneshot::channel::<()>();
    spin_sdk::wasip3::spawn(async {
        let _ = sleeps_until.await;
    });
    answered
}

/// Lets what was just spawned begin: await it together with what spawned it, such as a request that is sent with a body.
///
/// wit-bindgen polls what a future spawns when something wakes the request, and not before. With its yielding that is at once;
/// [without it](without_yielding) a body that nobody begins to write keeps the answer waiting for ever.
pub fn next_turn() -> impl Future<Output = ()> {
    let mut is_woken = false;
    std::future::poll_fn(move |context| {
        if std::mem::replace(&mut is_woken, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
}

/// These errors, and those that `build` finds.
async fn with_others<F>(errors: ConfigErrors, build: impl FnOnce(Ports) -> F) -> StartError
where
    F: Future<Output = Result<Router, StartError>>,
{
    match build(ports(Arc::new(MemoryKv::default()))).await {
        Err(StartError::Config(others)) => errors.and(others).into(),
        _ => errors.into(),
    }
}

/// The store: the Redis that the variable `redis_url` names, or else Spin's own, in the way that `kv_atomics` says.
async fn open() -> Result<Arc<dyn Kv>, StartError> {
    let redis = RedisAddress::parse(
        &variable::get("redis_url").await?,
        &variable::get("redis_user").await?,
        &variable::get("redis_password").await?,
    );
    let has_increment = match variable::get("kv_atomics").await?.as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(ConfigError::new("kv_atomics", "it is neither \"true\" nor \"false\"").into()),
    };
    match ConfigErrors::both(redis, has_increment)? {
        (Some(address), _) => Ok(Arc::new(RedisKv::connect(address).await?)),
        (None, has_increment) => Ok(Arc::new(SpinKv::open(has_increment).await?)),
    }
}

fn ports(kv: Arc<dyn Kv>) -> Ports {
    Ports {
        kv,
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        backpressure: Arc::new(ComponentBackpressure),
        log: log_to_stderr,
        afterwards: in_background,
    }
}
