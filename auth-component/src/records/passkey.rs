//! A passkey, as the user's record has it.

use common::world::clock::Timestamp;
use serde::{Deserialize, Serialize};

use super::label::Label;
use crate::webauthn::{Base64Url, public_key::PublicKey, registration::Created};

/// The most passkeys that a user has.
pub const PASSKEYS_MAX: usize = 10;

/// A passkey: its public key, and how it was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passkey {
    /// Its id, which its authenticator made.
    pub id: Base64Url,
    /// What the user calls it.
    pub name: Label,
    /// When it was added.
    pub created_at: Timestamp,
    /// When somebody last used it; never, where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    public_key: PublicKey,
    /// How often its authenticator has signed; 0 where it does not count, as those do not whose passkeys are on several devices.
    sign_count: u32,
}

/// An answer of a passkey, whose signature is right.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    /// When its challenge was made.
    pub challenged_at: Timestamp,
    /// How often the authenticator has signed.
    pub sign_count: u32,
}

/// Why a passkey can't be used that way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It is not there.
    Absent,
    /// Somebody has used it since the challenge was made. That may have been with this very answer.
    UsedSince,
    /// Its authenticator counts, and has signed as often before: there are two of them (the standard's §6.1.1).
    Copied,
}

impl Passkey {
    /// A passkey that was just made.
    pub fn new(created: Created, name: Label, now: Timestamp) -> Self {
        Self {
            id: created.id,
            name,
            created_at: now,
            last_used_at: None,
            public_key: created.public_key,
            sign_count: created.sign_count,
        }
    }

    /// Its public key.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// This passkey after somebody used it.
    ///
    /// An answer is good once, because its challenge has to be younger than the last use. So nothing has to be kept of
    /// challenges, and of what was answered.
    ///
    /// # Errors
    /// [`Unusable::UsedSince`] and [`Unusable::Copied`].
    pub fn used(&self, by: Use, now: Timestamp) -> Result<Self, Unusable> {
        if self.last_used_at.is_some_and(|last| by.challenged_at <= last) {
            return Err(Unusable::UsedSince);
        }
        let counts = by.sign_count != 0 || self.sign_count != 0;
        if counts && by.sign_count <= self.sign_count {
            return Err(Unusable::Copied);
        }
        Ok(Self {
            // The clock of the instance that made the challenge may be ahead.
            last_used_at: Some(now.max(by.challenged_at)),
            sign_count: by.sign_count,
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passkey(sign_count: u32) -> Passkey {
        Passkey {
            id: Base64Url(vec![1]),
            name: Label::try_from("laptop".to_owned()).unwrap(),
            created_at: Timestamp(1000),
            last_used_at: None,
            public_key: PublicKey::EdDsa(Base64Url(vec![0; 32])),
            sign_count,
        }
    }

    fn by(challenged_at: u64, sign_count: u32) -> Use {
        Use {
            challenged_at: Timestamp(challenged_at),
            sign_count,
        }
    }

    #[test]
    fn an_answer_is_good_once_and_none_to_an_earlier_challenge_after_it() {
        let used = passkey(0).used(by(2000, 0), Timestamp(2500)).unwrap();
        assert_eq!(used.last_used_at, Some(Timestamp(2500)));
        for (challenged_at, expected) in [(2000, false), (2500, false), (2501, true)] {
            let again = used.used(by(challenged_at, 0), Timestamp(9000));
            assert_eq!(again.is_ok(), expected, "{challenged_at}");
        }
        // Where the challenge was made by a clock that is ahead.
        let ahead = passkey(0).used(by(2000, 0), Timestamp(1500)).unwrap();
        assert_eq!(ahead.used(by(2000, 0), Timestamp(1600)), Err(Unusable::UsedSince));
    }

    #[test]
    fn a_counter_must_go_on_where_there_is_one() {
        for (before, after, expected) in [
            (0, 0, true),
            (0, 1, true),
            (7, 8, true),
            (7, 7, false),
            (7, 6, false),
            (7, 0, false),
        ] {
            let used = passkey(before).used(by(2000, after), Timestamp(2000));
            assert_eq!(
                used.map(|used| used.sign_count),
                if expected { Ok(after) } else { Err(Unusable::Copied) }
            );
        }
    }
}
