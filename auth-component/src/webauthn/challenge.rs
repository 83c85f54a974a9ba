//! Challenges that nobody has to remember: each says when it was made, and is sealed for its purpose.
//!
//! So anybody may ask for as many as they like, and the store has nothing of that. That an answer is taken only once is seen
//! to where it is used up: by the passkey's own record.

use std::time::Duration;

use common::{token::UserId, world::clock::Timestamp};
use hmac_sha256::HMAC;
use subtle::ConstantTimeEq;

use super::Refusal;
use crate::bytes32::Bytes32;

/// How long a challenge is good.
pub const LIFETIME: Duration = Duration::from_millis(super::TIMEOUT_MILLIS);

/// How far ahead the clock of the instance that made a challenge may be.
const CLOCK_SKEW: Duration = Duration::from_secs(60);

/// Random bytes, so that no two are the same; the time; and the seal.
const RANDOM_BYTES: usize = 16;
const TIME_BYTES: usize = 8;
/// HMAC-SHA256, truncated as RFC 2104 §5 allows.
const SEAL_BYTES: usize = 16;

/// What a challenge is for.
#[derive(Clone, Copy, Debug)]
pub enum Purpose<'a> {
    /// To sign in, whoever it is.
    SignIn,
    /// To be shown in the place of a code, by this user.
    SecondFactor {
        /// The user.
        user_id: &'a UserId,
        /// What for.
        occasion: Occasion<'a>,
    },
    /// To add a passkey, for this user in this session, who has just shown the password.
    Registration {
        /// The user.
        user_id: &'a UserId,
        /// The session.
        session_id: &'a str,
    },
}

/// What a passkey is shown for besides the password.
#[derive(Clone, Copy, Debug)]
pub enum Occasion<'a> {
    /// A sign-in, whose password was right.
    SignIn,
    /// A change of the account.
    Change {
        /// The session that wants it.
        session_id: &'a str,
        /// Which one it is.
        change: &'a str,
    },
}

impl Purpose<'_> {
    fn to_text(self) -> String {
        match self {
            Self::SignIn => "sign-in".to_owned(),
            Self::SecondFactor { user_id, occasion } => match occasion {
                Occasion::SignIn => format!("second-factor\n{user_id}"),
                Occasion::Change { session_id, change } => format!("second-factor\n{user_id}\n{session_id}\n{change}"),
            },
            Self::Registration { user_id, session_id } => format!("registration\n{user_id}\n{session_id}"),
        }
    }
}

/// Makes a challenge.
pub fn make(key: &Bytes32, purpose: Purpose<'_>, random: [u8; RANDOM_BYTES], now: Timestamp) -> Vec<u8> {
    let mut challenge = random.to_vec();
    challenge.extend(now.0.to_be_bytes());
    let seal = seal(key, purpose, &challenge);
    challenge.extend(seal);
    challenge
}

/// When a challenge was made.
///
/// # Errors
/// [`Refusal::Challenge`] when it was not made here, for another purpose, or too long ago.
pub fn open(key: &Bytes32, purpose: Purpose<'_>, challenge: &[u8], now: Timestamp) -> Result<Timestamp, Refusal> {
    let (sealed, given) = challenge
        .split_at_checked(RANDOM_BYTES + TIME_BYTES)
        .ok_or(Refusal::Challenge)?;
    let is_ours = bool::from(seal(key, purpose, sealed).as_slice().ct_eq(given));
    let time = sealed.last_chunk::<TIME_BYTES>().filter(|_| is_ours);
    let made_at = Timestamp(u64::from_be_bytes(*time.ok_or(Refusal::Challenge)?));
    let is_good = made_at <= now + CLOCK_SKEW && now.since(made_at) < LIFETIME;
    is_good.then_some(made_at).ok_or(Refusal::Challenge)
}

fn seal(key: &Bytes32, purpose: Purpose<'_>, sealed: &[u8]) -> [u8; SEAL_BYTES] {
    // The bytes at the end are always as many, so no purpose can be taken for another one.
    let mut message = purpose.to_text().into_bytes();
    message.extend(sealed);
    let mac = HMAC::mac(message, key.0);
    mac.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn key(byte: u8) -> Bytes32 {
        Bytes32([byte; 32])
    }

    #[test]
    fn a_challenge_is_good_for_five_minutes() {
        let challenge = make(&key(1), Purpose::SignIn, [7; 16], NOW);
        let opened = |millis: u64| open(&key(1), Purpose::SignIn, &challenge, Timestamp(NOW.0 + millis));
        assert_eq!(opened(0), Ok(NOW));
        assert_eq!(opened(299_999), Ok(NOW));
        assert_eq!(opened(300_000), Err(Refusal::Challenge));
        let behind = |millis: u64| open(&key(1), Purpose::SignIn, &challenge, Timestamp(NOW.0 - millis));
        assert_eq!(behind(60_000), Ok(NOW));
        assert_eq!(behind(60_001), Err(Refusal::Challenge));
    }

    #[test]
    fn a_challenge_is_good_for_its_purpose_alone() {
        let ann = UserId::try_from("ann".to_owned()).unwrap();
        let bob = UserId::try_from("bob".to_owned()).unwrap();
        let of = |user_id, session_id| Purpose::Registration { user_id, session_id };
        let enter = |user_id| {
            let occasion = Occasion::SignIn;
            Purpose::SecondFactor { user_id, occasion }
        };
        let change = |user_id, session_id, change| {
            let occasion = Occasion::Change { session_id, change };
            Purpose::SecondFactor { user_id, occasion }
        };
        let purposes = [
            Purpose::SignIn,
            of(&ann, "one"),
            of(&ann, "two"),
            of(&bob, "one"),
            enter(&ann),
            enter(&bob),
            change(&ann, "one", "password-change"),
            change(&ann, "one", "token-made"),
            change(&ann, "two", "token-made"),
            change(&bob, "one", "token-made"),
        ];
        for (made, purpose) in purposes.into_iter().enumerate() {
            let challenge = make(&key(1), purpose, [7; 16], NOW);
            for (opened, other) in purposes.into_iter().enumerate() {
                let is_good = open(&key(1), other, &challenge, NOW).is_ok();
                assert_eq!(is_good, made == opened, "{purpose:?} {other:?}");
            }
            assert!(open(&key(2), purpose, &challenge, NOW).is_err());
        }
    }

    #[test]
    fn a_challenge_with_any_bit_changed_is_none() {
        let challenge = make(&key(1), Purpose::SignIn, [7; 16], NOW);
        for bit in 0..challenge.len() * 8 {
            let mut changed = challenge.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&key(1), Purpose::SignIn, &changed, NOW).is_err(), "{bit}");
        }
        for length in [0, 1, 23, 24, 39] {
            assert!(open(&key(1), Purpose::SignIn, &challenge[..length], NOW).is_err());
        }
        let longer = [challenge.as_slice(), &[0]].concat();
        assert!(open(&key(1), Purpose::SignIn, &longer, NOW).is_err());
    }
}
