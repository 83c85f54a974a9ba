//! A history goes on for months: what is due goes, and nothing else.

use common::world::clock::Timestamp;
use fastrand::Rng;
use futures::FutureExt;
use memo_component::catalog::once::KEPT;

use crate::{
    answer::Answer,
    call::Act,
    history,
    op::{Ask, Reply, perform},
    plan::Plan,
    services::{INSTANCES, LITTLE},
    stage::{Stage, Violation},
    storm,
    wishes::{Wishes, target},
    world::{SKEW_MAX, State},
};

const DAY: u64 = 24 * 60 * 60 * 1000;

/// Where the lists are.
const LISTS: &str = "memo/due/";

/// The days up to this one have been gone through: the service has been there for a while.
pub fn swept_until_now(stage: &Stage) {
    let mut state = stage.state();
    let day = Timestamp(state.now).day() - 1;
    let from = format!("{{\"day\":{day},\"done\":0}}");
    for lists in [LISTS, "auth/due/"] {
        let ask = Ask::Set(format!("{lists}from"), from.clone().into_bytes());
        state.apply(None, &ask).expect("a write");
    }
}

/// Days pass, and some requests with faults, most of them for maintenance; at last a sweep meets nobody.
///
/// # Errors
/// The first thing that was promised and does not hold.
pub fn pass(stage: &mut Stage, rng: &mut Rng, plan: &Plan, wishes: &mut Wishes) -> Result<(), Violation> {
    let plan = Plan {
        requests: rng.usize(2..=5),
        ..plan.clone()
    };
    wishes.sweeping = true;
    for _ in 0..rng.usize(1..=3) {
        for _ in 0..rng.usize(..3) {
            let user = rng.usize(..wishes.users);
            let (id, version) = target(stage, rng, user);
            wishes.at_once(stage, rng, user, Act::Remove(id, version))?;
        }
        let tenths = [1, 30, 69, 71, 80, 150, 290, 305, 321, 400][rng.usize(..10)];
        let mut state = stage.state();
        state.pass(tenths * DAY / 10);
        if rng.bool() {
            // To the end of the day, as some clocks have it.
            let left = DAY - state.now % DAY;
            state.pass(left.saturating_add_signed(rng.i64(-SKEW_MAX..=SKEW_MAX)));
        }
        drop(state);
        storm::rage(stage, rng, &plan, wishes)?;
        storm::calm_down(stage)?;
    }
    // What was being changed just then is due again the day after.
    for _ in 0..2 {
        sweep(stage, rng.usize(..INSTANCES))?;
        stage.state().pass(DAY);
    }
    sweep(stage, rng.usize(..INSTANCES))?;
    judge(&stage.state()).map_err(Violation)?;
    for user in 0..wishes.users {
        history::quota(stage, user)?;
    }
    stage.count("histories of months");
    history::agree(stage, rng, wishes)
}

/// Maintenance that meets nobody, to the end.
///
/// # Errors
/// What was promised and does not hold.
pub fn sweep(stage: &mut Stage, instance: usize) -> Result<(), Violation> {
    for _ in 0..100 {
        match stage.perform(0, instance, Act::Maintain, "")? {
            Answer::Swept(false) => return Ok(()),
            Answer::Swept(true) => {}
            other => return Err(Violation(format!("maintenance was answered {other:?}"))),
        }
    }
    Err(Violation("maintenance has no end".to_owned()))
}

/// Nothing is there that was due yesterday or before.
///
/// # Errors
/// When something is.
pub fn judge(state: &State) -> Result<(), String> {
    let today = Timestamp(state.now - SKEW_MAX as u64).day();
    for (user, id, entries) in state.journal.memos() {
        let content = entries.last().and_then(|entry| entry.content.as_ref());
        let Some(trashed_at) = content.and_then(|memo| memo.trashed_at) else {
            continue;
        };
        if Timestamp(trashed_at + LITTLE.trash_days * DAY).day() + 1 < today {
            return Err(format!(
                "memo {user}/{id} is in the trash for too long, and still there"
            ));
        }
    }
    for (key, started_at) in state.journal.keys() {
        if (started_at + KEPT).day() + 1 < today {
            return Err(format!("{key} is still there"));
        }
    }
    let listed = match perform(&state.store, &Ask::Keys(LISTS.to_owned())).now_or_never() {
        Some(Ok(Reply::Keys(keys))) => keys,
        other => unreachable!("{other:?}"),
    };
    for key in listed {
        let mut parts = key.split('/').skip(2);
        let day = parts.next().and_then(|day| day.parse::<u64>().ok());
        // The counter of a day that is over may come back as nothing, by a sweep that ended just when it read it.
        let is_entry = parts.next().is_some();
        if is_entry && day.is_some_and(|day| day + 1 < today) {
            return Err(format!("{key} is left in the lists of what was due"));
        }
    }
    Ok(())
}
