//! Addresses that a link may lead to.

use url::Url;

use super::{char_at, is_space};

/// The longest address, in the units of UTF-16 that the site counts in.
const URL_MAX: usize = 2048;

/// The longest title of a link, in the same units. It is read over and not shown.
const TITLE_MAX: usize = 200;

/// How deep parentheses may be nested in an address.
const PARENTHESES_MAX: usize = 8;

const SCHEMES: [&str; 3] = ["http", "https", "mailto"];

/// The address as browsers spell it, if it is one that a link may lead to.
pub fn safe_address(address: &str) -> Option<String> {
    if address.encode_utf16().nth(URL_MAX).is_some() {
        return None;
    }
    let url = Url::parse(address).ok()?;
    SCHEMES.contains(&url.scheme()).then(|| url.into())
}

/// The address in parentheses at `at`, and where they end.
pub fn target(text: &str, at: usize) -> Option<(String, usize)> {
    let inside = text.get(at..)?.strip_prefix('(')?;
    let mut depth = 0_usize;
    let mut units = 0_usize;
    let mut length = 0_usize;
    for character in inside.chars() {
        if units >= URL_MAX {
            break;
        }
        match character {
            '(' if depth == PARENTHESES_MAX => return None,
            '(' => depth = depth.saturating_add(1),
            ')' if depth == 0 => break,
            ')' => depth = depth.saturating_sub(1),
            '<' | '>' => break,
            other if is_space(other) => break,
            _ => {}
        }
        units = units.saturating_add(character.len_utf16());
        length = length.saturating_add(character.len_utf8());
    }
    let (address, rest) = inside.split_at_checked(length)?;
    let closing = if rest.starts_with(')') { 1 } else { title(rest)? };
    let href = safe_address(address)?;
    // With the parenthesis that opens.
    Some((
        href,
        at.saturating_add(1).saturating_add(length).saturating_add(closing),
    ))
}

/// How long ` "a title")` is, if `rest` begins with one.
fn title(rest: &str) -> Option<usize> {
    let blanks = [' ', '\t'];
    let quoted = rest.trim_start_matches(blanks);
    if quoted.len() == rest.len() {
        return None;
    }
    let (title, behind) = quoted.strip_prefix('"')?.split_once('"')?;
    if title.contains('\n') || title.encode_utf16().nth(TITLE_MAX).is_some() {
        return None;
    }
    let behind = behind.trim_start_matches(blanks).strip_prefix(')')?;
    Some(rest.len().saturating_sub(behind.len()))
}

/// The address that is written out at `at`, without the punctuation of the sentence that it ends.
pub fn written_at(text: &str, at: usize) -> &str {
    let rest = text.get(at..).unwrap_or_default();
    let end = rest.find(ends_address).unwrap_or(rest.len());
    without_punctuation(rest.get(..end).unwrap_or_default())
}

/// White space, quotes and the brackets and stops of East Asian writing.
fn ends_address(character: char) -> bool {
    is_space(character) || "<>\"“”‘’「」『』《》〈〉（）。，、".contains(character)
}

fn without_punctuation(address: &str) -> &str {
    let opening = address.matches('(').count();
    // Those that close nothing are the sentence's.
    let mut surplus = address.matches(')').count().saturating_sub(opening);
    let mut kept = address;
    while let Some(last) = kept.chars().next_back() {
        match last {
            ')' if surplus > 0 => surplus = surplus.saturating_sub(1),
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' | ']' => {}
            _ => break,
        }
        kept = kept.get(..kept.len().saturating_sub(1)).unwrap_or_default();
    }
    kept
}

/// Whether an address with a scheme begins at `at`. A long s is an s to a regular expression that ignores case.
pub fn begins_at(text: &str, at: usize) -> bool {
    let is_spelled = |scheme: &str| {
        let found = text.get(at..).unwrap_or_default().chars();
        let mut found = found.map(|character| match character {
            'ſ' => 's',
            other => other.to_ascii_lowercase(),
        });
        scheme.chars().all(|expected| found.next() == Some(expected))
    };
    let may_begin = matches!(char_at(text, at), Some('h' | 'H' | 'm' | 'M'));
    may_begin && ["http://", "https://", "mailto:"].into_iter().any(is_spelled)
}
