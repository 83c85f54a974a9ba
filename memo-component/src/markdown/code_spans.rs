//! Code between backticks, which is found before anything else in a line is.

use std::collections::BTreeMap;

/// Where code between backticks ends: for the place of each run of backticks that begins some, the place of the run of the
/// same length, on the same line, that ends it. Each backtick is looked at once.
pub fn code_spans(text: &str) -> BTreeMap<usize, usize> {
    let mut ends = BTreeMap::new();
    // The next run of each length.
    let mut next: BTreeMap<usize, usize> = BTreeMap::new();
    let bytes = text.as_bytes();
    let mut at = bytes.len();
    while let Some(last) = at.checked_sub(1) {
        match bytes.get(last) {
            Some(b'`') => {
                let length = bytes.iter().take(at).rev().take_while(|byte| **byte == b'`').count();
                at = at.saturating_sub(length);
                if let Some(end) = next.insert(length, at) {
                    ends.insert(at, end);
                }
            }
            found => {
                if found == Some(&b'\n') {
                    next.clear();
                }
                at = last;
            }
        }
    }
    ends
}
