//! A random history of memos: requests, faults and time as the seed has it, and then quiet, in which all must be well.

use common::store::claim::WINDOW;
use fastrand::Rng;

use crate::{
    call::{Act, Answer},
    judge,
    op::Ask,
    plan::{Conditions, Plan, Shape},
    services::INSTANCES,
    stage::{Stage, Violation},
    storm::{self, Source},
    world::millis,
};

/// How many idempotency keys each user has.
const KEYS: usize = 2;

/// Runs the history of a seed.
///
/// # Errors
/// The first thing that was promised and does not hold.
pub fn run(stage: &mut Stage, seed: u64, conditions: &Conditions) -> Result<(), Violation> {
    let mut rng = Rng::with_seed(seed);
    let (plan, setting) = Plan::draw(&mut rng, conditions);
    if setting.plain {
        stage.count("histories without increment");
    }
    stage.reset(setting);
    let mut memos = Memos {
        shape: plan.shape,
        users: plan.users,
        texts: 0,
        bursts: if plan.shape == Shape::Purged { 2 } else { 0 },
    };
    memos.prepare(stage, &mut rng)?;
    storm::rage(stage, &mut rng, &plan, &mut memos)?;
    storm::calm_down(stage)?;
    memos.settle(stage, &mut rng)?;
    let state = stage.state();
    judge::history(&state.journal, &stage.calls).map_err(Violation)?;
    let notes = state.journal.notes;
    drop(state);
    *stage.tally.entry("skip notes").or_default() += notes;
    Ok(())
}

struct Memos {
    shape: Shape,
    users: usize,
    texts: usize,
    bursts: usize,
}

impl Source for Memos {
    fn next(&mut self, stage: &mut Stage, rng: &mut Rng) -> (usize, Act, String) {
        let user = rng.usize(..self.users);
        let act = match rng.u32(..100) {
            0..20 => Act::Create(None),
            20..40 if self.shape != Shape::Purged => Act::Create(Some(format!("key{}", rng.usize(..KEYS)))),
            20..50 => Act::List {
                limit: [1, 10, 20, 100][rng.usize(..4)],
                before: None,
            },
            50..55 => Act::Read(target(stage, rng, user).0),
            55..87 => {
                let (id, version) = target(stage, rng, user);
                Act::Replace(id, version)
            }
            _ => {
                let (id, version) = target(stage, rng, user);
                Act::Remove(id, version)
            }
        };
        let text = self.text(user, &act);
        (user, act, text)
    }

    /// Many memos that come and go while another request is about to write: holes above an id that is taken and empty.
    /// Some listings look at just that.
    fn interrupt(&mut self, stage: &mut Stage, rng: &mut Rng) -> Result<(), Violation> {
        let is_writing = stage.state().ops.iter().any(|op| matches!(op.ask, Ask::Set(..)));
        if self.bursts == 0 || !is_writing || rng.u32(..100) >= 10 {
            return Ok(());
        }
        self.bursts -= 1;
        for left in (0..rng.usize(17..40)).rev() {
            let Answer::Memo(memo) = self.at_once(stage, rng, 0, Act::Create(None))? else {
                return Err(Violation("a create at its leisure failed".to_owned()));
            };
            if left > 0 {
                self.at_once(stage, rng, 0, Act::Remove(memo.id, 1))?;
            }
        }
        for _ in 0..rng.u32(..3) {
            let list = Act::List {
                limit: 10,
                before: None,
            };
            self.at_once(stage, rng, 0, list)?;
        }
        Ok(())
    }
}

/// A memo to act upon, mostly one that others act upon too, and mostly at the version that it has.
fn target(stage: &Stage, rng: &mut Rng, user: usize) -> (u64, u64) {
    let state = stage.state();
    let live = state.journal.live(user).map(|(id, content)| (id, content.version));
    let live: Vec<(u64, u64)> = live.collect();
    let hot = if rng.u32(..100) < 70 {
        0
    } else {
        rng.usize(..=live.len())
    };
    // Beyond the last: an id that may come to be.
    let next = live.last().map_or(1, |(id, _)| id + 1);
    let (id, version) = live.get(hot).copied().unwrap_or((next, 1));
    match rng.u32(..100) {
        0..85 => (id, version),
        85..95 => (id, version + 1),
        _ => (id, version.saturating_sub(1)),
    }
}

impl Memos {
    /// Some memos to begin with.
    fn prepare(&mut self, stage: &mut Stage, rng: &mut Rng) -> Result<(), Violation> {
        if self.shape != Shape::Purged {
            for _ in 0..rng.usize(1..=3) {
                let user = rng.usize(..self.users);
                self.at_once(stage, rng, user, Act::Create(None))?;
            }
            return Ok(());
        }
        let count = rng.u64(40..80);
        for _ in 0..count {
            self.at_once(stage, rng, 0, Act::Create(None))?;
            stage.state().pass(10);
        }
        if rng.bool() {
            stage.state().pass(2 * millis(WINDOW));
        }
        let low = rng.u64(1..=count - 35);
        let high = if rng.bool() { count } else { rng.u64(low + 34..=count) };
        for id in low..=high {
            self.at_once(stage, rng, 0, Act::Remove(id, 1))?;
        }
        if rng.bool() {
            stage.state().pass(2 * millis(WINDOW));
        }
        Ok(())
    }

    /// A request that meets nobody.
    fn at_once(&mut self, stage: &mut Stage, rng: &mut Rng, user: usize, act: Act) -> Result<Answer, Violation> {
        let text = self.text(user, &act);
        stage.perform(user, rng.usize(..INSTANCES), act, &text)
    }

    /// A text that says who wrote it.
    fn text(&mut self, user: usize, act: &Act) -> String {
        if let Act::Create(Some(key)) = act {
            return format!("u{user} {key}");
        }
        self.texts += 1;
        format!("u{user} {}", self.texts)
    }

    /// Every memo can be changed, every create be retried, and every page lists what there is.
    fn settle(&mut self, stage: &mut Stage, rng: &mut Rng) -> Result<(), Violation> {
        for user in 0..self.users {
            self.walk(stage, rng, user)?;
            let live = stage
                .state()
                .journal
                .live(user)
                .map(|(id, memo)| (id, memo.version))
                .take(3)
                .collect();
            let live: Vec<(u64, u64)> = live;
            for (id, version) in live {
                self.at_once(stage, rng, user, Act::Replace(id, version))?;
            }
            let tried = |stage: &Stage, act: &Act| stage.calls.iter().any(|call| call.user == user && call.act == *act);
            for key in (0..KEYS).map(|key| Act::Create(Some(format!("key{key}")))) {
                if tried(stage, &key) {
                    self.at_once(stage, rng, user, key)?;
                }
            }
            if rng.bool() {
                stage.state().pass(2 * millis(WINDOW));
            }
            self.walk(stage, rng, user)?;
        }
        Ok(())
    }

    /// All pages, one after the other.
    fn walk(&mut self, stage: &mut Stage, rng: &mut Rng, user: usize) -> Result<(), Violation> {
        let limit = match self.shape {
            Shape::Purged => [10, 20, 100][rng.usize(..3)],
            Shape::Short | Shape::Long => [1, 2, 50][rng.usize(..3)],
        };
        let mut before = None;
        loop {
            match self.at_once(stage, rng, user, Act::List { limit, before })? {
                Answer::Page(_, None) => return Ok(()),
                Answer::Page(_, next) if next != before => before = next,
                other => return Err(Violation(format!("a walk got stuck at {other:?}"))),
            }
        }
    }
}
