//! From a paragraph of Markdown to a small tree of what is in it. One pass finds what is notable; [`super::spans`] pairs what
//! emphasises and builds the tree. None of them goes back in the text.

use std::collections::BTreeMap;

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::{
    address::{begins_at, safe_address, target, written_at},
    char_at, char_before,
    code_spans::code_spans,
    is_space,
    spans::{Inline, Run, Token, build, pair},
    trim,
};
use crate::tags::tag_at;

/// A bracket that may begin a link: which token it is, and how many runs come before it.
struct Bracket {
    token: usize,
    runs: usize,
    is_image: bool,
}

/// What is in a paragraph.
pub fn parse(text: &str) -> Vec<Inline<'_>> {
    let parser = Parser {
        text,
        code: code_spans(text),
        tokens: Vec::new(),
        runs: Vec::new(),
        brackets: Vec::new(),
    };
    parser.parse()
}

struct Parser<'a> {
    text: &'a str,
    code: BTreeMap<usize, usize>,
    tokens: Vec<Token<'a>>,
    /// Runs that are not paired yet. Each has a token that holds its place.
    runs: Vec<Run<'a>>,
    brackets: Vec<Bracket>,
}

impl<'a> Parser<'a> {
    fn parse(mut self) -> Vec<Inline<'a>> {
        let mut plain = 0;
        let mut at = 0;
        while let Some(character) = char_at(self.text, at) {
            if self.is_notable(character, at) {
                self.plain(plain, at);
                at = self.take(character, at);
                plain = at;
            } else {
                at = at.saturating_add(character.len_utf8());
            }
        }
        self.plain(plain, at);
        self.pair_from(0);
        build(self.tokens)
    }

    fn is_notable(&self, character: char, at: usize) -> bool {
        match character {
            '\\' | '`' | '*' | '_' | '~' | '[' | ']' | '#' => true,
            _ => begins_at(self.text, at) && !char_before(self.text, at).is_some_and(is_letter),
        }
    }

    fn plain(&mut self, start: usize, end: usize) {
        if let Some(text) = self.text.get(start..end).filter(|text| !text.is_empty()) {
            self.tokens.push(Token::Text(text));
        }
    }

    /// Takes what begins at `at`, and tells where it ends.
    fn take(&mut self, character: char, at: usize) -> usize {
        match character {
            '\\' => self.escape(at),
            '`' => self.code_span(at),
            '*' | '_' | '~' => self.run(character, at),
            '[' => {
                self.brackets.push(Bracket {
                    token: self.tokens.len(),
                    runs: self.runs.len(),
                    is_image: char_before(self.text, at) == Some('!'),
                });
                self.one(at)
            }
            ']' => self.close_bracket(at),
            '#' => self.tag(at),
            _ => self.address(at),
        }
    }

    /// One character that is no more than itself.
    fn one(&mut self, at: usize) -> usize {
        let end = at.saturating_add(1);
        self.plain(at, end);
        end
    }

    fn escape(&mut self, at: usize) -> usize {
        let escaped = at.saturating_add(1);
        if char_at(self.text, escaped).is_some_and(|next| next.is_ascii_punctuation()) {
            self.one(escaped)
        } else {
            self.one(at)
        }
    }

    fn code_span(&mut self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        let length = rest.len().saturating_sub(rest.trim_start_matches('`').len());
        let start = at.saturating_add(length);
        let Some(end) = self.code.get(&at).copied() else {
            self.plain(at, start);
            return start;
        };
        let code = self.text.get(start..end).unwrap_or_default();
        let unpadded = code.strip_prefix(' ').and_then(|code| code.strip_suffix(' ')); // `` ` ``
        let code = unpadded.filter(|_| !trim(code).is_empty()).unwrap_or(code);
        self.tokens.push(Token::Leaf(Inline::Code(code)));
        end.saturating_add(length)
    }

    /// Unlike in CommonMark, it is white space alone that keeps `*` and `~~` from opening or closing: Korean puts particles
    /// right behind, as in `**값(value)**은`. `_` within a word is a part of it.
    fn run(&mut self, character: char, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        let length = rest.len().saturating_sub(rest.trim_start_matches(character).len());
        let end = at.saturating_add(length);
        if character == '~' && length != 2 {
            self.plain(at, end);
            return end;
        }
        let before = char_before(self.text, at).unwrap_or(' ');
        let behind = char_at(self.text, end).unwrap_or(' ');
        let is_word = |neighbour| character == '_' && is_letter_of_one_unit(neighbour);
        let can_open = !is_space(behind) && !is_word(before);
        let can_close = !is_space(before) && !is_word(behind);
        let all = rest.get(..length).unwrap_or_default();
        self.runs.push(Run::new(self.tokens.len(), all, can_open, can_close));
        self.tokens.push(Token::Text(""));
        end
    }

    /// Pairs the runs from that one on, and puts them where they stand in the text.
    fn pair_from(&mut self, first: usize) {
        let runs = self.runs.split_off(first.min(self.runs.len()));
        for run in pair(runs) {
            if let Some(token) = self.tokens.get_mut(run.token) {
                *token = Token::Run(run);
            }
        }
    }

    fn close_bracket(&mut self, at: usize) -> usize {
        let bracket = self.brackets.pop().filter(|bracket| !bracket.is_image);
        let Some((bracket, (href, end))) = bracket.zip(target(self.text, at.saturating_add(1))) else {
            return self.one(at);
        };
        self.pair_from(bracket.runs);
        if let Some(token) = self.tokens.get_mut(bracket.token) {
            *token = Token::Begin(href);
        }
        self.tokens.push(Token::End);
        self.brackets.clear(); // No link holds another.
        end
    }

    fn tag(&mut self, at: usize) -> usize {
        let Some(tag) = tag_at(self.text, at) else {
            return self.one(at);
        };
        let end = at.saturating_add(1).saturating_add(tag.len());
        let written = self.text.get(at..end).unwrap_or_default();
        self.tokens.push(Token::Leaf(Inline::Tag(written)));
        end
    }

    /// An address that is written out is a link to itself.
    fn address(&mut self, at: usize) -> usize {
        let address = written_at(self.text, at);
        let end = at.saturating_add(address.len());
        match safe_address(address) {
            Some(href) => self.tokens.push(Token::Leaf(Inline::Address(address, href))),
            None => self.plain(at, end),
        }
        end
    }
}

fn is_letter(character: char) -> bool {
    let group = character.general_category_group();
    matches!(group, GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number)
}

/// The site looks at one unit of UTF-16 there, and takes the half of a character for no letter.
fn is_letter_of_one_unit(character: char) -> bool {
    character.len_utf16() == 1 && is_letter(character)
}
