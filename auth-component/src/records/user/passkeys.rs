//! What the user's record says of passkeys. Each change makes the record's next version of it, or says why it can't be had.

use common::world::clock::Timestamp;

use super::User;
use crate::{
    records::passkey::{PASSKEYS_MAX, Passkey, Unusable, Use},
    webauthn::Base64Url,
};

/// Why a passkey can't be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unaddable {
    /// There are as many as there may be.
    TooMany,
    /// It is there already.
    Known,
}

impl User {
    /// The user's passkeys, oldest first.
    pub fn passkeys(&self) -> &[Passkey] {
        &self.passkeys
    }

    /// The passkey of this id.
    ///
    /// # Errors
    /// [`Unusable::Absent`].
    pub fn passkey(&self, id: &Base64Url) -> Result<&Passkey, Unusable> {
        let mut passkeys = self.passkeys.iter();
        passkeys.find(|passkey| passkey.id == *id).ok_or(Unusable::Absent)
    }

    /// Whether there is room for another passkey.
    pub fn has_room_for_passkey(&self) -> bool {
        self.passkeys.len() < PASSKEYS_MAX
    }

    /// The next version of this user, who has one more passkey.
    ///
    /// # Errors
    /// [`Unaddable`].
    pub fn with_passkey(mut self, passkey: Passkey) -> Result<Self, Unaddable> {
        if self.passkey(&passkey.id).is_ok() {
            return Err(Unaddable::Known);
        }
        if !self.has_room_for_passkey() {
            return Err(Unaddable::TooMany);
        }
        self.passkeys.push(passkey);
        Ok(self.next())
    }

    /// The next version of this user, without this passkey; `None` where there is none such. Who has none left is not asked for
    /// one any more, also when there is another one some day.
    #[must_use]
    pub fn without_passkey(mut self, id: &Base64Url) -> Option<Self> {
        let before = self.passkeys.len();
        self.passkeys.retain(|passkey| passkey.id != *id);
        self.asks_for_passkey &= !self.passkeys.is_empty();
        (self.passkeys.len() < before).then(|| self.next())
    }

    /// The next version of this user, who has used a passkey.
    ///
    /// # Errors
    /// [`Unusable`].
    pub fn with_passkey_used(mut self, id: &Base64Url, by: Use, now: Timestamp) -> Result<Self, Unusable> {
        let used = self.passkey(id)?.used(by, now)?;
        for passkey in &mut self.passkeys {
            if passkey.id == *id {
                passkey.clone_from(&used);
            }
        }
        Ok(self.next())
    }
}
