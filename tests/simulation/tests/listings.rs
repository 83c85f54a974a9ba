//! Listings that are overtaken, step by step.

use simulation::{
    call::{Act, Answer},
    mutant::Mutant,
    stage::{Fate, Stage, Violation},
    world::{CallId, Setting},
};

const USER: usize = 0;

/// Lets the requests of `call` go on until it needs `prefix` from the store, or has ended.
fn run_until(stage: &mut Stage, call: CallId, prefix: &str) {
    loop {
        let next = stage
            .state()
            .ops
            .iter()
            .position(|op| op.caller.is_some_and(|caller| caller.call == call));
        let Some(index) = next else { return };
        if stage.state().ops[index].ask.key().starts_with(prefix) {
            return;
        }
        stage.grant(index, Fate::Granted).expect("no promise is broken");
    }
}

fn run(stage: &mut Stage, call: CallId) {
    run_until(stage, call, "nothing");
}

/// Memos that come and go: as many holes.
fn purge(stage: &mut Stage, count: usize) {
    for index in 0..count {
        let text = format!("purged {index}");
        let Ok(Answer::Memo(memo)) = stage.perform(USER, 0, Act::Create(None), &text) else {
            panic!("a create failed")
        };
        assert_eq!(stage.perform(USER, 0, Act::Remove(memo.id, 1), ""), Ok(Answer::Removed));
    }
}

const LIST: Act = Act::List {
    limit: 20,
    before: None,
};

/// A create takes its id and waits, other memos come and go above it, `overtaken` lists them meanwhile, and then the
/// create writes its memo. What does a listing find in the end?
fn overtake(setting: Setting, sleep: u64) -> Result<Answer, Violation> {
    let mut stage = Stage::new();
    stage.reset(setting);
    stage.state().direct = false;
    let sleeper = stage.begin(USER, 0, LIST, "")?;
    stage.state().pass(sleep);

    let create = stage.begin(USER, 1, Act::Create(None), "slow")?;
    run_until(&mut stage, create, "memo/u0/1");
    purge(&mut stage, 60);
    run(&mut stage, sleeper);
    stage.perform(USER, 0, LIST, "")?;
    stage.perform(USER, 0, LIST, "")?;
    run(&mut stage, create);
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
