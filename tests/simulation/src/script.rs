//! Histories written down step by step, for tests of one idea.

use crate::{
    op::CallId,
    stage::{Fate, Stage, Violation},
};

/// Lets `call` go on until it needs a key that starts with `prefix`, or has ended.
///
/// # Errors
/// What was promised and does not hold.
pub fn run_until(stage: &mut Stage, call: CallId, prefix: &str) -> Result<(), Violation> {
    while let Some(index) = next(stage, call) {
        if stage.state().ops[index].ask.key().starts_with(prefix) {
            return Ok(());
        }
        stage.grant(index, Fate::Granted)?;
    }
    Ok(())
}

/// Lets `call` run to its end.
///
/// # Errors
/// What was promised and does not hold.
pub fn run(stage: &mut Stage, call: CallId) -> Result<(), Violation> {
    while let Some(index) = next(stage, call) {
        stage.grant(index, Fate::Granted)?;
    }
    Ok(())
}

/// The operation that `call` waits for: its place in [`crate::world::State::ops`].
pub fn next(stage: &Stage, call: CallId) -> Option<usize> {
    let state = stage.state();
    state
        .ops
        .iter()
        .position(|op| op.caller.is_some_and(|caller| caller.call == call))
}
