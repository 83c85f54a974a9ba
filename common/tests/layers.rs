//! What every answer gets: its headers, its request id, CORS, and its one line in the log.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{cell::RefCell, sync::Arc, time::Duration};

use axum::{Router, extract::Request, routing::get};
use common::{
    config::{AllowedOrigins, PublicOrigin},
    http::{cors::Cors, extract::read_body, layers::Layers, problem::Problem},
    testing::{Answer, EPOCH, NoRandom, World, request, run, send},
    world::Ports,
};
use http::{HeaderName, Method, StatusCode, header};
use serde_json::{Value, json};

const BODY_MAX_BYTES: usize = 100;

thread_local! {
    /// The log of the test that runs on this thread.
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// The lines since the last call.
fn logged() -> Vec<Value> {
    let lines = LOG.take();
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ports(world: &World) -> Ports {
    Ports {
        log: |line| LOG.with_borrow_mut(|log| log.push(line.to_owned())),
        ..world.ports()
    }
}

fn cors(origins: &str, with_credentials: bool) -> Cors {
    Cors {
        origins: AllowedOrigins::parse(origins).unwrap(),
        methods: vec![Method::GET, Method::PUT],
        headers: vec![header::IF_MATCH],
        with_credentials,
    }
}

/// A small service with a route for each kind of answer.
fn service(ports: &Ports, cors: Cors, public_origin: &str) -> Router {
    let clock = Arc::clone(&ports.clock);
    let slowly = move || async move {
        clock.sleep(Duration::from_millis(250)).await;
        "{}"
    };
    let router = Router::new()
        .route("/things/{id}", get(|| async { "{}" }).put(echo))
        .route("/slow", get(slowly))
        .route(
            "/public",
            get(|| async { ([(header::CACHE_CONTROL, "max-age=5")], "{}") }),
        )
        .route("/broken", get(|| async { Problem::unavailable("the disk is full") }))
        .route("/seen", get(request_id_seen));
    let layers = Layers {
        service: "things",
        body_max_bytes: BODY_MAX_BYTES,
        cors,
        public_origin: PublicOrigin::parse("public_origin", public_origin).unwrap(),
    };
    layers.finish(router, ports)
}

async fn echo(request: Request) -> Result<String, Problem> {
    let body = read_body(request, &()).await?;
    Ok(json!(body.len()).to_string())
}

/// The request id as handlers see it.
async fn request_id_seen(request: Request) -> String {
    json!(request.headers()["x-request-id"].to_str().unwrap()).to_string()
}

fn plain() -> Router {
    service(&ports(&World::new()), Cors::default(), "")
}

async fn fetch(router: &Router, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(router, request(method, path, headers, "")).await
}

#[test]
fn every_answer_is_safe_to_get() {
    run(async {
        let router = plain();
        let too_long = "x".repeat(BODY_MAX_BYTES + 1);
        for (method, path, body, status) in [
            ("GET", "/things/1", "", 200),
            ("GET", "/nowhere", "", 404),
            ("GET", "/things/1/2", "", 404),
            ("DELETE", "/things/1", "", 405),
            ("PUT", "/things/1", &too_long, 413),
            ("PUT", "/things/1", &too_long[1..], 200),
            ("GET", "/broken", "", 503),
        ] {
            let answer = send(&router, request(method, path, &[], body)).await;
            assert_eq!(answer.status.as_u16(), status, "{method} {path}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(
                answer.header("content-security-policy"),
                "default-src 'none'; frame-ancestors 'none'"
            );
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.header("x-request-id").len(), 32);
            assert_eq!(answer.header("access-control-allow-origin"), "");
            assert_eq!(answer.header("strict-transport-security"), "");
            if status != 200 {
                assert_eq!(answer.header("content-type"), "application/problem+json");
                assert_eq!(answer.body["status"], status);
            }
        }
        let wrong_method = fetch(&router, "DELETE", "/things/1", &[]).await;
        assert_eq!(wrong_method.header("allow"), "GET,HEAD,PUT");
        assert_eq!(wrong_method.body["type"], "/problems#method-not-allowed");
    });
}

#[test]
fn a_handler_may_say_that_its_answer_can_be_cached() {
    run(async {
        let answer = fetch(&plain(), "GET", "/public", &[]).await;
        assert_eq!(answer.header("cache-control"), "max-age=5");
        assert_eq!(answer.headers.get_all("cache-control").iter().count(), 1);
    });
}

#[test]
fn only_an_app_that_people_reach_by_https_asks_for_https() {
    run(async {
        for (public_origin, expected) in [
            ("", ""),
            ("http://localhost:3000", ""),
            ("https://memo.example", "max-age=63072000"),
        ] {
            let router = service(&ports(&World::new()), Cors::default(), public_origin);
            for path in ["/things/1", "/nowhere", "/broken"] {
                let answer = fetch(&router, "GET", path, &[]).await;
                assert_eq!(
                    answer.header("strict-transport-security"),
                    expected,
                    "{public_origin} {path}"
                );
            }
        }
    });
}

#[test]
fn a_sane_request_id_is_kept_and_any_other_is_replaced() {
    run(async {
        let router = plain();
        let longest = "x".repeat(128);
        for kept in ["a", "A-z_0.9:x", &longest] {
            let answer = fetch(&router, "GET", "/seen", &[("x-request-id", kept)]).await;
            assert_eq!(answer.header("x-request-id"), kept);
            assert_eq!(answer.body, json!(kept));
        }
        let too_long = "x".repeat(129);
        for replaced in [
            "", " ", "a b", "a\"b", "a,b", "a/b", "a\tb", "<b>", "a{", "é", &too_long,
        ] {
            let answer = fetch(&router, "GET", "/seen", &[("x-request-id", replaced)]).await;
            let id = answer.header("x-request-id");
            assert_eq!(id.len(), 32, "{replaced:?}");
            assert!(id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
            assert_eq!(answer.body, json!(id), "the handler sees the same");
        }
        let ids = [
            fetch(&router, "GET", "/seen", &[]).await,
            fetch(&router, "GET", "/seen", &[]).await,
        ];
        assert_ne!(ids[0].header("x-request-id"), ids[1].header("x-request-id"));
        assert_eq!(ids[0].headers.get_all("x-request-id").iter().count(), 1);
    });
}

#[test]
fn without_randomness_a_request_id_is_the_time() {
    run(async {
        let ports = Ports {
            random: Arc::new(NoRandom),
            ..ports(&World::new())
        };
        let answer = fetch(&service(&ports, Cors::default(), ""), "GET", "/seen", &[]).await;
        assert_eq!(answer.header("x-request-id"), format!("{:032x}", EPOCH.0));
    });
}

#[test]
fn a_request_writes_one_line_and_nothing_that_is_its_callers() {
    run(async {
        let router = plain();
        for (method, path, route, status, level) in [
            ("GET", "/things/hidden?hidden=1", json!("/things/{id}"), 200, "info"),
            ("DELETE", "/things/hidden", json!("/things/{id}"), 405, "info"),
            ("PUT", "/things/hidden", json!("/things/{id}"), 413, "info"),
            ("GET", "/hidden?hidden", Value::Null, 404, "info"),
            ("GET", "/broken?hidden", json!("/broken"), 503, "error"),
        ] {
            let headers = [
                ("authorization", "Bearer hidden"),
                ("cookie", "memo_refresh=hidden"),
                ("x-request-id", "id-1"),
            ];
            let body = "hidden".repeat(BODY_MAX_BYTES);
            let answer = send(&router, request(method, path, &headers, &body)).await;
            assert_eq!(answer.status.as_u16(), status, "{method} {path}");
            let lines = logged();
            assert_eq!(lines.len(), 1, "{lines:?}");
            let mut expected = json!({
                "time": EPOCH.to_rfc3339(), "level": level, "component": "things", "request_id": "id-1",
                "method": method, "route": route, "status": status, "duration_ms": 0,
            });
            if status == 503 {
                expected["cause"] = json!("the disk is full");
                assert!(!answer.body.to_string().contains("disk"), "a cause is not for clients");
            }
            assert_eq!(lines[0], expected);
            assert!(!lines[0].to_string().contains("hidden"));
        }
    });
}

#[test]
fn the_log_says_how_long_a_request_took() {
    run(async {
        let world = World::new();
        let router = service(&ports(&world), Cors::default(), "");
        assert_eq!(fetch(&router, "GET", "/slow", &[]).await.status, StatusCode::OK);
        let line = logged().remove(0);
        assert_eq!(line["duration_ms"], 250);
        assert_eq!(line["time"], (EPOCH + Duration::from_millis(250)).to_rfc3339());
    });
}

/// The headers of an answer that browsers look at before they let a page read it.
fn allowed(answer: &Answer) -> (&str, &str) {
    (
        answer.header("access-control-allow-origin"),
        answer.header("access-control-allow-credentials"),
    )
}

const TWO_ORIGINS: &str = "https://friend.example, https://other.example:8443";

#[test]
fn only_pages_of_named_origins_may_read_answers() {
    run(async {
        for (with_credentials, credentials) in [(true, "true"), (false, "")] {
            let router = service(&ports(&World::new()), cors(TWO_ORIGINS, with_credentials), "");
            for path in ["/things/1", "/nowhere", "/broken"] {
                for friend in ["https://friend.example", "https://other.example:8443"] {
                    let answer = fetch(&router, "GET", path, &[("origin", friend)]).await;
                    assert_eq!(allowed(&answer), (friend, credentials), "{path}");
                    let exposed = answer.header("access-control-expose-headers");
                    assert_eq!(
                        exposed,
                        "content-disposition,etag,location,retry-after,www-authenticate,x-request-id"
                    );
                    assert!(
                        answer.header("vary").contains("origin"),
                        "{path}: caches must tell origins apart"
                    );
                }
                for stranger in [
                    "null",
                    "*",
                    "",
                    "https://friend.example.evil.example",
                    "https://evil-friend.example",
                    "https://sub.friend.example",
                    "https://friend.example:443",
                    "https://friend.example/",
                    "https://FRIEND.example",
                    "http://friend.example",
                    "https://other.example",
                    "https://friend.example, https://other.example:8443",
                ] {
                    let answer = fetch(&router, "GET", path, &[("origin", stranger)]).await;
                    assert_eq!(answer.header("access-control-allow-origin"), "", "{stranger:?} {path}");
                }
                let answer = fetch(&router, "GET", path, &[]).await;
                assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
            }
        }
    });
}

#[test]
fn a_preflight_tells_what_pages_may_send() {
    run(async {
        for (with_credentials, credentials) in [(true, "true"), (false, "")] {
            let router = service(&ports(&World::new()), cors(TWO_ORIGINS, with_credentials), "");
            let preflight = |origin: &'static str| {
                let headers = [("origin", origin), ("access-control-request-method", "PUT")];
                let router = router.clone();
                async move { fetch(&router, "OPTIONS", "/things/1", &headers).await }
            };
            logged();
            let answer = preflight("https://friend.example").await;
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(allowed(&answer), ("https://friend.example", credentials));
            assert_eq!(answer.header("access-control-allow-methods"), "GET,PUT");
            let headers = answer.header("access-control-allow-headers");
            assert_eq!(headers, "authorization,content-type,x-request-id,if-match");
            assert_eq!((answer.header("x-request-id").len(), logged().len()), (32, 1));
            for stranger in ["https://evil.example", "null", "*"] {
                let answer = preflight(stranger).await;
                assert_eq!(answer.header("access-control-allow-origin"), "", "{stranger}");
            }
        }
    });
}

#[test]
fn without_named_origins_there_is_no_cors_at_all() {
    run(async {
        let router = service(&ports(&World::new()), cors(" , ", true), "");
        for method in ["GET", "OPTIONS"] {
            let headers = [
                ("origin", "https://friend.example"),
                ("access-control-request-method", "PUT"),
            ];
            let answer = fetch(&router, method, "/things/1", &headers).await;
            let about_cors = |name: &&HeaderName| name.as_str().starts_with("access-control-");
            assert_eq!(answer.headers.keys().find(about_cors), None, "{method}");
        }
    });
}
