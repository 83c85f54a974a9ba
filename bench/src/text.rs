//! Texts of memos.

use std::fmt::Write;

/// What is searched for: no other word has its letters.
pub const WORD: &str = "quartz";
/// How many tags an organiser has.
pub const TAGS: usize = 40;

const SEARCHED_CHARS: usize = 500;

/// About 200 bytes that no compression can guess.
pub fn memo_text() -> String {
    format!("{:0200x}", fastrand::u128(..))
}

/// One of the tags; numbers beyond the last begin anew.
pub fn tag(number: usize) -> String {
    format!("tag{:02}", number % TAGS)
}

/// 500 characters of words, every third of them Korean, and perhaps one certain word in the middle.
pub fn searched_text(word: Option<&str>) -> String {
    let mut text = String::new();
    let mut chars = 0;
    let mut number = 0;
    while chars < SEARCHED_CHARS {
        if chars > 0 {
            text.push(' ');
            chars += 1;
        }
        number += 1;
        if let Some(word) = word.filter(|_| number == 30) {
            let _ = write!(text, "{word}");
            chars += word.chars().count();
            continue;
        }
        let letters = fastrand::usize(2..9).min(SEARCHED_CHARS.saturating_sub(chars).max(1));
        let korean = number % 3 == 0;
        let range = if korean { '가'..='힣' } else { 'a'..='p' };
        text.extend((0..letters).map(|_| fastrand::char(range.clone())));
        chars += letters;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searched_texts_have_the_word_only_where_it_was_put() {
        for _ in 0..100 {
            let with = searched_text(Some(WORD));
            let without = searched_text(None);
            assert_eq!(with.matches(WORD).count(), 1, "{with}");
            assert!(!without.contains(WORD), "{without}");
            for text in [with, without] {
                assert!(
                    (SEARCHED_CHARS..SEARCHED_CHARS + 8).contains(&text.chars().count()),
                    "{text}"
                );
            }
        }
    }
}
