//! Scripts and style sheets without their comments.
//!
//! Comments are for who reads the sources, and were a third of what a first visit loads. Lines stay in their place, so that
//! a line of an error's trace is that line of the source.

use anyhow::{Result, ensure};

/// The text without comments and without what its lines are indented by. It may hold no string of several lines, and none
/// that looks like a comment; eslint.config.js sees to that. A comment that begins with `/*!` stays: it is the licence of
/// what others have written.
pub fn remove(name: &str, text: &str) -> Result<String> {
    let mut kept = String::with_capacity(text.len());
    let mut is_inside = false;
    for line in text.lines() {
        let trimmed = line.trim();
        let begins = !is_inside && trimmed.starts_with("/*") && !trimmed.starts_with("/*!");
        let ends = trimmed.ends_with("*/");
        let is_whole = begins && ends && trimmed.matches("*/").count() == 1;
        let is_comment = is_inside || is_whole || (begins && !trimmed.contains("*/")) || trimmed.starts_with("//");
        is_inside = (is_inside || (begins && !trimmed.contains("*/"))) && !ends;
        if !is_comment {
            kept.push_str(&without_words(trimmed));
        }
        kept.push('\n');
    }
    ensure!(
        !is_inside,
        "public/{name}: a comment does not end, or not at the end of its line"
    );
    Ok(kept)
}

/// A line of code without what it says of types, and without the words after it.
fn without_words(line: &str) -> String {
    let (code, _) = line.split_once(" // ").unwrap_or((line, ""));
    let mut parts = code.split("/** @type {");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(part.split_once("} */ ").map_or("", |(_, code)| code));
    }
    kept.trim_end().to_owned()
}
