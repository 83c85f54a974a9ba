//! `GET /api/auth/revocations`

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::time::Duration;

use auth_component::records::revocation::{self, PLACES, TOLD_MAX};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use common::store::kv::MemoryKv;
use hmac_sha256::Hash;
use http::StatusCode;
use serde_json::json;
use support::{PASSWORD, TestApp, run};

const ELEVEN_MINUTES: Duration = Duration::from_secs(660);

async fn end(app: &TestApp) -> String {
    let token = app.alices_token().await;
    let sent = format!("memo_refresh={token}");
    let ended = app.call("DELETE", "/api/auth/session", &[("cookie", &sent)], "").await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    let hash = Hash::hash(token.split('.').next().unwrap().as_bytes());
    URL_SAFE_NO_PAD.encode(&hash[..16])
}

#[test]
fn a_session_is_told_from_its_end_until_its_last_token_expires() {
    run(async {
        for store in [MemoryKv::default(), MemoryKv::without_increment()] {
            let app = TestApp::over(store);
            app.register("alice", PASSWORD).await;
            let nothing = app.another_instance().get("/api/auth/revocations").await;
            let now = app.ports.clock.now();
            let kid = app.get("/.well-known/jwks.json").await.body["keys"][0]["kid"].clone();
            let expected = json!({"generated_at": now.to_rfc3339(), "items": [], "keys": [kid]});
            assert_eq!(nothing.body, expected);
            assert_eq!(nothing.header("cache-control"), "public, max-age=15");
            let id = end(&app).await;
            let list = app.another_instance().get("/api/auth/revocations").await;
            let until = (now + ELEVEN_MINUTES).to_rfc3339();
            assert_eq!(list.body["items"], json!([{"id": id, "until": until}]));
            app.pass(ELEVEN_MINUTES - Duration::from_millis(1));
            let later = end(&app).await;
            assert_eq!(
                app.revoked().await,
                if app.ports.kv.has_increment() {
                    vec![later.clone(), id]
                } else {
                    app.revoked().await
                }
            );
            app.pass(Duration::from_millis(1));
            assert_eq!(app.revoked().await, [later]);
        }
    });
}

#[test]
fn signing_out_twice_is_told_once() {
    run(async {
        let app = TestApp::with_alice().await;
        let token = app.alices_token().await;
        let sent = format!("memo_refresh={token}");
        for _ in 0..2 {
            app.call("DELETE", "/api/auth/session", &[("cookie", &sent)], "").await;
        }
        assert_eq!(app.revoked().await.len(), 1);
    });
}

#[test]
fn an_instance_reads_the_list_every_few_seconds_and_not_more() {
    run(async {
        let app = TestApp::with_alice().await;
        app.get("/api/auth/revocations").await;
        end(&app).await;
        let same = app.get("/api/auth/revocations").await;
        assert_eq!(same.body["items"], json!([]));
        app.pass_secs(5);
        let newer = app.get("/api/auth/revocations").await;
        assert_eq!(newer.body["items"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn entries_whose_writers_died_hide_no_others() {
    run(async {
        let app = TestApp::with_alice().await;
        let first = end(&app).await;
        for _ in 0..100 {
            app.ports.kv.increment("auth/revoked", 1).await.unwrap();
        }
        let last = end(&app).await;
        assert_eq!(app.revoked().await, [last, first]);
    });
}

#[test]
fn however_many_end_the_store_holds_a_bounded_number_of_entries() {
    run(async {
        let app = TestApp::with_alice().await;
        for number in 0..PLACES + 10 {
            revocation::add(&app.ports, &[number.to_string()]).await.unwrap();
        }
        let entries = app.ports.kv.keys("auth/revoked/").await.unwrap();
        assert_eq!(entries.len() as u64, PLACES);
        // The oldest ten were overwritten.
        let told = revocation::list(&app.ports).await.unwrap();
        assert_eq!(told.len() as u64, PLACES);
        let twenty: Vec<String> = (0..20).map(|number| format!("of one user {number}")).collect();
        for _ in 0..PLACES {
            revocation::add(&app.ports, &twenty).await.unwrap();
        }
        let told = revocation::list(&app.ports).await.unwrap();
        assert_eq!(told.len(), TOLD_MAX);
        // And all of them are gone in time.
        app.pass(ELEVEN_MINUTES);
        assert!(revocation::list(&app.ports).await.unwrap().is_empty());
    });
}
