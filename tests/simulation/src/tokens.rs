//! Access tokens for the simulated users, made once: they are not what is tested here.

use std::sync::LazyLock;

use chrono::{DateTime, Duration};
use common::token::{Claims, TOKEN_TYPE, UserId};
use ed25519_dalek::SigningKey;
use jwt_compact::{AlgorithmExt, Claims as JwtClaims, Header, alg::Ed25519, jwk::JsonWebKey};

/// How many users there are.
pub const USERS: usize = 3;

/// `iss` of the tokens.
pub const ISSUER: &str = "simulation";

/// `aud` of the tokens.
pub const AUDIENCE: &str = "memo";

/// When simulated time begins, in milliseconds since the Unix epoch.
pub const EPOCH: u64 = 1_800_000_000_000;

/// The public key as a JWK Set, and a token for each user: good for longer than any history lasts.
pub static TOKENS: LazyLock<(String, Vec<String>)> = LazyLock::new(|| {
    let key = SigningKey::from_bytes(&[42; 32]);
    let mut jwk = serde_json::to_value(JsonWebKey::from(&key.verifying_key())).expect("a key is JSON");
    jwk["kid"] = "simulated".into();
    let jwks = serde_json::json!({ "keys": [jwk] }).to_string();
    (jwks, (0..USERS).map(|user| token(&key, user)).collect())
});

fn token(key: &SigningKey, user: usize) -> String {
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: UserId::try_from(format!("u{user}")).expect("a user id"),
        jti: format!("t{user}"),
        client_id: "simulation".to_owned(),
        sid: format!("s{user}"),
        scope: "memos:read memos:write".to_owned(),
    };
    let start = DateTime::from_timestamp_millis(EPOCH as i64).expect("a time");
    let mut claims = JwtClaims::new(claims);
    claims.issued_at = Some(start - Duration::days(1));
    claims.expiration = Some(start + Duration::days(365));
    let header = Header::empty().with_token_type(TOKEN_TYPE).with_key_id("simulated");
    Ed25519.token(&header, &claims, key).expect("a token")
}
