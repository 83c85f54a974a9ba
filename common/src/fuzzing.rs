//! What holds for this crate's parsers, whatever they read. With the cargo feature `fuzzing`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "for tests, where a panic is a failed test"
)]

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer, SigningKey};
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};

use crate::{
    config::{AllowedOrigins, PublicOrigin, number},
    http::request_id::{X_REQUEST_ID, request_id},
    store::kv::RedisAddress,
    testing::{World, parsers::Parser},
    token::{AccessToken, KeySet, TOKEN_MAX_BYTES, TokenError, TokenProfile, UserId, bearer},
    world::clock::Timestamp,
};

/// All of them.
pub const PARSERS: &[Parser] = &[
    Parser {
        name: "authorization",
        seeds: &["Bearer a.b.c", "bearer  x ", "Basic YTpi", "Bearer"],
        check: authorization,
    },
    Parser {
        name: "token",
        seeds: &[
            "a.b.c",
            "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6Im9uZSJ9.e30.AAAA",
            "..",
        ],
        check: token,
    },
    Parser {
        name: "signed-token",
        seeds: &[
            "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"one\"}\n{\"iss\":\"memo-auth\",\"aud\":\"memo-api\",\"sub\":\"ann\",\"jti\":\"1\",\"client_id\":\"c\",\"sid\":\"2\",\"iat\":1790000000,\"exp\":1790000600}",
            "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"one\",\"crit\":null}\n{\"sub\":\"a/b\",\"exp\":1e400,\"nbf\":-1,\"scope\":[]}",
        ],
        check: signed_token,
    },
    Parser {
        name: "jwk-set",
        seeds: &[
            "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"one\",\"x\":\"6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw\"}]}",
            "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"},{\"crv\":\"Ed25519\"}]}",
        ],
        check: jwk_set,
    },
    Parser {
        name: "user-id",
        seeds: &["A0ybqQ2Xq4m8RRNNNSxuHg", "a/b", "-_"],
        check: user_id,
    },
    Parser {
        name: "origins",
        seeds: &[
            "https://memo.example, http://localhost:3000",
            "null",
            "*",
            "https://[::1]:8443",
            "https://a.example/",
        ],
        check: origins,
    },
    Parser {
        name: "redis-address",
        seeds: &[
            "redis://redis.example:6379\n\n",
            "rediss://[::1]:6380\nauth\np@ss/wörd:#1 %",
            "redis://:secret@redis.example:6379\n\n",
            "redis://redis.example:6379/1\nauth\n",
        ],
        check: redis_address,
    },
    Parser {
        name: "number",
        seeds: &["0", " 17 ", "18446744073709551615", "+1"],
        check: a_number,
    },
    Parser {
        name: "request-id",
        seeds: &["8e03978e-40d5-43dd-bc93-6894a57f9324", "a b", "a:b.c_d"],
        check: a_request_id,
    },
    Parser {
        name: "time",
        seeds: &[
            "2026-01-31T09:00:00.000Z",
            "9999-12-31T23:59:59+14:00",
            "1969-12-31T23:59:59Z",
            "2026-02-30T00:00:00Z",
        ],
        check: time,
    },
];

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A header of these bytes; `None` where none can hold them.
fn with_header(name: header::HeaderName, bytes: &[u8]) -> Option<HeaderMap> {
    let value = HeaderValue::from_bytes(bytes).ok()?;
    Some(HeaderMap::from_iter([(name, value)]))
}

fn authorization(bytes: &[u8]) {
    let Some(headers) = with_header(header::AUTHORIZATION, bytes) else {
        return;
    };
    if let Ok(token) = bearer(&headers) {
        assert!((1..=TOKEN_MAX_BYTES).contains(&token.len()));
        assert_eq!(token.trim_ascii(), token);
        assert!(bytes.len() > "Bearer ".len() && bytes[..6].eq_ignore_ascii_case(b"bearer"));
    }
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn verify(token: &str) -> Result<AccessToken, TokenError> {
    let x = URL_SAFE_NO_PAD.encode(key().verifying_key().as_bytes());
    let jwks = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "one", "x": x }] });
    let keys = KeySet::parse(jwks.to_string().as_bytes()).unwrap();
    let profile = TokenProfile {
        issuer: "memo-auth".to_owned(),
        audience: "memo-api".to_owned(),
    };
    profile.verify(token, &keys, Timestamp(1_790_000_100_000))
}

/// Nobody makes a signature by chance.
fn token(bytes: &[u8]) {
    assert!(verify(&text(bytes)).is_err());
}

/// Whatever is signed, what is accepted says what it must, by another reading of it.
fn signed_token(bytes: &[u8]) {
    let at = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (header, claims) = (&bytes[..at], bytes.get(at + 1..).unwrap_or_default());
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(key().sign(signed.as_bytes()).to_bytes());
    let Ok(accepted) = verify(&format!("{signed}.{signature}")) else {
        return;
    };
    let header: Value = serde_json::from_slice(header).unwrap();
    let claims: Value = serde_json::from_slice(claims).unwrap();
    assert_eq!((&header["alg"], &header["kid"]), (&json!("EdDSA"), &json!("one")));
    assert!(header["typ"].as_str().unwrap().eq_ignore_ascii_case("at+jwt"));
    assert_eq!(header.get("crit"), None);
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&json!("memo-auth"), &json!("memo-api"))
    );
    assert!(claims["exp"].as_u64().unwrap() + 30 > 1_790_000_100 && claims["iat"].as_u64().unwrap() <= 1_790_000_130);
    assert_eq!(claims["sub"], accepted.claims.sub.as_str());
    for id in [accepted.claims.sub.as_str(), &accepted.claims.sid] {
        assert!(!id.contains(['/', '.', '\0']) && (1..=64).contains(&id.len()));
    }
}

fn jwk_set(bytes: &[u8]) {
    if let Ok(keys) = KeySet::parse(bytes) {
        let json: Value = serde_json::from_slice(bytes).unwrap();
        assert!(keys.is_empty() || json.to_string().contains("Ed25519"));
    }
}

fn user_id(bytes: &[u8]) {
    if let Ok(id) = UserId::try_from(text(bytes)) {
        assert!(
            id.as_str()
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
        assert_eq!(id.as_str().as_bytes(), bytes);
    }
}

fn origins(bytes: &[u8]) {
    let text = text(bytes);
    if let Ok(origins) = AllowedOrigins::parse(&text) {
        for origin in origins.to_vec() {
            let origin = origin.to_str().unwrap();
            assert!(
                origin.starts_with("http://") || origin.starts_with("https://"),
                "{origin}"
            );
            let again = AllowedOrigins::parse(origin).unwrap();
            assert_eq!(again.to_vec(), [origin]);
        }
    }
    if let Ok(origin) = PublicOrigin::parse("public_origin", &text) {
        assert_eq!(origin.get().is_none(), text.trim().is_empty());
    }
}

/// Neither a user nor a password says where the Redis is.
fn redis_address(bytes: &[u8]) {
    let text = text(bytes);
    let mut lines = text.splitn(3, '\n').map(str::trim);
    let (url, user) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let Ok(Some(address)) = RedisAddress::parse(url, user, lines.next().unwrap_or_default()) else {
        return;
    };
    let (scheme, rest) = address.to_secret_url().split_once("://").unwrap();
    let (login, place) = rest.rsplit_once('@').unwrap_or((":", rest));
    assert_eq!(format!("{scheme}://{place}"), url);
    assert!(!place.contains(['/', '?', '#', ',']) && matches!(scheme, "redis" | "rediss"));
    assert_eq!(login.matches(':').count(), 1);
    assert!(
        login
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b":%".contains(&byte))
    );
}

fn a_number(bytes: &[u8]) {
    if let Ok(value) = number("variable", &text(bytes), 1000) {
        assert!(value <= 1000);
    }
}

fn a_request_id(bytes: &[u8]) {
    let Some(headers) = with_header(X_REQUEST_ID, bytes) else {
        return;
    };
    let world = World::new();
    let id = request_id(&headers, &world.ports(), Timestamp(1));
    let id = id.to_str().unwrap();
    assert!((1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"'));
}

fn time(bytes: &[u8]) {
    if let Some(moment) = Timestamp::from_rfc3339(&text(bytes)) {
        assert_eq!(Timestamp::from_rfc3339(&moment.to_rfc3339()), Some(moment));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn parsers_hold_whatever_they_read() {
        crate::testing::parsers::hold(super::PARSERS);
    }
}
