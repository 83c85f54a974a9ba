//! Tags: words of a memo's text that begin with `#`.
//!
//! A tag is letters, digits and marks of any script, with `_`, `-` and `/` between them; `#a/b` is nested under `a`. It
//! begins where a word may: not inside another word, so not in the fragment of a link, and not in code. Digits alone are a
//! number and no tag. Tags are compared folded ([`fold`]), and shown so.

use std::borrow::Cow;

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::words::fold;

/// The longest tag, in characters. What is longer is no tag.
pub const TAG_MAX_CHARS: usize = 100;

/// How many different tags of a memo count: the first ones.
pub const TAGS_MAX: usize = 100;

/// The tags of a text, folded, without `#`, each once, in the order in which they first appear.
pub fn tags_of(text: &str) -> Vec<String> {
    let mut tags = Vec::new();
    // Most memos have none, and are read no further.
    if !text.contains('#') {
        return tags;
    }
    let mut fence = None;
    for line in text.lines() {
        if let Some(open) = fence {
            if closes(line, open) {
                fence = None;
            }
            continue;
        }
        fence = opened_by(line);
        if fence.is_none() {
            collect(line, &mut tags);
        }
    }
    tags
}

/// Whether a memo with this tag belongs to `wanted`: it has just that tag, or one that is nested under it.
pub fn is_under(tag: &str, wanted: &str) -> bool {
    let rest = tag.strip_prefix(wanted);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A fence of code: its character and its length (CommonMark §4.5).
type Fence = (char, usize);

fn fence_at_start_of(line: &str) -> Option<(Fence, &str)> {
    let line = line.trim_start();
    let character = line.chars().next().filter(|first| matches!(first, '`' | '~'))?;
    let rest = line.trim_start_matches(character);
    let length = line.len().saturating_sub(rest.len());
    (length >= 3).then_some(((character, length), rest))
}

fn opened_by(line: &str) -> Option<Fence> {
    let ((character, length), rest) = fence_at_start_of(line)?;
    // Three backticks with more of them later in the line are code within the line.
    (character == '~' || !rest.contains('`')).then_some((character, length))
}

fn closes(line: &str, (character, length): Fence) -> bool {
    fence_at_start_of(line)
        .is_some_and(|((closing, run), rest)| closing == character && run >= length && rest.trim().is_empty())
}

/// Adds the tags of one line that is no code.
fn collect(line: &str, tags: &mut Vec<String>) {
    let mut rest = line;
    let mut before = None;
    let mut second_before = None;
    while let Some(character) = rest.chars().next() {
        let mut taken = character.len_utf8();
        if character == '`' {
            taken = code_at_start_of(rest);
        } else if character == '#' && may_stand_before(before, second_before) {
            let tag = tag_at_start_of(rest.get(1..).unwrap_or_default());
            taken = taken.saturating_add(tag.len());
            add(tag, tags);
        }
        let passed;
        (passed, rest) = rest.split_at_checked(taken).unwrap_or((rest, ""));
        let mut last = passed.chars().rev();
        (before, second_before) = (last.next(), last.next().or(before));
    }
}

/// Whether a tag may begin after these characters: at the start of a line, after white space, or after an opening bracket
/// or quote that does not open a link's target.
fn may_stand_before(before: Option<char>, second_before: Option<char>) -> bool {
    match before {
        None => true,
        Some('(') => second_before != Some(']'),
        Some(before) => before.is_whitespace() || "[{\"'“‘«「『【〈《（".contains(before),
    }
}

/// How long the code is that a run of backticks begins; the run alone where nothing closes it.
fn code_at_start_of(rest: &str) -> usize {
    let run = rest.len().saturating_sub(rest.trim_start_matches('`').len());
    let mut after = run;
    while let Some(found) = rest.get(after..).and_then(|later| later.find('`')) {
        let start = after.saturating_add(found);
        let later = rest.get(start..).unwrap_or_default();
        let closing = later.len().saturating_sub(later.trim_start_matches('`').len());
        after = start.saturating_add(closing);
        if closing == run {
            return after;
        }
    }
    run
}

/// The tag whose `#` is at `at`, as it is written.
pub fn tag_at(text: &str, at: usize) -> Option<&str> {
    let (before, rest) = text.split_at_checked(at)?;
    let mut before = before.chars().rev();
    if !may_stand_before(before.next(), before.next()) {
        return None;
    }
    let tag = tag_at_start_of(rest.strip_prefix('#')?);
    folded(tag).map(|_| tag)
}

/// The longest start of `rest` that is a tag; what follows a `#`.
fn tag_at_start_of(rest: &str) -> &str {
    let end = rest
        .find(|character| !is_tag_character(character))
        .unwrap_or(rest.len());
    let word = rest.get(..end).unwrap_or_default();
    let word = word.split("//").next().unwrap_or_default();
    word.trim_end_matches(['/', '-'])
}

fn is_tag_character(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '/');
    }
    matches!(
        character.general_category_group(),
        GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark | GeneralCategoryGroup::Number
    )
}

/// The name of the tag that is written so; none if it is no tag.
fn folded(tag: &str) -> Option<Cow<'_, str>> {
    let is_word = tag
        .chars()
        .any(|character| !character.is_numeric() && !"_-/".contains(character));
    if !is_word || tag.starts_with(['/', '-']) || tag.chars().nth(TAG_MAX_CHARS).is_some() {
        return None;
    }
    // A letter may fold to three, and what is longer can't be asked for.
    Some(fold(tag)).filter(|tag| tag.chars().nth(TAG_MAX_CHARS).is_none())
}

fn add(tag: &str, tags: &mut Vec<String>) {
    if tags.len() >= TAGS_MAX {
        return;
    }
    if let Some(tag) = folded(tag).filter(|tag| !tags.iter().any(|other| other == tag)) {
        tags.push(tag.into_owned());
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Case {
        text: String,
        tags: Vec<String>,
    }

    /// The same cases hold the site's own reading of tags (`static/tests/tags.test.js`).
    #[test]
    fn every_case_of_the_corpus_has_its_tags() {
        let corpus = include_str!("../../tests/corpora/tags.json");
        let cases: Vec<Case> = serde_json::from_str(corpus).unwrap();
        assert!(cases.len() > 40);
        for case in cases {
            assert_eq!(tags_of(&case.text), case.tags, "{:?}", case.text);
        }
    }

    #[test]
    fn a_memo_has_a_bounded_number_of_tags() {
        let many: Vec<String> = (0..TAGS_MAX + 20).map(|number| format!("#t{number}")).collect();
        assert_eq!(tags_of(&many.join(" ")).len(), TAGS_MAX);
        let long = "가".repeat(TAG_MAX_CHARS + 1);
        assert_eq!(tags_of(&format!("#{long}")), Vec::<String>::new());
        let long_when_folded = "ß".repeat(TAG_MAX_CHARS / 2 + 1);
        assert_eq!(tags_of(&format!("#{long_when_folded}")), Vec::<String>::new());
    }

    #[test]
    fn a_tag_is_under_itself_and_its_parents() {
        assert!(is_under("work/plans", "work") && is_under("work", "work"));
        assert!(!is_under("workshop", "work") && !is_under("work", "work/plans"));
    }

    #[test]
    fn hostile_texts_are_read_in_one_pass() {
        // Doubling the text doubles the work, whatever it is: these would be quadratic if a run of backticks were looked
        // for again at each of its characters. They end, which is what a test without a clock can see.
        for piece in ["`", "` ``", "#", "# #a", "```x\n", "#a/", "[](#"] {
            let _ = tags_of(&piece.repeat(60_000 / piece.len()));
        }
    }
}
