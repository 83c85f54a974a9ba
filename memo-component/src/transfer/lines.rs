//! A stream cut into lines, each bounded.

/// The longest line that is read, in bytes. A text of 64 KiB may be 390 KB of JSON, and its earlier texts 900 KB.
pub const LINE_MAX_BYTES: usize = 2 * 1024 * 1024;

/// A line without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which one, counted from 1.
    pub number: u64,
    /// What it holds; `None` where that is too long.
    pub bytes: Option<Vec<u8>>,
}

/// Cuts a stream into lines.
#[derive(Default)]
pub struct Lines {
    begun: Vec<u8>,
    is_too_long: bool,
    number: u64,
}

impl Lines {
    /// The next line that ends within `input`; takes from its front what was read.
    pub fn next(&mut self, input: &mut &[u8]) -> Option<Line> {
        let end = input.iter().position(|byte| *byte == b'\n');
        let (line, rest) = input.split_at(end.unwrap_or(input.len()));
        self.add(line);
        *input = rest.get(1..).unwrap_or_default();
        end.is_some().then(|| self.end())
    }

    /// The last line, where nothing ends it.
    pub fn finish(&mut self) -> Option<Line> {
        (self.is_too_long || !self.begun.is_empty()).then(|| self.end())
    }

    /// How many lines there were.
    pub fn count(&self) -> u64 {
        self.number
    }

    fn add(&mut self, bytes: &[u8]) {
        if self.begun.len().saturating_add(bytes.len()) > LINE_MAX_BYTES {
            self.is_too_long = true;
            self.begun = Vec::new();
        } else if !self.is_too_long {
            self.begun.extend_from_slice(bytes);
        }
    }

    fn end(&mut self) -> Line {
        self.number = self.number.saturating_add(1);
        let bytes = std::mem::take(&mut self.begun);
        Line {
            number: self.number,
            bytes: (!std::mem::take(&mut self.is_too_long)).then_some(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pieces: &[&[u8]]) -> Vec<(u64, Option<String>)> {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        for piece in pieces {
            let mut input = *piece;
            while !input.is_empty() {
                found.extend(lines.next(&mut input));
            }
        }
        found.extend(lines.finish());
        let text = |line: Line| (line.number, line.bytes.map(|bytes| String::from_utf8(bytes).unwrap()));
        found.into_iter().map(text).collect()
    }

    #[test]
    fn a_line_is_whole_however_it_arrives() {
        let line = |number, text: &str| (number, Some(text.to_owned()));
        let expected = [line(1, "one"), line(2, ""), line(3, "three\r"), line(4, "four")];
        let text = b"one\n\nthree\r\nfour";
        assert_eq!(all(&[text]), expected);
        assert_eq!(all(&text.chunks(1).collect::<Vec<_>>()), expected);
        assert_eq!(all(&[b"one\n"]), [line(1, "one")]);
        assert_eq!(all(&[]), []);
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_the_next_one_is_read() {
        let long = vec![b'x'; LINE_MAX_BYTES];
        let longer = [long.as_slice(), b"x\nnext\n"];
        assert_eq!(all(&longer), [(1, None), (2, Some("next".to_owned()))]);
        assert_eq!(all(&[&long]).first().unwrap().1.as_ref().unwrap().len(), LINE_MAX_BYTES);
        assert_eq!(all(&[&long, b"x"]), [(1, None)]);
    }
}
