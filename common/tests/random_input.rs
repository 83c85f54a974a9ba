//! Whatever is sent, parsing it ends in an answer: random bytes, and good input with a few bytes changed. The seeds are
//! fixed, so a failure comes again.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use axum::{body::Body, extract::FromRequest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use common::{
    config::{AllowedOrigins, PublicOrigin},
    http::extract::Json,
    testing::{EPOCH, run},
    token::{KeySet, TokenProfile, UserId, bearer},
};
use ed25519_dalek::{Signer, SigningKey};
use fastrand::Rng;
use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize};
use serde_json::json;

const ROUNDS: usize = 4000;

/// Bytes that mean something to one parser or another.
const TELLING: &[u8] = b"\0\t\n\r \"'*,-./:;=?@[\\]{}_~0189AZazWe+\x7f\x80\xc3\xff";

fn byte(rng: &mut Rng) -> u8 {
    if rng.bool() {
        TELLING[rng.usize(..TELLING.len())]
    } else {
        rng.u8(..)
    }
}

fn random_bytes(rng: &mut Rng) -> Vec<u8> {
    let length = rng.usize(..80);
    (0..length).map(|_| byte(rng)).collect()
}

/// A good input with a few bytes changed, added, taken out, doubled or swapped.
fn mutated(rng: &mut Rng, good: &[u8]) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..rng.usize(1..4) {
        let at = rng.usize(..=bytes.len());
        match rng.u8(..5) {
            0 => bytes.insert(at, byte(rng)),
            1 => drop(bytes.drain(at..(at + rng.usize(..8)).min(bytes.len()))),
            2 if at < bytes.len() => bytes[at] = byte(rng),
            3 if at < bytes.len() => {
                let other = rng.usize(..bytes.len());
                bytes.swap(at, other);
            }
            _ => bytes.extend_from_within(at..),
        }
    }
    bytes
}

/// Random inputs, half of them near good ones.
fn inputs(seed: u64, good: &[&[u8]]) -> impl Iterator<Item = Vec<u8>> {
    let mut rng = Rng::with_seed(seed);
    (0..ROUNDS).map(move |round| {
        if round % 2 == 0 {
            random_bytes(&mut rng)
        } else {
            let good = good[rng.usize(..good.len())];
            mutated(&mut rng, good)
        }
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn jwks() -> String {
    let x = URL_SAFE_NO_PAD.encode(key().verifying_key().as_bytes());
    json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "one", "x": x}]}).to_string()
}

fn profile() -> TokenProfile {
    TokenProfile {
        issuer: "memo-auth".to_owned(),
        audience: "memo-api".to_owned(),
    }
}

fn sign(header: &[u8], claims: &[u8]) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(key().sign(signed.as_bytes()).to_bytes());
    format!("{signed}.{signature}")
}

fn header() -> String {
    json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "one"}).to_string()
}

fn claims() -> String {
    json!({
        "iss": "memo-auth", "aud": "memo-api", "sub": "ann", "jti": "1", "client_id": "test", "sid": "2",
        "iat": EPOCH.as_secs(), "exp": EPOCH.as_secs() + 600,
    })
    .to_string()
}

#[test]
fn no_token_is_accepted_but_the_signed_one() {
    let keys = KeySet::parse(jwks().as_bytes()).unwrap();
    let good = sign(header().as_bytes(), claims().as_bytes());
    assert!(profile().verify(&good, &keys, EPOCH).is_ok());
    for input in inputs(1, &[good.as_bytes()]) {
        let token = text(&input);
        let accepted = profile().verify(&token, &keys, EPOCH).is_ok();
        assert!(!accepted || token == good, "{token}");
    }
}

#[test]
fn what_is_signed_is_still_checked() {
    let keys = KeySet::parse(jwks().as_bytes()).unwrap();
    let (header, claims) = (header(), claims());
    let mut accepted = 0;
    for input in inputs(2, &[claims.as_bytes()]) {
        if let Ok(token) = profile().verify(&sign(header.as_bytes(), &input), &keys, EPOCH) {
            assert_eq!(
                (token.claims.iss.as_str(), token.claims.aud.as_str()),
                ("memo-auth", "memo-api")
            );
            assert!(UserId::try_from(token.claims.sub.to_string()).is_ok());
            accepted += 1;
        }
    }
    // Changed ids and white space are nobody's fault.
    assert!(accepted > 0);
    for input in inputs(3, &[header.as_bytes()]) {
        if profile().verify(&sign(&input, claims.as_bytes()), &keys, EPOCH).is_ok() {
            let read: serde_json::Value = serde_json::from_slice(&input).unwrap();
            assert_eq!(
                (&read["alg"], &read["kid"]),
                (&json!("EdDSA"), &json!("one")),
                "{}",
                text(&input)
            );
        }
    }
}

#[test]
fn a_bearer_token_is_a_part_of_its_header() {
    for input in inputs(4, &[b"Bearer a.b.c", b"bearer  a.b.c "]) {
        let Ok(value) = HeaderValue::from_bytes(&input) else {
            continue;
        };
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
        if let Ok(token) = bearer(&headers) {
            assert!(!token.is_empty() && text(&input).contains(token));
            assert!(input[..6].eq_ignore_ascii_case(b"bearer"));
        }
    }
}

#[test]
fn key_sets_user_ids_and_origins_are_read_or_refused() {
    let jwks = jwks();
    for input in inputs(5, &[jwks.as_bytes()]) {
        let _ = KeySet::parse(&input);
    }
    for input in inputs(6, &[b"ann", b"A-z_09"]) {
        if let Ok(id) = UserId::try_from(text(&input)) {
            let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            assert!(id.as_str().bytes().all(safe) && (1..=64).contains(&id.as_str().len()));
            assert_eq!(id.as_str().as_bytes(), input);
        }
    }
    for input in inputs(7, &[b"https://memo.example, http://localhost:3000", b"https://[::1]:1"]) {
        let text = text(&input);
        if let Ok(origins) = AllowedOrigins::parse(&text) {
            for origin in origins.to_vec() {
                assert!(
                    origin.as_bytes().starts_with(b"http") && origins.contains(&origin),
                    "{text}"
                );
            }
        }
        if let Ok(origin) = PublicOrigin::parse("public_origin", &text) {
            assert_eq!(origin.get().is_some(), !text.trim().is_empty());
        }
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    text: String,
    #[serde(default)]
    tags: Vec<Option<i8>>,
}

#[test]
fn a_json_body_is_read_or_refused() {
    let body = |bytes: &[u8]| {
        let request = http::Request::post("/").header(header::CONTENT_TYPE, "application/json");
        let request = request.body(Body::from(bytes.to_vec())).unwrap();
        run(Json::<Item>::from_request(request, &()))
    };
    let mut read = 0;
    for input in inputs(
        8,
        &[
            br#"{"text": "a\u00e9\ud83d\ude00", "tags": [1, null, -2]}"#,
            b"{\"text\":\"\"}",
        ],
    ) {
        match body(&input) {
            Ok(Json(item)) => {
                let again = serde_json::to_vec(&item).unwrap();
                assert_eq!(body(&again).ok().map(|Json(item)| item), Some(item));
                read += 1;
            }
            Err(problem) => assert!([400, 422].contains(&problem.status().as_u16()), "{problem:?}"),
        }
    }
    assert!(read > 0);
}
