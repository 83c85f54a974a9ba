//! Sessions and their refresh tokens.
//!
//! A refresh token is `{session id}.{secret}`; the store holds the secret's hash. Each use replaces the secret, so a
//! stolen token is found out: whoever of thief and owner comes second shows a secret that was replaced, and the
//! session ends (RFC 9700 §4.14.2).
//!
//! The next secret is an HMAC of the last one, under a key that never leaves the session's record. Two tabs that
//! refresh at the same moment, or a client that lost the answer and asks again, therefore come by the *same* new
//! token although only hashes are stored: within [`GRACE`] the replaced secret is answered with its successor. Who has
//! the store alone has no secret, and who has an old secret alone can't follow the chain.

use std::time::Duration;

use common::{
    claim::{self, Outcome, Step},
    clock::Timestamp,
    kv::{KvError, decode, encode},
    ports::Ports,
    token::UserId,
};
use futures::future::try_join;
use hmac_sha256::{HMAC, Hash};
use serde::{Deserialize, Serialize};

use crate::{bytes32::Bytes32, credentials::Person, refusal::Refusal, users::Username};

/// How long a session lasts after its last refresh.
pub const LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long a replaced secret still gets its successor: for tabs that refresh at once and for answers that got lost.
pub const GRACE: Duration = Duration::from_secs(30);

/// How often a refresh looks again while another one holds the claim, which takes it a few store operations.
const ATTEMPTS: usize = 8;

/// How far back a secret is recognised as one of the session's. Refreshed every ten minutes, that is four weeks.
const CHAIN_MAX: u64 = 4096;

/// A session as it is stored, at `auth/session/{id}`.
#[derive(Serialize, Deserialize)]
pub struct Session {
    /// Its id: the part of a refresh token that is no secret, and `sid` of the access tokens.
    pub id: String,
    /// Whose it is.
    pub user_id: UserId,
    /// The name of whose it is.
    pub username: Username,
    /// The client that logged in.
    pub client_id: String,
    /// The key of the chain of secrets.
    chain_key: Bytes32,
    /// Of the secret that is good now.
    refresh_hash: Bytes32,
    /// Of the secret before it.
    previous_hash: Option<Bytes32>,
    /// When the one replaced the other.
    rotated_at: Timestamp,
    version: u64,
    created_at: Timestamp,
    expires_at: Timestamp,
}

/// A refresh token, parsed.
pub struct RefreshToken {
    session_id: String,
    secret: Bytes32,
}

impl RefreshToken {
    /// Reads what a client sent.
    ///
    /// # Errors
    /// [`Refusal::NoSession`] when it can't be one.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let parse = || {
            let (id, secret) = text.split_once('.')?;
            let safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            (id.len() == 22 && id.bytes().all(safe)).then_some(())?;
            let secret = Bytes32::from_text(secret)?;
            Some(Self {
                session_id: id.to_owned(),
                secret,
            })
        };
        parse().ok_or(Refusal::NoSession)
    }

    /// The token as the client gets it.
    pub fn to_text(&self) -> String {
        format!("{}.{}", self.session_id, self.secret.to_text())
    }
}

/// What a session thinks of a secret.
enum Standing {
    /// It is the good one.
    Current,
    /// It was until a moment ago; this is the good one.
    JustReplaced(Bytes32),
    /// It was once.
    Reused,
    /// It never was.
    Foreign,
}

impl Session {
    fn next_secret(&self, secret: &Bytes32) -> Bytes32 {
        Bytes32(HMAC::mac(secret.0, self.chain_key.0))
    }

    fn standing(&self, secret: &Bytes32, now: Timestamp) -> Standing {
        let hashed = hash(secret);
        if hashed == self.refresh_hash {
            return Standing::Current;
        }
        if self.previous_hash.as_ref() == Some(&hashed) && now.since(self.rotated_at) < GRACE {
            return Standing::JustReplaced(self.next_secret(secret));
        }
        // Only a secret that was really the session's ends it, not whatever somebody sends with its id.
        let mut later = secret.clone();
        for _ in 0..self.version.min(CHAIN_MAX) {
            later = self.next_secret(&later);
            if hash(&later) == self.refresh_hash {
                return Standing::Reused;
            }
        }
        Standing::Foreign
    }

    fn rotated(self, next: &Bytes32, now: Timestamp) -> Self {
        Self {
            previous_hash: Some(self.refresh_hash),
            refresh_hash: hash(next),
            rotated_at: now,
            version: self.version + 1,
            expires_at: now + LIFE,
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

/// Begins a session.
///
/// # Errors
/// Faults of the store and of randomness.
pub async fn start(ports: &Ports, person: Person, client_id: &str) -> Result<(Session, RefreshToken), Refusal> {
    let now = ports.clock.now();
    let token = RefreshToken {
        session_id: ports.random.token::<16>()?,
        secret: Bytes32::random(ports)?,
    };
    let session = Session {
        id: token.session_id.clone(),
        user_id: person.id,
        username: person.username,
        client_id: client_id.to_owned(),
        chain_key: Bytes32::random(ports)?,
        refresh_hash: hash(&token.secret),
        previous_hash: None,
        rotated_at: now,
        version: 1,
        created_at: now,
        expires_at: now + LIFE,
    };
    ports.kv.set_json(&key(&session.id), &session).await?;
    Ok((session, token))
}

/// Goes on with a session: its record, and the refresh token for the next time.
///
/// There is no new token where another refresh began and did not end: the one that was shown stays good then.
///
/// # Errors
/// [`Refusal::NoSession`] when the token is not good, which ends the session if it once was; faults of the store.
pub async fn refresh(ports: &Ports, token: &RefreshToken) -> Result<(Session, Option<RefreshToken>), Refusal> {
    let with = |secret| RefreshToken {
        session_id: token.session_id.clone(),
        secret,
    };
    let mut session = load(ports, token).await?;
    for _ in 0..ATTEMPTS {
        match session.standing(&token.secret, ports.clock.now()) {
            Standing::Current => {
                let next = session.next_secret(&token.secret);
                if let Some(session) = rotate(ports, session, &next).await? {
                    return Ok((session, Some(with(next))));
                }
            }
            Standing::JustReplaced(next) => return Ok((session, Some(with(next)))),
            Standing::Reused => {
                remove(ports, session).await?;
                return Err(Refusal::NoSession);
            }
            Standing::Foreign => return Err(Refusal::NoSession),
        }
        session = load(ports, token).await?;
    }
    match session.standing(&token.secret, ports.clock.now()) {
        Standing::Current => Ok((session, None)),
        Standing::JustReplaced(next) => Ok((session, Some(with(next)))),
        Standing::Reused | Standing::Foreign => Err(Refusal::NoSession),
    }
}

/// Ends the session that the token belongs or once belonged to, if there is one.
///
/// # Errors
/// Faults of the store.
pub async fn end(ports: &Ports, token: &RefreshToken) -> Result<(), Refusal> {
    let session = match load(ports, token).await {
        Err(Refusal::NoSession) => return Ok(()),
        session => session?,
    };
    match session.standing(&token.secret, ports.clock.now()) {
        Standing::Foreign => Ok(()),
        Standing::Current | Standing::JustReplaced(_) | Standing::Reused => Ok(remove(ports, session).await?),
    }
}

/// The token's session, unless it was ended or has run out.
async fn load(ports: &Ports, token: &RefreshToken) -> Result<Session, Refusal> {
    let (key, ended_key) = (key(&token.session_id), ended_key(&token.session_id));
    let (session, is_ended) = try_join(ports.kv.get_json::<Session>(&key), ports.kv.exists(&ended_key)).await?;
    let session = session.ok_or(Refusal::NoSession)?;
    if !is_ended && ports.clock.now() < session.expires_at {
        return Ok(session);
    }
    ports.kv.delete(&key).await?;
    Err(Refusal::NoSession)
}

/// Replaces the secret; `None` when somebody else is changing the session or has changed it.
async fn rotate(ports: &Ports, session: Session, next: &Bytes32) -> Result<Option<Session>, KvError> {
    let (key, version) = (key(&session.id), session.version);
    let rotated = session.rotated(next, ports.clock.now());
    let bytes = encode(&rotated)?;
    let outcome = claim::advance(ports, &key, version, |holder| {
        match holder.map(|bytes| decode::<Session>(&key, &bytes)) {
            Some(Ok(now)) if now.version == version => Step::Write(bytes, ()),
            _ => Step::Leave(()),
        }
    });
    match outcome.await? {
        Outcome::Done(()) => Ok(Some(rotated)),
        Outcome::Left(()) | Outcome::Busy => Ok(None),
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
        let version = session.version;
        let outcome = claim::advance(ports, &key, version, |holder| {
            match holder.map(|bytes| decode::<Session>(&key, &bytes)) {
                Some(Ok(now)) if now.version != version => Step::Leave(()),
                _ => Step::Delete(()),
            }
        });
        if let Outcome::Done(()) = outcome.await? {
            return Ok(true);
        }
        match ports.kv.get_json(&key).await? {
            Some(newer) => session = newer,
            None => return Ok(true),
        }
    }
    Ok(false)
}
