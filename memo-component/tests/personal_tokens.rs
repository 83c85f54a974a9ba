//! A personal token is good while the issuer calls it active: it is asked every 15 seconds, and a session's token costs nothing.

use std::{sync::Arc, time::Duration};

use crate::support::{TestApp, run};
use axum::body::Body;
use common::{
    testing::{CountingKv, EPOCH},
    world::clock::Clock,
};
use http::{Request, StatusCode};
use memo_component::issuer::introspection::{MAX_AGE, STALE_IF_ERROR};
use serde_json::json;

const YEAR_SECS: i64 = 366 * 24 * 60 * 60;
const MILLISECOND: Duration = Duration::from_millis(1);

fn personal(app: &TestApp, user: &str) -> String {
    app.token_with(user, "memo-api", YEAR_SECS)
}

async fn status(app: &TestApp, token: &str) -> StatusCode {
    let request = Request::get("/api/memos/1").header("authorization", format!("Bearer {token}"));
    app.send(request.body(Body::empty()).unwrap()).await.status
}

/// The status of a request that was let in, whose memo nobody has written.
const IN: StatusCode = StatusCode::NOT_FOUND;
const OUT: StatusCode = StatusCode::UNAUTHORIZED;

fn says(app: &TestApp, answer: Option<&str>) {
    *app.issuer.says_of_tokens.lock().unwrap() = answer.map(str::to_owned);
}

fn revoke(app: &TestApp) {
    says(app, Some("{\"active\":false}"));
}

/// How often the issuer was asked since the last call.
fn asked(app: &TestApp) -> usize {
    std::mem::take(&mut *app.issuer.introspected.lock().unwrap()).len()
}

#[test]
fn a_revoked_token_is_refused_within_15_seconds_and_for_ever() {
    run(async {
        let app = TestApp::new();
        let token = personal(&app, "ann");
        assert_eq!(status(&app, &token).await, IN);
        assert_eq!(*app.issuer.introspected.lock().unwrap(), std::slice::from_ref(&token));
        revoke(&app);
        app.pass(MAX_AGE - MILLISECOND);
        assert_eq!(status(&app, &token).await, IN);
        app.pass(MILLISECOND);
        let request = Request::get("/api/memos/1").header("authorization", format!("Bearer {token}"));
        let refused = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(refused.status, OUT);
        assert!(refused.header("www-authenticate").contains("error=\"invalid_token\""));
        assert_eq!(refused.body["detail"], "The access token was revoked.");
        for _ in 0..11 {
            app.pass(Duration::from_secs(30 * 24 * 60 * 60));
            assert_eq!(status(&app, &token).await, OUT);
        }
    });
}

#[test]
fn a_token_that_the_issuer_was_never_asked_about_is_not_let_in() {
    run(async {
        let app = TestApp::new();
        assert_eq!(status(&app, &app.token("ann")).await, IN, "the keys are known");
        for answer in [
            None,
            Some(""),
            Some("{}"),
            Some("true"),
            Some("{\"active\":\"true\"}"),
            Some("{\"active\":1}"),
        ] {
            says(&app, answer);
            let token = personal(&app, "ann");
            let request = Request::get("/api/memos/1").header("authorization", format!("Bearer {token}"));
            let refused = app.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
            assert!(!refused.header("retry-after").is_empty());
        }
        // Half a day is the most that a signature alone is good for.
        says(&app, None);
        for (seconds, expected) in [(12 * 60 * 60, IN), (12 * 60 * 60 + 1, StatusCode::SERVICE_UNAVAILABLE)] {
            assert_eq!(
                status(&app, &app.token_with("ann", "memo-api", seconds)).await,
                expected
            );
        }
    });
}

#[test]
fn a_token_in_its_last_minutes_is_asked_about_as_in_its_first() {
    run(async {
        let app = TestApp::new();
        let token = personal(&app, "ann");
        revoke(&app);
        app.pass(Duration::from_secs(YEAR_SECS as u64 - 60));
        assert_eq!(status(&app, &token).await, OUT);
        assert_eq!(asked(&app), 1);
    });
}

#[test]
fn the_issuer_is_asked_every_15_seconds_for_each_token_however_many_instances_there_are() {
    run(async {
        let app = TestApp::new();
        let token = personal(&app, "ann");
        let others = [app.another_instance(""), app.another_instance("")];
        for _ in 0..4 {
            for instance in [&app, &others[0], &others[1]] {
                for _ in 0..5 {
                    assert_eq!(status(instance, &token).await, IN);
                }
            }
            assert_eq!(asked(&app), 1);
            app.pass(MAX_AGE);
        }
        // One that was revoked costs no more.
        revoke(&app);
        for _ in 0..50 {
            assert_eq!(status(&app, &token).await, OUT);
        }
        assert_eq!(asked(&app), 1);
    });
}

#[test]
fn while_the_issuer_is_away_the_last_answer_serves_for_ten_minutes() {
    run(async {
        let app = TestApp::new();
        let token = personal(&app, "ann");
        assert_eq!(status(&app, &token).await, IN);
        // The keys are those of another request, so that nothing but this is asked for.
        says(&app, None);
        assert_eq!(asked(&app), 1);
        for second in 1..STALE_IF_ERROR.as_secs() {
            app.pass_secs(1);
            assert_eq!(status(&app, &token).await, IN, "after {second} s");
        }
        let tries = asked(&app);
        assert!((110..=130).contains(&tries), "{tries}");
        assert_eq!(status(&app.another_instance(""), &token).await, IN, "from the store");
        app.pass_secs(1);
        assert_eq!(status(&app, &token).await, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            status(&app.another_instance(""), &token).await,
            StatusCode::SERVICE_UNAVAILABLE
        );
        says(&app, Some("{\"active\":true}"));
        assert_eq!(status(&app, &token).await, IN);
        // What was refused stays so while the issuer is away.
        revoke(&app);
        app.pass(MAX_AGE);
        assert_eq!(status(&app, &token).await, OUT);
        says(&app, None);
        app.pass(MAX_AGE);
        assert_eq!(status(&app, &token).await, OUT);
    });
}

#[test]
fn an_answer_is_of_one_token_and_the_store_holds_so_many_and_no_more() {
    run(async {
        let app = TestApp::new();
        let token = personal(&app, "ann");
        assert_eq!(status(&app, &token).await, IN);
        let keys = app.ports.kv.keys("memo/introspected/").await.unwrap();
        assert_eq!(keys.len(), 1);
        let place: u32 = keys[0].rsplit('/').next().unwrap().parse().unwrap();
        assert!(place < 1024);
        let stored = app.ports.kv.get(&keys[0]).await.unwrap().unwrap();
        let stored = String::from_utf8(stored).unwrap();
        assert!(!stored.contains("ann") && !stored.contains(&token), "{stored}");
        // Another token's answer, one from the future, and one that can't be read are as good as none.
        revoke(&app);
        let mine: serde_json::Value = serde_json::from_str(&stored).unwrap();
        let mut future = mine.clone();
        future["asked_at"] = json!(EPOCH.0 + 86_400_000);
        let mut others = mine.clone();
        others["token"] = "another".into();
        for value in [others.to_string(), future.to_string(), "garbage".to_owned()] {
            app.ports.kv.set(&keys[0], value.as_bytes()).await.unwrap();
            assert_eq!(status(&app.another_instance(""), &token).await, OUT, "{value}");
        }
        app.ports.kv.set(&keys[0], mine.to_string().as_bytes()).await.unwrap();
        assert_eq!(status(&app.another_instance(""), &token).await, IN, "its own is young");
    });
}

#[test]
fn what_it_costs_is_paid_by_personal_tokens_alone() {
    let store = Arc::new(CountingKv::default());
    let app = TestApp::over(store.clone());
    run(async {
        let (session, token) = (app.token("ann"), personal(&app, "ann"));
        let cost = async |token: &str| {
            store.take();
            assert_eq!(status(&app, token).await, IN);
            store.take()
        };
        cost(&session).await;
        let of_a_session = cost(&session).await;
        assert_eq!((of_a_session.get, of_a_session.all()), (1, 1));
        let first = cost(&token).await;
        assert_eq!((first.get, first.set, first.all()), (2, 1, 3));
        assert_eq!(cost(&token).await, of_a_session);
        app.pass(MAX_AGE - MILLISECOND);
        assert_eq!(cost(&token).await, of_a_session);
    });
}

#[test]
fn a_stream_of_events_ends_when_its_token_is_revoked() {
    run(async {
        use futures::StreamExt;

        let app = TestApp::new();
        let token = personal(&app, "ann");
        let request = Request::get("/api/memos/events").header("authorization", format!("Bearer {token}"));
        let answer = common::testing::respond(&app.router, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let mut stream = answer.into_body().into_data_stream();
        stream.next().await.unwrap().unwrap();
        app.pass_secs(60);
        let began = app.clock.now();
        revoke(&app);
        while stream.next().await.is_some() {}
        let lasted = app.clock.now().since(began);
        assert!(lasted <= Duration::from_secs(30), "{lasted:?}");
    });
}
