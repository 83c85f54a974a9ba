//! A random history of links to memos: made, opened by strangers and ended, while their memos go to the trash and come back.

use fastrand::Rng;
use futures::FutureExt;

use crate::{
    answer::{Answer, Link},
    call::Act,
    months,
    op::{Ask, Reply, perform},
    plan::{Conditions, Plan},
    services::INSTANCES,
    stage::{Stage, Violation},
    storm::{self, Source},
    wishes::target,
};

/// Whose memos they are.
pub const OWNER: usize = 0;

/// Somebody else.
const STRANGER: usize = 1;

const DAY: u64 = 24 * 60 * 60 * 1000;

/// What somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deal {
    /// A link to a memo, for a day.
    Make(u64),
    /// What the link of this token shows.
    Open(String),
    /// The end of the link of this id.
    End(String),
}

/// Runs the history of a seed.
///
/// # Errors
/// The first thing that was promised and does not hold.
pub fn run(stage: &mut Stage, seed: u64, conditions: &Conditions) -> Result<(), Violation> {
    let mut rng = Rng::with_seed(seed);
    let (mut plan, mut setting) = Plan::draw(&mut rng, conditions);
    (setting.plain, setting.limited) = (false, false);
    plan.requests = rng.usize(3..=12);
    stage.reset(setting);
    months::swept_until_now(stage);
    for number in 0..rng.usize(1..=2) {
        stage.perform(OWNER, 0, Act::Create(None), &format!("memo {number}"))?;
    }
    storm::rage(stage, &mut rng, &plan, &mut Shares)?;
    storm::calm_down(stage)?;
    settle(stage, &mut rng)
}

/// The links that somebody was told of.
pub fn links(calls: &[crate::call::Call]) -> impl Iterator<Item = &Link> {
    calls.iter().filter_map(|call| match call.answer() {
        Some(Answer::Link(link)) => Some(link),
        _ => None,
    })
}

/// Each link is opened once more at its leisure; then its day is over, and nothing of it stays.
fn settle(stage: &mut Stage, rng: &mut Rng) -> Result<(), Violation> {
    let tokens: Vec<String> = links(&stage.calls).map(|link| link.token.clone()).collect();
    open_all(stage, rng, &tokens)?;
    for _ in 0..4 {
        stage.state().pass(DAY);
        open_all(stage, rng, &tokens)?;
        sweep(stage, rng)?;
    }
    let keys = match perform(&stage.state().store, &Ask::Keys("memo/share/".to_owned())).now_or_never() {
        Some(Ok(Reply::Keys(keys))) => keys,
        other => unreachable!("{other:?}"),
    };
    if keys.is_empty() {
        return Ok(());
    }
    Err(Violation(format!(
        "the day of the links is over, and {keys:?} is still there"
    )))
}

fn open_all(stage: &mut Stage, rng: &mut Rng, tokens: &[String]) -> Result<(), Violation> {
    for token in tokens {
        stage.perform(
            STRANGER,
            rng.usize(..INSTANCES),
            Act::Share(Deal::Open(token.clone())),
            "",
        )?;
    }
    Ok(())
}

fn sweep(stage: &mut Stage, rng: &mut Rng) -> Result<(), Violation> {
    for _ in 0..20 {
        match stage.perform(OWNER, rng.usize(..INSTANCES), Act::Maintain, "")? {
            Answer::Swept(false) => return Ok(()),
            Answer::Swept(true) => {}
            other => return Err(Violation(format!("maintenance was answered {other:?}"))),
        }
    }
    Err(Violation("maintenance has no end".to_owned()))
}

struct Shares;

impl Source for Shares {
    fn next(&mut self, stage: &mut Stage, rng: &mut Rng) -> (usize, Act, String) {
        let known: Vec<Link> = links(&stage.calls).cloned().collect();
        let (memo, version) = target(stage, rng, OWNER);
        let (user, act) = match (known.len().checked_sub(1), rng.u32(..100)) {
            (_, 0..25) => (OWNER, Act::Share(Deal::Make(memo))),
            (_, 25..37) => (OWNER, Act::Remove(memo, version)),
            (_, 37..45) => (OWNER, Act::Restore(memo, None)),
            (_, 45..50) => (OWNER, Act::Maintain),
            (None, _) => (OWNER, Act::Share(Deal::Make(1))),
            (Some(last), 50..80) => (
                STRANGER,
                Act::Share(Deal::Open(known[rng.usize(..=last)].token.clone())),
            ),
            (Some(last), chance) => {
                let user = if chance < 96 { OWNER } else { STRANGER };
                (user, Act::Share(Deal::End(known[rng.usize(..=last)].id.clone())))
            }
        };
        (user, act, String::new())
    }
}
