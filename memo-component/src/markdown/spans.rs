//! Emphasis and links: which characters belong together, and the tree that they make.

/// A part of a paragraph.
#[derive(Debug, PartialEq, Eq)]
pub enum Inline<'a> {
    /// Text.
    Text(&'a str),
    /// Code.
    Code(&'a str),
    /// A tag, as it is written.
    Tag(&'a str),
    /// An address that is written out, and where it leads.
    Address(&'a str, String),
    /// Something that holds more of them.
    Span(Kind, Vec<Inline<'a>>),
}

/// What a span is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `**a**`
    Strong,
    /// `*a*`
    Emphasis,
    /// `~~a~~`
    Strike,
    /// `[a](address)`
    Link(String),
}

/// Characters that may begin or end spans. What begins here is listed from the inside out.
#[derive(Debug)]
pub struct Run<'a> {
    /// Which of the tokens it is.
    pub token: usize,
    /// The characters that have neither begun nor ended anything: all of them are the same.
    pub rest: &'a str,
    /// Whether it may begin spans.
    pub can_open: bool,
    /// Whether it may end some.
    pub can_close: bool,
    begins: Vec<Kind>,
    ends: usize,
}

impl<'a> Run<'a> {
    /// A run that is the token of that number.
    pub fn new(token: usize, rest: &'a str, can_open: bool, can_close: bool) -> Self {
        Self {
            token,
            rest,
            can_open,
            can_close,
            begins: Vec::new(),
            ends: 0,
        }
    }

    fn mark(&self) -> Mark {
        match self.rest.as_bytes().first() {
            Some(b'*') => Mark::Star,
            Some(b'_') => Mark::Line,
            _ => Mark::Tilde,
        }
    }

    fn use_up(&mut self, width: usize) {
        self.rest = self.rest.get(width..).unwrap_or_default();
    }
}

/// Which character a run is of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Star,
    Line,
    Tilde,
}

/// A part of a paragraph before it is known what belongs together.
#[derive(Debug)]
pub enum Token<'a> {
    /// Text; none for what another token stands for by now.
    Text(&'a str),
    /// What holds nothing else.
    Leaf(Inline<'a>),
    /// A run that was paired.
    Run(Run<'a>),
    /// A link begins.
    Begin(String),
    /// It ends.
    End,
}

/// What is nested deeper is shown without its emphasis.
const DEPTH_MAX: usize = 16;

/// Runs that wait for one that ends what they begin, each with its mark.
#[derive(Default)]
struct Openers<'a> {
    stack: Vec<(Mark, Run<'a>)>,
    stars: usize,
    lines: usize,
    tildes: usize,
    /// Those that wait no more.
    done: Vec<Run<'a>>,
}

impl<'a> Openers<'a> {
    fn waiting(&mut self, mark: Mark) -> &mut usize {
        match mark {
            Mark::Star => &mut self.stars,
            Mark::Line => &mut self.lines,
            Mark::Tilde => &mut self.tildes,
        }
    }

    fn push(&mut self, mark: Mark, run: Run<'a>) {
        *self.waiting(mark) += 1;
        self.stack.push((mark, run));
    }

    fn drop_last(&mut self) {
        if let Some((mark, run)) = self.stack.pop() {
            *self.waiting(mark) -= 1;
            self.done.push(run);
        }
    }

    /// The last one of this mark. Those above it wait no more.
    fn last_of(&mut self, mark: Mark) -> Option<&mut Run<'a>> {
        if *self.waiting(mark) == 0 {
            return None;
        }
        while self.stack.last().is_some_and(|(last, _)| *last != mark) {
            self.drop_last();
        }
        self.stack.last_mut().map(|(_, run)| run)
    }
}

/// Pairs runs that begin emphasis with those that end it. Every run is put on the stack once, and taken off once.
pub fn pair(runs: Vec<Run<'_>>) -> Vec<Run<'_>> {
    let mut openers = Openers::default();
    for mut run in runs {
        let mark = run.mark();
        while run.can_close && !run.rest.is_empty() {
            let Some(opener) = openers.last_of(mark) else { break };
            let width = opener.rest.len().min(run.rest.len()).min(2);
            opener.begins.push(match (mark, width) {
                (Mark::Tilde, _) => Kind::Strike,
                (_, 2) => Kind::Strong,
                _ => Kind::Emphasis,
            });
            opener.use_up(width);
            let is_used_up = opener.rest.is_empty();
            run.ends = run.ends.saturating_add(1);
            run.use_up(width);
            if is_used_up {
                openers.drop_last();
            }
        }
        if run.can_open && !run.rest.is_empty() {
            openers.push(mark, run);
        } else {
            openers.done.push(run);
        }
    }
    let Openers { stack, mut done, .. } = openers;
    done.extend(stack.into_iter().map(|(_, run)| run));
    done
}

/// The tree that tokens make.
pub fn build(tokens: Vec<Token<'_>>) -> Vec<Inline<'_>> {
    let mut builder = Builder::default();
    for token in tokens {
        match token {
            Token::Text(text) => builder.push(Inline::Text(text)),
            Token::Leaf(leaf) => builder.push(leaf),
            Token::Begin(href) => builder.begin(Kind::Link(href)),
            Token::End => builder.end(),
            Token::Run(run) => {
                for _ in 0..run.ends {
                    builder.end();
                }
                builder.push(Inline::Text(run.rest));
                for kind in run.begins.into_iter().rev() {
                    builder.begin(kind);
                }
            }
        }
    }
    while !builder.open.is_empty() {
        builder.end();
    }
    builder.root
}

#[derive(Default)]
struct Builder<'a> {
    root: Vec<Inline<'a>>,
    open: Vec<(Kind, Vec<Inline<'a>>)>,
    /// How many spans are open that are nested too deep to be shown.
    flat: usize,
}

impl<'a> Builder<'a> {
    /// Adds a part. A link holds neither another one nor a tag.
    fn push(&mut self, inline: Inline<'a>) {
        let is_in_link = self.open.iter().any(|(kind, _)| matches!(kind, Kind::Link(_)));
        let inline = match inline {
            Inline::Text("") => return,
            Inline::Tag(text) | Inline::Address(text, _) if is_in_link => Inline::Text(text),
            other => other,
        };
        let top = self.open.last_mut().map_or(&mut self.root, |(_, parts)| parts);
        top.push(inline);
    }

    fn begin(&mut self, kind: Kind) {
        if self.open.len() == DEPTH_MAX {
            self.flat = self.flat.saturating_add(1);
        } else {
            self.open.push((kind, Vec::new()));
        }
    }

    fn end(&mut self) {
        if self.flat > 0 {
            self.flat = self.flat.saturating_sub(1);
        } else if let Some((kind, parts)) = self.open.pop() {
            let top = self.open.last_mut().map_or(&mut self.root, |(_, parts)| parts);
            top.push(Inline::Span(kind, parts));
        }
    }
}
