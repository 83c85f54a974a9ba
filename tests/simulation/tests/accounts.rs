//! Random histories of the auth service. `SIM_HISTORIES` says how many for the usual 100,000, `SIM_SEED` replays one of them.

use simulation::{
    accounts::{Kind, run},
    explore::check,
    plan::Conditions,
};

/// Fewer than of the others: to hash a password takes as long as hundreds of other requests.
const NAMES: u64 = 60;

#[test]
fn a_name_belongs_to_one_user() {
    let conditions = Conditions::normal();
    check(NAMES, |stage, seed| run(stage, seed, Kind::Names, &conditions));
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
