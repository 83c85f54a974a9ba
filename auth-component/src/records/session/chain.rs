//! The chain of a session's secrets, which refresh tokens carry.
//!
//! The store holds only hashes of a session's secrets. Each use of a refresh token replaces the secret, so a stolen
//! token is found out: whoever of thief and owner comes second shows a secret that was replaced, and the session ends
//! (RFC 9700 §4.14.2).
//!
//! The next secret is an HMAC of the last one, under a key that never leaves the session's record. Two tabs that
//! refresh at the same moment, or a client that lost the answer and asks again, therefore come by the *same* new
//! token although only hashes are stored: within [`GRACE`] the replaced secret is answered with its successor. Who has
//! the store alone has no secret, and who has an old secret alone can't follow the chain.
//!
//! Besides its secret, a token carries a tag: an HMAC of the secret under the same key. It proves, at the price of one
//! HMAC, that the session once gave this secret out, so an old secret is told from one that somebody made up however
//! many secrets came between.

use std::{convert::Infallible, time::Duration};

use common::{
    store::{
        kv::KvError,
        record::{Change, Updated, update},
    },
    world::{Ports, clock::Timestamp},
};
use hmac_sha256::{HMAC, Hash};

use super::{Error, LIFETIME, RefreshToken, Session, TTL, find, key};
use crate::bytes32::Bytes32;

/// How long a replaced secret still gets its successor: for tabs that refresh at once and for answers that got lost.
pub const GRACE: Duration = Duration::from_secs(30);

/// How often a refresh looks again while another one holds the claim, which takes it a few store operations.
const ATTEMPTS: usize = 8;

/// Where a presented secret stands in the session's chain.
pub enum Standing {
    /// It is the current secret.
    Current,
    /// It is the previous secret, within the grace period; this is the current one.
    Previous(Bytes32),
    /// It was replaced longer ago: theft is assumed.
    Reused,
    /// The session never gave it out.
    Unknown,
}

impl Session {
    fn next_secret(&self, secret: &Bytes32) -> Bytes32 {
        Bytes32(HMAC::mac(secret.0, self.chain_key.0))
    }

    /// Proves that the session gave this secret out. The prefix keeps it apart from [`Session::next_secret`].
    fn tag(&self, secret: &Bytes32) -> Bytes32 {
        let mut message = b"tag".to_vec();
        message.extend_from_slice(&secret.0);
        Bytes32(HMAC::mac(message, self.chain_key.0))
    }

    pub(super) fn token(&self, secret: Bytes32) -> RefreshToken {
        RefreshToken {
            session_id: self.id.clone(),
            tag: Some(self.tag(&secret)),
            secret,
        }
    }

    /// Where the secret of a token stands.
    pub fn standing(&self, token: &RefreshToken, now: Timestamp) -> Standing {
        let tag_is_right = token.tag.as_ref().map(|tag| *tag == self.tag(&token.secret));
        if tag_is_right == Some(false) {
            return Standing::Unknown;
        }
        let hashed = hash(&token.secret);
        if hashed == self.refresh_hash {
            return Standing::Current;
        }
        let is_previous = self.previous_hash.as_ref() == Some(&hashed);
        if is_previous && now.since(self.rotated_at) < GRACE {
            return Standing::Previous(self.next_secret(&token.secret));
        }
        // Only a secret that was really the session's ends it, not whatever somebody sends with its id.
        if is_previous || tag_is_right == Some(true) {
            Standing::Reused
        } else {
            Standing::Unknown
        }
    }

    fn rotated(self, next: &Bytes32, now: Timestamp) -> Self {
        Self {
            previous_hash: Some(self.refresh_hash),
            refresh_hash: hash(next),
            rotated_at: now,
            version: self.version.saturating_add(1),
            expires_at: (now + TTL).min(self.created_at + LIFETIME),
            ..self
        }
    }
}

/// SHA-256 of a secret.
pub(super) fn hash(secret: &Bytes32) -> Bytes32 {
    Bytes32(Hash::hash(&secret.0))
}

/// What comes of a refresh token.
pub enum Refreshed {
    /// The session goes on, by this token. There is no new one where another refresh began and did not end: the one that was
    /// shown stays good then.
    GoesOn(Box<Session>, Option<RefreshToken>),
    /// The token was replaced long ago: two parties hold the chain.
    Reused(Box<Session>),
}

/// Goes on with a session, which was just read, by one of its tokens. Where `session` says that it is on its user's list, the
/// record says so from now on.
///
/// # Errors
/// [`Error::Ended`] when the token is not good; those of the store.
pub async fn refresh(ports: &Ports, mut session: Session, token: &RefreshToken) -> Result<Refreshed, Error> {
    let is_listed = session.is_listed;
    let goes_on = |session: Session, token| Ok(Refreshed::GoesOn(Box::new(session), token));
    for _ in 0..ATTEMPTS {
        match session.standing(token, ports.clock.now()) {
            Standing::Current => {
                let next = session.next_secret(&token.secret);
                if let Some(session) = rotate(ports, session, &next, is_listed).await? {
                    let token = session.token(next);
                    return goes_on(session, Some(token));
                }
            }
            Standing::Previous(current) => {
                let token = session.token(current);
                return goes_on(session, Some(token));
            }
            Standing::Reused => return Ok(Refreshed::Reused(Box::new(session))),
            Standing::Unknown => return Err(Error::Ended),
        }
        session = find(ports, &token.session_id).await?.ok_or(Error::Ended)?;
    }
    match session.standing(token, ports.clock.now()) {
        Standing::Current => goes_on(session, None),
        Standing::Previous(current) => {
            let token = session.token(current);
            goes_on(session, Some(token))
        }
        Standing::Reused => Ok(Refreshed::Reused(Box::new(session))),
        Standing::Unknown => Err(Error::Ended),
    }
}

/// Replaces the secret; `None` when somebody else is changing the session or has changed it.
async fn rotate(ports: &Ports, session: Session, next: &Bytes32, is_listed: bool) -> Result<Option<Session>, KvError> {
    let (key, version) = (key(&session.id), session.version);
    let now = ports.clock.now();
    let rotated = update(ports, &key, version, |current: Option<Session>| {
        let rotated = Session {
            is_listed,
            ..current.unwrap_or(session).rotated(next, now)
        };
        Change::<_, _, Infallible>::Write(rotated.clone(), rotated)
    });
    match rotated.await? {
        Updated::Done(rotated) => Ok(Some(rotated)),
        Updated::Left(never) => match never {},
        Updated::Stale(_) | Updated::Busy => Ok(None),
    }
}
