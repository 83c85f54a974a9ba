//! What holds for this crate's parsers, whatever they read. With the cargo feature `fuzzing`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "for tests, where a panic is a failed test"
)]

use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::FromRequestParts;
use common::{
    http::problem::Problem,
    testing::{World, parsers::Parser, run},
    token::{AccessToken, Claims, UserId},
    world::clock::Timestamp,
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use serde_json::Value;

use crate::{
    issuer::{Issuer, IssuerError, public_keys::PublicKeys, revocations::Revocations},
    markdown::{checker::assert_safe, title_of, to_html},
    memo::{Edit, MemoId, TEXT_MAX_BYTES, Version},
    routes::{
        batch::BatchBody,
        body::{CreateBody, PatchBody, ReplaceBody},
        conditions::{IfMatch, IfNoneMatch},
        cursor::CursorSeal,
        idempotency_key::IdempotencyKey,
        mcp::{
            message::Message,
            revision::Revision,
            tools::{Tool, Wanted},
        },
    },
    tags::{TAG_MAX_CHARS, TAGS_MAX, is_under, tags_of},
    words::{QUERY_MAX_CHARS, Words, fold},
};

/// All of them.
pub const PARSERS: &[Parser] = &[
    Parser {
        name: "conditions",
        seeds: &["*", "\"7\"", "W/\"7\", \"8\"", "\"07\"", "\"18446744073709551615\""],
        check: conditions,
    },
    Parser {
        name: "path-id",
        seeds: &["1", "17", "18446744073709551615", "007", "+1"],
        check: path_id,
    },
    Parser {
        name: "idempotency-key",
        seeds: &["k", "8e03978e-40d5-43dd-bc93-6894a57f9324", "\"quoted\""],
        check: idempotency_key,
    },
    Parser {
        name: "cursor",
        seeds: &["AAAA", "eyJhIjoxfQ", "bnVsbAAAAAAAAAAAAAAAAAAAAAAA"],
        check: cursor,
    },
    Parser {
        name: "bodies",
        seeds: &[
            "{\"text\":\"a #tag\",\"pinned\":true,\"archived\":false,\"created_at\":\"2026-01-01T00:00:00Z\"}",
            "{\"text\":null,\"pinned\":null,\"trashed_at\":null}",
            "{\"text\":\" \\u0000\"}",
        ],
        check: bodies,
    },
    Parser {
        name: "batch",
        seeds: &[
            "{\"operations\":[{\"method\":\"PATCH\",\"id\":\"1\",\"if_match\":1,\"body\":{\"pinned\":true}}]}",
            "{\"operations\":[{\"method\":\"POST\",\"body\":{\"text\":\"a\"},\"idempotency_key\":\"k\"},{\"method\":\"DELETE\",\"if_match\":\"*\"}]}",
        ],
        check: batch,
    },
    Parser {
        name: "mcp-message",
        seeds: &[
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"read_memo\",\"arguments\":{\"id\":\"1\"}}}",
            "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"ping\",\"params\":{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",\"io.modelcontextprotocol/clientCapabilities\":{}}}}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}",
        ],
        check: mcp_message,
    },
    Parser {
        name: "tags",
        seeds: &[
            "#tag and #a/b\n```\n#code\n```\n`#x` (#y) [z](#w)",
            "#가나 #ŉŉ #İ #\u{1f80}",
            "~~~\n#a\n~~~\n#ß//b #-c#d",
            "#ßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßß",
        ],
        check: tags,
    },
    Parser {
        name: "markdown",
        seeds: &[
            "# a\n> - [ ] **b** `c` #d\n>   1. ~~e~~ [f](https://x.test \"t\")\n\n|a|b|\n|-|:-:|\n|1|2|",
            "<script>x</script> &lt; \"'>[a](javascript:b)<img onerror=x>",
            "```\n</code></pre><b>\n```\n[\"onclick=x](https://x.test/\"onclick=x)",
            "- [x] \"><b onclick=x>\n- - - a\n***a**b_c_*",
        ],
        check: markdown,
    },
    Parser {
        name: "words",
        seeds: &["milk  bread", "회의", "STRASSE ŉ İ", "ᾳ\u{301}\u{345}"],
        check: words,
    },
    Parser {
        name: "revocations",
        seeds: &[
            "{\"generated_at\":\"2026-01-01T00:00:00Z\",\"items\":[{\"id\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"until\":\"2026-01-01T00:00:00Z\"}]}",
            "{\"items\":[]}",
            "{\"items\":[{\"id\":\"x\",\"until\":\"9999-12-31T23:59:59Z\"}]}",
        ],
        check: revocations,
    },
    Parser {
        name: "issuer-keys",
        seeds: &[
            "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"one\",\"x\":\"6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw\"}]}",
            "{\"keys\":[]}",
        ],
        check: issuer_keys,
    },
];

/// A message says what its JSON says, and nobody speaks a revision that needs headers without them.
fn mcp_message(bytes: &[u8]) {
    let Ok(message) = Message::parse(bytes) else { return };
    let sent: Value = serde_json::from_slice(bytes).unwrap();
    assert_eq!(sent["jsonrpc"], "2.0");
    let Message::Call(call) = message else {
        assert!(sent.get("id").is_none() || sent.get("method").is_none());
        return;
    };
    assert_eq!(
        (&sent["id"], sent["method"].as_str()),
        (&call.id, Some(call.method.as_str()))
    );
    assert!(call.id.is_string() || call.id.is_number());
    assert_ne!(Revision::of(&HeaderMap::new(), &call), Ok(Revision::PerRequest));
    if let Ok(wanted) = Wanted::of(call.params) {
        assert_eq!(sent["params"]["name"], wanted.tool.name());
        assert!(Tool::ALL.contains(&wanted.tool));
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What an extractor makes of a header; `None` where no header can hold these bytes.
fn extracted<T: FromRequestParts<(), Rejection = Problem>>(
    name: &HeaderName,
    bytes: &[u8],
) -> Option<Result<T, Problem>> {
    let value = HeaderValue::from_bytes(bytes).ok()?;
    let request = Request::get("/").header(name, value).body(()).unwrap();
    let (mut parts, ()) = request.into_parts();
    Some(run(T::from_request_parts(&mut parts, &())))
}

/// A condition allows no version that it does not name.
fn conditions(bytes: &[u8]) {
    let names = |version: Version| text(bytes).trim() == "*" || text(bytes).contains(&version.etag());
    match extracted::<IfMatch>(&header::IF_MATCH, bytes) {
        Some(Ok(condition)) => {
            for version in [1, 7, 8, u64::MAX].map(Version) {
                assert!(names(version) || !condition.allows(version));
            }
            assert!(condition.only_version().is_none_or(|version| condition.allows(version)));
        }
        Some(Err(problem)) => assert_eq!(problem.status(), StatusCode::BAD_REQUEST),
        None => {}
    }
    if let Some(Ok(known)) = extracted::<IfNoneMatch>(&header::IF_NONE_MATCH, bytes) {
        for version in [1, 7, 8, u64::MAX].map(Version) {
            assert!(names(version) || !known.has(version));
        }
    }
}

fn path_id(bytes: &[u8]) {
    let text = text(bytes);
    if let Ok(id) = text.parse::<MemoId>() {
        assert!(id.0 > 0);
        assert_eq!(id.to_string(), text);
    }
}

fn idempotency_key(bytes: &[u8]) {
    let name = HeaderName::from_static("idempotency-key");
    match extracted::<IdempotencyKey>(&name, bytes) {
        Some(Ok(IdempotencyKey(key))) => assert!(key.is_some() && (1..=128).contains(&bytes.len())),
        Some(Err(problem)) => assert_eq!(problem.status(), StatusCode::BAD_REQUEST),
        None => {}
    }
}

/// Only what was sealed can be opened, by its person, for its list.
fn cursor(bytes: &[u8]) {
    let (world, seal) = (World::new(), CursorSeal::default());
    let (ports, text) = (world.ports(), text(bytes));
    let user = |id: &str| UserId::try_from(id.to_owned()).unwrap();
    let (ann, bob) = (user("ann"), user("bob"));
    run(async {
        let made_up = seal.open::<Value>(&ports, &ann, "list", ("cursor", Some(&text))).await;
        assert_eq!(made_up.unwrap_err().status(), StatusCode::UNPROCESSABLE_ENTITY);
        let sealed = seal.close(&ports, &ann, &text, &text).await.unwrap();
        let opened = seal
            .open::<String>(&ports, &ann, &text, ("cursor", Some(&sealed)))
            .await;
        if sealed.len() <= 16 * 1024 {
            assert_eq!(opened.unwrap().as_deref(), Some(text.as_str()));
        }
        let by_another = seal
            .open::<String>(&ports, &bob, &text, ("cursor", Some(&sealed)))
            .await;
        assert!(by_another.is_err());
        let for_another = seal
            .open::<String>(&ports, &ann, "another list", ("cursor", Some(&sealed)))
            .await;
        assert!(for_another.is_err() || text == "another list");
    });
}

/// A text that is written is not blank and not too long, and a patch changes what it names.
fn bodies(bytes: &[u8]) {
    let now = Timestamp(1_790_000_000_000);
    if let Ok(Ok(content)) = serde_json::from_slice::<CreateBody>(bytes).map(|body| body.into_content(now)) {
        let text = content.text.as_str();
        assert!(!text.trim().is_empty() && text.len() <= TEXT_MAX_BYTES);
        assert!(
            content
                .created_at
                .is_none_or(|written| written <= now + std::time::Duration::from_secs(86_400))
        );
    }
    if let Ok(body) = serde_json::from_slice::<ReplaceBody>(bytes) {
        assert!(Edit::from(body).text.is_some());
    }
    if let Ok(body) = serde_json::from_slice::<PatchBody>(bytes) {
        let edit = Edit::from(body);
        assert_ne!(edit.trashed, Some(true));
        if let Ok(Value::Object(named)) = serde_json::from_slice::<Value>(bytes) {
            assert_eq!(edit.text.is_some(), named.contains_key("text"));
            assert_eq!(
                edit.pinned,
                named.get("pinned").map(|pinned| *pinned == Value::Bool(true))
            );
        }
    }
}

fn batch(bytes: &[u8]) {
    if serde_json::from_slice::<BatchBody>(bytes).is_ok() {
        assert!(serde_json::from_slice::<Value>(bytes).is_ok());
    }
}

/// Tags are folded, bounded, and found again by themselves.
fn tags(bytes: &[u8]) {
    let text = text(bytes);
    let tags = tags_of(&text);
    assert!(tags.len() <= TAGS_MAX);
    for tag in &tags {
        assert_eq!(fold(tag), tag.as_str(), "folded once more it is another");
        assert!(tag.chars().count() <= TAG_MAX_CHARS, "{tag}");
        assert!(!tag.is_empty() && !tag.contains(char::is_whitespace) && !tag.contains('#'));
        assert!(is_under(tag, tag));
    }
    assert_eq!(tags_of(&text), tags);
}

/// Whatever somebody writes, the HTML of it is of known elements, and no longer than its text allows.
fn markdown(bytes: &[u8]) {
    let text = text(bytes);
    let html = to_html(&text);
    assert_safe(&html);
    assert!(
        html.len() <= 64 * text.len() + 64,
        "{} bytes of {}",
        html.len(),
        text.len()
    );
    assert!(title_of(&text, 80).chars().count() <= 81);
}

/// A query finds itself, in any case, and is bounded.
fn words(bytes: &[u8]) {
    let text = text(bytes);
    let Ok(words) = Words::parse(&text) else {
        assert!(text.chars().count() > QUERY_MAX_CHARS);
        return;
    };
    assert!(words.are_in(&text));
    assert!(words.are_in(&format!("before {text} after")));
    assert_eq!(words.is_empty(), text.trim().is_empty());
    assert_eq!(fold(&fold(&text)), fold(&text), "folded once more it is another");
    assert!(words.are_in(&fold(&text)));
}

/// An issuer that says these bytes, whatever it is asked.
struct Says(Vec<u8>);

#[async_trait]
impl Issuer for Says {
    async fn jwks(&self, _: HeaderMap) -> Result<Vec<u8>, IssuerError> {
        Ok(self.0.clone())
    }

    async fn revocations(&self, _: HeaderMap) -> Result<Vec<u8>, IssuerError> {
        Ok(self.0.clone())
    }

    async fn introspect(&self, _: &str, _: HeaderMap) -> Result<Vec<u8>, IssuerError> {
        Ok(self.0.clone())
    }
}

/// A list ends the sessions that it names, and none where it can't be read.
fn revocations(bytes: &[u8]) {
    let world = World::new();
    let revocations = Revocations::new(world.ports(), Arc::new(Says(bytes.to_vec())));
    let token = AccessToken {
        claims: Claims {
            iss: String::new(),
            aud: String::new(),
            sub: UserId::try_from("ann".to_owned()).unwrap(),
            jti: String::new(),
            client_id: String::new(),
            sid: "2".to_owned(),
            scope: String::new(),
        },
        issued_at: Timestamp(1_790_000_000_000),
        expires_at: Timestamp(1_790_000_600_000),
        long_lived: None,
    };
    let now = world.ports().clock.now();
    let ended = run(revocations.has_ended(&HeaderMap::new(), &token, now));
    // The first half of SHA-256 of "2": nobody finds it by chance.
    assert!(!ended || text(bytes).contains("1HNeOiZeFu7gP1lxi5tdAw"));
    // Another instance reads from the store what this one wrote.
    let other = Revocations::new(world.ports(), Arc::new(Says(Vec::new())));
    assert_eq!(run(other.has_ended(&HeaderMap::new(), &token, now)), ended);
}

/// Keys are taken where there is one of ours, also from the store; otherwise everybody is told to come back.
fn issuer_keys(bytes: &[u8]) {
    let world = World::new();
    let now = world.ports().clock.now();
    let keys = PublicKeys::new(world.ports(), Arc::new(Says(bytes.to_vec())), None);
    let known = run(keys.current(&HeaderMap::new(), now));
    let stored = PublicKeys::new(world.ports(), Arc::new(Says(Vec::new())), None);
    let stored = run(stored.current(&HeaderMap::new(), now));
    match (known, stored) {
        (Ok(known), Ok(stored)) => assert!(!known.is_empty() && known == stored),
        (Err(known), Err(stored)) => {
            assert_eq!(
                (known.status(), stored.status()),
                (StatusCode::SERVICE_UNAVAILABLE, StatusCode::SERVICE_UNAVAILABLE)
            );
        }
        (known, stored) => panic!("{known:?} {stored:?}"),
    }
    if let Err(error) = PublicKeys::literal(&text(bytes)) {
        assert_eq!(error.variable, "jwks");
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn parsers_hold_whatever_they_read() {
        common::testing::parsers::hold(super::PARSERS);
    }
}
