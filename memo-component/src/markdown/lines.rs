//! What a line of Markdown begins with.

use super::trim;

/// How far apart tab stops are.
const TAB: usize = 4;

/// The lines of a text, however they end.
pub fn lines_of(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some((line, below)) = rest.split_once(['\n', '\r']) {
        let is_pair = rest.get(line.len()..).is_some_and(|end| end.starts_with("\r\n"));
        rest = if is_pair {
            below.get(1..).unwrap_or_default()
        } else {
            below
        };
        lines.push(line);
    }
    lines.push(rest);
    lines
}

/// Whether there is nothing to be seen.
pub fn is_blank(line: &str) -> bool {
    trim(line).is_empty()
}

/// How far a line is indented, in columns.
pub fn indent_of(line: &str) -> usize {
    let mut columns = 0_usize;
    for character in line.chars() {
        match character {
            ' ' => columns = columns.saturating_add(1),
            '\t' => columns = next_stop(columns),
            _ => break,
        }
    }
    columns
}

fn next_stop(column: usize) -> usize {
    column.saturating_add(TAB - column % TAB)
}

/// The line without `columns` of its indentation, or without all of it.
pub fn outdent(line: &str, columns: usize) -> &str {
    let mut rest = line;
    let mut column = 0_usize;
    while column < columns {
        if let Some(behind) = rest.strip_prefix(' ') {
            (rest, column) = (behind, column.saturating_add(1));
        } else if let Some(behind) = rest.strip_prefix('\t') {
            (rest, column) = (behind, next_stop(column));
        } else {
            break;
        }
    }
    rest
}

fn without_blanks(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

/// Whether a mark may end here: before a blank, or with the line.
fn is_end(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([' ', '\t'])
}

/// The line without its first characters, which are `mark`, and how many they were.
fn run_of(line: &str, mark: char) -> (usize, &str) {
    let rest = line.trim_start_matches(mark);
    (line.len().saturating_sub(rest.len()), rest)
}

/// The line without up to three spaces of indentation: more would be code elsewhere, and is text here.
fn barely_indented(line: &str) -> Option<&str> {
    let (spaces, rest) = run_of(line, ' ');
    (spaces <= 3).then_some(rest)
}

/// The fence of code that a line begins with.
pub fn fence_of(line: &str) -> Option<&str> {
    let line = without_blanks(line);
    let (ticks, rest) = run_of(line, '`');
    if ticks >= 3 {
        // With more backticks on the line it is code within the line. A regular expression ends lines here, too.
        let rest = rest.split(['\u{2028}', '\u{2029}']).next().unwrap_or_default();
        return line.get(..ticks).filter(|_| !rest.contains('`'));
    }
    let (tildes, _) = run_of(line, '~');
    line.get(..tildes).filter(|_| tildes >= 3)
}

/// The level of the heading that a line is, and what is behind its marks.
pub fn heading_of(line: &str) -> Option<(usize, &str)> {
    let (level, rest) = run_of(barely_indented(line)?, '#');
    ((1..=6).contains(&level) && is_end(rest)).then_some((level, rest))
}

/// Whether a line is one across the page.
pub fn is_rule(line: &str) -> bool {
    let Some(line) = barely_indented(line) else {
        return false;
    };
    let Some(mark) = line.chars().next().filter(|mark| "-*_".contains(*mark)) else {
        return false;
    };
    let is_drawn = line
        .chars()
        .all(|character| character == mark || " \t".contains(character));
    is_drawn && line.matches(mark).count() >= 3
}

/// What is quoted on a line.
pub fn quote_of(line: &str) -> Option<&str> {
    let quoted = barely_indented(line)?.strip_prefix('>')?;
    Some(quoted.strip_prefix(' ').unwrap_or(quoted))
}

/// What an item of a list begins with.
pub struct Marker<'a> {
    /// How long it is, with the blanks before it.
    pub length: usize,
    /// Its number, as it is written; empty for a bullet.
    pub digits: &'a str,
    /// The same as a number.
    pub number: Option<u16>,
}

/// The marker that a line begins with. A number of four digits is a year, and one before another number is a date:
/// `2026. 11. 22.` begins no list.
pub fn marker_of(line: &str) -> Option<Marker<'_>> {
    let text = without_blanks(line);
    let digits_end = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, behind) = text.split_at_checked(digits_end)?;
    let rest = if digits.is_empty() {
        behind.strip_prefix(['-', '*', '+'])?
    } else {
        behind
            .strip_prefix(['.', ')'])
            .filter(|rest| digits.len() <= 3 && !is_date(rest))?
    };
    is_end(rest).then(|| Marker {
        length: line.len().saturating_sub(rest.len()),
        digits,
        number: digits.parse().ok(),
    })
}

/// Whether the number before this is followed by another one, as in a date.
fn is_date(rest: &str) -> bool {
    let next = without_blanks(rest);
    let behind = next.trim_start_matches(|character: char| character.is_ascii_digit());
    let digits = next.len().saturating_sub(behind.len());
    next.len() < rest.len() && (1..=4).contains(&digits) && behind.starts_with(['.', ')'])
}

/// Whether the box is ticked that an item begins with, if it begins with one.
pub fn is_task_box(content: &str) -> Option<bool> {
    let (mark, rest) = content.strip_prefix('[')?.split_at_checked(1)?;
    if !" xX".contains(mark) || !is_end(rest.strip_prefix(']')?) {
        return None;
    }
    Some(mark != " ")
}

/// Whether a line may draw the columns of a table.
pub fn is_delimiters(line: &str) -> bool {
    !line.is_empty() && line.chars().all(|character| " \t|:-".contains(character))
}
