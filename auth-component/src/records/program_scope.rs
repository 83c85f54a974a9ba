//! What a program may be allowed to do: to read memos, to write them, or both, and never anything with the account.

use common::token::scope;
use serde::{Deserialize, Serialize};

/// All that there is, as words.
const OFFERED: [&str; 2] = [scope::MEMOS_READ, scope::MEMOS_WRITE];

/// Some of the offered scopes, and at least one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProgramScope(String);

impl ProgramScope {
    /// As words between spaces.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Everything that a program may be allowed to do.
    pub fn all() -> Self {
        Self(OFFERED.join(" "))
    }

    /// What is offered of these words; `None` where that is nothing. Other words are passed over: a program that asks for more
    /// than there is gets what there is, and is told (RFC 6749 §3.3).
    pub fn offered_of(words: &str) -> Option<Self> {
        let words: Vec<&str> = words.split(' ').collect();
        Self::of(|offer| words.contains(&offer))
    }

    /// Whether all of the other one is in this one.
    pub fn includes(&self, other: &Self) -> bool {
        other.words().all(|word| self.words().any(|own| own == word))
    }

    /// What either allows.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self::of(|offer| self.words().chain(other.words()).any(|word| word == offer)).unwrap_or_else(|| self.clone())
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ')
    }

    fn of(is_wanted: impl Fn(&str) -> bool) -> Option<Self> {
        let wanted: Vec<&str> = OFFERED.into_iter().filter(|offer| is_wanted(offer)).collect();
        (!wanted.is_empty()).then(|| Self(wanted.join(" ")))
    }
}

impl TryFrom<&str> for ProgramScope {
    type Error = &'static str;

    /// Reads words of which each is offered.
    fn try_from(scope: &str) -> Result<Self, &'static str> {
        let given = scope.split(' ').count();
        // Otherwise there is a word that is not offered, or one twice, or none at all.
        let read = Self::offered_of(scope).filter(|read| read.words().count() == given);
        read.ok_or("It must be memos:read, memos:write, or both with a space between them.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_made_of_offered_words_alone() {
        let read = |words: &str| ProgramScope::try_from(words).map(|scope| scope.0);
        assert_eq!(read("memos:write memos:read").as_deref(), Ok("memos:read memos:write"));
        assert_eq!(read("memos:write").as_deref(), Ok("memos:write"));
        for wrong in [
            "",
            " ",
            "account",
            "memos:read account",
            "memos:read memos:read",
            "memos:erase",
            "MEMOS:READ",
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
        let offered = |words: &str| ProgramScope::offered_of(words).map(|scope| scope.0);
        assert_eq!(
            offered("openid account memos:read offline_access").as_deref(),
            Some("memos:read")
        );
        for nothing in [
            "",
            "account",
            "memos:erase",
            "memos:readmemos:write",
            "memos:read\tmemos:write",
        ] {
            assert_eq!(offered(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn scopes_are_held_against_each_other() {
        let scope = |words: &str| ProgramScope::try_from(words).unwrap();
        let (read, write, both) = (scope("memos:read"), scope("memos:write"), ProgramScope::all());
        assert!(both.includes(&read) && both.includes(&write) && both.includes(&both) && read.includes(&read));
        assert!(!read.includes(&write) && !read.includes(&both));
        assert_eq!((read.or(&write), read.or(&read)), (both, read));
    }
}
