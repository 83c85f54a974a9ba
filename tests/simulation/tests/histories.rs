//! Random histories. `SIM_HISTORIES` says how many for the usual 100,000, `SIM_SEED` replays one of them.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use simulation::{
    explore::{USUAL, check},
    history, imports,
    plan::Conditions,
};

#[test]
fn every_promise_holds_in_every_history() {
    let conditions = Conditions::normal();
    let tally = check(USUAL, |stage, seed| history::run(stage, seed, &conditions));
    let everything = [
        "403 over quota",
        "404",
        "409",
        "409 in trash",
        "412",
        "503",
        "crashes",
        "failures",
        "late effects",
        "pages",
        "trashings",
        "removals",
        "histories of memos",
        "batches",
        "news",
        "open news",
        "tags",
        "sweeps",
        "histories of months",
        "skip notes",
        "histories without increment",
    ];
    for what in everything {
        let times = tally.get(what).copied().unwrap_or(0);
        assert!(
            times >= 100 || tally.values().sum::<u64>() < 1_000_000,
            "{what} came to pass {times} times only"
        );
    }
}

#[test]
fn without_increment_every_promise_holds_for_requests_that_come_one_by_one() {
    let conditions = Conditions {
        one_by_one: true,
        ..Conditions::normal()
    };
    check(5_000, |stage, seed| history::run(stage, seed, &conditions));
}

#[test]
fn an_import_makes_each_memo_once_whoever_else_imports_and_dies() {
    let conditions = Conditions::normal();
    let tally = check(5_000, |stage, seed| imports::run(stage, seed, &conditions));
    if !tally.is_empty() {
        for what in ["imports", "409", "503", "crashes", "late effects"] {
            assert!(tally.contains_key(what), "{what} never happened: {tally:?}");
        }
    }
}
