//! The service over a store in memory that can be made to fail, with a clock that tests move and a fixed randomness.

#![allow(dead_code, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod store;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use auth_component::{Config, app};
use axum::{Router, body::Body};
use common::{
    clock::{Clock, Timestamp},
    kv::MemoryKv,
    ports::Ports,
    random::{Random, RandomError},
};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tower::ServiceExt;

pub use store::{Failing, TestKv};

pub const PASSWORD: &str = "correct horse";

/// A clock that stands still until it is moved.
pub struct HandClock(AtomicU64);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Bytes that differ from call to call and not from run to run.
struct SeededRandom(AtomicU64);

impl Random for SeededRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        for chunk in buffer.chunks_mut(32) {
            let block = Sha256::digest(self.0.fetch_add(1, Ordering::SeqCst).to_le_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

/// The service, and the world around it.
#[derive(Clone)]
pub struct TestApp {
    pub router: Router,
    pub ports: Ports,
    pub clock: Arc<HandClock>,
    pub kv: Arc<TestKv>,
}

/// An answer, read to the end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn text(&self, field: &str) -> String {
        self.body[field]
            .as_str()
            .unwrap_or_else(|| panic!("no {field} in {self:?}"))
            .to_owned()
    }

    /// The refresh token in the cookie that this answer sets.
    pub fn cookie(&self) -> String {
        let cookie = self.header("set-cookie").strip_prefix("memo_refresh=").unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }
}

pub fn config() -> Config {
    Config {
        issuer: "memo-auth".to_owned(),
        audience: "memo-api".to_owned(),
        signing_key: String::new(),
        cors_origins: "https://friend.example, https://other.example".to_owned(),
    }
}

impl TestApp {
    pub fn new() -> Self {
        Self::over(MemoryKv::default())
    }

    pub fn over(store: MemoryKv) -> Self {
        let kv = Arc::new(TestKv::new(store));
        let clock = Arc::new(HandClock(AtomicU64::new(1_790_000_000_000)));
        let ports = Ports {
            kv: kv.clone(),
            clock: clock.clone(),
            random: Arc::new(SeededRandom(AtomicU64::new(0))),
            log: |_| {},
        };
        Self {
            router: app(ports.clone(), config()).unwrap(),
            ports,
            clock,
            kv,
        }
    }

    /// Another instance over the same world: nothing in its memory.
    pub fn another_instance(&self) -> Self {
        self.with_config(config())
    }

    pub fn with_config(&self, config: Config) -> Self {
        Self {
            router: app(self.ports.clone(), config).unwrap(),
            ..self.clone()
        }
    }

    /// A world where `alice` is registered.
    pub async fn with_alice() -> Self {
        let app = Self::new();
        assert_eq!(app.register("alice", PASSWORD).await.status, StatusCode::CREATED);
        app
    }

    pub fn pass(&self, time: Duration) {
        self.clock
            .0
            .fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub fn pass_secs(&self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&body).unwrap()
        };
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    pub async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], "").await
    }

    pub async fn post_json(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, &[("content-type", "application/json")], &body.to_string())
            .await
    }

    pub async fn form(&self, parameters: &[(&str, &str)]) -> Answer {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(parameters);
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.call("POST", "/api/auth/token", &headers, &form.finish()).await
    }

    pub async fn register(&self, username: &str, password: &str) -> Answer {
        self.post_json("/api/auth/users", json!({"username": username, "password": password}))
            .await
    }

    pub async fn log_in(&self, username: &str, password: &str) -> Answer {
        self.form(&[
            ("grant_type", "password"),
            ("username", username),
            ("password", password),
        ])
        .await
    }

    /// Alice's refresh token for a new session.
    pub async fn alices_token(&self) -> String {
        self.log_in("alice", PASSWORD).await.text("refresh_token")
    }

    pub async fn refresh(&self, token: &str) -> Answer {
        self.form(&[("grant_type", "refresh_token"), ("refresh_token", token)])
            .await
    }

    pub async fn me(&self, access_token: &str) -> Answer {
        self.call(
            "GET",
            "/api/auth/me",
            &[("authorization", &format!("Bearer {access_token}"))],
            "",
        )
        .await
    }
}

pub fn run<T>(test: impl Future<Output = T>) -> T {
    futures::executor::block_on(test)
}
