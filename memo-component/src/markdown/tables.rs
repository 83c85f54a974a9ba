//! The cells of a table, and how its columns are aligned.

use super::trim;

/// How a column is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// As its text runs.
    Start,
    /// `:-:`
    Center,
    /// `-:`
    End,
}

/// Whether a cell of a table's second row draws a column.
pub fn is_delimiter(cell: &str) -> bool {
    let line = cell.strip_prefix(':').unwrap_or(cell);
    let line = line.strip_suffix(':').unwrap_or(line);
    !line.is_empty() && line.bytes().all(|byte| byte == b'-')
}

/// What such a cell says.
pub fn align_of(cell: &str) -> Align {
    match (cell.starts_with(':'), cell.ends_with(':')) {
        (_, false) => Align::Start,
        (true, true) => Align::Center,
        (false, true) => Align::End,
    }
}

/// The cells of a table's row, between bars that no backslash escapes.
pub fn cells_of(row: &str) -> Vec<String> {
    let row = trim(row);
    let row = row.strip_prefix('|').unwrap_or(row);
    let row = match row.strip_suffix('|') {
        Some(inner) if !inner.ends_with('\\') => inner,
        _ => row,
    };
    let mut cells = Vec::new();
    let mut start = 0;
    for (bar, _) in row.match_indices('|') {
        let cell = row.get(start..bar).unwrap_or_default();
        if !row.get(..bar).is_some_and(|before| before.ends_with('\\')) {
            cells.push(unescaped(cell));
            start = bar.saturating_add(1);
        }
    }
    cells.push(unescaped(row.get(start..).unwrap_or_default()));
    cells
}

fn unescaped(cell: &str) -> String {
    trim(cell).replace("\\|", "|")
}
