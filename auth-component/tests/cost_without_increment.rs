//! What requests cost where the store can't increment: the figures of deploy/akamai/README.md. A platform that writes fifty times a
//! second for everybody together is used up by them.

use std::sync::Arc;

use crate::support::{TestMemos, cookie};
use auth_component::{Config, app};
use common::testing::{Answer, CountingKv, World, request, run, send};
use serde_json::json;

/// The writes of a request after which the service knows its keys, and what it is answered.
struct Meter {
    router: axum::Router,
    store: Arc<CountingKv>,
}

impl Meter {
    fn new() -> Self {
        let store = Arc::new(CountingKv::without_increment());
        let config = Config::new("memo-auth", "memo-api");
        let router = app(World::over(store.clone()).ports(), config, Arc::<TestMemos>::default()).unwrap();
        run(send(&router, request("GET", "/.well-known/jwks.json", &[], "")));
        Self { router, store }
    }

    fn writes(&self, path: &str, headers: &[(&str, &str)], body: &str) -> (usize, Answer) {
        self.store.take();
        let answer = run(send(&self.router, request("POST", path, headers, body)));
        assert!(answer.status.is_success(), "{answer:?}");
        (self.store.take().writes(), answer)
    }
}

#[test]
fn who_signs_in_and_stays_writes_this_often() {
    let meter = Meter::new();
    // From somewhere, as on a platform: tries count for the network as well.
    let network = ("spin-client-addr", "203.0.113.7:1234");
    let json = [("content-type", "application/json"), network];
    let ann = json!({ "username": "ann", "password": "correct horse" }).to_string();
    let (register, _) = meter.writes("/api/auth/users", &json, &ann);
    let (sign_in, answer) = meter.writes("/api/auth/session", &json, &ann);
    let cookie = format!("__Host-memo_refresh={}", cookie(&answer));
    let (refresh, _) = meter.writes("/api/auth/session/refresh", &[("cookie", cookie.as_str()), network], "");
    assert_eq!((register, sign_in, refresh), (4, 9, 1));
}
