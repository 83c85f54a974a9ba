//! Every order of the store operations of a few requests for the same step, on one side of a window's edge and on both.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use simulation::{
    call::{Act, Answer},
    choices::{Choices, every},
    judge,
    mutant::Mutant,
    stage::{Fate, Stage, Violation},
    tokens::EPOCH,
    world::Setting,
};

const USER: usize = 0;
const WINDOW: u64 = common::store::claim::WINDOW.as_millis() as u64;

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

/// Runs requests, each at its own instance, in an order of choice.
fn race(stage: &mut Stage, setting: &Setting, acts: &[Act], choices: &mut Choices) -> Result<(), Violation> {
    stage.reset(setting.clone());
    stage.perform(USER, 0, Act::Create(None), "first")?;
    let texts = acts.iter().enumerate().map(|(index, act)| match act {
        Act::Create(_) => "keyed".to_owned(),
        _ => format!("text {index}"),
    });
    let texts: Vec<String> = texts.collect();
    for (instance, (act, text)) in acts.iter().zip(&texts).enumerate() {
        stage.begin(USER, instance, act.clone(), text)?;
    }
    while let Some(index) = choose(stage, acts.len(), choices) {
        stage.grant(index, Fate::Granted)?;
    }
    let state = stage.state();
    judge::history(&state.journal, &stage.calls).map_err(Violation)
}

/// The place of an operation of choice. Of three requests each does its own operations in one order, or there would be
/// too many orders to try: those are two reads of different keys.
fn choose(stage: &Stage, requests: usize, choices: &mut Choices) -> Option<usize> {
    let state = stage.state();
    let call = |index: usize| state.ops[index].caller.map(|caller| caller.call);
    let is_first = |index: &usize| (0..*index).all(|earlier| call(earlier) != call(*index));
    let all = 0..state.ops.len();
    let of: Vec<usize> = if requests > 2 {
        all.filter(is_first).collect()
    } else {
        all.collect()
    };
    (!of.is_empty()).then(|| of[choices.choose(of.len())])
}

fn every_race(acts: &[Act]) {
    let mut stage = Stage::new();
    for setting in clocks(Mutant::None) {
        let mut winners = [0_u64; 2];
        let orders = every(|choices| {
            assert_eq!(race(&mut stage, &setting, acts, choices), Ok(()), "{choices:?}");
            let won = |answer: &Answer| matches!(answer, Answer::Memo(_) | Answer::Removed);
            let count = stage.calls[1..]
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
    every_race(&[Act::Replace(1, 1), Act::Replace(1, 1)]);
}

#[test]
fn of_an_update_and_a_removal_at_most_one_wins() {
    every_race(&[Act::Replace(1, 1), Act::Remove(1, 1)]);
}

#[test]
fn of_two_removals_at_most_one_wins() {
    every_race(&[Act::Remove(1, 1), Act::Remove(1, 1)]);
}

#[test]
fn of_three_changes_at_most_one_wins() {
    every_race(&[Act::Replace(1, 1), Act::Replace(1, 1), Act::Remove(1, 1)]);
}

#[test]
fn two_creates_with_one_idempotency_key_make_one_memo() {
    let key = Act::Create(Some("key".to_owned()));
    every_race(&[key.clone(), key]);
}

#[test]
fn without_a_part_of_the_claim_some_order_lets_two_win() {
    let mut stage = Stage::new();
    let acts = [Act::Replace(1, 1), Act::Replace(1, 1)];
    for mutant in [Mutant::EverybodyIsFirst, Mutant::NeighboursUnseen, Mutant::NoSecondRead] {
        let mut broken = 0;
        for setting in clocks(mutant) {
            every(|choices| broken += u64::from(race(&mut stage, &setting, &acts, choices).is_err()));
        }
        eprintln!("{mutant:?}: broken in {broken} orders");
        assert!(broken > 0, "{mutant:?} goes unnoticed");
    }
}
