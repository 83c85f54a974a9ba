//! Whatever is sent, parsing it ends in an answer: random bytes, and good input with a few bytes changed. The seeds are
//! fixed, so a failure comes again.

use crate::support::TestApp;
use axum::extract::FromRequestParts;
use common::{http::problem::Problem, testing::run};
use fastrand::Rng;
use http::{HeaderName, HeaderValue, Request, StatusCode, header};
use memo_component::{
    catalog::once::CreateKey,
    memo::{MemoId, Version},
    routes::{
        conditions::{IfMatch, IfNoneMatch},
        idempotency_key::IdempotencyKey,
    },
};
use serde_json::{Value, json};

const ROUNDS: usize = 5000;

/// Bytes that mean something to one parser or another.
const TELLING: &[u8] = b"\t \"\"\"'*,,/W0123456789+-_~\x80\xff";

fn byte(rng: &mut Rng) -> u8 {
    if rng.u8(..4) > 0 {
        TELLING[rng.usize(..TELLING.len())]
    } else {
        rng.u8(..)
    }
}

/// Random inputs, half of them near good ones.
fn inputs(seed: u64, good: &'static [&'static str]) -> impl Iterator<Item = Vec<u8>> {
    let mut rng = Rng::with_seed(seed);
    (0..ROUNDS).map(move |round| {
        if round % 2 == 0 {
            return (0..rng.usize(..40)).map(|_| byte(&mut rng)).collect();
        }
        let mut bytes = good[rng.usize(..good.len())].as_bytes().to_vec();
        for _ in 0..rng.usize(1..4) {
            let at = rng.usize(..=bytes.len());
            match rng.u8(..4) {
                0 => bytes.insert(at, byte(&mut rng)),
                1 => drop(bytes.drain(at..(at + rng.usize(..4)).min(bytes.len()))),
                2 if at < bytes.len() => bytes[at] = byte(&mut rng),
                _ => bytes.extend_from_within(at..),
            }
        }
        bytes
    })
}

/// What an extractor makes of a header; `None` where no header can hold these bytes.
fn extracted<T: FromRequestParts<(), Rejection = Problem>>(
    name: HeaderName,
    value: &[u8],
) -> Option<Result<T, Problem>> {
    let value = HeaderValue::from_bytes(value).ok()?;
    let (mut parts, ()) = Request::get("/").header(name, value).body(()).unwrap().into_parts();
    Some(run(T::from_request_parts(&mut parts, &())))
}

fn if_match(value: &[u8]) -> Option<Result<IfMatch, Problem>> {
    extracted(header::IF_MATCH, value)
}

#[test]
fn a_condition_allows_only_versions_that_it_names() {
    let mut named = 0;
    for input in inputs(
        1,
        &[
            "*",
            "\"7\"",
            "W/\"7\"",
            "\"7\", \"8\"",
            "\"07\"",
            "W/\"1\",\"2\" , \"x\"",
        ],
    ) {
        match if_match(&input) {
            None => {}
            Some(Err(problem)) => assert_eq!(problem.status(), StatusCode::BAD_REQUEST),
            Some(Ok(condition)) => {
                let text = String::from_utf8(input).unwrap();
                let is_any = text.trim() == "*";
                for version in (0..100).map(Version) {
                    if condition.allows(version) && !is_any {
                        assert!(text.contains(&version.etag()), "{text:?} {version:?}");
                    }
                }
                assert_eq!(is_any, condition.allows(Version(u64::MAX)), "{text:?}");
                if let Some(version) = condition.only_version() {
                    assert_eq!(text.trim(), version.etag());
                    assert!(condition.allows(version) && !condition.allows(version.next()));
                    named += 1;
                }
            }
        }
    }
    assert!(named > 0);
}

#[test]
fn a_condition_that_can_not_be_read_is_as_good_as_none_for_readers() {
    for input in inputs(2, &["*", "\"7\"", "W/\"7\"", "\"7\", \"8\""]) {
        let Some(read) = extracted::<IfNoneMatch>(header::IF_NONE_MATCH, &input) else {
            continue;
        };
        match (read, if_match(&input).unwrap()) {
            // What is strongly the same is weakly the same, too.
            (Ok(known), Ok(condition)) => {
                for version in (0..100).map(Version) {
                    assert!(known.has(version) || !condition.allows(version));
                }
            }
            (Ok(known), Err(_)) => assert!(!(0..100).map(Version).any(|version| known.has(version))),
            (Err(problem), Err(_)) => assert_eq!(problem.status(), StatusCode::BAD_REQUEST),
            (Err(problem), Ok(_)) => unreachable!("{problem:?}"),
        }
    }
}

#[test]
fn a_list_of_tags_is_read_as_it_was_written() {
    let mut rng = Rng::with_seed(3);
    for _ in 0..ROUNDS {
        let tags: Vec<(bool, u64)> = (0..rng.usize(1..6)).map(|_| (rng.bool(), rng.u64(1..20))).collect();
        let shown = |(weak, version): &(bool, u64)| format!("{}\"{version}\"", if *weak { "W/" } else { "" });
        let commas = [",", ", ", " , ", ",\t", "  ,"];
        let mut text = String::new();
        for tag in &tags {
            if !text.is_empty() {
                text.push_str(commas[rng.usize(..commas.len())]);
            }
            text.push_str(&shown(tag));
        }
        let condition = if_match(text.as_bytes()).unwrap().unwrap();
        let known: IfNoneMatch = extracted(header::IF_NONE_MATCH, text.as_bytes()).unwrap().unwrap();
        for version in 1..20 {
            assert_eq!(
                condition.allows(Version(version)),
                tags.contains(&(false, version)),
                "{text}"
            );
            let is_named = tags.iter().any(|(_, tag)| *tag == version);
            assert_eq!(known.has(Version(version)), is_named, "{text}");
        }
        let only = match tags[..] {
            [(false, version)] => Some(Version(version)),
            _ => None,
        };
        assert_eq!(condition.only_version(), only, "{text}");
    }
}

#[test]
fn a_change_without_a_condition_is_428() {
    let (mut parts, ()) = Request::get("/").body(()).unwrap().into_parts();
    let refused = run(IfMatch::from_request_parts(&mut parts, &())).unwrap_err();
    assert_eq!(refused.status(), StatusCode::PRECONDITION_REQUIRED);
    let known = run(IfNoneMatch::from_request_parts(&mut parts, &())).unwrap();
    assert!(!known.has(Version::FIRST));
}

#[test]
fn a_memo_id_has_one_spelling() {
    let mut read = 0;
    for input in inputs(4, &["1", "17", "18446744073709551615", "18446744073709551616", "007"]) {
        let text = String::from_utf8_lossy(&input).into_owned();
        if let Ok(id) = text.parse::<MemoId>() {
            assert!(id.0 > 0);
            assert_eq!(id.to_string(), text);
            read += 1;
        }
    }
    assert!(read > 0);
    let mut rng = Rng::with_seed(5);
    for _ in 0..ROUNDS {
        let id = MemoId(rng.u64(1..) >> rng.u32(..63).min(63));
        if id.0 > 0 {
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }
    assert_eq!(u64::MAX.to_string().parse(), Ok(MemoId(u64::MAX)));
}

#[test]
fn a_create_key_is_its_text_and_has_a_length() {
    let name = HeaderName::from_static("idempotency-key");
    let longest = "k".repeat(128);
    for input in inputs(6, &["k", "8e03978e-40d5-43dd-bc93-6894a57f9324", "\"8e03978e\""]) {
        match extracted::<IdempotencyKey>(name.clone(), &input) {
            None => {}
            Some(Ok(IdempotencyKey(key))) => {
                let text = std::str::from_utf8(&input).unwrap();
                assert_eq!(key, Some(CreateKey::new(text)));
                assert_ne!(key, Some(CreateKey::new(&format!("{text} "))));
            }
            Some(Err(problem)) => assert_eq!(problem.status(), StatusCode::BAD_REQUEST),
        }
    }
    let key = |text: &str| extracted::<IdempotencyKey>(name.clone(), text.as_bytes()).unwrap();
    assert!(key("k").is_ok() && key(&longest).is_ok());
    for wrong in ["", &format!("{longest}k")] {
        let status = key(wrong).map(|_| ()).unwrap_err().status();
        assert_eq!(status, StatusCode::BAD_REQUEST, "{} bytes", wrong.len());
    }
}

/// Text of a path or a query that is near good ones; a URL holds no other bytes.
fn near(rng: &mut Rng, good: &[&str]) -> String {
    let mut text = (*rng.choice(good).unwrap()).to_owned();
    for _ in 0..rng.usize(..6).saturating_sub(3) {
        let at = rng.usize(..=text.len());
        let piece = rng.choice([
            "0",
            "1",
            "-1",
            "%00",
            "%ff",
            "%EA%B0%80",
            "/",
            "?",
            "&",
            "=",
            "#",
            "a",
            "18446744073709551616",
        ]);
        text.insert_str(at, piece.unwrap());
    }
    text
}

/// A value of any shape.
fn value(rng: &mut Rng, depth: usize) -> Value {
    match rng.u8(..if depth == 0 { 6 } else { 8 }) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 => json!(rng.i64(..)),
        3 => json!(rng.u64(..5)),
        4 => json!(rng.choice([
            "",
            "a",
            "1",
            "\"1\"",
            "*",
            "all",
            "POST",
            "PATCH",
            "#tag",
            "2026-01-01T00:00:00Z"
        ])),
        5 => json!(rng.f64()),
        6 => (0..rng.usize(..3)).map(|_| value(rng, depth - 1)).collect(),
        _ => object(rng, depth - 1),
    }
}

const FIELDS: &[&str] = &[
    "text",
    "pinned",
    "archived",
    "created_at",
    "trashed_at",
    "confirm",
    "operations",
    "method",
    "id",
    "if_match",
    "body",
    "idempotency_key",
    "version",
];

fn object(rng: &mut Rng, depth: usize) -> Value {
    (0..rng.usize(..5))
        .map(|_| ((*rng.choice(FIELDS).unwrap()).to_owned(), value(rng, depth)))
        .collect()
}

/// A body that a route might take, with one field of any shape.
fn body(rng: &mut Rng) -> Value {
    let operation = json!({"method": "PATCH", "id": "1", "if_match": 1, "body": {"pinned": true}});
    let mut body = match rng.u8(..6) {
        0 => return value(rng, 3),
        1 => json!({"text": "a #tag"}),
        2 => json!({"confirm": "all"}),
        3 => json!({"pinned": true, "trashed_at": null}),
        4 => json!({"operations": [operation]}),
        _ => {
            let mut odd = operation.clone();
            odd[*rng.choice(FIELDS).unwrap()] = value(rng, 2);
            json!({"operations": [operation, odd]})
        }
    };
    if rng.bool() {
        body[*rng.choice(FIELDS).unwrap()] = value(rng, 2);
    }
    body
}

/// Whatever is asked of whichever route, the answer is a good one or says what is wrong with the request.
#[test]
fn every_request_has_an_answer_that_is_not_the_services_fault() {
    const PATHS: &[&str] = &[
        "/api/memos",
        "/api/memos?q=a&tag=b&state=all&limit=2",
        "/api/memos?state=trashed",
        "/api/memos/ID",
        "/api/memos/2",
        "/api/memos/ID/restore",
        "/api/memos/ID/shares",
        "/api/memos/shares",
        "/api/memos/shares/AAAAAAAAAAAAAAAAAAAAAA",
        "/api/memos/ID/versions",
        "/api/memos/ID/versions/1",
        "/api/memos/ID/versions/1/restore",
        "/api/memos/tags",
        "/api/memos/changes?limit=3",
        "/api/memos/changes?since=AAAA",
        "/api/memos/batch",
        "/api/memos/trash",
        "/api/memos/trash?cursor=AAAA",
        "/api/memos/maintenance",
    ];
    run(async {
        let mut answered = std::collections::BTreeMap::new();
        for app in TestApp::both() {
            let mut rng = Rng::with_seed(7);
            let mut id = String::new();
            for round in 0..ROUNDS {
                app.pass_secs(rng.u64(..40));
                if round % 10 == 0 {
                    id = app.write("ann", "something to work on").await.text("id");
                }
                let method = rng
                    .choice(["GET", "HEAD", "POST", "PUT", "PATCH", "PATCH", "DELETE", "OPTIONS"])
                    .unwrap();
                let path = near(&mut rng, PATHS).replace("ID", &id);
                if path.parse::<http::Uri>().is_err() {
                    continue;
                }
                let condition = near(&mut rng, &["*", "*", "\"1\"", "\"2\"", "W/\"1\""]);
                let key = near(&mut rng, &["key", "another"]);
                let mut headers = vec![("if-match", condition.as_str())];
                if rng.bool() {
                    headers.push(("idempotency-key", key.as_str()));
                }
                let answer = app.call("ann", method, &path, &headers, body(&mut rng)).await;
                assert!(answer.status.as_u16() < 500, "{method} {path}: {answer:?}");
                assert_eq!(answer.header("cache-control"), "no-store");
                *answered.entry(answer.status.as_u16()).or_insert(0) += 1;
            }
            // What all that has left behind is read as ever.
            assert_eq!(app.get("ann", "/api/memos?state=all").await.status, StatusCode::OK);
            assert_eq!(app.get("ann", "/api/memos/changes").await.status, StatusCode::OK);
            assert_eq!(app.get("ann", "/api/memos/tags").await.status, StatusCode::OK);
        }
        for status in [200, 201, 204, 400, 404, 405, 412, 415, 422] {
            assert!(answered.contains_key(&status), "no {status} among {answered:?}");
        }
    });
}
