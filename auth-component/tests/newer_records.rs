//! Records that a newer version has written: whoever goes back to this version is refused, clearly, and nothing is changed.
//!
//! A newer version's record is one of ours with a field that this version does not know. One test for each kind of record. To
//! write such a record without that field could take a second factor away.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::time::Duration;

use common::testing::request;
use http::StatusCode;
use serde_json::{Value, json};
use support::{Answer, PASSWORD, TestApp, programs, run};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Adds the field to the record that lies at a key with this beginning and this end; tells the key and the record.
async fn renew(app: &TestApp, begin: &str, end: &str) -> (String, Value) {
    let keys = app.ports.kv.keys(begin).await.unwrap();
    let is_list = |key: &str| key.ends_with("/sessions");
    let is_it = |key: &&String| key.ends_with(end) && !key.contains("/claim/") && is_list(key) == is_list(end);
    let mut keys = keys.iter().filter(is_it);
    let key = keys.next().unwrap_or_else(|| panic!("there is no {begin}…{end}"));
    let mut record: Value = app.ports.kv.get_json(key).await.unwrap().unwrap();
    // What is due says its kind by a member around its fields.
    match record.as_object_mut().unwrap().values_mut().next().unwrap() {
        Value::Object(inner) if key.contains("/due/") => inner.insert("colour".to_owned(), json!("red")),
        _ => record
            .as_object_mut()
            .unwrap()
            .insert("colour".to_owned(), json!("red")),
    };
    app.ports.kv.set_json(key, &record).await.unwrap();
    (key.clone(), record)
}

#[track_caller]
fn assert_refused(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
}

async fn assert_kept(app: &TestApp, (key, record): (String, Value)) {
    let now: Value = app.ports.kv.get_json(&key).await.unwrap().unwrap();
    assert_eq!(now, record, "{key} was changed");
}

#[test]
fn a_user() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, refresh) = app.alice_signs_in(PASSWORD).await;
        let newer = renew(&app, "auth/user/", "").await;
        let app = app.another_instance();
        let me = app.me(&access).await;
        assert_refused(&me);
        assert!(me.text("detail").contains("newer version"), "{me:?}");
        assert_refused(&app.log_in("alice", PASSWORD).await);
        assert_refused(&app.refresh(&refresh).await);
        let change = json!({"password": PASSWORD, "new_password": "another correct horse"});
        assert_refused(&app.call_as(&access, "PUT", "/api/auth/me/password", change).await);
        let deletion = json!({"password": PASSWORD});
        assert_refused(&app.call_as(&access, "DELETE", "/api/auth/me", deletion).await);
        assert_kept(&app, newer).await;
    });
}

/// What lies inside of a record is a part of it: a passkey with something new is not written without it.
#[test]
fn a_part_of_a_user() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let body = json!({"name": "t", "scope": "memos:read", "expires_in_days": 1, "password": PASSWORD});
        let made = app.call_as(&access, "POST", "/api/auth/tokens", body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        let keys = app.ports.kv.keys("auth/user/").await.unwrap();
        let key = keys
            .iter()
            .find(|key| !key.contains("/sessions") && !key.contains("/claim/"))
            .unwrap();
        let mut record: Value = app.ports.kv.get_json(key).await.unwrap().unwrap();
        record["personal_tokens"][0]["colour"] = json!("red");
        app.ports.kv.set_json(key, &record).await.unwrap();
        assert_refused(&app.log_in("alice", PASSWORD).await);
        assert_kept(&app, (key.clone(), record)).await;
    });
}

#[test]
fn a_name() {
    run(async {
        let app = TestApp::with_alice().await;
        let newer = renew(&app, "auth/name/alice", "").await;
        assert_refused(&app.log_in("alice", PASSWORD).await);
        assert_refused(&app.register("alice", PASSWORD).await);
        assert_kept(&app, newer).await;
    });
}

#[test]
fn a_session() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, refresh) = app.alice_signs_in(PASSWORD).await;
        let newer = renew(&app, "auth/session/", "").await;
        let app = app.another_instance();
        assert_refused(&app.refresh(&refresh).await);
        assert_refused(&app.me(&access).await);
        let cookie = format!("memo_refresh={refresh}");
        assert_refused(
            &app.call("DELETE", "/api/auth/session", &[("cookie", &cookie)], "")
                .await,
        );
        assert_kept(&app, newer).await;
    });
}

#[test]
fn the_list_of_somebodys_sessions() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let newer = renew(&app, "auth/user/", "/sessions").await;
        assert_refused(&app.call_as(&access, "GET", "/api/auth/sessions", Value::Null).await);
        assert_refused(&app.log_in("alice", PASSWORD).await);
        assert_kept(&app, newer).await;
    });
}

#[test]
fn a_program() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let client = programs::registered(&app).await;
        let newer = renew(&app, "auth/client/", "").await;
        assert_refused(&programs::approve(&app, &access, &programs::asked(&client)).await);
        assert_kept(&app, newer).await;
    });
}

#[test]
fn an_entry_of_ended_sessions() {
    run(async {
        let app = TestApp::with_alice().await;
        let refresh = app.alices_token().await;
        let cookie = format!("memo_refresh={refresh}");
        let ended = app
            .call("DELETE", "/api/auth/session", &[("cookie", &cookie)], "")
            .await;
        assert_eq!(ended.status, StatusCode::NO_CONTENT, "{ended:?}");
        let newer = renew(&app, "auth/revoked/", "").await;
        assert_refused(&app.another_instance().get("/api/auth/revocations").await);
        assert_kept(&app, newer).await;
    });
}

#[test]
fn the_signing_keys() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let newer = renew(&app, "auth/key/signing", "").await;
        // Also where it would be time for another key.
        app.pass(DAY * 100);
        let app = app.another_instance();
        assert_refused(&app.get("/.well-known/jwks.json").await);
        assert_refused(&app.me(&access).await);
        assert_kept(&app, newer).await;
    });
}

#[test]
fn the_key_of_challenges() {
    run(async {
        let app = TestApp::with_alice().await;
        let path = "/api/auth/session/passkey/options";
        assert_eq!(app.post_json(path, json!({})).await.status, StatusCode::OK);
        let newer = renew(&app, "auth/key/challenge", "").await;
        assert_refused(&app.another_instance().post_json(path, json!({})).await);
        assert_kept(&app, newer).await;
    });
}

/// It waits for the version that knows it.
#[test]
fn an_entry_of_what_is_due() {
    run(async {
        let app = TestApp::with_alice().await;
        app.alices_token().await;
        let config = auth_component::Config {
            maintenance_token: "secret".to_owned(),
            ..support::config()
        };
        let app = app.with_config(config);
        let newer = renew(&app, "auth/due/", "/1").await;
        app.pass(DAY * 200);
        let maintain = async || {
            let bearer = [("authorization", "Bearer secret")];
            common::testing::send(&app.router, request("POST", "/api/auth/maintenance", &bearer, "")).await
        };
        let mut answer = maintain().await;
        while answer.body["more"] == true {
            answer = maintain().await;
        }
        assert_refused(&answer);
        assert_kept(&app, newer).await;
    });
}
