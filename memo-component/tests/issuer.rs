//! Whom the memo service believes, and for how long without the issuer.

use std::sync::atomic::Ordering;

use crate::support::{Answer, TestApp, run};
use http::{Request, StatusCode};

async fn get_with(app: &TestApp, authorization: Option<&str>) -> Answer {
    let mut request = Request::get("/api/memos");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    app.send(request.body(axum::body::Body::empty()).unwrap()).await
}

async fn get_with_token(app: &TestApp, token: &str) -> Answer {
    get_with(app, Some(&format!("Bearer {token}"))).await
}

#[test]
fn without_a_good_token_nobody_gets_in() {
    run(async {
        let app = TestApp::new();
        let good = app.token("ann");
        assert_eq!(get_with_token(&app, &good).await.status, StatusCode::OK);
        let missing = get_with(&app, None).await;
        assert_eq!(
            (missing.status, missing.headers["www-authenticate"].to_str().unwrap()),
            (StatusCode::UNAUTHORIZED, "Bearer realm=\"memo\"")
        );
        let (head, signature) = good.rsplit_once('.').unwrap();
        let flipped = if signature.starts_with('A') { 'B' } else { 'A' };
        let oversized = format!("{good}{}", "A".repeat(2048));
        for bad in [
            "x",
            "a.b.c",
            head,
            &format!("{head}."),
            &format!("{head}.{flipped}{}", &signature[1..]),
            &oversized,
            &app.token_with("ann", "other-api", 600),
            &app.token_with("ann", "memo-api", -31),
        ] {
            let answer = get_with_token(&app, bad).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{bad}");
            assert!(
                answer.headers["www-authenticate"]
                    .to_str()
                    .unwrap()
                    .contains("error=\"invalid_token\"")
            );
        }
        assert_eq!(
            get_with(&app, Some("Basic YTpi")).await.status,
            StatusCode::UNAUTHORIZED
        );
    });
}

#[test]
fn a_token_ends_with_its_time_and_the_allowed_skew_even_when_it_was_seen_before() {
    run(async {
        let app = TestApp::new();
        let token = app.token("ann");
        app.pass_secs(629);
        assert_eq!(get_with_token(&app, &token).await.status, StatusCode::OK);
        app.pass_secs(1);
        assert_eq!(get_with_token(&app, &token).await.status, StatusCode::UNAUTHORIZED);
    });
}

#[test]
fn the_issuer_is_asked_once_for_all_instances_and_again_when_the_keys_age() {
    run(async {
        let app = TestApp::new();
        for _ in 0..3 {
            assert_eq!(app.get("ann", "/api/memos").await.status, StatusCode::OK);
        }
        assert_eq!(
            app.another_instance("").get("bob", "/api/memos").await.status,
            StatusCode::OK
        );
        assert_eq!(app.issuer.asked.load(Ordering::SeqCst), 1);
        app.pass_secs(301);
        assert_eq!(app.get("ann", "/api/memos").await.status, StatusCode::OK);
        assert_eq!(app.issuer.asked.load(Ordering::SeqCst), 2);
    });
}

#[test]
fn a_new_key_is_learnt_at_once_but_made_up_key_ids_do_not_flood_the_issuer() {
    run(async {
        let app = TestApp::new();
        assert_eq!(app.get("ann", "/api/memos").await.status, StatusCode::OK);
        app.pass_secs(11);
        app.issuer.rotate("second", 2);
        assert_eq!(app.get("ann", "/api/memos").await.status, StatusCode::OK);
        assert_eq!(app.issuer.asked.load(Ordering::SeqCst), 2);

        let jwks = app.issuer.jwks_text();
        app.issuer.rotate("made-up", 3);
        let forged = app.token("ann");
        app.issuer.rotate("second", 2);
        assert_eq!(app.issuer.jwks_text(), jwks);
        for _ in 0..5 {
            assert_eq!(get_with_token(&app, &forged).await.status, StatusCode::UNAUTHORIZED);
        }
        assert_eq!(app.issuer.asked.load(Ordering::SeqCst), 2, "it was asked a moment ago");
    });
}

#[test]
fn people_with_a_token_go_on_while_the_issuer_is_away() {
    run(async {
        let app = TestApp::new();
        assert_eq!(app.get("ann", "/api/memos").await.status, StatusCode::OK);
        *app.issuer.is_up.lock().unwrap() = false;
        app.pass_secs(23 * 60 * 60);
        assert_eq!(app.get("ann", "/api/memos").await.status, StatusCode::OK);
        assert_eq!(
            app.another_instance("").get("ann", "/api/memos").await.status,
            StatusCode::OK
        );
        app.pass_secs(2 * 60 * 60);
        let answer = app.get("ann", "/api/memos").await;
        assert_eq!(
            (answer.status, &answer.headers["retry-after"]),
            (StatusCode::SERVICE_UNAVAILABLE, &"1".parse().unwrap())
        );
    });
}

#[test]
fn the_literal_keys_serve_when_there_are_no_others() {
    run(async {
        let app = TestApp::new();
        *app.issuer.is_up.lock().unwrap() = false;
        assert_eq!(
            app.get("ann", "/api/memos").await.status,
            StatusCode::SERVICE_UNAVAILABLE
        );
        let with_literal = app.another_instance(&app.issuer.jwks_text());
        assert_eq!(with_literal.get("ann", "/api/memos").await.status, StatusCode::OK);
    });
}

#[test]
fn a_key_that_was_taken_back_is_good_no_longer_also_for_tokens_that_were_seen() {
    run(async {
        let app = TestApp::new();
        let token = app.token("ann");
        assert_eq!(get_with_token(&app, &token).await.status, StatusCode::OK);
        app.issuer.rotate("second", 2);
        app.pass_secs(301);
        // The first token that was not seen before makes the instance look for newer keys.
        assert_eq!(get_with_token(&app, &app.token("bob")).await.status, StatusCode::OK);
        assert_eq!(get_with_token(&app, &token).await.status, StatusCode::UNAUTHORIZED);
    });
}

#[test]
fn made_up_key_ids_cost_new_instances_neither_a_call_nor_a_write() {
    run(async {
        let app = TestApp::new();
        assert_eq!(app.get("ann", "/api/memos").await.status, StatusCode::OK);
        app.issuer.rotate("made-up", 3);
        let forged = app.token("ann");
        app.issuer.rotate("first", 1);
        for _ in 0..20 {
            let fresh = app.another_instance("");
            assert_eq!(get_with_token(&fresh, &forged).await.status, StatusCode::UNAUTHORIZED);
        }
        assert_eq!(app.issuer.asked.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn keys_from_the_future_are_not_kept_for_fresh() {
    run(async {
        let app = TestApp::new();
        // An instance whose clock is a year ahead.
        let year = 365 * 24 * 60 * 60;
        app.pass_secs(year);
        assert_eq!(app.get("ann", "/api/memos").await.status, StatusCode::OK);
        app.issuer.rotate("second", 2);
        let behind = TestApp::over(app.world.kv.clone());
        behind.issuer.rotate("second", 2);
        assert_eq!(behind.get("ann", "/api/memos").await.status, StatusCode::OK);
        assert_eq!(behind.issuer.asked.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn a_token_from_the_future_is_good_within_the_skew_only() {
    run(async {
        let app = TestApp::new();
        for (ahead, status) in [(30, StatusCode::OK), (31, StatusCode::UNAUTHORIZED)] {
            let ahead_of_us = TestApp::over(app.world.kv.clone());
            ahead_of_us.pass_secs(ahead);
            let token = ahead_of_us.token("ann");
            assert_eq!(get_with_token(&app, &token).await.status, status, "{ahead}");
        }
    });
}
