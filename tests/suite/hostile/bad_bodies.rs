//! Bodies that are wrong in the ways that bodies are: each is refused with its status and a problem, and
//! changes nothing.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Call, Client, Memo, PASSWORD, Scene, unique};

/// A route that reads JSON, and a body that it would take.
struct Route {
    method: Method,
    path: String,
    good: Value,
    limit: usize,
}

impl Route {
    fn new(method: Method, path: &str, good: Value, limit: usize) -> Self {
        Self {
            method,
            path: path.to_owned(),
            good,
            limit,
        }
    }

    /// All of them; `memo` is one of the caller's.
    fn all(memo: &Memo) -> [Self; 8] {
        let credentials = json!({ "username": unique("bad"), "password": PASSWORD });
        let token = json!({ "name": "bad", "scope": "memos:read", "expires_in_days": 1, "password": PASSWORD });
        [
            Self::new(Method::POST, "/api/auth/tokens", token, 64 * 1024),
            Self::new(Method::POST, "/api/auth/users", credentials.clone(), 64 * 1024),
            Self::new(Method::POST, "/api/auth/session", credentials, 64 * 1024),
            Self::new(Method::POST, "/api/memos", json!({ "text": "new" }), 1024 * 1024),
            Self::new(Method::PUT, &memo.path(), json!({ "text": "changed" }), 1024 * 1024),
            Self::new(Method::PATCH, &memo.path(), json!({ "text": "changed" }), 1024 * 1024),
            Self::new(
                Method::POST,
                "/api/memos/batch",
                json!({ "operations": [] }),
                1024 * 1024,
            ),
            Self::new(Method::DELETE, "/api/memos", json!({ "confirm": "all" }), 1024 * 1024),
        ]
    }

    fn call(&self, client: &Client) -> Call {
        client.call(self.method.clone(), &self.path).header("if-match", "\"1\"")
    }

    fn with_body(&self, client: &Client, body: impl Into<reqwest::Body>) -> Call {
        self.call(client).header("content-type", "application/json").body(body)
    }
}

#[tokio::test]
async fn what_is_no_json_is_400() {
    let scene = Scene::new("malformed").await;
    for route in Route::all(&scene.memo) {
        let good = route.good.to_string();
        let (name, _) = good.trim_start_matches('{').split_once(':').unwrap_or_default();
        for body in [
            String::new(),
            " \n".into(),
            "{".into(),
            "nonsense".into(),
            "\0\u{1}".into(),
            good[..good.len() - 1].into(),
            format!("{good} trailing"),
            format!("{good}{good}"),
            good.replace('"', "'"),
            format!("{{{name}: \"cut"),
            format!("{{{name}: \"a line\nbreak\"}}"),
        ] {
            let answer = route.with_body(&scene.user, body.clone()).send().await;
            assert_eq!(
                answer.status(),
                400,
                "{} {} {body}: {answer:?}",
                route.method,
                route.path
            );
            answer.problem(400);
        }
        // Which of the two is wrong first depends on how it is read.
        let deep = format!("{{{name}: {}", "[".repeat(50_000));
        let escape = format!("{{{name}: \"\\ud800\"}}");
        let bytes = [format!("{{{name}: \"").as_bytes(), b"\xff\xfe\"}"].concat();
        for body in [deep.into_bytes(), escape.into_bytes(), bytes] {
            route
                .with_body(&scene.user, body)
                .send()
                .await
                .problem_among(&[400, 422]);
        }
    }
    scene.nothing_has_changed().await;
}

#[tokio::test]
async fn json_of_another_shape_is_422() {
    let scene = Scene::new("shapes").await;
    for route in Route::all(&scene.memo) {
        let first = route
            .good
            .as_object()
            .and_then(|good| good.iter().find(|(_, value)| !value.is_number()))
            .map(|(name, _)| name.clone())
            .unwrap_or_default();
        let mut bodies = vec![
            json!(null),
            json!([]),
            json!("text"),
            json!(7),
            json!([route.good]),
            json!([route.good[&first]]),
        ];
        // A patch that names nothing changes nothing.
        if route.method != Method::PATCH {
            bodies.push(json!({}));
        }
        for wrong in [json!(null), json!(7), json!(true), json!(["x"]), json!({ "x": 1 })] {
            let mut body = route.good.clone();
            body[&first] = wrong;
            bodies.push(body);
        }
        let mut unknown = route.good.clone();
        unknown["admin"] = json!(true);
        bodies.push(unknown);
        for body in bodies {
            let problem = route.call(&scene.user).json(&body).send().await.problem(422);
            assert!(
                !problem.errors.is_empty(),
                "{} {} {body}: {problem:?}",
                route.method,
                route.path
            );
        }
        // The same field twice: which one counts would be a guess.
        let good = route.good[&first].to_string();
        let twice = format!("{{\"{first}\": {good}, {}", &route.good.to_string()[1..]);
        route
            .with_body(&scene.user, twice)
            .send()
            .await
            .problem_among(&[400, 422]);
    }
    scene.nothing_has_changed().await;
}

#[tokio::test]
async fn another_content_type_is_415() {
    let scene = Scene::new("types").await;
    for route in Route::all(&scene.memo) {
        let body = route.good.to_string();
        route.call(&scene.user).body(body.clone()).send().await.problem(415);
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/jsonp",
            "",
            "json",
            "application/json-patch+json",
        ] {
            route
                .call(&scene.user)
                .header("content-type", kind)
                .body(body.clone())
                .send()
                .await
                .problem(415);
        }
    }
    scene.nothing_has_changed().await;
}

#[tokio::test]
async fn json_with_a_charset_is_json() {
    let scene = Scene::new("charset").await;
    let body = json!({ "text": "가" }).to_string();
    let call = scene
        .user
        .call(Method::POST, "/api/memos")
        .header("content-type", "Application/JSON; charset=utf-8");
    assert_eq!(Memo::of(&call.body(body).send().await.expect(201)).text, "가");
}

#[tokio::test]
async fn a_body_over_the_limit_is_413() {
    let scene = Scene::new("large").await;
    for route in Route::all(&scene.memo) {
        // A body that would be good, but for the spaces after it.
        let mut body = route.good.to_string();
        body.push_str(&" ".repeat(route.limit + 1 - body.len()));
        route.with_body(&scene.user, body).send().await.problem(413);
    }
    scene.nothing_has_changed().await;
}

#[tokio::test]
async fn a_body_under_the_limit_is_read_however_it_is_spaced() {
    let scene = Scene::new("spaced").await;
    let mut body = json!({ "text": "spaced" }).to_string();
    body.push_str(&" ".repeat(1024 * 1024 - body.len()));
    let call = scene
        .user
        .call(Method::POST, "/api/memos")
        .header("content-type", "application/json");
    call.body(body).send().await.expect(201);
}
