//! Access tokens as they are issued: JWT in RFC 9068's profile, signed with Ed25519.

use std::time::Duration;

use common::{
    http::problem::Problem,
    token::{Claims, TOKEN_TYPE, TokenProfile, UserId, scope},
    world::Ports,
};
use jwt_simple::{
    common::HeaderOptions,
    prelude::{Duration as Seconds, EdDSAKeyPairLike, JWTClaims},
};

use super::keyring::Keyring;
use crate::records::{personal_token::PersonalToken, session::Session};

/// How long a token is good. Where its session ends sooner, others are told so within half a minute.
pub const TTL: Duration = Duration::from_secs(600);

/// What the tokens of a session may be used for: what its user allowed the program, or everything where it is the site's, which
/// began with the password.
pub fn scope_of(session: &Session) -> String {
    match &session.grant {
        Some(grant) => grant.scope.as_str().to_owned(),
        None => [scope::MEMOS_READ, scope::MEMOS_WRITE, scope::ACCOUNT].join(" "),
    }
}

/// How long the token of an erasure is good: as long as the request that asks for it.
const ERASURE_TTL: Duration = Duration::from_secs(60);

/// `client_id` of the issuer itself.
const ISSUER_CLIENT_ID: &str = "memo-auth";

/// `client_id` of personal tokens: whichever program the user gives one to.
const PERSONAL_CLIENT_ID: &str = "personal-token";

/// Signs a new token for the session, with its scope or less.
///
/// # Errors
/// 503 without keys or randomness.
pub async fn issue(
    ports: &Ports,
    keyring: &Keyring,
    profile: &TokenProfile,
    session: &Session,
    scope: &str,
) -> Result<String, Problem> {
    let claims = Claims {
        iss: profile.issuer.clone(),
        aud: profile.audience.clone(),
        sub: session.user_id.clone(),
        jti: ports.random.token::<16>()?,
        client_id: session.client_id.clone(),
        sid: session.id.clone(),
        scope: scope.to_owned(),
    };
    sign(ports, keyring, claims, TTL).await
}

/// Signs a token that is good for nothing but to remove everything that a person has. It belongs to no session.
///
/// # Errors
/// 503 without keys or randomness.
pub async fn issue_for_erasure(
    ports: &Ports,
    keyring: &Keyring,
    profile: &TokenProfile,
    user_id: &UserId,
) -> Result<String, Problem> {
    let id = ports.random.token::<16>()?;
    let claims = Claims {
        iss: profile.issuer.clone(),
        aud: profile.audience.clone(),
        sub: user_id.clone(),
        jti: id.clone(),
        client_id: ISSUER_CLIENT_ID.to_owned(),
        sid: id,
        scope: scope::MEMOS_ERASE.to_owned(),
    };
    sign(ports, keyring, claims, ERASURE_TTL).await
}

/// Signs a personal token of a user, which belongs to no session: its own id is in the place of one.
///
/// # Errors
/// 503 without keys.
pub async fn issue_personal(
    ports: &Ports,
    keyring: &Keyring,
    profile: &TokenProfile,
    user_id: &UserId,
    token: &PersonalToken,
) -> Result<String, Problem> {
    let claims = Claims {
        iss: profile.issuer.clone(),
        aud: profile.audience.clone(),
        sub: user_id.clone(),
        jti: token.id.clone(),
        client_id: PERSONAL_CLIENT_ID.to_owned(),
        sid: token.id.clone(),
        scope: token.scope.as_str().to_owned(),
    };
    let ttl = token.expires_at.since(token.created_at);
    sign(ports, keyring, claims, ttl).await
}

async fn sign(ports: &Ports, keyring: &Keyring, claims: Claims, ttl: Duration) -> Result<String, Problem> {
    let now = ports.clock.now();
    let keys = keyring.current(now).await?;
    let key = keys
        .signer(now)
        .ok_or_else(|| Problem::internal("there is no signing key"))?;
    let claims = JWTClaims {
        issued_at: Some(Seconds::from_secs(now.as_secs())),
        expires_at: Some(Seconds::from_secs((now + ttl).as_secs())),
        // `exp` and `iat` say it all.
        invalid_before: None,
        // These are among the claims below, whose names both ends share.
        issuer: None,
        subject: None,
        audiences: None,
        jwt_id: None,
        nonce: None,
        custom: claims,
    };
    let header = HeaderOptions {
        content_type: None,
        signature_type: Some(TOKEN_TYPE.to_owned()),
    };
    key.sign_with_options(claims, &header).map_err(Problem::internal)
}
