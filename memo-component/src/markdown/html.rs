//! From blocks to HTML. What somebody wrote is escaped, in text and in attributes; elements and attributes are these and no
//! others.

use std::{borrow::Cow, fmt::Write};

use super::{
    blocks::{Block, Item, Task},
    inline,
    spans::{Inline, Kind},
    tables::Align,
    trim,
};

/// A link tells its target nothing, gives it no say over this page, and no weight with search engines, as for everything
/// that visitors of a site wrote (`ugc`).
const OUTSIDE: &str = "target=\"_blank\" rel=\"noopener noreferrer nofollow ugc\"";

/// The text so that it means itself, between tags and between double quotes.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'', '\0']) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len().saturating_add(32));
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // HTML has none, in whatever spelling.
            '\0' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

/// The blocks as HTML.
pub fn write(blocks: &[Block]) -> String {
    let mut writer = Writer {
        html: String::new(),
        level: 1,
    };
    writer.blocks(blocks);
    writer.html
}

/// What the blocks say, without their marks; a blank between any two.
pub fn plain(blocks: &[Block]) -> String {
    let texts = blocks.iter().map(|block| match block {
        Block::Paragraph(text) | Block::Heading(_, text) => plain_inline(&inline::parse(text)),
        Block::Rule => String::new(),
        Block::Code(text) => text.clone(),
        Block::Quote(blocks) => plain(blocks),
        Block::List(_, items) => items
            .iter()
            .map(|item| plain(&item.blocks))
            .collect::<Vec<_>>()
            .join(" "),
        Block::Table { head, .. } => head.join(" "),
    });
    texts.collect::<Vec<_>>().join(" ")
}

/// The text of a tree without its marks.
fn plain_inline(inline: &[Inline<'_>]) -> String {
    let parts = inline.iter().map(|part| match part {
        Inline::Text(text) | Inline::Code(text) | Inline::Tag(text) | Inline::Address(text, _) => Cow::Borrowed(*text),
        Inline::Span(_, parts) => Cow::Owned(plain_inline(parts)),
    });
    parts.collect()
}

struct Writer {
    html: String,
    /// The level of the heading before, on the page, where one heading stands above the text.
    level: usize,
}

impl Writer {
    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Paragraph(text) => self.element("p", "p", text),
            Block::Heading(level, text) => self.heading(*level, text),
            Block::Rule => self.raw("<hr>"),
            Block::Code(text) => {
                self.raw("<pre dir=\"ltr\"><code>");
                self.text(text);
                self.raw("</code></pre>");
            }
            Block::Quote(blocks) => {
                self.raw("<blockquote>");
                self.blocks(blocks);
                self.raw("</blockquote>");
            }
            Block::List(start, items) => self.list(*start, items),
            Block::Table { align, head, rows } => self.table(align, head, rows),
        }
    }

    /// A heading looks as large as its author wants it. For who listens to the page, no level is left out: the outline of a
    /// text that begins with "##" begins where it does.
    fn heading(&mut self, level: usize, text: &str) {
        self.level = level.min(self.level).saturating_add(1).min(6);
        let name = format!("h{}", self.level);
        self.element(&format!("{name} class=\"size-{}\"", level.min(3)), &name, text);
    }

    fn list(&mut self, start: Option<u16>, items: &[Item]) {
        let name = if start.is_some() { "ol" } else { "ul" };
        self.raw("<");
        self.raw(name);
        if let Some(start) = start.filter(|start| *start != 1) {
            self.format(format_args!(" start=\"{start}\""));
        }
        self.raw(" role=\"list\">"); // Safari takes a list without bullets for none.
        for item in items {
            self.item(item);
        }
        self.format(format_args!("</{name}>"));
    }

    /// The paragraph that an item begins with is the item's own text.
    fn item(&mut self, item: &Item) {
        let (own, rest) = match item.blocks.split_first() {
            Some((Block::Paragraph(text), rest)) => (Some(text), rest),
            _ => (None, item.blocks.as_slice()),
        };
        let own = own.map(|text| inline::parse(text));
        match item.task {
            None => self.raw("<li>"),
            Some(task) => {
                self.raw("<li class=\"task\">");
                self.task(task, own.as_deref().unwrap_or_default());
            }
        }
        if let Some(own) = own {
            self.raw("<span>");
            self.inline(&own);
            self.raw("</span>");
        }
        self.blocks(rest);
        self.raw("</li>");
    }

    /// A box that can't be ticked, with the name of what it stands before.
    fn task(&mut self, task: Task, own: &[Inline<'_>]) {
        let name = plain_inline(own);
        let name = match trim(&name) {
            "" => task.index.saturating_add(1).to_string(),
            name => name.to_owned(),
        };
        self.raw("<label class=\"box\"><input type=\"checkbox\"");
        if task.is_checked {
            self.raw(" checked");
        }
        self.raw(" disabled aria-label=\"");
        self.text(&name);
        self.raw("\"></label>");
    }

    fn table(&mut self, align: &[Align], head: &[String], rows: &[Vec<String>]) {
        self.raw("<div class=\"table\"><table><thead>");
        self.row("th", align, head);
        self.raw("</thead><tbody>");
        for row in rows {
            self.row("td", align, row);
        }
        self.raw("</tbody></table></div>");
    }

    fn row(&mut self, name: &str, align: &[Align], cells: &[String]) {
        self.raw("<tr>");
        for (cell, align) in cells.iter().zip(align) {
            let class = match align {
                Align::Start => "",
                Align::Center => " class=\"center\"",
                Align::End => " class=\"end\"",
            };
            self.element(&format!("{name}{class}"), name, cell);
        }
        self.raw("</tr>");
    }

    /// An element that begins with `tag` and holds a paragraph's text.
    fn element(&mut self, tag: &str, name: &str, text: &str) {
        self.format(format_args!("<{tag}>"));
        self.inline(&inline::parse(text));
        self.format(format_args!("</{name}>"));
    }

    fn inline(&mut self, inline: &[Inline<'_>]) {
        for part in inline {
            match part {
                Inline::Text(text) => self.text(text),
                Inline::Code(text) => self.leaf("code", "code", text),
                // Whose memos it leads to on the site is not the reader's to see.
                Inline::Tag(text) => self.leaf("span class=\"tag\"", "span", text),
                Inline::Address(text, href) => self.leaf(&link_to(href), "a", text),
                Inline::Span(kind, parts) => self.span(kind, parts),
            }
        }
    }

    fn span(&mut self, kind: &Kind, parts: &[Inline<'_>]) {
        let name = match kind {
            Kind::Strong => "strong",
            Kind::Emphasis => "em",
            Kind::Strike => "s",
            Kind::Link(_) => "a",
        };
        match kind {
            Kind::Link(href) => self.format(format_args!("<{}>", link_to(href))),
            _ => self.format(format_args!("<{name}>")),
        }
        self.inline(parts);
        self.format(format_args!("</{name}>"));
    }

    fn leaf(&mut self, tag: &str, name: &str, text: &str) {
        self.format(format_args!("<{tag}>"));
        self.text(text);
        self.format(format_args!("</{name}>"));
    }

    fn text(&mut self, text: &str) {
        let escaped = escape(text);
        self.raw(&escaped);
    }

    /// Adds what is HTML already.
    fn raw(&mut self, html: &str) {
        self.html.push_str(html);
    }

    fn format(&mut self, html: std::fmt::Arguments<'_>) {
        // A string takes whatever is written to it.
        let _ = self.html.write_fmt(html);
    }
}

fn link_to(href: &str) -> String {
    format!("a href=\"{}\" {OUTSIDE}", escape(href))
}
