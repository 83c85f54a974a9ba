//! From Markdown to a small tree of blocks. Each line is looked at a bounded number of times, whatever it holds.
//!
//! It reads as people type memos: a line's end stays one, a list needs no particular indentation and ends where a line does
//! not belong to it, and what is neither understood nor closed stays the text that it is.

use super::{
    is_space,
    lines::{
        fence_of, heading_of, indent_of, is_blank, is_delimiters, is_rule, is_task_box, lines_of, marker_of, outdent,
        quote_of,
    },
    tables::{Align, align_of, cells_of, is_delimiter},
    trim,
};

/// What is nested deeper is read as plain lines.
const DEPTH_MAX: usize = 16;

/// A block. Its texts are paragraphs' ([`super::inline`]), if they are not code.
#[derive(Debug, PartialEq, Eq)]
pub enum Block {
    /// Lines.
    Paragraph(String),
    /// A heading of a level from 1 to 6.
    Heading(usize, String),
    /// A line across.
    Rule,
    /// Code.
    Code(String),
    /// A quotation.
    Quote(Vec<Block>),
    /// A list: which number it begins with, if it is numbered.
    List(Option<u16>, Vec<Item>),
    /// A table.
    Table {
        /// How each column is aligned.
        align: Vec<Align>,
        /// The names of the columns.
        head: Vec<String>,
        /// The other rows, none of which has more cells.
        rows: Vec<Vec<String>>,
    },
}

/// An item of a list.
#[derive(Debug, PartialEq, Eq)]
pub struct Item {
    /// The box of a checklist.
    pub task: Option<Task>,
    /// What the item holds.
    pub blocks: Vec<Block>,
}

/// A box of a checklist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// Counts the boxes of the text from 0.
    pub index: usize,
    /// Whether it is ticked.
    pub is_checked: bool,
}

/// The blocks of a text.
pub fn parse(text: &str) -> Vec<Block> {
    let mut tasks = 0;
    Parser::new(lines_of(text), 0, &mut tasks).parse()
}

struct Parser<'a, 't> {
    lines: Vec<&'a str>,
    at: usize,
    depth: usize,
    /// How many boxes there were so far.
    tasks: &'t mut usize,
}

impl<'a, 't> Parser<'a, 't> {
    fn new(lines: Vec<&'a str>, depth: usize, tasks: &'t mut usize) -> Self {
        Self {
            lines,
            at: 0,
            depth,
            tasks,
        }
    }

    fn parse(mut self) -> Vec<Block> {
        if self.depth >= DEPTH_MAX {
            return vec![paragraph(&self.lines)];
        }
        let mut blocks = Vec::new();
        while let Some(line) = self.line() {
            if is_blank(line) {
                self.pass();
            } else {
                blocks.push(self.block(line));
            }
        }
        blocks
    }

    /// The current line, or what is left of it.
    fn line(&self) -> Option<&'a str> {
        self.lines.get(self.at).copied()
    }

    fn pass(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn block(&mut self, line: &'a str) -> Block {
        if let Some(fence) = fence_of(line) {
            self.code(fence, indent_of(line))
        } else if let Some((level, _)) = heading_of(line) {
            self.heading(line, level)
        } else if is_rule(line) {
            self.pass();
            Block::Rule
        } else if quote_of(line).is_some() {
            self.quote()
        } else if let Some(marker) = marker_of(line) {
            self.list(marker.number)
        } else if self.is_table() {
            self.table()
        } else {
            self.paragraph()
        }
    }

    fn nested(&mut self, lines: Vec<&'a str>) -> Vec<Block> {
        Parser::new(lines, self.depth.saturating_add(1), self.tasks).parse()
    }

    /// To the fence that ends it, or to the end.
    fn code(&mut self, fence: &str, columns: usize) -> Block {
        self.pass();
        let mut lines = Vec::new();
        while let Some(line) = self.line() {
            self.pass();
            let text = trim(line);
            let is_end = text.starts_with(fence)
                && text
                    .trim_start_matches(|character| fence.starts_with(character))
                    .is_empty();
            if is_end {
                break;
            }
            lines.push(outdent(line, columns));
        }
        Block::Code(lines.join("\n"))
    }

    fn heading(&mut self, line: &str, level: usize) -> Block {
        self.pass();
        let text = trim(trim(line).get(level..).unwrap_or_default());
        let unmarked = text.trim_end_matches('#');
        let is_closed = unmarked.is_empty() || unmarked.ends_with([' ', '\t']); // `## like this ##`
        let text = if is_closed { trim(unmarked) } else { text };
        Block::Heading(level, text.to_owned())
    }

    fn quote(&mut self) -> Block {
        let mut lines = Vec::new();
        while let Some(line) = self.line().and_then(quote_of) {
            self.pass();
            lines.push(line);
        }
        Block::Quote(self.nested(lines))
    }

    fn list(&mut self, first: Option<u16>) -> Block {
        let mut items = Vec::new();
        while let Some(line) = self.line().filter(|line| !is_rule(line)) {
            match marker_of(line) {
                Some(marker) if marker.number.is_some() == first.is_some() => {
                    items.push(self.item(line, marker.length))
                }
                _ => break,
            }
        }
        Block::List(first, items)
    }

    /// What stands behind a marker, with the lines below that are indented more than it, and the blank ones.
    fn item(&mut self, line: &'a str, marker: usize) -> Item {
        self.pass();
        let indent = indent_of(line);
        let content = outdent(line.get(marker..).unwrap_or_default(), usize::MAX);
        let blanks = line.len().saturating_sub(marker).saturating_sub(content.len());
        let mark = trim(line.get(..marker).unwrap_or_default());
        let column = indent.saturating_add(mark.len()).saturating_add(blanks);
        let (task, content) = self.task(content);
        let mut lines = vec![content];
        let mut blank = Vec::new();
        while let Some(below) = self.line() {
            if is_blank(below) {
                blank.push(below);
            } else if indent_of(below) < indent.saturating_add(2) {
                break;
            } else {
                lines.append(&mut blank);
                lines.push(outdent(below, column));
            }
            self.pass();
        }
        Item {
            task,
            blocks: self.nested(lines),
        }
    }

    /// The box that an item's content begins with, and what is behind it.
    fn task(&mut self, content: &'a str) -> (Option<Task>, &'a str) {
        let Some(is_checked) = is_task_box(content) else {
            return (None, content);
        };
        let index = *self.tasks;
        *self.tasks = index.saturating_add(1);
        let rest = outdent(content.get(3..).unwrap_or_default(), usize::MAX);
        (Some(Task { index, is_checked }), rest)
    }

    /// Whether a table begins here: a line with bars above one that draws its columns.
    fn is_table(&self) -> bool {
        let Some((line, below)) = self.line().zip(self.lines.get(self.at.saturating_add(1))) else {
            return false;
        };
        if !line.contains('|') || !is_delimiters(below) {
            return false;
        }
        let delimiters = cells_of(below);
        delimiters.iter().all(|cell| is_delimiter(cell)) && delimiters.len() == cells_of(line).len()
    }

    fn table(&mut self) -> Block {
        let head = cells_of(self.line().unwrap_or_default());
        self.pass();
        let align = cells_of(self.line().unwrap_or_default())
            .iter()
            .map(|cell| align_of(cell))
            .collect();
        self.pass();
        let mut rows = Vec::new();
        while let Some(line) = self.line().filter(|line| line.contains('|')) {
            self.pass();
            let mut row = cells_of(line);
            row.truncate(head.len());
            rows.push(row);
        }
        Block::Table { align, head, rows }
    }

    fn paragraph(&mut self) -> Block {
        let start = self.at;
        self.pass();
        while self.line().is_some_and(|line| !self.interrupts(line)) {
            self.pass();
        }
        paragraph(self.lines.get(start..self.at).unwrap_or_default())
    }

    /// Whether the current line ends the paragraph above it. A number other than 1 may have got there by chance.
    fn interrupts(&self, line: &str) -> bool {
        if is_blank(line)
            || fence_of(line).is_some()
            || heading_of(line).is_some()
            || is_rule(line)
            || quote_of(line).is_some()
        {
            return true;
        }
        match marker_of(line) {
            Some(marker) => {
                let begins_list = matches!(marker.digits, "" | "1");
                begins_list && !is_blank(line.get(marker.length..).unwrap_or_default())
            }
            None => self.is_table(),
        }
    }
}

fn paragraph(lines: &[&str]) -> Block {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end_matches(is_space)).collect();
    Block::Paragraph(lines.join("\n"))
}
