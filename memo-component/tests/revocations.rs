//! Whose session has ended is refused soon, and nobody pays for that but one request in 15 seconds.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use crate::support::{TestApp, run};
use axum::body::Body;
use common::{
    store::kv::KvError,
    testing::{Calls, CountingKv, EPOCH},
    world::clock::Clock,
};
use http::{Request, StatusCode};
use memo_component::issuer::revocations::MAX_AGE;
use serde_json::{Value, json};

const TTL: u64 = 600;

async fn status(app: &TestApp, token: &str) -> StatusCode {
    let request = Request::get("/api/memos").header("authorization", format!("Bearer {token}"));
    app.send(request.body(Body::empty()).unwrap()).await.status
}

fn asked(app: &TestApp) -> usize {
    app.issuer.asked_for_ended.load(Ordering::SeqCst)
}

#[test]
fn who_signed_out_is_refused_within_15_seconds_and_nobody_else() {
    run(async {
        let app = TestApp::new();
        let token = app.token("ann");
        assert_eq!(status(&app, &token).await, StatusCode::OK);
        app.issuer.end("another session", app.clock.now(), TTL);
        app.issuer.end("1", app.clock.now(), TTL);
        // An earlier try to end it, which did not come about.
        app.issuer.end("1", app.clock.now(), TTL - 60);
        app.pass(MAX_AGE - Duration::from_millis(1));
        assert_eq!(status(&app, &token).await, StatusCode::OK);
        app.pass(Duration::from_millis(1));
        let request = Request::get("/api/memos").header("authorization", format!("Bearer {token}"));
        let refused = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert!(refused.header("www-authenticate").contains("error=\"invalid_token\""));
        // A token that was made after the end: the session goes on, because its end did not come about.
        app.pass_secs(1);
        let later = app.token("ann");
        assert_eq!(status(&app, &later).await, StatusCode::OK);
        app.issuer.ended.lock().unwrap().clear();
        app.pass(MAX_AGE);
        assert_eq!(status(&app, &token).await, StatusCode::OK);
    });
}

#[test]
fn the_issuer_is_asked_every_15_seconds_however_many_instances_there_are() {
    run(async {
        let app = TestApp::new();
        let token = app.token("ann");
        let others = [app.another_instance(""), app.another_instance("")];
        for round in 1..=4 {
            for instance in [&app, &others[0], &others[1]] {
                for _ in 0..5 {
                    assert_eq!(status(instance, &token).await, StatusCode::OK);
                }
            }
            assert_eq!(asked(&app), round);
            app.pass(MAX_AGE);
        }
    });
}

#[test]
fn a_new_instance_begins_with_the_list_in_the_store() {
    run(async {
        let app = TestApp::new();
        let token = app.token("ann");
        app.issuer.end("1", app.clock.now(), TTL);
        assert_eq!(status(&app, &token).await, StatusCode::UNAUTHORIZED);
        *app.issuer.is_up.lock().unwrap() = false;
        app.pass_secs(300);
        // The keys are in the store as well.
        assert_eq!(
            status(&app.another_instance(""), &token).await,
            StatusCode::UNAUTHORIZED
        );
    });
}

#[test]
fn while_the_issuer_is_away_the_last_list_serves_and_is_asked_for_now_and_then() {
    run(async {
        let app = TestApp::new();
        let (ended, good) = (app.token("ann"), app.token_with("bob", "memo-api", 3600));
        app.issuer.end("1", app.clock.now(), TTL);
        assert_eq!(status(&app, &ended).await, StatusCode::UNAUTHORIZED);
        *app.issuer.is_up.lock().unwrap() = false;
        let before = asked(&app);
        for _ in 0..60 {
            app.pass_secs(1);
            assert_eq!(status(&app, &good).await, StatusCode::OK);
            assert_eq!(status(&app, &ended).await, StatusCode::UNAUTHORIZED);
        }
        assert_eq!(asked(&app) - before, 4);
        // Without any list people go on, too.
        let alone = TestApp::new();
        *alone.issuer.is_up.lock().unwrap() = false;
        let jwks = json!({"jwks": alone.issuer.jwks_text(), "given_at": EPOCH});
        alone.ports.kv.set_json("memo/jwks", &jwks).await.unwrap();
        let token = alone.token("ann");
        for _ in 0..3 {
            assert_eq!(status(&alone, &token).await, StatusCode::OK);
        }
        assert_eq!(asked(&alone), 1);
    });
}

#[test]
fn a_list_that_is_none_does_no_harm() {
    run(async {
        let app = TestApp::new();
        let token = app.token("ann");
        let until = (app.clock.now() + Duration::from_secs(TTL)).to_rfc3339();
        *app.issuer.ended.lock().unwrap() = vec![json!({"id": "not a hash", "until": until})];
        assert_eq!(status(&app, &token).await, StatusCode::OK);
        *app.issuer.ended.lock().unwrap() = vec![json!({"id": 7})];
        app.pass(MAX_AGE);
        assert_eq!(status(&app, &token).await, StatusCode::OK);
        app.ports.kv.set("memo/revocations", b"garbage").await.unwrap();
        app.pass(MAX_AGE);
        assert_eq!(status(&app, &token).await, StatusCode::OK);
        // A clock that was wrong wrote this one.
        let future = json!({"given_at": EPOCH.0 + 86_400_000, "ended": []});
        app.ports.kv.set_json("memo/revocations", &future).await.unwrap();
        *app.issuer.ended.lock().unwrap() = Vec::new();
        app.issuer.end("1", app.clock.now(), TTL);
        app.pass(MAX_AGE);
        assert_eq!(status(&app, &token).await, StatusCode::UNAUTHORIZED);
    });
}

#[test]
fn a_list_of_ten_thousand_fits_into_every_store() {
    run(async {
        let app = TestApp::new();
        for number in 0..10_500 {
            app.issuer.end(&number.to_string(), app.clock.now(), TTL);
        }
        assert_eq!(status(&app, &app.token("ann")).await, StatusCode::UNAUTHORIZED);
        let stored = app.ports.kv.get("memo/revocations").await.unwrap().unwrap();
        assert!(stored.len() < common::store::kv::VALUE_MAX_BYTES, "{}", stored.len());
        let stored: Value = serde_json::from_slice(&stored).unwrap();
        assert_eq!(stored["ended"].as_array().unwrap().len(), 10_000);
    });
}

#[test]
fn a_request_reads_nothing_for_it_while_the_list_is_fresh() {
    let store = Arc::new(CountingKv::default());
    let app = TestApp::over(store.clone());
    run(async {
        let token = app.token("ann");
        let cost = async || -> Result<Calls, KvError> {
            store.take();
            let request = Request::get("/api/memos/1").header("authorization", format!("Bearer {token}"));
            let answer = app.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND);
            Ok(store.take())
        };
        cost().await.unwrap();
        app.issuer.end("another session", app.clock.now(), TTL);
        let fresh = cost().await.unwrap();
        assert_eq!((fresh.get, fresh.all()), (1, 1));
        app.pass(MAX_AGE);
        // The store and the issuer are asked, and the store is told.
        let renewed = cost().await.unwrap();
        assert_eq!((renewed.get, renewed.set, renewed.all()), (2, 1, 3));
        assert_eq!(cost().await.unwrap(), fresh);
    });
}

#[test]
fn a_stream_of_events_ends_with_its_session() {
    run(async {
        use futures::StreamExt;

        let app = TestApp::new();
        let token = app.token("ann");
        let request = Request::get("/api/memos/events").header("authorization", format!("Bearer {token}"));
        let answer = common::testing::respond(&app.router, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let mut stream = answer.into_body().into_data_stream();
        stream.next().await.unwrap().unwrap();
        let began = app.clock.now();
        app.issuer.end("1", began, TTL);
        while stream.next().await.is_some() {}
        let lasted = app.clock.now().since(began);
        assert!(lasted <= Duration::from_secs(30), "{lasted:?}");
    });
}
