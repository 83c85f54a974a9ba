//! The limit: the services' own routers as a native server, over the embedded host's own store.
//!
//! `/hello` answers as the bare hello component does, so that what Wasm costs shows there alone.

use std::{convert::Infallible, net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::Result;
use async_trait::async_trait;
use axum::{Router, body::Body};
use clap::Parser;
use common::{
    store::{
        kv::{Kv, KvError},
        layout,
    },
    world::{Ports, backpressure::NoBackpressure, clock::SystemClock, random::SystemRandom},
};
// The same code that the host runs, so that nothing but Wasm is between the two.
use host::key_value::{Database, Store};
use http::{HeaderMap, Request, Response, header};
use http_body_util::BodyExt;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use memo_component::issuer::{Issuer, IssuerError};
use tokio::net::TcpListener;
use tower::ServiceExt;

/// The services as a native server.
#[derive(Parser)]
struct Args {
    /// Where to serve HTTP
    #[arg(long)]
    listen: SocketAddr,
    /// Where the data lives
    #[arg(long)]
    state_dir: PathBuf,
    /// The seed of the signing key, in base64url
    #[arg(long)]
    signing_key: String,
}

fn main() -> Result<()> {
    let args = Args::parse();
    tokio::runtime::Runtime::new()?.block_on(serve(args))
}

async fn serve(args: Args) -> Result<()> {
    let app = App::new(&args).await?;
    let listener = TcpListener::bind(args.listen).await?;
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let app = app.clone();
        let service = service_fn(move |request: Request<hyper::body::Incoming>| {
            let app = app.clone();
            async move { app.answer(request.map(Body::new)).await }
        });
        let connection = server.serve_connection(TokioIo::new(stream), service);
        tokio::spawn(async move { drop(connection.await) });
    }
}

#[derive(Clone)]
struct App {
    auth: Router,
    memo: Router,
}

impl App {
    async fn new(args: &Args) -> Result<Self> {
        let database = Database::open(&args.state_dir.join("sqlite_key_value.db"))?;
        let ports = Ports {
            kv: Arc::new(HostKv(database.store("default"))),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            backpressure: Arc::new(NoBackpressure),
            // Written as the components write it, then dropped as the host drops it with --quiet.
            log: |line| {
                std::hint::black_box(line);
            },
            afterwards: |task| {
                tokio::spawn(task);
                Box::pin(std::future::ready(()))
            },
        };
        for service in ["auth", "memo"] {
            layout::check(&ports, service).await?;
        }
        let auth = auth_component::Config {
            signing_key: args.signing_key.clone(),
            ..auth_component::Config::new("memo-auth", "memo-api")
        };
        let memo = memo_component::Config::new(&auth.issuer, &auth.audience);
        let auth = auth_component::app(ports.clone(), auth, Arc::new(auth_component::memo_service::Away))?;
        let issuer = Arc::new(Neighbour(auth.clone()));
        let memo = memo_component::app(ports, memo, issuer)?;
        Ok(Self { auth, memo })
    }

    /// The routes of spin.toml.
    async fn answer(self, request: Request<Body>) -> Result<Response<Body>, Infallible> {
        match request.uri().path() {
            "/hello" => Ok(Response::new(Body::from("hello"))),
            path if path.starts_with("/api/memos") => self.memo.oneshot(request).await,
            path if path.starts_with("/api/auth/") || path.starts_with("/.well-known/") => {
                self.auth.oneshot(request).await
            }
            _ => Ok(site::respond(&request).map(Body::from)),
        }
    }
}

/// The issuer, asked inside the process, as the host does it between components.
struct Neighbour(Router);

#[async_trait]
impl Issuer for Neighbour {
    async fn jwks(&self, _: HeaderMap) -> Result<Vec<u8>, IssuerError> {
        self.get("/.well-known/jwks.json").await
    }

    async fn revocations(&self, _: HeaderMap) -> Result<Vec<u8>, IssuerError> {
        self.get("/api/auth/revocations").await
    }

    async fn introspect(&self, token: &str, _: HeaderMap) -> Result<Vec<u8>, IssuerError> {
        let request = Request::post("/api/auth/introspect");
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(format!("token={token}")))).await
    }
}

impl Neighbour {
    async fn get(&self, path: &str) -> Result<Vec<u8>, IssuerError> {
        self.send(Request::get(path).body(Body::empty())).await
    }

    async fn send(&self, request: http::Result<Request<Body>>) -> Result<Vec<u8>, IssuerError> {
        let failed = |error: &dyn std::fmt::Display| IssuerError(error.to_string());
        let request = request.map_err(|error| failed(&error))?;
        let response = self.0.clone().oneshot(request).await.map_err(|error| failed(&error))?;
        let body = response.into_body().collect().await.map_err(|error| failed(&error))?;
        Ok(body.to_bytes().to_vec())
    }
}

/// The host's store behind the services' port.
struct HostKv(Arc<dyn Store>);

fn unavailable(error: anyhow::Error) -> KvError {
    KvError::Unavailable(format!("{error:#}"))
}

#[async_trait]
impl Kv for HostKv {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        self.0.get(key).await.map_err(unavailable)
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), KvError> {
        self.0.set(key, value.to_vec()).await.map_err(unavailable)
    }

    async fn delete(&self, key: &str) -> Result<(), KvError> {
        self.0.delete(key).await.map_err(unavailable)
    }

    async fn exists(&self, key: &str) -> Result<bool, KvError> {
        self.0.exists(key).await.map_err(unavailable)
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, KvError> {
        let mut keys = self.0.keys().await.map_err(unavailable)?;
        keys.retain(|key| key.starts_with(prefix));
        Ok(keys)
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, KvError> {
        self.0.increment(key, delta).await.map_err(unavailable)
    }

    fn has_increment(&self) -> bool {
        true
    }
}
