//! A service's OpenAPI document, held to its router.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use http::{StatusCode, header};
use serde_json::Value;

use super::{request, respond};
use crate::http::problems;

/// The methods by path.
type Methods = BTreeMap<String, BTreeSet<String>>;

/// Asserts that the document describes every route of `router` and nothing else, that an operation which says that it wants an
/// access token refuses requests without one, and that problems are described as `problems::ALL` has them. The paths are read
/// in `source`, where routes are said.
pub async fn agrees(router: &Router, source: &str, document: &Value) {
    let described = described(document);
    let served = served(router, source, &described).await;
    assert_eq!(described, served, "described, and served");
    for (path, methods) in &described {
        for method in methods {
            let operation = &document["paths"][path][method.to_lowercase()];
            let wants_token = operation["security"][0].get("accessToken").is_some();
            let answer = respond(router, request(method, &example(path), &[("host", "memo.example")], "")).await;
            let challenge = answer.headers().get(header::WWW_AUTHENTICATE).is_some();
            let refuses = answer.status() == StatusCode::UNAUTHORIZED && challenge;
            assert_eq!(
                wants_token,
                refuses,
                "{method} {path} without a token: {}",
                answer.status()
            );
        }
    }
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas
        .iter()
        .filter(|(name, _)| name.ends_with("Problem") && *name != "Problem")
    {
        let said = |member: &str| &schema["properties"][member]["const"];
        let kind = problems::ALL
            .iter()
            .find(|kind| *said("type") == format!("/problems#{}", kind.slug));
        let kind = kind.unwrap_or_else(|| panic!("{name} is not in the table of problems"));
        assert_eq!(*said("title"), kind.title, "{name}");
        assert_eq!(*said("status"), kind.status.as_u16(), "{name}");
    }
}

fn described(document: &Value) -> Methods {
    let paths = document["paths"].as_object().unwrap();
    let methods = |item: &Value| {
        let members = item.as_object().unwrap().keys();
        members
            .filter(|name| *name != "parameters")
            .map(|name| name.to_uppercase())
            .collect()
    };
    paths.iter().map(|(path, item)| (path.clone(), methods(item))).collect()
}

/// What the router says of itself: each of its resources tells its methods when it is asked for one that nobody has. A path that
/// is described is asked for as well, because a route's path may be a constant, which the source does not spell.
async fn served(router: &Router, source: &str, described: &Methods) -> Methods {
    let mut served = Methods::new();
    let paths = source
        .split('"')
        .filter(|literal| literal.starts_with("/api/") || literal.starts_with("/.well-known/"));
    for path in paths.chain(described.keys().map(String::as_str)) {
        let answer = respond(router, request("TRACE", &example(path), &[], "")).await;
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "TRACE {path}");
        let allow = answer.headers()[header::ALLOW].to_str().unwrap();
        // Every GET answers HEAD as well.
        let methods = allow.split(',').filter(|method| *method != "HEAD").map(str::to_owned);
        served.insert(path.to_owned(), methods.collect());
    }
    assert!(served.len() >= 10, "{served:?}");
    served
}

/// The path with something in the place of its parameters.
pub fn example(path: &str) -> String {
    let segments = path
        .split('/')
        .map(|segment| if segment.starts_with('{') { "1" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}
