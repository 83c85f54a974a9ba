//! The site as a browser sees it.

use std::io::Read;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};

use crate::{
    assets::{ASSETS, RELEASE},
    coding::Coding,
    respond,
    routes::ROUTES,
};

mod pages;

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
fn the_apps_own_paths_are_answered_with_its_page() {
    let index = get("/", &[]);
    assert!(ROUTES.len() > 5);
    for route in ROUTES {
        let path = route.replace("{id}", "7").replace("{tag...}", "a/%ED%95%9C/c");
        let response = get(&path, &[]);
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(response.body(), index.body(), "{path}");
        assert_eq!(text(&response, "etag"), text(&index, "etag"), "{path}");
    }
    for path in [
        "/m",
        "/m/",
        "/m/7/",
        "/m/7/histories",
        "/m/7/history/1",
        "/tag",
        "/tag/",
        "/tag/a//b",
        "/tag/a/",
        "/new/",
        "/sign-in/x",
        "/help.html",
        "//new",
        "/M/7",
    ] {
        assert_eq!(get(path, &[]).status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[test]
fn each_kind_of_file_has_its_type() {
    for (path, expected) in [
        ("/style.css", "text/css; charset=utf-8"),
        ("/js/app.js", "text/javascript; charset=utf-8"),
        ("/locales/ko.js", "text/javascript; charset=utf-8"),
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

/// The address of a file in the folder of this release.
fn released(path: &str) -> String {
    format!("/release/{RELEASE}{path}")
}

#[test]
fn a_file_of_this_release_is_never_asked_for_again() {
    assert_eq!(RELEASE.len(), 16);
    for asset in ASSETS {
        let path = released(asset.path);
        let response = get(&path, &[]);
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(response.body(), asset.identity.body, "{path}");
        assert_eq!(text(&response, "cache-control"), "public, max-age=31536000, immutable");
    }
    for path in ["/", "/js/app.js", "/service-worker.js", "/problems"] {
        assert_eq!(text(&get(path, &[]), "cache-control"), "no-cache", "{path}");
    }
}

#[test]
fn another_release_is_not_there() {
    let other = format!("/release/{}/js/app.js", RELEASE.chars().rev().collect::<String>());
    let app_path = released("/m/7");
    for path in [
        other.as_str(),
        &app_path,
        "/release//js/app.js",
        "/release/js/app.js",
        "/release/",
    ] {
        let response = get(path, &[]);
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(text(&response, "cache-control"), "no-cache", "{path}");
    }
}

#[test]
fn an_unknown_path_gets_a_page_that_says_so() {
    let paths = ["/nowhere", "/404", "//", "/js", "/../Cargo.toml"];
    let sources = [
        "/js/screens/pad/memo-card.html",
        "/memo-card",
        "/css/base.css",
        "/problems.html",
    ];
    for path in paths.into_iter().chain(sources) {
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
        get("/service-worker.js", &[]),
        get(&released("/js/app.js"), &[]),
        ask(Method::POST, "/", &[]),
    ] {
        let policy = text(&response, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"));
        assert!(!policy.contains("unsafe"));
        for directive in [
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types service-worker",
            "worker-src 'self'",
        ] {
            assert!(
                policy.split("; ").any(|part| part == directive),
                "no {directive}: {policy}"
            );
        }
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
