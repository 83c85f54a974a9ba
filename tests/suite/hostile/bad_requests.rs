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
        "/api/memos/1/restore/2",
        "/api/memos/1/versions/2/3",
        "/api/memos/1/versions/1/restore/2",
        "/api/memos/tags/more",
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
    let restore = format!("{memo}/restore");
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
            "/api/auth/clients",
            vec!["GET", "POST"],
            [Method::DELETE, Method::PUT, Method::PATCH],
        ),
        (
            "/api/auth/authorize",
            vec!["POST"],
            [Method::GET, Method::DELETE, Method::PUT],
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
        (
            "/api/auth/me",
            vec!["GET", "DELETE"],
            [Method::POST, Method::PUT, Method::PATCH],
        ),
        (
            "/api/auth/me/password",
            vec!["PUT"],
            [Method::GET, Method::POST, Method::DELETE],
        ),
        (
            "/api/auth/sessions",
            vec!["GET", "DELETE"],
            [Method::POST, Method::PUT, Method::PATCH],
        ),
        (
            "/api/auth/revocations",
            vec!["GET"],
            [Method::POST, Method::PUT, Method::DELETE],
        ),
        (
            "/api/memos",
            vec!["GET", "POST", "DELETE"],
            [Method::PUT, Method::TRACE, Method::PATCH],
        ),
        (
            &memo,
            vec!["GET", "PUT", "PATCH", "DELETE"],
            [Method::POST, Method::TRACE, purge],
        ),
        (
            "/api/memos/changes",
            vec!["GET"],
            [Method::POST, Method::PUT, Method::DELETE],
        ),
        (
            "/api/memos/batch",
            vec!["POST"],
            [Method::GET, Method::PUT, Method::DELETE],
        ),
        (
            "/api/memos/trash",
            vec!["DELETE"],
            [Method::GET, Method::POST, Method::PUT],
        ),
        (&restore, vec!["POST"], [Method::GET, Method::PUT, Method::DELETE]),
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

/// Ids, versions, cursors and tags that nobody gave out.
#[tokio::test]
async fn made_up_parts_of_the_new_routes_are_refused() {
    let scene = Scene::new("made-up").await;
    let (user, memo) = (&scene.user, scene.memo.path());
    for id in ["0", "01", "-1", "x", "%00", "18446744073709551616", "..%2F1"] {
        for (method, path) in [
            (Method::POST, format!("/api/memos/{id}/restore")),
            (Method::GET, format!("/api/memos/{id}/versions")),
            (Method::GET, format!("{memo}/versions/{id}")),
            (Method::POST, format!("{memo}/versions/{id}/restore")),
        ] {
            user.call(method, &path).send().await.problem(404);
        }
        user.patch(&format!("/api/memos/{id}"), "*", &json!({ "pinned": true }))
            .await
            .problem(404);
    }
    let long = "A".repeat(20_000);
    for cursor in ["", "x", "%00", "AAAA", &long] {
        user.get(&format!("/api/memos/changes?since={cursor}"))
            .await
            .problem(422);
        for path in ["/api/memos", "/api/memos/trash"] {
            let call = user.call(Method::DELETE, &format!("{path}?cursor={cursor}"));
            call.json(&json!({ "confirm": "all" })).send().await.problem(422);
        }
    }
    for query in ["limit=0", "limit=101", "limit=-1", "since=x&since=y", "all=true"] {
        user.get(&format!("/api/memos/changes?{query}")).await.problem(422);
    }
    for condition in ["", "1", "\"1", "one"] {
        for path in [format!("{memo}/restore"), format!("{memo}/versions/1/restore")] {
            let call = user.call(Method::POST, &path).header("if-match", condition);
            call.send().await.problem_among(&[400, 412]);
        }
    }
    scene.nothing_has_changed().await;
}

#[tokio::test]
async fn operations_that_no_batch_knows_do_nothing() {
    let scene = Scene::new("batch").await;
    let id = &scene.memo.id;
    let good = json!({ "method": "PATCH", "id": id, "if_match": 1, "body": { "pinned": true } });
    for (field, value) in [
        ("method", json!("GET")),
        ("method", json!(null)),
        ("id", json!(1)),
        ("if_match", json!({ "version": 1 })),
        ("if_match", json!(-1)),
        ("headers", json!({})),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        let body = json!({ "operations": [good, bad] });
        scene.user.post("/api/memos/batch", &body).await.problem(422);
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
