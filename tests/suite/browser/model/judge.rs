//! What must be true. Every word that is ever written has a name of its own, w1, w2 and so on, so it can be seen whether one
//! is missing, or there twice.

use std::collections::{BTreeMap, BTreeSet};

/// What is known of the words.
#[derive(Default)]
pub struct Judge {
    /// Those that were said to be kept.
    entered: BTreeSet<String>,
    /// Those that somebody took away who saw them.
    removed: BTreeSet<String>,
    /// Those that somebody may have wanted twice.
    doubled: BTreeSet<String>,
}

/// The words of a text, whatever stands around them.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    let numbers = text.split('w').skip(1).map(|rest| {
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    });
    numbers
        .filter(|number| !number.is_empty())
        .map(|number| format!("w{number}"))
}

impl Judge {
    /// A text was said to be kept.
    pub fn entered(&mut self, text: &str) {
        self.entered.extend(words(text));
    }

    /// Somebody who saw `before` has made `after` of it.
    pub fn rewrote(&mut self, before: &str, after: &str) {
        let after: BTreeSet<_> = words(after).collect();
        self.removed.extend(words(before).filter(|word| !after.contains(word)));
    }

    /// Somebody who saw this text does not want it any more.
    pub fn removed(&mut self, text: &str) {
        self.removed.extend(words(text));
    }

    pub fn doubled(&mut self, text: &str) {
        self.doubled.extend(words(text));
    }

    /// The words of `wanted` that were not taken away and are in none of these texts.
    pub fn missing_of<'a>(&self, wanted: &str, texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        self.missing(words(wanted).collect(), texts)
    }

    /// All words that were kept and are missing in these texts.
    pub fn missing_in<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        self.missing(self.entered.clone(), texts)
    }

    fn missing<'a>(&self, wanted: BTreeSet<String>, texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let there: BTreeSet<_> = texts.into_iter().flat_map(words).collect();
        let is_missing = |word: &String| !there.contains(word) && !self.removed.contains(word);
        wanted.into_iter().filter(is_missing).collect()
    }

    /// The words that are there more than once without anybody having wanted it.
    pub fn twice_in<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let mut counts = BTreeMap::<String, usize>::new();
        for word in texts.into_iter().flat_map(words) {
            *counts.entry(word).or_default() += 1;
        }
        let is_wrong = |(word, count): &(String, usize)| *count > 1 && !self.doubled.contains(word);
        counts.into_iter().filter(is_wrong).map(|(word, _)| word).collect()
    }
}

#[test]
fn words_are_found_in_what_stands_around_them() {
    let found = |text: &str| words(text).collect::<Vec<_>>();
    assert_eq!(found("w1 w23\nw4"), ["w1", "w23", "w4"]);
    assert_eq!(found("This devicew12Elsewherew3"), ["w12", "w3"]);
    assert_eq!(found("two words, w"), Vec::<String>::new());
}
