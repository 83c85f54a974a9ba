//! All parsers of the three crates, for libFuzzer: what holds for them is in each crate's `fuzzing.rs`.
//!
//! `FUZZ_PARSER` names the one to be tried (`cookies`, say). Without it an input's first byte chooses.
#![no_main]

use std::sync::LazyLock;

use common::testing::parsers::Parser;
use libfuzzer_sys::fuzz_target;

static PARSERS: LazyLock<Vec<&'static Parser>> = LazyLock::new(|| {
    let all = [
        common::fuzzing::PARSERS,
        auth_component::fuzzing::PARSERS,
        memo_component::fuzzing::PARSERS,
    ];
    let wanted = std::env::var("FUZZ_PARSER").ok();
    let is_wanted = |parser: &&Parser| wanted.as_ref().is_none_or(|name| parser.name == name);
    let parsers: Vec<_> = all.into_iter().flatten().filter(is_wanted).collect();
    assert!(!parsers.is_empty(), "no parser is called {wanted:?}");
    parsers
});

fuzz_target!(|input: &[u8]| {
    match (PARSERS.as_slice(), input) {
        ([only], input) => (only.check)(input),
        (all, [choice, input @ ..]) => (all[usize::from(*choice) % all.len()].check)(input),
        _ => {}
    }
});
