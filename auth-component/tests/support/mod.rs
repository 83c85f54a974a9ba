//! The service over a store in memory that can be made to fail, with a clock that tests move and a fixed randomness.

#![allow(dead_code, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod memos;
pub mod passkeys;
pub mod programs;
mod store;

use std::{ops::Deref, sync::Arc, time::Duration};

use auth_component::{Config, app};
use axum::Router;
use common::{
    store::kv::MemoryKv,
    testing::{World, request},
    world::Ports,
};
use http::StatusCode;
use serde_json::{Value, json};

#[allow(unused_imports)]
pub use common::testing::{Answer, run};
#[allow(unused_imports)]
pub use memos::TestMemos;
#[allow(unused_imports)]
pub use store::{Failing, TestKv};

pub const PASSWORD: &str = "correct horse";

/// The service, and the world around it.
#[derive(Clone)]
pub struct TestApp {
    pub router: Router,
    pub ports: Ports,
    pub world: World,
    pub kv: Arc<TestKv>,
    pub memos: Arc<TestMemos>,
}

/// The refresh token in the cookie that this answer sets, under either name.
pub fn cookie(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie");
    let (name, rest) = cookie.split_once('=').unwrap();
    assert!(["memo_refresh", "__Host-memo_refresh"].contains(&name), "{cookie}");
    rest.split(';').next().unwrap().to_owned()
}

/// An answer with the refresh token of its cookie, where it has one.
fn with_refresh_token(mut answer: Answer) -> Answer {
    if answer.headers.contains_key("set-cookie") {
        answer.body["refresh_token"] = cookie(&answer).into();
    }
    answer
}

/// Bytes as the JSON of passkeys has them.
pub fn base64url(bytes: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    URL_SAFE_NO_PAD.encode(bytes)
}

/// The same, back.
pub fn from_base64url(text: &str) -> Vec<u8> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// The fields for which a request was refused.
#[track_caller]
pub fn refused_fields(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{answer:?}");
    let errors = answer.body["errors"].as_array().unwrap();
    errors.iter().map(|error| error["field"].as_str().unwrap()).collect()
}

pub fn config() -> Config {
    Config {
        public_origin: "http://localhost:3000".to_owned(),
        cors_origins: "https://friend.example, https://other.example".to_owned(),
        ..Config::new("memo-auth", "memo-api")
    }
}

impl Deref for TestApp {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl TestApp {
    pub fn new() -> Self {
        Self::over(MemoryKv::default())
    }

    pub fn over(store: MemoryKv) -> Self {
        let kv = Arc::new(TestKv::new(store));
        let world = World::over(kv.clone());
        let (ports, memos) = (world.ports(), Arc::<TestMemos>::default());
        Self {
            router: app(ports.clone(), config(), memos.clone()).unwrap(),
            ports,
            world,
            kv,
            memos,
        }
    }

    /// Another instance over the same world: nothing in its memory.
    pub fn another_instance(&self) -> Self {
        self.with_config(config())
    }

    pub fn with_config(&self, config: Config) -> Self {
        Self {
            router: app(self.ports.clone(), config, self.memos.clone()).unwrap(),
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
        self.world.pass(time);
    }

    pub async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        common::testing::send(&self.router, request(method, path, headers, body)).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], "").await
    }

    pub async fn post_json(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, &[("content-type", "application/json")], &body.to_string())
            .await
    }

    /// A form to the token endpoint.
    pub async fn form(&self, parameters: &[(&str, &str)]) -> Answer {
        self.post_form("/api/auth/token", parameters).await
    }

    pub async fn post_form(&self, path: &str, parameters: &[(&str, &str)]) -> Answer {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(parameters);
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.call("POST", path, &headers, &form.finish()).await
    }

    pub async fn register(&self, username: &str, password: &str) -> Answer {
        self.post_json("/api/auth/users", json!({"username": username, "password": password}))
            .await
    }

    /// Somebody signs in on the site. The refresh token of the cookie is put into the answer as well.
    pub async fn log_in(&self, username: &str, password: &str) -> Answer {
        let body = json!({"username": username, "password": password});
        with_refresh_token(self.post_json("/api/auth/session", body).await)
    }

    /// Alice's refresh token for a new session.
    pub async fn alices_token(&self) -> String {
        self.log_in("alice", PASSWORD).await.text("refresh_token")
    }

    /// The site's session goes on by this token. That of the new cookie is put into the answer as well.
    pub async fn refresh(&self, token: &str) -> Answer {
        let cookie = format!("memo_refresh={token}");
        let headers = [("cookie", cookie.as_str())];
        with_refresh_token(self.call("POST", "/api/auth/session/refresh", &headers, "").await)
    }

    /// A request in the name of who has this access token.
    pub async fn call_as(&self, access_token: &str, method: &str, path: &str, body: Value) -> Answer {
        let bearer = format!("Bearer {access_token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.call(method, path, &headers, &body).await
    }

    /// Alice signs in with this password: her access token and her refresh token.
    pub async fn alice_signs_in(&self, password: &str) -> (String, String) {
        let answer = self.log_in("alice", password).await;
        (answer.text("access_token"), answer.text("refresh_token"))
    }

    /// The ids of the sessions that ended before their access tokens did.
    pub async fn revoked(&self) -> Vec<String> {
        let list = self.another_instance().get("/api/auth/revocations").await;
        let items = list.body["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect()
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

/// The same access token with another scope, signed with the key in the store.
pub async fn rescoped(app: &TestApp, access_token: &str, scope: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use jwt_simple::{
        common::HeaderOptions,
        prelude::{Ed25519KeyPair, EdDSAKeyPairLike, JWTClaims},
    };

    let keys: Value = app.ports.kv.get_json("auth/key/signing").await.unwrap().unwrap();
    let seed = URL_SAFE_NO_PAD
        .decode(keys["keys"][0]["seed"].as_str().unwrap())
        .unwrap();
    // PKCS #8 around an Ed25519 seed (RFC 8410 §7).
    let prefix = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
    let pair = Ed25519KeyPair::from_der(&[prefix.as_slice(), &seed].concat()).unwrap();
    let id = pair.public_key().jwk_thumbprint();
    let claims = access_token.split('.').nth(1).unwrap();
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    claims["scope"] = scope.into();
    let claims = JWTClaims {
        issued_at: None,
        expires_at: None,
        invalid_before: None,
        issuer: None,
        subject: None,
        audiences: None,
        jwt_id: None,
        nonce: None,
        custom: claims,
    };
    let header = HeaderOptions {
        content_type: None,
        signature_type: Some("at+jwt".to_owned()),
    };
    pair.with_key_id(&id).sign_with_options(claims, &header).unwrap()
}
