//! Requests that are wrong in other ways than by their body: each is refused with its status and a problem, and
//! changes nothing.

use futures::future::{join, join_all};
use reqwest::Method;
use serde_json::json;

use crate::harness::{HostPlan, Scene, TestApp};

#[tokio::test]
async fn unknown_paths_are_404() {
    let scene = Scene::new("paths").await;
    let below = format!("{}/more", scene.memo.path());
    for path in [
        "/api/auth",
        "/api/auth/",
        "/api/auth/nothing",
        "/api/auth/users/1/2",
        "/api/auth/session/",
        "/api/memos/1/2",
        "/api/memos//1",
        "/api/",
        "/api/nothing",
        "/.well-known/nothing",
        &below,
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            scene.user.call(method, path).send().await.problem(404);
        }
    }
    scene.nothing_has_changed().await;
}

#[tokio::test]
async fn other_methods_are_405_with_those_that_would_do() {
    let scene = Scene::new("methods").await;
    let memo = scene.memo.path();
    let purge = Method::from_bytes(b"PURGE").unwrap();
    for (path, allowed, tried) in [
        (
            "/api/auth/users",
            vec!["POST"],
            [Method::GET, Method::DELETE, Method::PATCH],
        ),
        (
            "/api/auth/token",
            vec!["POST"],
            [Method::GET, Method::PUT, Method::TRACE],
        ),
        (
            "/api/auth/session",
            vec!["POST", "DELETE"],
            [Method::GET, Method::PUT, Method::PATCH],
        ),
        (
            "/api/auth/session/refresh",
            vec!["POST"],
            [Method::GET, Method::DELETE, Method::PUT],
        ),
        ("/api/auth/me", vec!["GET"], [Method::POST, Method::PUT, Method::DELETE]),
        (
            "/api/memos",
            vec!["GET", "POST"],
            [Method::PUT, Method::DELETE, Method::PATCH],
        ),
        (
            &memo,
            vec!["GET", "PUT", "DELETE"],
            [Method::POST, Method::PATCH, purge],
        ),
    ] {
        for method in tried {
            let what = format!("{method} {path}");
            let response = scene
                .user
                .call(method, path)
                .header("if-match", "\"1\"")
                .json(&json!({ "text": "x" }))
                .send()
                .await;
            for method in &allowed {
                let named = response.header("allow").split(',').any(|given| given.trim() == *method);
                assert!(named, "{what} does not allow {method}: {response:?}");
            }
            response.problem(405);
        }
    }
    scene.nothing_has_changed().await;
}

#[tokio::test]
async fn headers_given_twice_or_in_other_bytes_are_refused() {
    let scene = Scene::new("twice").await;
    let put = || {
        scene
            .user
            .call(Method::PUT, &scene.memo.path())
            .json(&json!({ "text": "no" }))
    };
    put()
        .header("if-match", "\"1\"")
        .header("if-match", "\"2\"")
        .send()
        .await
        .problem_among(&[400, 412]);
    put()
        .header("if-match", "\"일\"")
        .send()
        .await
        .problem_among(&[400, 412]);
    scene.nothing_has_changed().await;
}

#[tokio::test]
async fn a_hundred_bad_requests_at_once_do_not_disturb_a_good_one() {
    let Some(plan) = HostPlan::fresh() else { return };
    let host = plan.start();
    let app = TestApp::on(&host);
    let user = app.user("calm").await;
    let bad = (0..100).map(|n| {
        let call = match n % 4 {
            0 => user
                .call(Method::POST, "/api/memos")
                .header("content-type", "application/json")
                .body("{"),
            1 => user.call(Method::PUT, "/api/memos/1").json(&json!({ "text": 1 })),
            2 => app.anonymous().call(Method::GET, "/api/memos"),
            _ => app.anonymous().call(Method::POST, "/api/auth/users").json(&json!([n])),
        };
        call.send()
    });
    let (answers, memo) = join(join_all(bad), user.write("calm")).await;
    assert!(
        answers.iter().all(|answer| (400..500).contains(&answer.status())),
        "{answers:?}"
    );
    assert_eq!(user.all_memos().await, [memo]);
}
