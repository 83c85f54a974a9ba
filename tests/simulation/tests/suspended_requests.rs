//! Requests that sleep where they may, while others go on: step by step.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use simulation::{
    answer::Answer,
    call::{Act, Among},
    judge,
    mutant::Mutant,
    script::{next, run, run_until},
    stage::{Fate, Stage, Violation},
    wishes::lose_ids,
    world::Setting,
};

const USER: usize = 0;

const LIST: Act = Act::list(Among::All, 20);

/// A create takes its id and waits, other ids are lost above it, `overtaken` lists them meanwhile, and then the
/// create writes its memo. What does a listing find in the end?
fn overtake(setting: Setting, sleep: u64) -> Result<Answer, Violation> {
    let mut stage = Stage::new();
    stage.reset(setting);
    stage.state().direct = false;
    let sleeper = stage.begin(USER, 0, LIST, "")?;
    stage.state().pass(sleep);

    let create = stage.begin(USER, 1, Act::Create(None), "slow")?;
    run_until(&mut stage, create, "memo/u0/1")?;
    lose_ids(&stage, USER, 60);
    run(&mut stage, sleeper)?;
    stage.perform(USER, 0, LIST, "")?;
    stage.perform(USER, 0, LIST, "")?;
    run(&mut stage, create)?;
    stage.perform(USER, 0, LIST, "")
}

fn finds_one(answer: Result<Answer, Violation>) -> bool {
    matches!(answer, Ok(Answer::Page(items, None)) if items.len() == 1)
}

#[test]
fn a_listing_does_not_take_young_holes_for_old_ones() {
    assert!(finds_one(overtake(Setting::calm(), 0)));
}

#[test]
fn nor_does_one_that_slept_before_it_asked_for_the_head() {
    let found = overtake(Setting::calm(), 70_000);
    assert!(finds_one(found.clone()), "{found:?}");
}

#[test]
fn one_that_does_take_them_is_found_out() {
    let mutant = Setting {
        mutant: Mutant::NothingIsUnsettled,
        ..Setting::calm()
    };
    let found = overtake(mutant, 0);
    assert!(
        matches!(&found, Err(Violation(what)) if what.contains("is not listed")),
        "{found:?}"
    );
}

#[test]
fn a_retry_that_slept_after_it_found_no_memo_does_not_make_a_second_one() {
    let mut stage = Stage::new();
    let history = retry(&mut stage);
    assert_eq!(history, Ok(()));
    let state = stage.state();
    assert_eq!(judge::history(&state.journal, &stage.calls), Ok(()));
    assert_eq!(state.journal.live(USER).count(), 1);
}

/// The first request is about to write its memo; the retry has looked for it and has the answer on its way. Then the
/// memo is written, too late to be marked, and a minute passes.
fn retry(stage: &mut Stage) -> Result<(), Violation> {
    let keyed = Act::Create(Some("key".to_owned()));
    stage.reset(Setting::calm());
    stage.state().direct = false;
    let first = stage.begin(USER, 0, keyed.clone(), "keyed")?;
    run_until(stage, first, "memo/u0/1")?;
    let retry = stage.begin(USER, 1, keyed, "keyed")?;
    run_until(stage, retry, "memo/u0/1")?;
    let index = next(stage, retry).expect("it looks for the memo");
    stage.grant(index, Fate::Delayed)?;
    stage.state().pass(12_000);
    run(stage, first)?;
    stage.state().pass(60_000);
    run(stage, retry)
}
