//! What the user's record says of the second factor and of recovery codes. Each of these makes the record's next version
//! of it, or says that it can't be had.

use common::world::clock::Timestamp;

use super::User;
use crate::records::{
    recovery_code::RecoveryCodeHash,
    totp::{Totp, TotpCode},
};

impl User {
    /// The second factor, where sign-ins need one.
    pub fn second_factor(&self) -> Option<&Totp> {
        self.totp.as_ref().filter(|totp| totp.is_active())
    }

    /// The next version of this user, who is about to have this second factor; `None` where there is one already.
    #[must_use]
    pub fn with_new_totp(self, totp: Totp) -> Option<Self> {
        self.second_factor().is_none().then(|| {
            Self {
                totp: Some(totp),
                ..self
            }
            .next()
        })
    }

    /// The next version of this user, who has used a code; `None` where the code is not good. The first code makes the second
    /// factor active.
    #[must_use]
    pub fn with_totp_code_used(self, code: TotpCode, now: Timestamp) -> Option<Self> {
        let totp = self.totp.as_ref()?.after(code, now)?;
        let used = Self {
            totp: Some(totp),
            ..self
        };
        Some(used.next())
    }

    /// The next version of this user, without this second factor; `None` where it is another one by now, or none.
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
