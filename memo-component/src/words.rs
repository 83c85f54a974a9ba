//! Text as it is compared: in one Unicode form, and without upper and lower case.
//!
//! People's devices write the same letters in different ways: Apple's file names come as jamo one by one (NFD) where
//! everybody else writes whole syllables (NFC). Search and tags compare what [`fold`] makes of a text, on both sides.

use std::borrow::Cow;

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizerBorrowed;

use crate::catalog::signatures::grams_of;

/// The text in NFC (UAX #15), case-folded (Unicode §3.13). Borrows a text that is so already.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        };
    }
    let nfc = ComposingNormalizerBorrowed::new_nfc();
    let folded = match nfc.normalize(text) {
        Cow::Borrowed(composed) => CaseMapper::new().fold_string(composed),
        Cow::Owned(composed) => Cow::Owned(CaseMapper::new().fold_string(&composed).into_owned()),
    };
    // A letter that folds to several may compose anew with the marks after it (Greek's iota below does). What is shown of a
    // tag is folded, and has to find it.
    let anew = match nfc.normalize(&folded) {
        Cow::Borrowed(_) => None,
        Cow::Owned(anew) => Some(anew),
    };
    anew.map_or(folded, Cow::Owned)
}

/// The longest query, in characters.
pub const QUERY_MAX_CHARS: usize = 200;

/// The words of a query, folded. A text matches when every one of them is somewhere in it, also inside a longer word:
/// Korean hangs its particles on words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl Words {
    /// The words of what somebody typed.
    ///
    /// # Errors
    /// When it is longer than [`QUERY_MAX_CHARS`].
    pub fn parse(query: &str) -> Result<Self, String> {
        if query.chars().nth(QUERY_MAX_CHARS).is_some() {
            return Err(format!("It must have at most {QUERY_MAX_CHARS} characters."));
        }
        Ok(Self(fold(query).split_whitespace().map(str::to_owned).collect()))
    }

    /// Whether there are none, so that every text matches.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What every text that has the words is made of, among other things ([`crate::catalog::signatures`]).
    pub fn grams(&self) -> Vec<u32> {
        self.0.iter().flat_map(|word| grams_of(word)).collect()
    }

    /// Whether every word is somewhere in the text.
    pub fn are_in(&self, text: &str) -> bool {
        if self.is_empty() {
            return true;
        }
        let text = fold(text);
        self.0.iter().all(|word| text.contains(word.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(query: &str, text: &str) -> bool {
        Words::parse(query).unwrap().are_in(text)
    }

    #[test]
    fn a_word_is_found_inside_others_and_with_its_particles() {
        assert!(finds("회의", "오늘 회의에서 정한 것"));
        assert!(finds("app", "Pineapple"));
        assert!(!finds("회의", "회 의"));
    }

    #[test]
    fn every_word_must_be_there_in_any_order() {
        assert!(finds("milk  bread", "Bread, butter and MILK"));
        assert!(!finds("milk bread", "milk"));
        assert!(finds("", "anything") && finds(" \n", "anything"));
    }

    #[test]
    fn case_and_composition_do_not_matter() {
        let (composed, decomposed) = ("\u{d68c}\u{c758}", "\u{1112}\u{116c}\u{110b}\u{1174}");
        assert!(finds(composed, decomposed) && finds(decomposed, composed));
        assert!(finds("cafe\u{301}", "CAFÉ") && finds("CAFÉ", "cafe\u{301}"));
        assert!(finds("STRASSE", "Straße") && finds("ὈΔΥΣΣΕΎΣ", "ὀδυσσεύς"));
        assert!(!finds("cafe\u{301}", "cafe"));
        let below = "\u{1fb3}\u{301}\u{345}\u{301}";
        assert_eq!(fold(&fold(below)), fold(below));
        assert!(finds(&fold(below), below) && finds(below, &fold(below)));
    }

    #[test]
    fn a_query_is_not_too_long() {
        assert!(Words::parse(&"가".repeat(QUERY_MAX_CHARS)).is_ok());
        assert!(Words::parse(&"가".repeat(QUERY_MAX_CHARS + 1)).is_err());
    }
}
