//! What the user's record says of the account's deletion. There is no way back from it.

use common::{
    store::{kv::KvError, record::Change},
    token::UserId,
    world::{Ports, clock::Timestamp},
};
use futures::FutureExt;

use super::{User, user_key};
use crate::records::{
    insist::{Insisted, insist},
    session::Session,
};

impl User {
    /// Whether the account is being deleted: nobody signs in any more, and no session goes on.
    pub fn is_being_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }

    /// This user, whose account is being deleted from now on. Sessions have to end by the same change.
    #[must_use]
    pub fn being_deleted(self, now: Timestamp) -> Self {
        Self {
            deleted_at: Some(now),
            ..self
        }
    }

    /// Whether a session may delete the account, or go on with that: the one that asked for it may ask again.
    pub fn admits_deletion(&self, session: &Session) -> bool {
        self.admits(session) || (self.is_being_deleted() && self.keeps_session(&session.id))
    }
}

/// Removes the record of a user whose account is being deleted. Says whether it is gone; not, where others change it all the
/// time.
///
/// # Errors
/// Those of the store; it may then be gone or not.
pub async fn remove(ports: &Ports, id: &UserId) -> Result<bool, KvError> {
    let key = user_key(id.as_str());
    let removed = insist(ports, &key, |user: Option<User>| {
        let change = match user.filter(User::is_being_deleted) {
            Some(_) => Change::Delete(()),
            None => Change::Leave(()),
        };
        async move { Ok(change) }.boxed()
    });
    Ok(!matches!(removed.await?, Insisted::Busy))
}
