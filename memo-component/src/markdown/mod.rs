//! Markdown as the site reads it, for those who see a memo without the site ([`crate::share_page`]).
//!
//! The site has the same in JavaScript (`static/public/js/lib/markdown/`), with files of the same names. One corpus holds
//! both to each other: `tests/corpora/markdown.json`. It is the part of Markdown that people type into memos: a line's end
//! stays one, white space alone keeps `*` from closing, because Korean hangs particles on words, and there is no HTML.
//!
//! [`blocks`] divides the lines, [`inline`] reads what is within a block, with [`code_spans`], [`address`] and [`spans`],
//! and [`html`] writes: elements and attributes of a fixed list, and everything else escaped. The work and the memory grow as
//! the text does, and what is nested deeper than sixteen levels is flat.

mod address;
mod blocks;
#[cfg(any(test, feature = "fuzzing"))]
pub mod checker;
mod code_spans;
mod html;
mod inline;
mod lines;
mod spans;
mod tables;

/// The text as HTML: nothing in it runs, and nothing of it is loaded.
///
/// # Examples
/// ```
/// use memo_component::markdown::to_html;
///
/// assert_eq!(to_html("**값(value)**은 <b>"), "<p><strong>값(value)</strong>은 &lt;b&gt;</p>");
/// ```
pub fn to_html(text: &str) -> String {
    html::write(&blocks::parse(text))
}

/// What the text's first line says, without its marks: its title. At most `max` characters.
pub fn title_of(text: &str, max: usize) -> String {
    let Some(line) = text.lines().find(|line| !line.trim().is_empty()) else {
        return String::new();
    };
    let title = html::plain(&blocks::parse(line));
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    match title.char_indices().nth(max) {
        None => title,
        Some((end, _)) => format!("{}…", title.get(..end).unwrap_or_default().trim_end()),
    }
}

pub use html::escape;

/// What JavaScript takes for white space: the site's regular expressions go by it.
fn is_space(character: char) -> bool {
    match character {
        '\u{85}' => false,
        '\u{feff}' => true,
        other => other.is_whitespace(),
    }
}

/// The text without white space on either side, as JavaScript trims it.
fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// The character that begins at `at`.
fn char_at(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
}

/// The character that ends at `at`.
fn char_before(text: &str, at: usize) -> Option<char> {
    text.get(..at)?.chars().next_back()
}

#[cfg(test)]
mod tests;
