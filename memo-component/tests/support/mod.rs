//! The service over a store in memory, with a clock that tests move and tokens that they mint.

#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::{
    ops::Deref,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::{Router, body::Body};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use common::{
    store::kv::{Kv, MemoryKv},
    testing::World,
    token::{Claims, TOKEN_TYPE, UserId},
    world::{
        Ports,
        clock::{Clock, Timestamp},
    },
};
use ed25519_dalek::SigningKey;
use http::{HeaderMap, Request, StatusCode};
use jwt_compact::{AlgorithmExt, Claims as JwtClaims, Header, alg::Ed25519};
use memo_component::{
    Config,
    catalog::quota::Limits,
    issuer::{Issuer, IssuerError},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub use common::testing::{Answer, run};

pub mod assistant;
pub mod failing;
pub mod slow;
pub mod transfer;
pub mod zips;

/// An issuer with one key, that can be switched off and counts how often it is asked.
pub struct TestIssuer {
    pub key: Mutex<(String, SigningKey)>,
    pub is_up: Mutex<bool>,
    pub asked: AtomicUsize,
    /// Its list of ended sessions: hashes, and until when.
    pub ended: Mutex<Vec<Value>>,
    /// Whether the list says which keys are good. An issuer of the version before does not.
    pub tells_keys: AtomicBool,
    /// How often it was asked for that.
    pub asked_for_ended: AtomicUsize,
    /// The personal tokens that it was asked about.
    pub introspected: Mutex<Vec<String>>,
    /// What it says of every one of them; nothing, while it does not answer.
    pub says_of_tokens: Mutex<Option<String>>,
}

impl TestIssuer {
    /// Ends a session: its tokens that expire within so many seconds are to be refused.
    pub fn end(&self, session_id: &str, now: Timestamp, seconds: u64) {
        let hash = URL_SAFE_NO_PAD.encode(&Sha256::digest(session_id.as_bytes())[..16]);
        let until = (now + Duration::from_secs(seconds)).to_rfc3339();
        self.ended.lock().unwrap().push(json!({"id": hash, "until": until}));
    }

    pub fn rotate(&self, id: &str, seed: u8) {
        *self.key.lock().unwrap() = (id.to_owned(), SigningKey::from_bytes(&[seed; 32]));
    }

    pub fn jwks_text(&self) -> String {
        let (id, key) = &*self.key.lock().unwrap();
        let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
        let key = json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": id, "x": x});
        json!({"keys": [{"kty": "RSA", "kid": "other", "n": "AQAB", "e": "AQAB"}, key]}).to_string()
    }
}

#[async_trait]
impl Issuer for TestIssuer {
    async fn jwks(&self, _: HeaderMap) -> Result<Vec<u8>, IssuerError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if *self.is_up.lock().unwrap() {
            Ok(self.jwks_text().into_bytes())
        } else {
            Err(IssuerError("switched off".to_owned()))
        }
    }

    async fn introspect(&self, token: &str, _: HeaderMap) -> Result<Vec<u8>, IssuerError> {
        self.introspected.lock().unwrap().push(token.to_owned());
        let answer = self.says_of_tokens.lock().unwrap().clone();
        answer
            .map(String::into_bytes)
            .ok_or_else(|| IssuerError("switched off".to_owned()))
    }

    async fn revocations(&self, _: HeaderMap) -> Result<Vec<u8>, IssuerError> {
        self.asked_for_ended.fetch_add(1, Ordering::SeqCst);
        if *self.is_up.lock().unwrap() {
            let mut list = json!({"generated_at": "2026-11-22T00:00:00Z", "items": *self.ended.lock().unwrap()});
            if self.tells_keys.load(Ordering::SeqCst) {
                list["keys"] = json!([self.key.lock().unwrap().0]);
            }
            Ok(list.to_string().into_bytes())
        } else {
            Err(IssuerError("switched off".to_owned()))
        }
    }
}

/// The service, and the world around it.
pub struct TestApp {
    pub router: Router,
    pub ports: Ports,
    pub world: World,
    pub issuer: Arc<TestIssuer>,
}

impl Deref for TestApp {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl TestApp {
    pub fn new() -> Self {
        Self::in_world(World::new())
    }

    pub fn over(kv: Arc<dyn Kv>) -> Self {
        Self::in_world(World::over(kv))
    }

    pub fn with_limits(kv: Arc<dyn Kv>, limits: Limits) -> Self {
        Self::configured(World::over(kv), |config| config.limits = limits)
    }

    /// Both kinds of stores, empty.
    pub fn both() -> [Self; 2] {
        [Self::new(), Self::over(Arc::new(MemoryKv::without_increment()))]
    }

    fn in_world(world: World) -> Self {
        Self::configured(world, |_| {})
    }

    /// The service over `world`, with some of the configuration changed.
    pub fn configured(world: World, change: impl FnOnce(&mut Config)) -> Self {
        let issuer = Arc::new(TestIssuer {
            key: Mutex::new(("first".to_owned(), SigningKey::from_bytes(&[1; 32]))),
            is_up: Mutex::new(true),
            asked: AtomicUsize::new(0),
            ended: Mutex::default(),
            tells_keys: AtomicBool::new(false),
            asked_for_ended: AtomicUsize::new(0),
            introspected: Mutex::default(),
            says_of_tokens: Mutex::new(Some("{\"active\":true}".to_owned())),
        });
        let ports = world.ports();
        let mut config = Config::new("memo-auth", "memo-api");
        change(&mut config);
        Self {
            router: memo_component::app(ports.clone(), config, issuer.clone()).unwrap(),
            ports,
            world,
            issuer,
        }
    }

    /// Another instance over the same world: nothing in its memory.
    pub fn another_instance(&self, literal_jwks: &str) -> Self {
        Self {
            router: Self::router(&self.ports, &self.issuer, literal_jwks),
            ports: self.ports.clone(),
            world: self.world.clone(),
            issuer: self.issuer.clone(),
        }
    }

    fn router(ports: &Ports, issuer: &Arc<TestIssuer>, literal_jwks: &str) -> Router {
        let config = Config {
            jwks: literal_jwks.to_owned(),
            ..Config::new("memo-auth", "memo-api")
        };
        memo_component::app(ports.clone(), config, issuer.clone()).unwrap()
    }

    /// A good token for `user`, signed with the issuer's present key.
    pub fn token(&self, user: &str) -> String {
        self.token_with(user, "memo-api", 600)
    }

    pub fn token_with(&self, user: &str, audience: &str, seconds: i64) -> String {
        self.token_for(user, audience, seconds, "memos:read memos:write")
    }

    pub fn token_for(&self, user: &str, audience: &str, seconds: i64, scope: &str) -> String {
        let (id, key) = &*self.issuer.key.lock().unwrap();
        let claims = Claims {
            iss: "memo-auth".to_owned(),
            aud: audience.to_owned(),
            sub: UserId::try_from(user.to_owned()).unwrap(),
            jti: "1".to_owned(),
            client_id: "test".to_owned(),
            sid: "1".to_owned(),
            scope: scope.to_owned(),
        };
        let now: DateTime<Utc> = DateTime::from_timestamp_millis(self.clock.now().0 as i64).unwrap();
        let mut claims = JwtClaims::new(claims);
        claims.issued_at = Some(now);
        claims.expiration = Some(now + chrono::Duration::seconds(seconds));
        let header = Header::empty().with_key_id(id.as_str()).with_token_type(TOKEN_TYPE);
        Ed25519.token(&header, &claims, key).unwrap()
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        common::testing::send(&self.router, request).await
    }

    /// A request of `user`'s with these headers and, unless it is null, this body.
    pub async fn call(&self, user: &str, method: &str, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header("authorization", format!("Bearer {}", self.token(user)));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Value::Null => Body::empty(),
            body => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
        };
        self.send(request.body(body).unwrap()).await
    }

    pub async fn write(&self, user: &str, text: &str) -> Answer {
        self.call(user, "POST", "/api/memos", &[], json!({"text": text})).await
    }

    pub async fn get(&self, user: &str, path: &str) -> Answer {
        self.call(user, "GET", path, &[], Value::Null).await
    }

    /// A change of a memo that is meant for `version`.
    pub async fn change(&self, user: &str, method: &str, id: &str, version: u64, body: Value) -> Answer {
        let (path, tag) = (format!("/api/memos/{id}"), format!("\"{version}\""));
        self.call(user, method, &path, &[("if-match", &tag)], body).await
    }

    /// A change that must succeed; the memo after it.
    pub async fn patch(&self, user: &str, id: &str, version: u64, body: Value) -> Value {
        let changed = self.change(user, "PATCH", id, version, body).await;
        assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
        changed.body
    }

    /// Puts a memo into the trash, or removes it from there.
    pub async fn delete(&self, user: &str, id: &str, version: u64) {
        let deleted = self.change(user, "DELETE", id, version, Value::Null).await;
        assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{deleted:?}");
    }

    /// Removes a memo for good that was not changed yet.
    pub async fn remove(&self, user: &str, id: &str) {
        self.delete(user, id, 1).await;
        self.delete(user, id, 2).await;
    }

    /// The texts of all of `user`'s memos, walking the pages of `limit`.
    pub async fn all_texts(&self, user: &str, limit: usize) -> Vec<String> {
        self.texts(user, &format!("limit={limit}")).await
    }

    /// The texts of all memos that a query finds, walking its pages.
    pub async fn texts(&self, user: &str, query: &str) -> Vec<String> {
        let memos = self.memos(user, query).await;
        memos
            .iter()
            .map(|memo| memo["text"].as_str().unwrap().to_owned())
            .collect()
    }

    /// All memos that a query finds, walking its pages.
    pub async fn memos(&self, user: &str, query: &str) -> Vec<Value> {
        let mut memos = Vec::new();
        let mut path = format!("/api/memos?{query}");
        loop {
            let page = self.get(user, &path).await;
            assert_eq!(page.status, StatusCode::OK, "{page:?}");
            memos.extend_from_slice(page.body["items"].as_array().unwrap());
            match page.body["next_cursor"].as_str() {
                Some(cursor) => path = format!("/api/memos?{query}&cursor={cursor}"),
                None => return memos,
            }
        }
    }
}
