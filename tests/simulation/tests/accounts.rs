//! Random histories of the auth service. `SIM_HISTORIES` says how many for the usual 100,000, `SIM_SEED` replays one of them.

use simulation::{
    accounts::{Kind, run},
    deletions,
    explore::check,
    factors,
    plan::Conditions,
    programs, sessions,
};

#[test]
fn a_name_belongs_to_one_user() {
    let conditions = Conditions::normal();
    check(3_000, |stage, seed| run(stage, seed, Kind::Names, &conditions));
}

#[test]
fn guesses_are_put_off_and_a_renewed_hash_undoes_nothing() {
    let conditions = Conditions::normal();
    let tally = check(5_000, |stage, seed| run(stage, seed, Kind::SignIns, &conditions));
    // Nothing is left out: somebody was let in, refused, and put off.
    if !tally.is_empty() {
        for what in ["tokens", "401", "429"] {
            assert!(tally.contains_key(what), "{what} never happened: {tally:?}");
        }
    }
}

#[test]
fn instances_agree_on_the_first_signing_key() {
    let conditions = Conditions::normal();
    check(3_000, |stage, seed| run(stage, seed, Kind::Keys, &conditions));
}

#[test]
fn a_session_goes_on_by_one_way_and_ends_for_good() {
    let conditions = Conditions::normal();
    check(5_000, |stage, seed| run(stage, seed, Kind::Sessions, &conditions));
}

#[test]
fn a_session_that_was_ended_is_over_and_told_to_others() {
    let conditions = Conditions::normal();
    let tally = check(8_000, |stage, seed| sessions::run(stage, seed, &conditions));
    if !tally.is_empty() {
        for what in [
            "entries",
            "lists of sessions",
            "lists of ended sessions",
            "tokens",
            "401",
            "422",
        ] {
            assert!(tally.contains_key(what), "{what} never happened: {tally:?}");
        }
    }
}

#[test]
fn a_code_is_good_once_and_a_recovery_ends_what_was_before() {
    let conditions = Conditions::normal();
    let tally = check(5_000, |stage, seed| factors::run(stage, seed, &conditions));
    if !tally.is_empty() {
        // Sessions began, passwords were changed or recovered, and codes were refused: those of apps, and those for recovery.
        for what in ["entries", "removals", "401", "422", "active tokens", "inactive tokens"] {
            assert!(tally.contains_key(what), "{what} never happened: {tally:?}");
        }
    }
}

#[test]
fn an_account_goes_whole_or_not_at_all() {
    let conditions = Conditions::normal();
    let tally = check(8_000, |stage, seed| deletions::run(stage, seed, &conditions));
    if !tally.is_empty() {
        for what in [
            "deletions",
            "removals",
            "entries",
            "tokens",
            "memos",
            "sweeps",
            "401",
            "crashes",
        ] {
            assert!(tally.contains_key(what), "{what} never happened: {tally:?}");
        }
    }
}

#[test]
fn a_code_begins_one_session_which_ends_when_the_code_is_used_again() {
    let conditions = Conditions::normal();
    let tally = check(6_000, |stage, seed| programs::run(stage, seed, &conditions));
    if !tally.is_empty() {
        for what in ["codes", "tokens", "removals", "400", "404", "503", "crashes"] {
            assert!(tally.contains_key(what), "{what} never happened: {tally:?}");
        }
    }
}
