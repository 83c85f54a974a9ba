//! What a person allowed a program, in the program's session.
//!
//! The session is made when the person says yes, and is good for nothing yet. The authorization code names it. Using the code
//! is a change of the session's record under its claim, so of all who use one at once one wins, and a code that was used names
//! the session that it began: whoever shows it again ends that session, because two parties have the code (RFC 9700 §4.5).
//!
//! A code is good for a minute, and bound to the program, to where the browser was sent, and by its challenge (RFC 7636) to the
//! party that began. What it is bound to is forgotten when it is used.

use std::{convert::Infallible, time::Duration};

use common::{
    store::record::{Change, Updated, update},
    world::{Ports, clock::Timestamp},
};
use hmac_sha256::Hash;
use serde::{Deserialize, Serialize};

use super::{Beginning, Error, RefreshToken, Session, TTL, chain, find, key, new, short};
use crate::{
    bytes32::Bytes32,
    records::{
        authorization_code::AuthorizationCode, client::Program, program_scope::ProgramScope, redirect_uri::RedirectUri,
    },
};

/// How long a code is good: as long as a browser needs to follow a redirect.
pub const CODE_TTL: Duration = Duration::from_secs(60);

/// How long the session of a code that nobody uses is there: until no use that began in time can be under way.
const AWAITED_TTL: Duration = CODE_TTL.saturating_mul(2);

/// How often a use of a code looks again while another one holds the claim.
const ATTEMPTS: usize = 8;

/// What a person allowed a program.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The program, as the person was shown it.
    pub program: Program,
    /// What it may do.
    pub scope: ProgramScope,
    /// SHA-256 of the code's secret.
    code_hash: Bytes32,
    /// What the code is bound to, until it is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    binding: Option<Binding>,
}

/// What a code is bound to, beside the program.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// Where the code was sent.
    pub redirect_uri: RedirectUri,
    /// SHA-256 of the verifier, which only the party has that began.
    pub challenge: Bytes32,
}

/// What somebody shows together with a code.
pub struct Shown<'a> {
    /// Which program they say they are.
    pub client_id: &'a str,
    /// Where they say the code was sent. Programs of OAuth 2.1 don't say it, for whom the verifier says more.
    pub redirect_uri: Option<&'a str>,
    /// The verifier.
    pub verifier: &'a str,
}

impl Binding {
    fn admits(&self, shown: &Shown<'_>) -> bool {
        let is_there = shown.redirect_uri.is_none_or(|uri| uri == self.redirect_uri.as_str());
        is_there && Bytes32(Hash::hash(shown.verifier.as_bytes())) == self.challenge
    }
}

impl Session {
    /// Whether its code has not been used: it is no session yet.
    pub fn is_awaited(&self) -> bool {
        self.grant.as_ref().is_some_and(|grant| grant.binding.is_some())
    }

    /// The session as it begins by its code, and its first secret.
    fn begun(self, secret: &Bytes32, now: Timestamp, user_agent: Option<&str>) -> Self {
        Self {
            grant: self.grant.map(|grant| Grant { binding: None, ..grant }),
            user_agent: user_agent.and_then(short),
            refresh_hash: chain::hash(secret),
            rotated_at: now,
            version: self.version.saturating_add(1),
            created_at: now,
            expires_at: now + TTL,
            ..self
        }
    }
}

/// Until when the session of a code is there that is made now, if nobody uses the code.
pub fn awaited_until(now: Timestamp) -> Timestamp {
    now + AWAITED_TTL
}

/// Writes the record of a session that a program may begin by the code.
///
/// # Errors
/// Those of the store and of randomness.
pub async fn create(
    ports: &Ports,
    beginning: Beginning<'_>,
    (program, scope): (Program, ProgramScope),
    binding: Binding,
) -> Result<(Session, AuthorizationCode), Error> {
    // Its first secret is nobody's: there is no refresh token before the code is used.
    let (mut session, _) = new(ports, beginning)?;
    let secret = Bytes32::random(ports)?;
    session.expires_at = awaited_until(session.created_at);
    session.grant = Some(Grant {
        program,
        scope,
        code_hash: chain::hash(&secret),
        binding: Some(binding),
    });
    ports.kv.set_json(&key(&session.id), &session).await?;
    let code = AuthorizationCode {
        session_id: session.id.clone(),
        secret,
    };
    Ok((session, code))
}

/// What comes of a code.
pub enum Redeemed {
    /// The session begins, by this token.
    Begun(Box<Session>, RefreshToken),
    /// The code was used before: two parties have it.
    Reused(Box<Session>),
}

/// Begins the session of a code, for whoever shows what the code is bound to.
///
/// # Errors
/// [`Error::Ended`] when the code is not good, or not for them; [`Error::Busy`] when somebody has died over it; those of the
/// store and of randomness.
pub async fn redeem(
    ports: &Ports,
    code: &AuthorizationCode,
    shown: Shown<'_>,
    user_agent: Option<&str>,
) -> Result<Redeemed, Error> {
    for _ in 0..ATTEMPTS {
        let now = ports.clock.now();
        let session = find(ports, &code.session_id).await?.ok_or(Error::Ended)?;
        let grant = session.grant.as_ref();
        let grant = grant.filter(|grant| grant.code_hash == chain::hash(&code.secret));
        let Some(binding) = &grant.ok_or(Error::Ended)?.binding else {
            return Ok(Redeemed::Reused(Box::new(session)));
        };
        let is_late = now.since(session.created_at) >= CODE_TTL;
        if is_late || session.client_id != shown.client_id || !binding.admits(&shown) {
            return Err(Error::Ended);
        }
        let (key, version, secret) = (key(&session.id), session.version, Bytes32::random(ports)?);
        let begun = update(ports, &key, version, |current: Option<Session>| {
            let begun = current.unwrap_or(session).begun(&secret, now, user_agent);
            Change::<_, _, Infallible>::Write(begun.clone(), begun)
        });
        match begun.await? {
            Updated::Done(session) => {
                let token = session.token(secret);
                return Ok(Redeemed::Begun(Box::new(session), token));
            }
            Updated::Left(never) => match never {},
            Updated::Stale(_) | Updated::Busy => {}
        }
    }
    Err(Error::Busy)
}
