//! What holds for parsers whatever is sent: each is a function that gets any bytes and panics where something does not hold.
//!
//! The same functions are run in two ways: by `cargo test`, with a bounded number of random inputs ([`hold`]), and by
//! libFuzzer for as long as one likes (`fuzz/`).

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
    test_runner::{Config, RngSeed, TestRunner},
};

/// A parser of something that comes over the network or from the configuration.
pub struct Parser {
    /// What it reads.
    pub name: &'static str,
    /// Inputs that it takes, or nearly.
    pub seeds: &'static [&'static str],
    /// Reads any bytes, and panics where the parser does not do what it should.
    pub check: fn(&[u8]),
}

/// Characters that mean something to one parser or another.
const TELLING: &[&str] = &[
    "\0",
    "\t",
    "\n",
    "\r\n",
    " ",
    "\"",
    "'",
    "*",
    ",",
    "-",
    ".",
    "..",
    "/",
    ":",
    ";",
    "=",
    "?",
    "@",
    "[",
    "]",
    "{",
    "}",
    "_",
    "~",
    "0",
    "1",
    "9",
    "A",
    "z",
    "+",
    "%",
    "%00",
    "&",
    "#",
    "W/",
    "\\",
    "\\u0000",
    "null",
    "[[[[",
    "\u{301}",
    "\u{345}",
    "가",
    "\u{1100}\u{1161}",
    "ß",
    "İ",
    "ŉ",
    "\u{feff}",
    "\u{10ffff}",
    "18446744073709551616",
    "1e400",
    "-1",
    "٣",
];

/// Runs each parser with random inputs, and tells the smallest one that breaks it.
///
/// `PROPTEST_CASES` says with how many, and `PROPTEST_RNG_SEED` with which; otherwise they are the same every time, so that
/// a failure comes again.
///
/// # Panics
/// When something does not hold.
pub fn hold(parsers: &[Parser]) {
    for parser in parsers {
        for seed in parser.seeds {
            (parser.check)(seed.as_bytes());
        }
        let mut config = Config {
            failure_persistence: None,
            ..Config::default()
        };
        if std::env::var_os("PROPTEST_CASES").is_none() {
            config.cases = 2000;
        }
        if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
            config.rng_seed = RngSeed::Fixed(1);
        }
        let held = TestRunner::new(config).run(&near(parser.seeds), |Input(bytes)| {
            (parser.check)(&bytes);
            Ok(())
        });
        if let Err(error) = held {
            panic!("{}: {error}", parser.name);
        }
    }
}

/// What a parser is to read, told so that it can be pasted into a test.
struct Input(Vec<u8>);

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// Any bytes, any text, pieces in any order, and good inputs with a few bytes changed.
fn near(seeds: &'static [&'static str]) -> impl Strategy<Value = Input> {
    let pieces = vec(prop_oneof![select(seeds), select(TELLING)], 0..12);
    let changes = vec((any::<Index>(), 0..4_u8, any::<u8>()), 1..5);
    prop_oneof![
        vec(any::<u8>(), 0..120),
        any::<String>().prop_map(String::into_bytes),
        pieces.prop_map(|pieces| pieces.concat().into_bytes()),
        (select(seeds), changes).prop_map(|(seed, changes)| changed(seed.as_bytes(), &changes)),
    ]
    .prop_map(Input)
}

fn changed(seed: &[u8], changes: &[(Index, u8, u8)]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for (at, kind, byte) in changes {
        let at = at.index(bytes.len() + 1);
        match kind {
            0 => bytes.insert(at, *byte),
            1 => drop(bytes.drain(at..(at + usize::from(byte % 8)).min(bytes.len()))),
            2 if at < bytes.len() => bytes[at] = *byte,
            _ => bytes.extend_from_within(at..),
        }
    }
    bytes
}
