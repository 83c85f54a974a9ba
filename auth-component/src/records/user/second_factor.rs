//! What the user's record says of the second factor and of recovery codes. Each of these makes the record's next version
//! of it, or says that it can't be had.

use common::world::clock::Timestamp;
use serde::Serialize;

use super::User;
use crate::records::{
    recovery_code::RecoveryCodeHash,
    totp::{Totp, TotpCode},
};

/// A kind of second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Factor {
    /// An app that makes codes.
    Totp,
    /// A passkey.
    Passkey,
}

impl User {
    /// The app that makes codes, where it is active.
    pub fn active_totp(&self) -> Option<&Totp> {
        self.totp.as_ref().filter(|totp| totp.is_active())
    }

    /// Which second factors the user has turned on. With one of them, the password alone opens nothing.
    pub fn second_factors(&self) -> Vec<Factor> {
        let totp = self.active_totp().map(|_| Factor::Totp);
        let passkey = self.asks_for_passkey.then_some(Factor::Passkey);
        [totp, passkey].into_iter().flatten().collect()
    }

    /// The next version of this user, who is asked for a passkey after the password, or not; `None` where there is none to ask
    /// for.
    #[must_use]
    pub fn with_passkey_asked_for(self, asks_for_passkey: bool) -> Option<Self> {
        let can_be = !asks_for_passkey || !self.passkeys.is_empty();
        can_be.then(|| {
            Self {
                asks_for_passkey,
                ..self
            }
            .next()
        })
    }

    /// The next version of this user, who is about to have this app for codes; `None` where there is one already.
    #[must_use]
    pub fn with_new_totp(self, totp: Totp) -> Option<Self> {
        self.active_totp().is_none().then(|| {
            Self {
                totp: Some(totp),
                ..self
            }
            .next()
        })
    }

    /// The next version of this user, who has used a code; `None` where the code is not good. The first code makes the app
    /// active.
    #[must_use]
    pub fn with_totp_code_used(self, code: TotpCode, now: Timestamp) -> Option<Self> {
        let totp = self.totp.as_ref()?.after(code, now)?;
        let used = Self {
            totp: Some(totp),
            ..self
        };
        Some(used.next())
    }

    /// The next version of this user, without this app for codes; `None` where it is another one by now, or none.
    #[must_use]
    pub fn without_totp(self, proven: &Totp) -> Option<Self> {
        let is_proven = self.totp.as_ref().is_some_and(|totp| totp.has_secret_of(proven));
        is_proven.then(|| Self { totp: None, ..self }.next())
    }

    /// The next version of this user, with these recovery codes and no others.
    #[must_use]
    pub fn with_recovery_codes(self, hashes: Vec<RecoveryCodeHash>) -> Self {
        Self {
            recovery_codes: hashes,
            ..self
        }
        .next()
    }

    /// This user with another password and without a second factor, passkeys and personal tokens, for one of the recovery codes,
    /// which is spent; `None` where there is no such code. Sessions have to end by the same change.
    ///
    /// A passkey that a thief added, or a token that they made, must not outlive the recovery, and which ones are the owner's
    /// nobody can tell here.
    #[must_use]
    pub fn recovered(mut self, spent: &RecoveryCodeHash, password_hash: String, now: Timestamp) -> Option<Self> {
        if self.is_being_deleted() {
            return None;
        }
        let place = self.recovery_codes.iter().position(|hash| hash == spent)?;
        self.recovery_codes.remove(place);
        self.totp = None;
        self.passkeys.clear();
        self.asks_for_passkey = false;
        self.personal_tokens.clear();
        Some(self.with_password_hash(password_hash, now))
    }

    pub(super) fn next(self) -> Self {
        Self {
            version: self.version.saturating_add(1),
            ..self
        }
    }
}
