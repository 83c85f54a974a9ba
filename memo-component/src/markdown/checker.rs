//! What holds for the HTML of any text. For tests and fuzzing.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "for tests, where a panic is a failed test"
)]

/// How deep elements may be nested: sixteen quotes, or lists with their items, and sixteen spans within.
const DEPTH_MAX: usize = 2 * 16 + 16 + 8;

/// What every element may have, exactly as it is written; `*` stands for an escaped value.
const TAGS: &[&str] = &[
    "p",
    "h2 class=\"*\"",
    "h3 class=\"*\"",
    "h4 class=\"*\"",
    "h5 class=\"*\"",
    "h6 class=\"*\"",
    "hr",
    "blockquote",
    "pre dir=\"ltr\"",
    "code",
    "ul role=\"list\"",
    "ol role=\"list\"",
    "ol start=\"*\" role=\"list\"",
    "li",
    "li class=\"task\"",
    "label class=\"box\"",
    "input type=\"checkbox\" disabled aria-label=\"*\"",
    "input type=\"checkbox\" checked disabled aria-label=\"*\"",
    "span",
    "span class=\"tag\"",
    "div class=\"table\"",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "th class=\"*\"",
    "td class=\"*\"",
    "strong",
    "em",
    "s",
    "a href=\"*\" target=\"_blank\" rel=\"noopener noreferrer nofollow ugc\"",
];

/// Classes are words of this crate, and starts are numbers: none of them is what somebody wrote.
fn is_own(value: &str) -> bool {
    ["size-1", "size-2", "size-3", "center", "end"].contains(&value) || value.parse::<u16>().is_ok()
}

/// Panics unless the HTML has nothing but known elements, properly nested, with known attributes, and everything else escaped.
pub fn assert_safe(html: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some((text, behind)) = rest.split_once('<') {
        assert_escaped(text);
        let (tag, behind) = behind
            .split_once('>')
            .unwrap_or_else(|| panic!("a tag without end in {html:?}"));
        rest = behind;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "in {html:?}");
            continue;
        }
        assert_known(tag);
        let name = tag.split(' ').next().unwrap();
        if !["hr", "input"].contains(&name) {
            open.push(name);
            assert!(open.len() <= DEPTH_MAX, "nested too deep: {open:?}");
        }
    }
    assert_escaped(rest);
    assert!(open.is_empty(), "not closed: {open:?} in {html:?}");
}

fn assert_known(tag: &str) {
    let found = TAGS.iter().find_map(|known| Some((known, values_of(tag, known)?)));
    let (known, values) = found.unwrap_or_else(|| panic!("an unknown tag: {tag:?}"));
    for value in values {
        assert_escaped(value);
        if known.starts_with("a ") {
            let is_outside = ["http://", "https://", "mailto:"]
                .iter()
                .any(|scheme| value.starts_with(scheme));
            assert!(
                is_outside && value.bytes().all(|byte| byte.is_ascii_graphic()),
                "{value:?}"
            );
        } else if !known.starts_with("input") {
            assert!(is_own(value), "{value:?}");
        }
    }
}

/// The values that a tag has where the known one has a star; `None` where it is another tag.
fn values_of<'a>(tag: &'a str, known: &str) -> Option<Vec<&'a str>> {
    let mut parts = known.split('*');
    let mut rest = tag.strip_prefix(parts.next()?)?;
    let mut values = Vec::new();
    for part in parts {
        let (value, behind) = rest.split_at_checked(rest.find('"')?)?;
        values.push(value);
        rest = behind.strip_prefix(part)?;
    }
    rest.is_empty().then_some(values)
}

/// Panics where a text could be taken for HTML.
fn assert_escaped(text: &str) {
    assert!(!text.contains(['<', '>', '"', '\'', '\0']), "{text:?}");
    for behind in text.split('&').skip(1) {
        let is_entity = ["amp;", "lt;", "gt;", "quot;", "#39;"]
            .iter()
            .any(|entity| behind.starts_with(entity));
        assert!(is_entity, "{text:?}");
    }
}
