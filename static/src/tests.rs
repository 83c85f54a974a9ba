//! The site as a browser sees it.

use std::io::Read;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};

use crate::{assets::ASSETS, coding::Coding, respond};

fn ask(method: Method, path: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    respond(&request.body(()).unwrap())
}

fn get(path: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
    ask(Method::GET, path, headers)
}

fn text<'a>(response: &'a Response<Bytes>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// The pages as they are, with their addresses.
fn pages() -> Vec<(&'static str, &'static str)> {
    let pages: Vec<_> = ASSETS
        .iter()
        .filter(|asset| asset.content_type.starts_with("text/html"))
        .map(|asset| {
            let identity = &asset.identity;
            (asset.path, std::str::from_utf8(identity.body).unwrap())
        })
        .collect();
    assert!(pages.len() >= 3);
    pages
}

#[test]
fn the_root_is_the_index_and_pages_have_no_extension() {
    for path in ["/", "/?from=elsewhere", "/problems"] {
        let response = get(path, &[]);
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(text(&response, "content-type"), "text/html; charset=utf-8");
    }
    assert_eq!(get("/index.html", &[]).status(), StatusCode::NOT_FOUND);
}

#[test]
fn each_kind_of_file_has_its_type() {
    for (path, expected) in [
        ("/style.css", "text/css; charset=utf-8"),
        ("/js/app.js", "text/javascript; charset=utf-8"),
        ("/favicon.svg", "image/svg+xml"),
        ("/memo.webmanifest", "application/manifest+json"),
    ] {
        assert_eq!(text(&get(path, &[]), "content-type"), expected);
    }
}

#[test]
fn without_accept_encoding_the_file_comes_as_it_is() {
    let response = get("/", &[]);
    assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
    assert!(response.body().starts_with(b"<!doctype html>"));
    assert_eq!(text(&response, "vary"), "accept-encoding");
    let length = response.body().len().to_string();
    assert_eq!(text(&response, "content-length"), length);
}

#[test]
fn the_most_wanted_coding_is_sent() {
    for (accept, expected) in [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0.1, gzip;q=0.9", "gzip"),
        ("identity, br;q=0.9", ""),
        ("br;q=0, gzip;q=0", ""),
        ("identity;q=0, *;q=0", ""),
        ("zstd", ""),
    ] {
        let response = get("/", &[("accept-encoding", accept)]);
        assert_eq!(text(&response, "content-encoding"), expected, "{accept}");
    }
}

#[test]
fn every_compressed_body_unpacks_to_the_file_and_is_smaller() {
    for asset in ASSETS {
        let identity = &asset.identity;
        for representation in asset.compressed {
            let mut unpacked = Vec::new();
            match representation.coding {
                Coding::Brotli => {
                    brotli::Decompressor::new(representation.body, 4096)
                        .read_to_end(&mut unpacked)
                        .unwrap();
                }
                Coding::Gzip => {
                    flate2::read::GzDecoder::new(representation.body)
                        .read_to_end(&mut unpacked)
                        .unwrap();
                }
                Coding::Identity => unreachable!("not compressed"),
            }
            assert_eq!(unpacked, identity.body, "{}", asset.path);
            assert!(representation.body.len() < identity.body.len());
        }
    }
}

#[test]
fn representations_have_strong_etags_of_their_own() {
    let plain = get("/", &[]);
    let brotli = get("/", &[("accept-encoding", "br")]);
    for response in [&plain, &brotli] {
        assert!(text(response, "etag").starts_with('"'));
    }
    assert_ne!(text(&plain, "etag"), text(&brotli, "etag"));
}

#[test]
fn a_known_etag_is_answered_without_a_body() {
    let etag = text(&get("/style.css", &[]), "etag").to_owned();
    for known in [
        etag.clone(),
        format!("W/{etag}"),
        format!("\"other\", {etag}"),
        "*".to_owned(),
    ] {
        let response = get("/style.css", &[("if-none-match", &known)]);
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{known}");
        assert!(response.body().is_empty());
        assert_eq!(text(&response, "etag"), etag);
        assert_eq!(text(&response, "cache-control"), "no-cache");
        assert_eq!(text(&response, "vary"), "accept-encoding");
    }
}

#[test]
fn the_etag_of_another_coding_is_not_known() {
    let etag = text(&get("/", &[("accept-encoding", "br")]), "etag").to_owned();
    let response = get("/", &[("if-none-match", &etag)]);
    assert_eq!(response.status(), StatusCode::OK);
}

#[test]
fn head_is_get_without_the_body() {
    for path in ["/", "/js/app.js", "/nowhere", "/api/nowhere"] {
        let (got, head) = (get(path, &[]), ask(Method::HEAD, path, &[]));
        assert!(head.body().is_empty());
        assert_eq!(head.status(), got.status());
        for name in ["content-length", "content-type", "etag"] {
            assert_eq!(text(&head, name), text(&got, name), "{name} of {path}");
        }
    }
}

#[test]
fn an_unknown_path_gets_a_page_that_says_so() {
    for path in ["/nowhere", "/404", "//", "/js", "/../Cargo.toml"] {
        let response = get(path, &[]);
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(text(&response, "content-type"), "text/html; charset=utf-8");
        assert!(!response.headers().contains_key(header::ETAG));
    }
}

#[test]
fn an_unknown_api_path_gets_a_problem() {
    let response = ask(Method::POST, "/api/memo", &[]);
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(text(&response, "content-type"), "application/problem+json");
    assert_eq!(text(&response, "cache-control"), "no-store");
}

#[test]
fn other_methods_are_refused_with_those_allowed() {
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let response = ask(method, "/", &[]);
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(text(&response, "allow"), "GET, HEAD");
        assert_eq!(text(&response, "content-type"), "application/problem+json");
    }
}

#[test]
fn every_response_has_the_safe_headers() {
    let etag = text(&get("/", &[]), "etag").to_owned();
    for response in [
        get("/", &[]),
        get("/favicon.svg", &[]),
        get("/", &[("if-none-match", &etag)]),
        get("/nowhere", &[]),
        get("/api/nowhere", &[]),
        ask(Method::POST, "/", &[]),
    ] {
        let policy = text(&response, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"));
        assert!(!policy.contains("unsafe"));
        assert!(policy.contains("frame-ancestors 'none'"));
        assert_eq!(text(&response, "x-content-type-options"), "nosniff");
        assert_eq!(text(&response, "referrer-policy"), "no-referrer");
        for name in ["cross-origin-opener-policy", "cross-origin-resource-policy"] {
            assert_eq!(text(&response, name), "same-origin");
        }
        assert!(text(&response, "permissions-policy").contains("camera=()"));
        assert!(!text(&response, "x-request-id").is_empty());
    }
}

#[test]
fn a_sane_request_id_is_kept_and_another_replaced() {
    let kept = get("/", &[("x-request-id", "a-1.b:2_C")]);
    assert_eq!(text(&kept, "x-request-id"), "a-1.b:2_C");
    for strange in ["two words", "", "x".repeat(129).as_str()] {
        let replaced = get("/", &[("x-request-id", strange)]);
        assert_eq!(text(&replaced, "x-request-id").len(), 16);
    }
}

#[test]
fn only_https_is_asked_to_stay_https() {
    let name = header::STRICT_TRANSPORT_SECURITY;
    for https in [
        ("spin-full-url", "https://memo.example/"),
        ("x-forwarded-proto", "https"),
    ] {
        assert!(get("/", &[https]).headers().contains_key(&name));
    }
    for http in [
        ("spin-full-url", "http://127.0.0.1:3000/"),
        ("x-forwarded-proto", "http"),
    ] {
        assert!(!get("/", &[http]).headers().contains_key(&name));
    }
}

#[test]
fn pages_hold_no_script_or_style_that_the_policy_would_refuse() {
    for (path, page) in pages() {
        assert!(!page.contains("<style"), "{path}");
        assert!(!page.contains(" style="), "{path}");
        for script in page.split("<script").skip(1) {
            assert!(script.starts_with(" type=\"module\" src=\"/js/"), "{path}: {script}");
            let content = script.split_once('>').unwrap().1;
            assert!(content.starts_with("</script>"), "{path}");
        }
        for handler in [" onclick=", " onload=", " onerror=", "javascript:"] {
            assert!(!page.contains(handler), "{path}: {handler}");
        }
    }
}

#[test]
fn pages_refer_to_files_that_are_there() {
    for (path, page) in pages() {
        for reference in [" href=\"/", " src=\"/"] {
            for rest in page.split(reference).skip(1) {
                let target = format!("/{}", rest.split('"').next().unwrap());
                let found = ASSETS.iter().any(|asset| asset.path == target);
                assert!(found, "{path} refers to {target}");
            }
        }
    }
}

#[test]
fn the_index_preloads_every_module_of_the_app() {
    let (_, index) = pages().into_iter().find(|(path, _)| *path == "/").unwrap();
    let modules = ASSETS
        .iter()
        .map(|asset| asset.path)
        .filter(|path| path.starts_with("/js/") && *path != "/js/page.js");
    for module in modules {
        assert!(index.contains(&format!("=\"{module}\"")), "{module}");
    }
}

#[test]
fn both_languages_say_the_same_things() {
    let keys = |path: &str| -> Vec<String> {
        let asset = ASSETS.iter().find(|asset| asset.path == path).unwrap();
        let identity = &asset.identity;
        std::str::from_utf8(identity.body)
            .unwrap()
            .lines()
            .filter_map(|line| line.strip_prefix("  ")?.split_once(": \""))
            .map(|(key, _)| key.to_owned())
            .collect()
    };
    let english = keys("/js/en.js");
    assert!(english.len() > 50);
    assert_eq!(english, keys("/js/ko.js"));
}

#[test]
fn every_problem_type_is_explained() {
    let (_, problems) = pages().into_iter().find(|(path, _)| *path == "/problems").unwrap();
    for slug in [
        "invalid-json",
        "bad-request",
        "invalid-request",
        "unsupported-media-type",
        "body-too-large",
        "not-found",
        "method-not-allowed",
        "unauthorized",
        "forbidden",
        "username-taken",
        "wrong-credentials",
        "precondition-required",
        "stale-version",
        "conflict",
        "idempotency-key-reused",
        "too-many-requests",
        "store-unavailable",
        "internal",
    ] {
        assert!(problems.contains(&format!("id=\"{slug}\"")), "{slug}");
    }
}
