//! Programs that registered as clients (RFC 7591), each at `auth/client/{id}`. They have no secret: what is kept is what a
//! person is shown, and where codes may go.
//!
//! Anybody can register a program, so a record must not stay because somebody made it. One that nobody has allowed anything
//! goes after two days; one that somebody has, half a year after the last time, when its last session is long over.

use std::time::Duration;

use common::{
    store::{
        kv::KvError,
        record::{Change, Versioned},
    },
    world::{Ports, clock::Timestamp},
};
use futures::FutureExt;
use serde::{Deserialize, Serialize};

use super::{
    insist::{Insisted, insist},
    label::Label,
    redirect_uri::RedirectUri,
    refresh_token::is_session_id,
};

/// How long a program is known that nobody has allowed anything.
pub const UNUSED_KEPT: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// How long a program is known after somebody allowed it something. Its sessions last half as long.
pub const KEPT: Duration = Duration::from_secs(180 * 24 * 60 * 60);

/// How often it is noted at most that somebody allowed it something.
const USE_NOTED_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// The most redirect URIs of a program.
pub const REDIRECT_URIS_MAX: usize = 10;

/// What a program says of itself, and a person is shown. Nothing of it is checked but that it can be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its name.
    pub name: Label,
    /// Its page, by https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
}

/// A registered program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    version: u64,
    /// What it says of itself.
    pub program: Program,
    /// Where codes may go.
    pub redirect_uris: Vec<RedirectUri>,
    /// When it registered.
    pub created_at: Timestamp,
    /// When somebody allowed it something, to the day; nobody has, where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used_at: Option<Timestamp>,
}

impl Versioned for Client {
    fn version(&self) -> u64 {
        self.version
    }
}

impl Client {
    /// Whether a code may go there.
    pub fn redirects_to(&self, uri: &RedirectUri) -> bool {
        self.redirect_uris.iter().any(|registered| uri.leads_to(registered))
    }

    /// Until when it is known, if nobody allows it anything more.
    pub fn expires_at(&self) -> Timestamp {
        self.used_at.map_or(self.created_at + UNUSED_KEPT, |at| at + KEPT)
    }

    fn is_good(&self, now: Timestamp) -> bool {
        now < self.expires_at()
    }

    /// The next version, of a program that somebody has just allowed something; `None` where that is no news.
    fn used(&self, now: Timestamp) -> Option<Self> {
        let is_news = self.used_at.is_none_or(|at| now.since(at) >= USE_NOTED_EVERY);
        is_news.then(|| Self {
            version: self.version.saturating_add(1),
            used_at: Some(now),
            ..self.clone()
        })
    }
}

fn key(id: &str) -> String {
    format!("auth/client/{id}")
}

/// Writes the record of a new program. `id` is one that nobody else has.
///
/// # Errors
/// Those of the store.
pub async fn create(
    ports: &Ports,
    id: &str,
    program: Program,
    redirect_uris: Vec<RedirectUri>,
) -> Result<Client, KvError> {
    let client = Client {
        version: 1,
        program,
        redirect_uris,
        created_at: ports.clock.now(),
        used_at: None,
    };
    ports.kv.set_json(&key(id), &client).await?;
    Ok(client)
}

/// The program of that id, which may be anything that somebody sent. One read.
///
/// # Errors
/// Those of the store.
pub async fn find(ports: &Ports, id: &str) -> Result<Option<Client>, KvError> {
    // Made like a session's id, and as safe in a key.
    if !is_session_id(id) {
        return Ok(None);
    }
    let client: Option<Client> = ports.kv.get_json(&key(id)).await?;
    Ok(client.filter(|client| client.is_good(ports.clock.now())))
}

/// Notes that somebody allows the program something, so that it is known for longer.
///
/// # Errors
/// Those of the store.
pub async fn note_use(ports: &Ports, id: &str) -> Result<Noted, KvError> {
    let (now, key) = (ports.clock.now(), key(id));
    let noted = insist(ports, &key, |client: Option<Client>| {
        let change = match client.filter(|client| client.is_good(now)) {
            None => Change::Leave(Noted::Gone),
            Some(client) => match client.used(now) {
                None => Change::Leave(Noted::Done),
                Some(next) => Change::Write(next, ()),
            },
        };
        async move { Ok(change) }.boxed()
    });
    Ok(match noted.await? {
        Insisted::Done(()) => Noted::Done,
        Insisted::Left(noted) => noted,
        Insisted::Busy => Noted::Busy,
    })
}

/// What came of noting a use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// The program is known for as long as what it was allowed can last.
    Done,
    /// There is no such program any more.
    Gone,
    /// Others change its record all the time.
    Busy,
}

/// What is left to do for a program whose time may be over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgotten {
    /// It is gone.
    Done,
    /// It was used meanwhile: its time is over at this moment.
    NotBefore(Timestamp),
    /// Others change its record all the time.
    Busy,
}

/// Removes a program whose time is over.
///
/// # Errors
/// Those of the store.
pub async fn forget(ports: &Ports, id: &str) -> Result<Forgotten, KvError> {
    let (now, key) = (ports.clock.now(), key(id));
    let forgotten = insist(ports, &key, |client: Option<Client>| {
        let change = match client {
            None => Change::Leave(Forgotten::Done),
            Some(client) if client.is_good(now) => Change::Leave(Forgotten::NotBefore(client.expires_at())),
            Some(_) => Change::Delete(()),
        };
        async move { Ok(change) }.boxed()
    });
    Ok(match forgotten.await? {
        Insisted::Done(()) => Forgotten::Done,
        Insisted::Left(forgotten) => forgotten,
        Insisted::Busy => Forgotten::Busy,
    })
}
