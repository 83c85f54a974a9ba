//! Every order of the store operations of a few requests for the same step, on one side of a window's edge and on both.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use fastrand::Rng;
use simulation::{
    answer::Answer,
    call::{Act, Among},
    choices::{Choices, every},
    follower::Follower,
    history, judge, months,
    mutant::Mutant,
    stage::{Fate, Stage, Violation},
    tokens::EPOCH,
    world::Setting,
};

const USER: usize = 0;
const WINDOW: u64 = common::store::claim::WINDOW.as_millis() as u64;
const DAY: u64 = 24 * 60 * 60 * 1000;

/// Instances whose clocks read the same, or lie on the two sides of a window's edge.
fn clocks(mutant: Mutant) -> [Setting; 2] {
    let on_the_edge = Setting {
        start: EPOCH / WINDOW * WINDOW,
        mutant,
        ..Setting::calm()
    };
    let apart = Setting {
        skews: vec![-1, 0, 1],
        ..on_the_edge.clone()
    };
    [on_the_edge, apart]
}

/// What is there when requests race.
#[derive(Clone, Copy, Debug)]
enum Before {
    /// A memo.
    Memo,
    /// A memo in the trash.
    Trashed,
    /// A memo whose stay in the trash is over.
    Overdue,
    /// So many memos that one more is allowed.
    AlmostAll,
}

fn prepare(stage: &mut Stage, setting: &Setting, before: Before) -> Result<(), Violation> {
    let limited = matches!(before, Before::AlmostAll);
    stage.reset(Setting {
        limited,
        ..setting.clone()
    });
    stage.perform(USER, 0, Act::Create(None), "first #a")?;
    match before {
        Before::Memo => {}
        Before::Trashed => {
            stage.perform(USER, 0, Act::Remove(1, 1), "")?;
        }
        Before::Overdue => {
            stage.perform(USER, 0, Act::Remove(1, 1), "")?;
            stage.state().pass(32 * DAY);
            months::swept_until_now(stage);
        }
        Before::AlmostAll => {
            for index in 0..3 {
                stage.perform(USER, 0, Act::Create(None), &format!("before {index}"))?;
            }
        }
    }
    Ok(())
}

/// Runs requests, each at its own instance, in an order of choice.
fn race(
    stage: &mut Stage,
    setting: &Setting,
    before: Before,
    acts: &[Act],
    choices: &mut Choices,
) -> Result<(), Violation> {
    prepare(stage, setting, before)?;
    compete(stage, acts, choices)?;
    history::quota(stage, USER)?;
    let state = stage.state();
    judge::history(&state.journal, &stage.calls).map_err(Violation)
}

fn compete(stage: &mut Stage, acts: &[Act], choices: &mut Choices) -> Result<(), Violation> {
    let texts = acts.iter().enumerate().map(|(index, act)| match act {
        Act::Create(Some(_)) => "keyed".to_owned(),
        _ => format!("text {index} #b"),
    });
    let texts: Vec<String> = texts.collect();
    for (instance, (act, text)) in acts.iter().zip(&texts).enumerate() {
        stage.begin(USER, instance, act.clone(), text)?;
    }
    while let Some(index) = choose(stage, acts, choices) {
        stage.grant(index, Fate::Granted)?;
    }
    Ok(())
}

/// Whether no other request of the race looks at this key.
fn is_own(acts: &[Act], key: &str) -> bool {
    let ends = |ends: &[&str]| ends.iter().any(|end| key.ends_with(end));
    match acts[0] {
        Act::Tags => !ends(&["/overview", "/tag-counts"]),
        Act::List { .. } => !key.starts_with("memo/cursor-key"),
        _ if acts.iter().any(|act| matches!(act, Act::Changes { .. })) => false,
        _ => ends(&["/changes", "/history"]) || key.contains("/change/") || key.starts_with("memo/due/"),
    }
}

/// The place of an operation of choice. What no other request looks at comes at once. Of three requests, and of one that
/// follows the feed, each does its own operations in one order, or there would be too many orders to try.
fn choose(stage: &Stage, acts: &[Act], choices: &mut Choices) -> Option<usize> {
    let state = stage.state();
    let own = state.ops.iter().position(|op| is_own(acts, op.ask.key()));
    if own.is_some() {
        return own;
    }
    let call = |index: usize| state.ops[index].caller.map(|caller| caller.call);
    let is_first = |index: &usize| (0..*index).all(|earlier| call(earlier) != call(*index));
    let is_long = |act: &Act| matches!(act, Act::Changes { .. } | Act::List { .. });
    let all = 0..state.ops.len();
    let of: Vec<usize> = if acts.len() > 2 || acts.iter().any(is_long) {
        all.filter(is_first).collect()
    } else {
        all.collect()
    };
    (!of.is_empty()).then(|| of[choices.choose(of.len())])
}

fn every_race(before: Before, acts: &[Act]) {
    let mut stage = Stage::new();
    for setting in clocks(Mutant::None) {
        let mut winners = [0_u64; 2];
        let orders = every(|choices| {
            assert_eq!(race(&mut stage, &setting, before, acts, choices), Ok(()), "{choices:?}");
            let won = |answer: &Answer| matches!(answer, Answer::Memo(_) | Answer::Trashed(_) | Answer::Removed);
            let began = stage.calls.len() - acts.len();
            let count = stage.calls[began..]
                .iter()
                .filter(|call| call.answer().is_some_and(won))
                .count();
            winners[count.min(1)] += 1;
        });
        eprintln!("{acts:?}: {orders} orders; nobody won in {}", winners[0]);
        assert!(orders > 50 && winners[1] > 0, "these did not race");
    }
}

#[test]
fn of_two_updates_at_most_one_wins() {
    every_race(Before::Memo, &[Act::Replace(1, 1), Act::Replace(1, 1)]);
}

#[test]
fn of_an_update_and_a_removal_at_most_one_wins() {
    every_race(Before::Memo, &[Act::Replace(1, 1), Act::Remove(1, 1)]);
}

#[test]
fn of_two_removals_at_most_one_wins() {
    every_race(Before::Memo, &[Act::Remove(1, 1), Act::Remove(1, 1)]);
}

#[test]
fn of_three_changes_at_most_one_wins() {
    every_race(
        Before::Memo,
        &[Act::Replace(1, 1), Act::Replace(1, 1), Act::Remove(1, 1)],
    );
}

#[test]
fn two_creates_with_one_idempotency_key_make_one_memo() {
    let key = Act::Create(Some("key".to_owned()));
    every_race(Before::Memo, &[key.clone(), key]);
}

#[test]
fn a_memo_leaves_the_trash_by_one_way() {
    for restore in [Act::Restore(1, Some(2)), Act::Restore(1, None)] {
        every_race(Before::Trashed, &[Act::Remove(1, 2), restore.clone()]);
        every_race(Before::Trashed, &[Act::EmptyTrash, restore]);
    }
}

#[test]
fn a_memo_whose_stay_in_the_trash_is_over_leaves_it_by_one_way() {
    every_race(Before::Overdue, &[Act::Maintain, Act::Restore(1, Some(2))]);
}

#[test]
fn the_last_of_what_is_allowed_is_had_once() {
    let mut stage = Stage::new();
    let acts = [Act::Create(None), Act::Create(None)];
    let orders = every(|choices| {
        let raced = race(&mut stage, &Setting::calm(), Before::AlmostAll, &acts, choices);
        assert_eq!(raced, Ok(()), "{choices:?}");
        let made = stage.state().journal.live(USER).count();
        assert!(made <= 5, "{made} memos");
    });
    eprintln!("{orders} orders");
    assert!(orders > 3, "these did not race");
}

#[test]
fn whoever_follows_the_feed_meanwhile_knows_everything_in_the_end() {
    let mut stage = Stage::new();
    for (before, change) in [
        (Before::Memo, Act::Create(None)),
        (Before::Memo, Act::Replace(1, 1)),
        (Before::Memo, Act::Remove(1, 1)),
        (Before::Trashed, Act::Remove(1, 2)),
    ] {
        let orders = every(|choices| {
            let followed = follow(&mut stage, before, &change, choices);
            assert_eq!(followed, Ok(()), "{change:?}, {choices:?}");
        });
        eprintln!("{change:?}: {orders} orders");
        assert!(orders > 10, "these did not race");
    }
}

fn follow(stage: &mut Stage, before: Before, change: &Act, choices: &mut Choices) -> Result<(), Violation> {
    let mut rng = Rng::with_seed(0);
    prepare(stage, &Setting::calm(), before)?;
    let mut follower = Follower::new(&mut rng, 1, false);
    stage.begin(USER, 0, change.clone(), "changed #b")?;
    let (_, read) = follower.next(stage).expect("it waits for nothing");
    stage.begin(USER, 1, read.clone(), "")?;
    let acts = [change.clone(), read];
    while let Some(index) = choose(stage, &acts, choices) {
        stage.grant(index, Fate::Granted)?;
    }
    // Before and after all is settled.
    follower.settle(stage, &mut rng)?;
    stage.state().pass(judge::LINGER);
    follower.settle(stage, &mut rng)?;
    history::tags(stage, &mut rng, USER)
}

#[test]
fn tags_that_two_read_at_once_are_right_afterwards() {
    let mut stage = Stage::new();
    let mut rng = Rng::with_seed(0);
    let orders = every(|choices| {
        let mut read = || {
            prepare(&mut stage, &Setting::calm(), Before::Memo)?;
            stage.perform(USER, 0, Act::Tags, "")?;
            stage.perform(USER, 0, Act::Replace(1, 1), "other #c")?;
            compete(&mut stage, &[Act::Tags, Act::Tags], choices)?;
            history::tags(&mut stage, &mut rng, USER)?;
            stage.perform(USER, 0, Act::Replace(1, 2), "again #d")?;
            history::tags(&mut stage, &mut rng, USER)
        };
        assert_eq!(read(), Ok(()), "{choices:?}");
    });
    eprintln!("{orders} orders");
    assert!(orders > 50, "these did not race");
}

#[test]
fn instances_agree_on_the_key_of_cursors() {
    let mut stage = Stage::new();
    let list = Act::list(Among::All, 1);
    let orders = every(|choices| {
        let mut agree = || {
            stage.reset_memo(Setting::calm());
            for text in ["one", "two"] {
                stage.perform(USER, 0, Act::Create(None), text)?;
            }
            compete(&mut stage, &[list.clone(), list.clone()], choices)?;
            stage.state().pass(judge::LINGER);
            let cursors = [0, 1, 2].map(|instance| match stage.perform(USER, instance, list.clone(), "") {
                Ok(Answer::Page(_, Some(cursor))) => cursor,
                other => panic!("a page is {other:?}"),
            });
            assert!(cursors.iter().all(|cursor| *cursor == cursors[0]), "there are two keys");
            Ok::<(), Violation>(())
        };
        assert_eq!(agree(), Ok(()), "{choices:?}");
    });
    eprintln!("{orders} orders");
    assert!(orders > 50, "these did not race");
}

#[test]
fn without_a_part_of_the_claim_some_order_lets_two_win() {
    let mut stage = Stage::new();
    let acts = [Act::Replace(1, 1), Act::Replace(1, 1)];
    for mutant in [Mutant::EverybodyIsFirst, Mutant::NeighboursUnseen, Mutant::NoSecondRead] {
        let mut broken = 0;
        for setting in clocks(mutant) {
            every(|choices| broken += u64::from(race(&mut stage, &setting, Before::Memo, &acts, choices).is_err()));
        }
        eprintln!("{mutant:?}: broken in {broken} orders");
        assert!(broken > 0, "{mutant:?} goes unnoticed");
    }
}
