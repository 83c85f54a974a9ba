//! Bodies, queries and headers: what is parsed, and how the rest is refused.

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
    response::IntoResponse,
};
use common::{
    http::{
        extract::{Json, Query, expect_content_type, header_text, read_body},
        problem::Problem,
    },
    testing::run,
};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use http_body_util::BodyExt;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    text: String,
    #[serde(default)]
    tags: Vec<u8>,
}

fn post(content_type: Option<&str>, body: &[u8]) -> Request {
    let mut request = Request::post("/");
    if let Some(content_type) = content_type {
        request = request.header(header::CONTENT_TYPE, content_type);
    }
    request.body(Body::from(body.to_vec())).unwrap()
}

/// The problem as clients get it.
fn shown(problem: Problem) -> Value {
    let body = problem.into_response().into_body();
    serde_json::from_slice(&run(body.collect()).unwrap().to_bytes()).unwrap()
}

fn json_of<T: DeserializeOwned>(body: &[u8]) -> Result<T, Value> {
    let parsed = run(Json::<T>::from_request(post(Some("application/json"), body), &()));
    parsed.map(|Json(value)| value).map_err(shown)
}

#[test]
fn a_body_of_the_type_is_read() {
    let item = |text: &str, tags: &[u8]| Item {
        text: text.to_owned(),
        tags: tags.to_vec(),
    };
    for (body, expected) in [
        (r#"{"text": "a"}"#, item("a", &[])),
        (" \n{\"text\": \"우유\", \"tags\": [1, 2]}\n ", item("우유", &[1, 2])),
        (r#"{"text": "\u0000\ud83d\ude00"}"#, item("\0😀", &[])),
    ] {
        assert_eq!(json_of::<Item>(body.as_bytes()).unwrap(), expected, "{body}");
    }
}

#[test]
fn what_is_no_json_is_400() {
    for body in [
        &b""[..],
        b" ",
        b"{",
        b"{\"text\": \"a\"",
        b"{\"text\": \"a\"} x",
        b"{\"text\": \"a\"}{}",
        b"{\"text\": \"a\",}",
        b"{'text': 'a'}",
        b"{\"text\": \"\n\"}",
        b"{\"text\": \"\\ud800\"}",
        b"{\"text\": \"\xff\"}",
        b"\xef\xbb\xbf{\"text\": \"a\"}",
    ] {
        let refused = json_of::<Item>(body).unwrap_err();
        let about = String::from_utf8_lossy(body);
        assert_eq!(
            (&refused["status"], &refused["type"]),
            (&json!(400), &json!("/problems#invalid-json")),
            "{about}"
        );
        assert_eq!(refused["errors"], Value::Null, "{about}");
    }
}

#[test]
fn what_is_not_the_type_is_422_and_names_the_field() {
    for (body, field, detail) in [
        (r#"{}"#, ".", "missing field `text`"),
        (r#"{"text": 1}"#, "text", "invalid type: integer `1`, expected a string"),
        (r#"{"text": null}"#, "text", "invalid type: null, expected a string"),
        (r#"{"text": "a", "text": "b"}"#, ".", "duplicate field `text`"),
        (
            r#"{"text": "a", "more": 1}"#,
            "more",
            "unknown field `more`, expected `text` or `tags`",
        ),
        (
            r#"{"text": "a", "tags": [1, 256]}"#,
            "tags[1]",
            "invalid value: integer `256`, expected u8",
        ),
        (r#""a""#, ".", "invalid type: string \"a\", expected struct Item"),
        // serde would read the fields' values from a list.
        (r#" ["a"]"#, ".", "It must be an object."),
    ] {
        let refused = json_of::<Item>(body.as_bytes()).unwrap_err();
        assert_eq!(
            (&refused["status"], &refused["type"]),
            (&json!(422), &json!("/problems#invalid-request")),
            "{body}"
        );
        assert_eq!(refused["errors"], json!([{"field": field, "detail": detail}]), "{body}");
    }
}

#[test]
fn a_body_is_so_deep_and_no_deeper() {
    let nested = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    assert!(json_of::<Value>(nested(127).as_bytes()).is_ok());
    for levels in [128, 100_000] {
        assert_eq!(
            json_of::<Value>(nested(levels).as_bytes()).unwrap_err()["status"],
            400,
            "{levels}"
        );
    }
    // Also where nobody wants to know what is in there.
    let ignored = format!("{{\"text\": \"a\", \"more\": {}}}", nested(100_000));
    assert_eq!(json_of::<Item>(ignored.as_bytes()).unwrap_err()["status"], 422);
}

#[test]
fn only_the_expected_content_type_is_read() {
    let item = br#"{"text": "a"}"#;
    for good in [
        "application/json",
        "Application/JSON",
        "application/json;charset=utf-8",
        "application/json ; charset=utf-8",
    ] {
        let read = run(Json::<Item>::from_request(post(Some(good), item), &()));
        assert_eq!(
            read.map(|Json(item)| item.text).map_err(shown),
            Ok("a".to_owned()),
            "{good}"
        );
    }
    for wrong in [
        None,
        Some(""),
        Some("text/plain"),
        Some("application/json5"),
        Some("application/jso"),
        Some("text/plain; application/json"),
        Some("text/plain, application/json"),
        Some("application/problem+json"),
        Some("application/x-www-form-urlencoded"),
    ] {
        let read = run(Json::<Item>::from_request(post(wrong, item), &()));
        let refused = shown(read.err().unwrap());
        assert_eq!(refused["status"], 415, "{wrong:?}");
        assert_eq!(refused["detail"], "Send application/json.");
    }
    let garbled = HeaderValue::from_bytes(b"application/json\xff").unwrap();
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, garbled)]);
    assert!(expect_content_type(&headers, "application/json").is_err());
}

#[test]
fn a_body_that_stops_is_400() {
    let broken = futures::stream::iter([Ok(&b"{\"text\""[..]), Err(std::io::Error::other("the line went dead"))]);
    let request = Request::post("/").body(Body::from_stream(broken)).unwrap();
    let refused = shown(run(read_body(request, &())).unwrap_err());
    assert_eq!(
        (&refused["status"], &refused["type"]),
        (&json!(400), &json!("/problems#bad-request"))
    );
    assert!(!refused.to_string().contains("line went dead"));
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    limit: Option<u8>,
}

#[test]
fn a_query_is_read_or_refused_in_plain_words() {
    let read = |uri: &str| {
        let (mut parts, ()) = http::Request::get(uri).body(()).unwrap().into_parts();
        run(Query::<Filter>::from_request_parts(&mut parts, &()))
            .map(|Query(filter)| filter.limit)
            .map_err(shown)
    };
    assert_eq!(read("/"), Ok(None));
    assert_eq!(read("/?"), Ok(None));
    assert_eq!(read("/?limit=7"), Ok(Some(7)));
    assert_eq!(read("/?%6cimit=%37"), Ok(Some(7)));
    for (uri, detail) in [
        ("/?limit=x", "invalid digit found in string"),
        ("/?limit=256", "number too large to fit in target type"),
        ("/?limit=1&limit=2", "duplicate field `limit`"),
        ("/?more=1", "unknown field `more`, expected `limit`"),
    ] {
        let refused = read(uri).unwrap_err();
        assert_eq!(refused["status"], 422, "{uri}");
        assert_eq!(refused["errors"][0]["field"], "query");
        let told = refused["errors"][0]["detail"].as_str().unwrap();
        assert!(told.ends_with(detail) && !told.contains("eserialize"), "{uri}: {told}");
    }
}

#[test]
fn a_header_has_one_value_of_visible_text_or_none() {
    let name = HeaderName::from_static("idempotency-key");
    let headers = |values: &[&[u8]]| -> HeaderMap {
        let values = values.iter().map(|value| HeaderValue::from_bytes(value).unwrap());
        values.map(|value| (name.clone(), value)).collect()
    };
    let text = |values: &[&[u8]]| {
        header_text(&headers(values), &name)
            .map(|text| text.map(str::to_owned))
            .map_err(shown)
    };
    assert_eq!(text(&[]), Ok(None));
    assert_eq!(text(&[b""]), Ok(Some(String::new())));
    assert_eq!(text(&[b"a b~!"]), Ok(Some("a b~!".to_owned())));
    for (values, detail) in [
        (&[&b"a"[..], b"a"][..], "idempotency-key was sent more than once."),
        (&[b"", b""], "idempotency-key was sent more than once."),
        (&[b"a", b"b", b"c"], "idempotency-key was sent more than once."),
        (&[b"a\xff"], "idempotency-key is not visible ASCII."),
        (&["é".as_bytes()], "idempotency-key is not visible ASCII."),
    ] {
        let refused = text(values).unwrap_err();
        assert_eq!(
            (&refused["status"], &refused["detail"]),
            (&json!(400), &json!(detail)),
            "{values:?}"
        );
    }
}
