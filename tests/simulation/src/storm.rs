//! Requests at the same time, with faults, and the clock moving on.

use fastrand::Rng;

use crate::{
    call::Act,
    op::{CallId, Op, Phase},
    plan::{Plan, Policy},
    services::INSTANCES,
    stage::{Effect, Fate, Stage, Violation},
    world::{SKEW_MAX, State, millis},
};

/// Where the requests of a storm come from.
pub trait Source {
    /// The next one: who asks for what, with which text.
    fn next(&mut self, stage: &mut Stage, rng: &mut Rng) -> (usize, Act, String);

    /// Called before each operation: something to do at once, while all others wait.
    ///
    /// # Errors
    /// What was promised and does not hold.
    fn interrupt(&mut self, _: &mut Stage, _: &mut Rng) -> Result<(), Violation> {
        Ok(())
    }
}

/// Lets the requests of `source` loose.
///
/// # Errors
/// What was promised and does not hold.
pub fn rage(stage: &mut Stage, rng: &mut Rng, plan: &Plan, source: &mut dyn Source) -> Result<(), Violation> {
    stage.state().direct = false;
    let mut left = plan.requests;
    let mut last = None;
    while left > 0 || stage.under_way() > 0 {
        let mut state = stage.state();
        let time = plan.time(rng, state.now);
        state.pass(time);
        drop(state);
        source.interrupt(stage, rng)?;
        let state = stage.state();
        let due = due(&state);
        let is_idle = state.ops.is_empty();
        drop(state);
        let room = left > 0 && stage.under_way() < plan.at_once;
        if room && due.is_none() && (is_idle || rng.u32(..100) < 30) {
            left -= 1;
            let (user, act, text) = source.next(stage, rng);
            stage.begin(user, rng.usize(..INSTANCES), act, &text)?;
        } else {
            let index = due.unwrap_or_else(|| choose(&stage.state(), rng, plan.policy, &mut last));
            stage.grant(index, fate(rng, plan))?;
        }
    }
    Ok(())
}

/// What is still on its way arrives, and then two windows pass.
///
/// # Errors
/// What was promised and does not hold.
pub fn calm_down(stage: &mut Stage) -> Result<(), Violation> {
    while !stage.state().ops.is_empty() {
        stage.grant(0, Fate::Granted)?;
    }
    stage
        .state()
        .pass(2 * millis(common::store::claim::WINDOW) + 2 * SKEW_MAX as u64);
    Ok(())
}

/// A write that can't wait any longer.
fn due(state: &State) -> Option<usize> {
    let is_due = |op: &Op| matches!(op.phase, Phase::Asked) && op.deadline.is_some_and(|at| at <= state.now);
    state.ops.iter().position(is_due)
}

/// The place of the operation that comes next.
fn choose(state: &State, rng: &mut Rng, policy: Policy, last: &mut Option<CallId>) -> usize {
    // First a request, then one of its operations: a listing has a hundred of them under way, a create one.
    let mut callers: Vec<Option<CallId>> = state.ops.iter().map(owner).collect();
    callers.dedup();
    *last = match policy {
        Policy::Runs if rng.u32(..100) < 80 && callers.contains(last) => *last,
        Policy::Stalls if callers.iter().any(is_quick) && rng.u32(..100) < 98 => {
            callers.retain(is_quick);
            callers[rng.usize(..callers.len())]
        }
        _ => callers[rng.usize(..callers.len())],
    };
    let own = (0..state.ops.len()).filter(|index| owner(&state.ops[*index]) == *last);
    let own: Vec<usize> = own.collect();
    own[rng.usize(..own.len())]
}

/// Under [`Policy::Stalls`] every third request is slow.
fn is_quick(call: &Option<CallId>) -> bool {
    call.is_none_or(|call| call % 3 != 0)
}

fn owner(op: &Op) -> Option<CallId> {
    op.caller.map(|caller| caller.call)
}

fn fate(rng: &mut Rng, plan: &Plan) -> Fate {
    let effects = [Effect::Done, Effect::Never, Effect::Late];
    let effect = effects[rng.usize(..if plan.late { 3 } else { 2 })];
    let chance = rng.f64();
    if chance < plan.crash {
        Fate::Crashed(effect)
    } else if chance < plan.crash + plan.fail {
        Fate::Failed(effect)
    } else if rng.f64() < plan.delay {
        Fate::Delayed
    } else {
        Fate::Granted
    }
}
