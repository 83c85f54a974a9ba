//! Listings that are overtaken, step by step.

use simulation::{
    call::{Act, Answer},
    stage::{Fate, Stage},
    world::{CallId, Setting},
};

const USER: usize = 0;

/// Lets the requests of `call` go on until it needs `prefix` from the store, or has ended.
fn run_until(stage: &mut Stage, call: CallId, prefix: &str) {
    loop {
        let next = stage.state().ops.iter().position(|op| op.caller.is_some_and(|caller| caller.call == call));
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

#[test]
fn a_listing_that_slept_before_it_asked_for_the_head_does_not_take_young_holes_for_old_ones() {
    let mut stage = Stage::new();
    stage.reset(Setting::calm());
    stage.state().direct = false;
    let sleeper = stage.begin(USER, 0, LIST, "").expect("it waits for the head");
    stage.state().pass(70_000);

    let create = stage.begin(USER, 1, Act::Create(None), "slow").expect("it waits for its id");
    run_until(&mut stage, create, "memo/u0/1");
    purge(&mut stage, 60);
    run(&mut stage, sleeper);
    stage.perform(USER, 0, LIST, "").expect("it is as it is");
    run(&mut stage, create);

    // The judge would object as well.
    let Ok(Answer::Page(items, None)) = stage.perform(USER, 0, LIST, "") else {
        panic!("not the last page, or no page")
    };
    assert_eq!(items.len(), 1, "the memo that was being written is lost to listings");
}
