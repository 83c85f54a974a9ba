//! Random histories of links to memos. `SIM_HISTORIES` says how many for the usual 100,000, `SIM_SEED` replays one of them.

use simulation::{explore::check, plan::Conditions, shares};

#[test]
fn a_link_opens_its_memo_until_it_ends_and_no_longer() {
    let conditions = Conditions::normal();
    let tally = check(8_000, |stage, seed| shares::run(stage, seed, &conditions));
    if !tally.is_empty() {
        for what in [
            "links",
            "opened links",
            "removals",
            "trashings",
            "409 in trash",
            "404",
            "409",
            "sweeps",
        ] {
            assert!(tally.contains_key(what), "{what} never happened: {tally:?}");
        }
    }
}
