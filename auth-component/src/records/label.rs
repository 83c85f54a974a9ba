//! What a user calls something of theirs: a passkey, a personal token.

use serde::{Deserialize, Serialize};

/// The most characters of a label.
const MAX_CHARACTERS: usize = 64;

/// A name that the user gave: 1 to 64 characters, none of which is a control character.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Label(String);

impl TryFrom<String> for Label {
    type Error = String;

    /// Checks what somebody wants to call something. White space around it is nothing.
    fn try_from(label: String) -> Result<Self, String> {
        let label = label.trim();
        let characters = label.chars().take(MAX_CHARACTERS + 1).count();
        if !(1..=MAX_CHARACTERS).contains(&characters) || label.chars().any(char::is_control) {
            return Err(format!(
                "It must have 1 to {MAX_CHARACTERS} characters, and no control characters."
            ));
        }
        Ok(Self(label.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_up_to_64_characters() {
        let parsed = |name: &str| Label::try_from(name.to_owned()).map(|name| name.0);
        assert_eq!(parsed(" 내 휴대폰 ").as_deref(), Ok("내 휴대폰"));
        assert!(parsed(&"가".repeat(64)).is_ok());
        for wrong in ["", "  ", "a\u{7}b", &"가".repeat(65)] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
