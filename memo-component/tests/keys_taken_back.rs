//! A signing key that leaked, and that the issuer has taken back: how soon nothing that it signed is believed any more.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::{sync::atomic::Ordering, time::Duration};

use axum::body::Body;

use http::{Request, StatusCode};
use support::{TestApp, run};

async fn status(app: &TestApp, token: &str) -> StatusCode {
    let request = Request::get("/api/memos").header("authorization", format!("Bearer {token}"));
    app.send(request.body(Body::empty()).unwrap()).await.status
}

/// What docs/keys.md promises: 15 seconds for the list, and 10 between two looks for keys.
const PROMISED: Duration = Duration::from_secs(25);

#[test]
fn its_tokens_are_refused_within_25_seconds_by_every_instance() {
    run(async {
        let app = TestApp::new();
        app.issuer.tells_keys.store(true, Ordering::SeqCst);
        let other = app.another_instance("");
        let leaked = app.token("ann");
        assert_eq!(status(&app, &leaked).await, StatusCode::OK);
        assert_eq!(status(&other, &leaked).await, StatusCode::OK);
        app.issuer.rotate("second", 2);
        app.pass(PROMISED);
        assert_eq!(status(&app, &leaked).await, StatusCode::UNAUTHORIZED);
        assert_eq!(status(&other, &leaked).await, StatusCode::UNAUTHORIZED);
        // And one that has just begun, which finds what others have left in the store.
        assert_eq!(
            status(&app.another_instance(""), &leaked).await,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(status(&app, &app.token("ann")).await, StatusCode::OK);
    });
}

/// Nobody else's token has come since, so nothing else made the instance look for newer keys.
#[test]
fn with_an_issuer_that_does_not_tell_it_takes_five_minutes() {
    run(async {
        let app = TestApp::new();
        let leaked = app.token("ann");
        assert_eq!(status(&app, &leaked).await, StatusCode::OK);
        app.issuer.rotate("second", 2);
        app.pass_secs(5 * 60);
        assert_eq!(status(&app, &leaked).await, StatusCode::UNAUTHORIZED);
    });
}

#[test]
fn keys_that_are_still_good_are_not_asked_for_again() {
    run(async {
        let app = TestApp::new();
        app.issuer.tells_keys.store(true, Ordering::SeqCst);
        let token = app.token("ann");
        for _ in 0..10 {
            assert_eq!(status(&app, &token).await, StatusCode::OK);
            app.pass_secs(15);
        }
        assert_eq!(app.issuer.asked.load(Ordering::SeqCst), 1);
    });
}

/// Replicas of the issuer restart one after the other, and tell different keys meanwhile.
#[test]
fn an_issuer_that_contradicts_itself_is_not_asked_more_often_than_every_ten_seconds() {
    run(async {
        let app = TestApp::new();
        app.issuer.tells_keys.store(true, Ordering::SeqCst);
        let token = app.token("ann");
        assert_eq!(status(&app, &token).await, StatusCode::OK);
        app.issuer.rotate("second", 2);
        app.pass_secs(15);
        // The list is that of the new key, and the keys are those of the old one.
        status(&app, &token).await;
        app.issuer.rotate("first", 1);
        let before = app.issuer.asked.load(Ordering::SeqCst);
        for _ in 0..20 {
            app.pass_secs(1);
            status(&app, &app.token("ann")).await;
        }
        let asked = app.issuer.asked.load(Ordering::SeqCst) - before;
        assert!(asked <= 3, "asked {asked} times in 20 seconds");
    });
}
