//! Sessions and their refresh tokens.
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
    http::problem::Problem,
    store::{
        kv::KvError,
        record::{Change, Updated, Versioned, update},
    },
    token::UserId,
    world::{Ports, clock::Timestamp, random::RandomError},
};
use futures::future::try_join;
use hmac_sha256::{HMAC, Hash};
use serde::{Deserialize, Serialize};

use super::{refresh_token::RefreshToken, username::Username};
use crate::bytes32::Bytes32;

/// How long a session lasts after its last refresh.
pub const TTL: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long a replaced secret still gets its successor: for tabs that refresh at once and for answers that got lost.
pub const GRACE: Duration = Duration::from_secs(30);

/// How often a refresh looks again while another one holds the claim, which takes it a few store operations.
const ATTEMPTS: usize = 8;

/// A session as it is stored, at `auth/session/{id}`.
#[derive(Clone, Serialize, Deserialize)]
pub struct Session {
    /// Its id: the part of a refresh token that is no secret, and `sid` of the access tokens.
    pub id: String,
    /// The id of the user who signed in.
    pub user_id: UserId,
    /// The name of the user who signed in.
    pub username: Username,
    /// The client that the user signed in with.
    pub client_id: String,
    /// The key of the chain of secrets.
    chain_key: Bytes32,
    /// SHA-256 of the current secret.
    refresh_hash: Bytes32,
    /// SHA-256 of the previous secret.
    previous_hash: Option<Bytes32>,
    /// When the previous secret was replaced.
    rotated_at: Timestamp,
    version: u64,
    created_at: Timestamp,
    expires_at: Timestamp,
}

impl Versioned for Session {
    fn version(&self) -> u64 {
        self.version
    }
}

/// Why there is no session to go on with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The refresh token is none, or is no longer good.
    #[error("there is no session, or it has ended")]
    Ended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] KvError),
    /// There is no randomness for a secret.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Ended => Self::unauthorized(None, "There is no session, or it has ended. Sign in."),
            Error::Store(error) => error.into(),
            Error::Random(error) => error.into(),
        }
    }
}

/// Where a presented secret stands in the session's chain.
enum Standing {
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

    fn token(&self, secret: Bytes32) -> RefreshToken {
        RefreshToken {
            session_id: self.id.clone(),
            tag: Some(self.tag(&secret)),
            secret,
        }
    }

    fn standing(&self, token: &RefreshToken, now: Timestamp) -> Standing {
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
            expires_at: now + TTL,
            ..self
        }
    }
}

fn hash(secret: &Bytes32) -> Bytes32 {
    Bytes32(Hash::hash(&secret.0))
}

fn key(session_id: &str) -> String {
    format!("auth/session/{session_id}")
}

/// Where it is noted that a session has ended, for refreshes that may still write it back.
fn ended_key(session_id: &str) -> String {
    format!("{}/ended", key(session_id))
}

/// Begins a session of that user.
///
/// # Errors
/// Those of the store and of randomness.
pub async fn start(
    ports: &Ports,
    (user_id, username): (UserId, Username),
    client_id: &str,
) -> Result<(Session, RefreshToken), Error> {
    let now = ports.clock.now();
    let secret = Bytes32::random(ports)?;
    let session = Session {
        id: ports.random.token::<16>()?,
        user_id,
        username,
        client_id: client_id.to_owned(),
        chain_key: Bytes32::random(ports)?,
        refresh_hash: hash(&secret),
        previous_hash: None,
        rotated_at: now,
        version: 1,
        created_at: now,
        expires_at: now + TTL,
    };
    // Nobody else can have this id, so nobody else can be writing this record.
    ports.kv.set_json(&key(&session.id), &session).await?;
    let token = session.token(secret);
    Ok((session, token))
}

/// Goes on with a session: its record, and the refresh token for the next time.
///
/// There is no new token where another refresh began and did not end: the one that was shown stays good then.
///
/// # Errors
/// [`Error::Ended`] when the token is not good, which ends the session if it once was; those of the store.
pub async fn refresh(ports: &Ports, token: &RefreshToken) -> Result<(Session, Option<RefreshToken>), Error> {
    let mut session = load(ports, token).await?;
    for _ in 0..ATTEMPTS {
        match session.standing(token, ports.clock.now()) {
            Standing::Current => {
                let next = session.next_secret(&token.secret);
                if let Some(session) = rotate(ports, session, &next).await? {
                    let token = session.token(next);
                    return Ok((session, Some(token)));
                }
            }
            Standing::Previous(current) => {
                let token = session.token(current);
                return Ok((session, Some(token)));
            }
            Standing::Reused => {
                remove(ports, session).await?;
                return Err(Error::Ended);
            }
            Standing::Unknown => return Err(Error::Ended),
        }
        session = load(ports, token).await?;
    }
    match session.standing(token, ports.clock.now()) {
        Standing::Current => Ok((session, None)),
        Standing::Previous(current) => {
            let token = session.token(current);
            Ok((session, Some(token)))
        }
        Standing::Reused | Standing::Unknown => Err(Error::Ended),
    }
}

/// Ends the session that the token belongs or once belonged to, if there is one.
///
/// # Errors
/// Those of the store.
pub async fn end(ports: &Ports, token: &RefreshToken) -> Result<(), Error> {
    let session = match load(ports, token).await {
        Err(Error::Ended) => return Ok(()),
        session => session?,
    };
    match session.standing(token, ports.clock.now()) {
        Standing::Unknown => Ok(()),
        Standing::Current | Standing::Previous(_) | Standing::Reused => Ok(remove(ports, session).await?),
    }
}

/// The token's session, unless it was ended or has run out.
async fn load(ports: &Ports, token: &RefreshToken) -> Result<Session, Error> {
    let (key, ended_key) = (key(&token.session_id), ended_key(&token.session_id));
    let (session, is_ended) = try_join(ports.kv.get_json::<Session>(&key), ports.kv.exists(&ended_key)).await?;
    let session = session.ok_or(Error::Ended)?;
    if !is_ended && ports.clock.now() < session.expires_at {
        return Ok(session);
    }
    ports.kv.delete(&key).await?;
    Err(Error::Ended)
}

/// Replaces the secret; `None` when somebody else is changing the session or has changed it.
async fn rotate(ports: &Ports, session: Session, next: &Bytes32) -> Result<Option<Session>, KvError> {
    let (key, version) = (key(&session.id), session.version);
    let now = ports.clock.now();
    let rotated = update(ports, &key, version, |current: Option<Session>| {
        let rotated = current.unwrap_or(session).rotated(next, now);
        Change::<_, _, Infallible>::Write(rotated.clone(), rotated)
    });
    match rotated.await? {
        Updated::Done(rotated) => Ok(Some(rotated)),
        Updated::Left(never) => match never {},
        Updated::Stale(_) | Updated::Busy => Ok(None),
    }
}

/// Ends the session for good, also where a rotation under way may yet write it back.
async fn remove(ports: &Ports, session: Session) -> Result<(), KvError> {
    let id = session.id.clone();
    if ports.kv.has_increment() && remove_claimed(ports, session).await? {
        return Ok(());
    }
    // Sign-out must not wait for whoever holds the claim, or has died with it.
    ports.kv.set(&ended_key(&id), b"1").await?;
    ports.kv.delete(&key(&id)).await
}

/// Deletes the session under a claim, so that no rotation brings it back; false where the claim is not to be had.
async fn remove_claimed(ports: &Ports, mut session: Session) -> Result<bool, KvError> {
    let key = key(&session.id);
    for _ in 0..ATTEMPTS {
        let removed = update(ports, &key, session.version, |_: Option<Session>| {
            Change::<_, _, Infallible>::Delete(())
        });
        let newer = match removed.await? {
            Updated::Done(()) => return Ok(true),
            Updated::Left(never) => match never {},
            Updated::Stale(newer) => newer,
            Updated::Busy => ports.kv.get_json(&key).await?,
        };
        match newer {
            Some(newer) => session = newer,
            None => return Ok(true),
        }
    }
    Ok(false)
}
