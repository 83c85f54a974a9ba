//! The name of a user.

use serde::{Deserialize, Serialize};

/// The fewest and the most characters of a name.
const CHARACTERS: std::ops::RangeInclusive<usize> = 3..=32;

/// A user's name: 3 to 32 of `a-z 0-9 . _ -`, beginning with a letter or a digit. Upper case is taken as lower case.
///
/// A stored name is read as it is, so that a stricter rule for new names locks nobody out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Username(String);

impl Username {
    /// The name, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Username {
    type Error = String;

    /// Checks a name that somebody wants to have or to sign in with.
    fn try_from(mut name: String) -> Result<Self, String> {
        name.make_ascii_lowercase();
        if !CHARACTERS.contains(&name.len()) {
            return Err(format!(
                "It must have {} to {} characters.",
                CHARACTERS.start(),
                CHARACTERS.end()
            ));
        }
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if !name.bytes().all(|byte| good(byte) || b"._-".contains(&byte)) {
            return Err("It may hold a-z, 0-9, dot, underscore and hyphen.".to_owned());
        }
        if !name.bytes().next().is_some_and(good) {
            return Err("It must begin with a letter or a digit.".to_owned());
        }
        Ok(Self(name))
    }
}
