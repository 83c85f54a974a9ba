//! The simulator notices what it is there to notice: with one part of the protocol without effect it finds a broken
//! promise, and soon.

use simulation::{
    explore::{explore, replay},
    mutant::Mutant,
};

/// How many histories it may take.
const SOON: u64 = 20_000;

/// How it shows that two won.
const TWO_WON: &[&str] = &[
    "two winners",
    "removed twice",
    "came back",
    "who was refused",
    "acknowledged",
];

/// Looks for a history in which `mutant` breaks a promise in these words.
fn finds(mutant: Mutant, words: &[&str]) {
    let finding = match explore(SOON, mutant) {
        Ok(tally) => panic!("{mutant:?} goes unnoticed in {SOON} histories: {tally:?}"),
        Err(finding) => finding,
    };
    eprintln!("{mutant:?}: history {}: {}", finding.seed, finding.violation.0);
    let said = words.iter().any(|words| finding.violation.0.contains(words));
    assert!(said, "{mutant:?} should break another promise");
    let (trace, result) = replay(finding.seed, mutant);
    assert_eq!(result, Err(finding.violation), "the history does not replay:\n{trace}");
    assert!(!trace.is_empty(), "the history tells nothing");
}

#[test]
fn a_claim_without_the_increment_lets_two_win() {
    finds(Mutant::EverybodyIsFirst, TWO_WON);
}

#[test]
fn a_claim_without_the_windows_beside_it_lets_two_win() {
    finds(Mutant::NeighboursUnseen, TWO_WON);
}

#[test]
fn a_claim_without_the_second_read_lets_two_win() {
    finds(Mutant::NoSecondRead, TWO_WON);
}

#[test]
fn a_claim_without_an_age_lets_two_win() {
    finds(
        Mutant::NoFreshness,
        &[TWO_WON, &["is not listed", "two memos"]].concat(),
    );
}

#[test]
fn an_idempotency_key_without_a_claim_makes_two_memos() {
    finds(Mutant::Unclaimed("/idem/"), &["made two memos"]);
}

#[test]
fn a_listing_that_takes_every_hole_for_settled_loses_memos() {
    finds(Mutant::NothingIsUnsettled, &["is not listed"]);
}
