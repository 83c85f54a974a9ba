//! What is due here: sessions that have run out, deletions that have not come to their end, names that can be had again, and
//! programs that nobody uses. The lists themselves are [`common::store::due`].

use async_trait::async_trait;
use common::{
    store::{
        due::{DueList, Fulfil, Fulfilled, Swept},
        kv::KvError,
    },
    token::UserId,
    world::{Ports, clock::Timestamp},
};
use serde::{Deserialize, Serialize};

use crate::{
    deletion,
    memo_service::{EraseError, Memos},
    records::{
        client::{self, Forgotten},
        session,
        user::name::{self, Settled},
        username::Username,
    },
};

const LIST: DueList = DueList("auth/due");

/// Something that is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Due {
    /// A session, which may have been refreshed since.
    Session {
        /// Which.
        session: String,
    },
    /// An account whose deletion was begun, or what came too late for it.
    Account {
        /// Whose.
        user: UserId,
    },
    /// A name whose user was deleted.
    Name {
        /// Which.
        username: Username,
    },
    /// A registered program, which may have been used since.
    Client {
        /// Its id.
        client: String,
    },
}

/// Enters something into the list of a day. One increment and one set; without `increment` one set.
///
/// # Errors
/// Those of the store.
pub async fn enlist(ports: &Ports, day: u64, due: &Due) -> Result<(), KvError> {
    LIST.enlist(ports, day, due).await
}

/// Enters a session that ends at that moment, unless it is refreshed, into the list of the day after. As [`enlist`].
///
/// # Errors
/// Those of the store.
pub async fn enlist_session(ports: &Ports, session_id: &str, ends_at: Timestamp) -> Result<(), KvError> {
    let due = Due::Session {
        session: session_id.to_owned(),
    };
    enlist(ports, ends_at.day().saturating_add(1), &due).await
}

/// Enters a program that nobody has to know any more at that moment, unless it is used, into the list of the day after. As
/// [`enlist`].
///
/// # Errors
/// Those of the store.
pub async fn enlist_client(ports: &Ports, client_id: &str, ends_at: Timestamp) -> Result<(), KvError> {
    let due = Due::Client {
        client: client_id.to_owned(),
    };
    enlist(ports, ends_at.day().saturating_add(1), &due).await
}

/// Does what is due, at most `limit` entries of the lists. `request_id` names the request that passes by.
///
/// # Errors
/// Those of the store; what was not done is done by the next one.
pub async fn sweep(ports: &Ports, memos: &Memos, limit: u64, request_id: &str) -> Result<Swept, KvError> {
    let completion = Completion {
        ports,
        memos,
        request_id,
    };
    LIST.sweep(ports, limit, &completion).await
}

struct Completion<'a> {
    ports: &'a Ports,
    memos: &'a Memos,
    request_id: &'a str,
}

#[async_trait]
impl Fulfil for Completion<'_> {
    type Due = Due;
    type Error = KvError;

    async fn fulfil(&self, due: Due) -> Result<Fulfilled, KvError> {
        let done = match &due {
            Due::Session { session } => return self.forget_session(session).await,
            Due::Account { user } => self.finish(user).await?,
            Due::Name { username } => match name::forget(self.ports, username).await? {
                Settled::Done => Some(Fulfilled::from(1)),
                Settled::Busy => None,
            },
            Due::Client { client } => self.forget_client(client).await?,
        };
        match done {
            Some(done) => Ok(done),
            None => {
                let tomorrow = self.ports.clock.now().day().saturating_add(1);
                enlist(self.ports, tomorrow, &due).await?;
                Ok(Fulfilled::default())
            }
        }
    }
}

impl Completion<'_> {
    async fn forget_session(&self, session_id: &str) -> Result<Fulfilled, KvError> {
        match session::forget(self.ports, session_id).await {
            Ok(None) => Ok(Fulfilled::from(1)),
            Ok(Some(session)) => {
                enlist_session(self.ports, session_id, session.expires_at()).await?;
                Ok(Fulfilled::default())
            }
            // One record that can't be read must not keep everybody else's from being gone through.
            Err(error @ KvError::Corrupt { .. }) => {
                self.ports.warn("what is due can't be read", error);
                Ok(Fulfilled::default())
            }
            Err(error) => Err(error),
        }
    }

    /// `None` where it has to wait for tomorrow.
    async fn forget_client(&self, client_id: &str) -> Result<Option<Fulfilled>, KvError> {
        match client::forget(self.ports, client_id).await {
            Ok(Forgotten::Done) => Ok(Some(Fulfilled::from(1))),
            Ok(Forgotten::NotBefore(moment)) => {
                enlist_client(self.ports, client_id, moment).await?;
                Ok(Some(Fulfilled::default()))
            }
            Ok(Forgotten::Busy) => Ok(None),
            // As with sessions.
            Err(error @ KvError::Corrupt { .. }) => {
                self.ports.warn("what is due can't be read", error);
                Ok(Some(Fulfilled::default()))
            }
            Err(error) => Err(error),
        }
    }

    /// Goes on with a deletion by one step of the memo service; `None` where it has to wait for tomorrow.
    async fn finish(&self, user: &UserId) -> Result<Option<Fulfilled>, KvError> {
        match deletion::finish(self.ports, self.memos, user, 1, self.request_id).await {
            Ok(()) => Ok(Some(Fulfilled::from(1))),
            Err(deletion::Error::Memos(EraseError::More)) => Ok(Some(Fulfilled { removed: 0, more: true })),
            Err(deletion::Error::Store(error)) if !matches!(error, KvError::Corrupt { .. }) => Err(error),
            Err(error) => {
                self.ports.warn("the deletion of an account is put off", error);
                Ok(None)
            }
        }
    }
}
