//! Signing in with a password: what is told, and what it costs to guess.

use crate::support::{PASSWORD, TestApp, run};
use http::StatusCode;
use serde_json::json;

#[test]
fn a_wrong_name_and_a_wrong_password_are_told_alike() {
    run(async {
        let app = TestApp::with_alice().await;
        let mut told = Vec::new();
        let mut costs = Vec::new();
        for (username, password) in [("alice", "wrong password"), ("nobody", PASSWORD)] {
            let (operations, hashes) = (app.kv.operations(), app.backpressure.count());
            let answer = app.log_in(username, password).await;
            costs.push((app.kv.operations() - operations, app.backpressure.count() - hashes));
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
            assert_eq!(answer.text("type"), "/problems#wrong-credentials");
            told.push(answer.body);
        }
        assert_eq!(told[0], told[1]);
        // Counted and not timed: operations of the store, and hashes.
        assert_eq!(costs[0], costs[1]);
        assert_eq!(costs[0].1, 1);
        for (username, password) in [("a b", PASSWORD), ("alice", "short")] {
            assert_eq!(app.log_in(username, password).await.body, told[0]);
        }
    });
}

#[test]
fn guesses_are_put_off_before_they_are_hashed() {
    run(async {
        let app = TestApp::with_alice().await;
        for name in ["alice", "nobody"] {
            let hashes = app.backpressure.count();
            let guesses = (0..40).map(|_| app.log_in(name, "wrong password"));
            let answers = futures::future::join_all(guesses).await;
            let put_off: Vec<_> = answers
                .iter()
                .filter(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS)
                .collect();
            // At the same moment, and yet no more than ten of them.
            assert_eq!(put_off.len(), 30, "{name}");
            assert_eq!(app.backpressure.count() - hashes, 10, "{name}");
            for answer in put_off {
                assert_eq!(answer.text("type"), "/problems#too-many-requests");
                let seconds: u64 = answer.header("retry-after").parse().unwrap();
                assert!((1..=300).contains(&seconds), "{seconds}");
            }
        }
        // The right password has to wait as well, and then it is right.
        let body = json!({"username": "alice", "password": PASSWORD});
        let early = app.post_json("/api/auth/session", body.clone()).await;
        assert_eq!(early.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(early.text("type"), "/problems#too-many-requests");
        app.pass_secs(early.header("retry-after").parse().unwrap());
        assert_eq!(app.post_json("/api/auth/session", body).await.status, StatusCode::OK);
    });
}

#[test]
fn who_signs_in_rightly_is_never_put_off() {
    run(async {
        let app = TestApp::with_alice().await;
        for _ in 0..25 {
            assert_eq!(app.log_in("alice", PASSWORD).await.status, StatusCode::OK);
        }
    });
}
