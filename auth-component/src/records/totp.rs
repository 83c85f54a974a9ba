//! Time-based one-time passwords (RFC 6238): the secret that a user shares with an app, and the codes that it makes.
//!
//! SHA-1, six digits and thirty seconds are what every such app can do, and several can do nothing else. That SHA-1 finds
//! collisions is of no use against HMAC.

use std::fmt;

use base32::Alphabet;
use common::world::{Ports, clock::Timestamp, random::RandomError};
use hmac_sha1_compact::HMAC;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// How long a code is shown, in milliseconds.
pub const STEP_MILLIS: u64 = 30_000;

/// How many digits a code has.
const DIGITS: usize = 6;

/// What the app calls the account's issuer.
const ISSUER: &str = "Memo";

/// RFC 4648's letters, as apps read secrets.
const BASE32: Alphabet = Alphabet::Rfc4648 { padding: false };

/// A user's secret: 160 bits, as RFC 4226 §4 recommends. It is not shown by `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TotpSecret([u8; 20]);

impl TotpSecret {
    /// Makes a secret.
    ///
    /// # Errors
    /// When there is no randomness to be had.
    pub fn random(ports: &Ports) -> Result<Self, RandomError> {
        ports.random.bytes().map(Self)
    }

    /// The secret as people type it into an app.
    pub fn to_text(&self) -> String {
        base32::encode(BASE32, &self.0)
    }

    /// The secret as apps read it from a QR code. A username has only characters that need no escape there.
    pub fn otpauth_uri(&self, username: &str) -> String {
        let (secret, seconds) = (self.to_text(), STEP_MILLIS / 1000);
        format!(
            "otpauth://totp/{ISSUER}:{username}?secret={secret}&issuer={ISSUER}&algorithm=SHA1&digits={DIGITS}&period={seconds}"
        )
    }

    /// The code of a step (RFC 4226 §5.3).
    pub fn code_at(&self, step: u64) -> TotpCode {
        let mac = HMAC::mac(&step.to_be_bytes(), &self.0);
        let offset = usize::from(mac.last().copied().unwrap_or(0) & 0xf);
        let word = mac.get(offset..).and_then(|rest| rest.first_chunk::<4>());
        let number = u32::from_be_bytes(word.copied().unwrap_or_default()) & 0x7fff_ffff;
        let mut digits = [b'0'; DIGITS];
        let mut rest = number;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
        }
        TotpCode(digits)
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

impl From<TotpSecret> for String {
    fn from(secret: TotpSecret) -> Self {
        secret.to_text()
    }
}

impl TryFrom<String> for TotpSecret {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = base32::decode(BASE32, &text).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or("not 20 bytes in base32")
    }
}

/// A code that an app shows: six digits. Comparing takes the same time whatever they are.
#[derive(Clone, Copy)]
pub struct TotpCode([u8; DIGITS]);

impl TotpCode {
    /// Reads what somebody typed, with or without spaces; `None` when it can't be a code.
    pub fn parse(text: &str) -> Option<Self> {
        let mut typed = text.chars().filter(|character| !character.is_whitespace());
        let mut digits = [0; DIGITS];
        for digit in &mut digits {
            *digit = typed.next().filter(char::is_ascii_digit)?.try_into().ok()?;
        }
        typed.next().is_none().then_some(Self(digits))
    }

    /// The code as people see it.
    pub fn to_text(self) -> String {
        self.0.iter().map(|digit| char::from(*digit)).collect()
    }
}

/// A second factor: an app that shares a secret with the user's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totp {
    secret: TotpSecret,
    /// The step of the last code that was used. Where there is none the app has not shown yet that it has the secret, and
    /// nobody is asked for a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_step: Option<u64>,
}

impl Totp {
    /// A second factor that is not active yet.
    pub fn new(secret: TotpSecret) -> Self {
        Self {
            secret,
            last_step: None,
        }
    }

    /// Whether sign-ins need its codes.
    pub fn is_active(&self) -> bool {
        self.last_step.is_some()
    }

    /// The same second factor, whatever codes were used meanwhile.
    pub fn has_secret_of(&self, other: &Self) -> bool {
        self.secret == other.secret
    }

    /// This second factor after a code was used; `None` when the code is not good. One that was used, and all before it, are
    /// not: whoever looks over a shoulder gets nothing (RFC 6238 §5.2).
    ///
    /// A code of the step before or after is good as well, because clocks differ and typing takes time.
    #[must_use]
    pub fn after(&self, code: TotpCode, now: Timestamp) -> Option<Self> {
        let step = now.0 / STEP_MILLIS;
        let is_new = |step: &u64| self.last_step.is_none_or(|last| *step > last);
        let is_code = |step: &u64| bool::from(self.secret.code_at(*step).0.ct_eq(&code.0));
        let used = (step.saturating_sub(1)..=step.saturating_add(1)).find(|step| is_new(step) && is_code(step))?;
        Some(Self {
            secret: self.secret.clone(),
            last_step: Some(used),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238's test vectors, appendix B.
    fn secret() -> TotpSecret {
        TotpSecret(*b"12345678901234567890")
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp(seconds * 1000)
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret().code_at(at(seconds).0 / STEP_MILLIS).to_text(), code);
        }
    }

    #[test]
    fn a_code_is_good_for_a_step_before_and_after_and_no_longer() {
        let totp = Totp::new(secret());
        let code = secret().code_at(100);
        for (step, good) in [(98, false), (99, true), (100, true), (101, true), (102, false)] {
            let now = at(step * 30 + 29);
            assert_eq!(totp.after(code, now).is_some(), good, "{step}");
        }
    }

    #[test]
    fn a_code_is_good_once_and_an_earlier_one_is_no_longer() {
        let used = Totp::new(secret()).after(secret().code_at(100), at(3000)).unwrap();
        assert!(used.is_active());
        for (step, good) in [(99, false), (100, false), (101, true)] {
            assert_eq!(used.after(secret().code_at(step), at(3000)).is_some(), good, "{step}");
        }
    }

    #[test]
    fn six_digits_are_a_code_and_spaces_are_nothing() {
        let parsed = |text: &str| TotpCode::parse(text).map(TotpCode::to_text);
        assert_eq!(parsed("012345").as_deref(), Some("012345"));
        assert_eq!(parsed(" 012 345 ").as_deref(), Some("012345"));
        for text in ["", "12345", "1234567", "12345a", "１２３４５６", "-12345"] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    #[test]
    fn a_secret_is_read_as_it_is_written_and_not_shown() {
        let text = secret().to_text();
        assert_eq!(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(TotpSecret::try_from(text.clone()).unwrap(), secret());
        assert!(TotpSecret::try_from(text[1..].to_owned()).is_err());
        assert!(!format!("{:?}", Totp::new(secret())).contains("GEZ"));
        assert_eq!(
            secret().otpauth_uri("ann.b"),
            "otpauth://totp/Memo:ann.b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Memo&algorithm=SHA1&digits=6&period=30"
        );
    }
}
