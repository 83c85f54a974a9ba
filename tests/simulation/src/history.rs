//! A random history: requests, faults and time as the seed has it, and then quiet, in which all must be well.

use common::claim::WINDOW;
use fastrand::Rng;

use crate::{
    call::{Act, Answer},
    judge,
    mutant::Mutant,
    plan::{Plan, Policy, Shape},
    stage::{Effect, Fate, INSTANCES, Stage, Violation},
    world::{Ask, CallId, Op, Phase, SKEW_MAX, State, millis},
};

/// How many idempotency keys each user has.
const KEYS: usize = 2;

/// Runs the history of a seed.
///
/// # Errors
/// The first thing that was promised and does not hold.
pub fn run(stage: &mut Stage, seed: u64, mutant: Mutant, traced: bool) -> Result<(), Violation> {
    let mut rng = Rng::with_seed(seed);
    let (plan, setting) = Plan::draw(&mut rng, mutant, traced);
    if setting.plain {
        stage.count("histories without increment");
    }
    stage.reset(setting);
    let mut history = History {
        stage,
        rng,
        plan,
        texts: 0,
        last: None,
    };
    history.prepare()?;
    history.storm()?;
    history.settle()?;
    let state = history.stage.state();
    judge::history(&state.journal, &history.stage.calls).map_err(Violation)?;
    let notes = state.journal.notes;
    drop(state);
    *stage.tally.entry("skip notes").or_default() += notes;
    Ok(())
}

struct History<'a> {
    stage: &'a mut Stage,
    rng: Rng,
    plan: Plan,
    texts: usize,
    last: Option<CallId>,
}

impl History<'_> {
    /// Some memos to begin with.
    fn prepare(&mut self) -> Result<(), Violation> {
        if self.plan.shape != Shape::Purged {
            for _ in 0..self.rng.usize(1..=3) {
                let user = self.rng.usize(..self.plan.users);
                self.at_once(user, Act::Create(None))?;
            }
            return Ok(());
        }
        let count = self.rng.u64(40..80);
        for _ in 0..count {
            self.at_once(0, Act::Create(None))?;
            self.stage.state().pass(10);
        }
        if self.rng.bool() {
            self.stage.state().pass(2 * millis(WINDOW));
        }
        let low = self.rng.u64(1..=count - 35);
        let high = if self.rng.bool() {
            count
        } else {
            self.rng.u64(low + 34..=count)
        };
        for id in low..=high {
            self.at_once(0, Act::Remove(id, 1))?;
        }
        if self.rng.bool() {
            self.stage.state().pass(2 * millis(WINDOW));
        }
        Ok(())
    }

    /// A request that meets nobody.
    fn at_once(&mut self, user: usize, act: Act) -> Result<Answer, Violation> {
        let text = self.text(user, &act);
        let instance = self.rng.usize(..INSTANCES);
        self.stage.perform(user, instance, act, &text)
    }

    /// A text that says who wrote it.
    fn text(&mut self, user: usize, act: &Act) -> String {
        if let Act::Create(Some(key)) = act {
            return format!("u{user} {key}");
        }
        self.texts += 1;
        format!("u{user} {}", self.texts)
    }

    /// Requests at the same time, with faults.
    fn storm(&mut self) -> Result<(), Violation> {
        self.stage.state().direct = false;
        let mut left = self.plan.requests;
        let mut bursts = if self.plan.shape == Shape::Purged { 2 } else { 0 };
        while left > 0 || self.stage.under_way() > 0 {
            let mut state = self.stage.state();
            let time = self.plan.time(&mut self.rng, state.now);
            state.pass(time);
            let due = due(&state);
            let has_ops = !state.ops.is_empty();
            let is_writing = state.ops.iter().any(|op| matches!(op.ask, Ask::Set(..)));
            drop(state);
            if bursts > 0 && is_writing && self.rng.u32(..100) < 10 {
                bursts -= 1;
                self.burst()?;
                continue;
            }
            let room = left > 0 && self.stage.under_way() < self.plan.at_once;
            if room && due.is_none() && (!has_ops || self.rng.u32(..100) < 30) {
                left -= 1;
                let user = self.rng.usize(..self.plan.users);
                let act = self.act(user);
                let text = self.text(user, &act);
                let instance = self.rng.usize(..INSTANCES);
                self.stage.begin(user, instance, act, &text)?;
            } else {
                let index = due.unwrap_or_else(|| self.choose());
                let fate = self.fate();
                self.stage.grant(index, fate)?;
            }
        }
        Ok(())
    }

    /// Many memos that come and go while another request is about to write: holes above an id that is taken and empty.
    /// Some listings look at just that.
    fn burst(&mut self) -> Result<(), Violation> {
        let count = self.rng.usize(17..40);
        for left in (0..count).rev() {
            let Answer::Memo(memo) = self.at_once(0, Act::Create(None))? else {
                return Err(Violation("a create at its leisure failed".to_owned()));
            };
            if left > 0 {
                self.at_once(0, Act::Remove(memo.id, 1))?;
            }
        }
        for _ in 0..self.rng.u32(..3) {
            self.at_once(
                0,
                Act::List {
                    limit: 10,
                    before: None,
                },
            )?;
        }
        Ok(())
    }

    fn act(&mut self, user: usize) -> Act {
        match self.rng.u32(..100) {
            0..20 => Act::Create(None),
            20..40 if self.plan.shape != Shape::Purged => Act::Create(Some(format!("key{}", self.rng.usize(..KEYS)))),
            20..50 => Act::List {
                limit: [1, 10, 20, 100][self.rng.usize(..4)],
                before: None,
            },
            50..55 => Act::Read(self.target(user).0),
            55..87 => {
                let (id, version) = self.target(user);
                Act::Replace(id, version)
            }
            _ => {
                let (id, version) = self.target(user);
                Act::Remove(id, version)
            }
        }
    }

    /// A memo to act upon, mostly one that others act upon too, and mostly at the version that it has.
    fn target(&mut self, user: usize) -> (u64, u64) {
        let state = self.stage.state();
        let live: Vec<(u64, u64)> = state
            .journal
            .live(user)
            .map(|(id, content)| (id, content.version))
            .collect();
        drop(state);
        let hot = if self.rng.u32(..100) < 70 {
            0
        } else {
            self.rng.usize(..=live.len())
        };
        // Beyond the last: an id that may come to be.
        let next = live.last().map_or(1, |(id, _)| id + 1);
        let (id, version) = live.get(hot).copied().unwrap_or((next, 1));
        match self.rng.u32(..100) {
            0..85 => (id, version),
            85..95 => (id, version + 1),
            _ => (id, version.saturating_sub(1)),
        }
    }

    /// The place of the operation that comes next.
    fn choose(&mut self) -> usize {
        let state = self.stage.state();
        // First a request, then one of its operations: a listing has a hundred of them under way, a create one.
        let mut callers: Vec<Option<CallId>> = state.ops.iter().map(owner).collect();
        callers.dedup();
        let caller = match self.plan.policy {
            Policy::Runs if self.rng.u32(..100) < 80 && callers.contains(&self.last) => self.last,
            Policy::Stalls if callers.iter().any(is_quick) && self.rng.u32(..100) < 98 => {
                callers.retain(is_quick);
                callers[self.rng.usize(..callers.len())]
            }
            _ => callers[self.rng.usize(..callers.len())],
        };
        self.last = caller;
        let own: Vec<usize> = (0..state.ops.len())
            .filter(|index| owner(&state.ops[*index]) == caller)
            .collect();
        own[self.rng.usize(..own.len())]
    }

    fn fate(&mut self) -> Fate {
        let effect = [Effect::Done, Effect::Never, Effect::Late][self.rng.usize(..3)];
        let chance = self.rng.f64();
        if chance < self.plan.crash {
            Fate::Crashed(effect)
        } else if chance < self.plan.crash + self.plan.fail {
            Fate::Failed(effect)
        } else if self.rng.f64() < self.plan.delay {
            Fate::Delayed
        } else {
            Fate::Granted
        }
    }

    /// What is still on its way arrives; then, after two windows, every memo can be changed, every create be retried,
    /// and every page lists what there is.
    fn settle(&mut self) -> Result<(), Violation> {
        while !self.stage.state().ops.is_empty() {
            self.stage.grant(0, Fate::Granted)?;
        }
        self.stage.state().pass(2 * millis(WINDOW) + 2 * SKEW_MAX as u64);
        for user in 0..self.plan.users {
            self.walk(user)?;
            let state = self.stage.state();
            let mut live: Vec<(u64, u64)> = state.journal.live(user).map(|(id, memo)| (id, memo.version)).collect();
            drop(state);
            live.truncate(3);
            for (id, version) in live {
                self.at_once(user, Act::Replace(id, version))?;
            }
            let tried = |stage: &Stage, act: &Act| stage.calls.iter().any(|call| call.user == user && call.act == *act);
            for key in (0..KEYS).map(|key| Act::Create(Some(format!("key{key}")))) {
                if tried(self.stage, &key) {
                    self.at_once(user, key)?;
                }
            }
            if self.rng.bool() {
                self.stage.state().pass(2 * millis(WINDOW));
            }
            self.walk(user)?;
        }
        Ok(())
    }

    /// All pages, one after the other.
    fn walk(&mut self, user: usize) -> Result<(), Violation> {
        let limit = match self.plan.shape {
            Shape::Purged => [10, 20, 100][self.rng.usize(..3)],
            Shape::Short | Shape::Long => [1, 2, 50][self.rng.usize(..3)],
        };
        let mut before = None;
        loop {
            match self.at_once(user, Act::List { limit, before })? {
                Answer::Page(_, None) => return Ok(()),
                Answer::Page(_, next) if next != before => before = next,
                other => return Err(Violation(format!("a walk got stuck at {other:?}"))),
            }
        }
    }
}

/// Under [`Policy::Stalls`] every third request is slow.
fn is_quick(call: &Option<CallId>) -> bool {
    call.is_none_or(|call| call % 3 != 0)
}

fn owner(op: &Op) -> Option<CallId> {
    op.caller.map(|caller| caller.call)
}

/// A write that can't wait any longer.
fn due(state: &State) -> Option<usize> {
    state
        .ops
        .iter()
        .position(|op| matches!(op.phase, Phase::Asked) && op.deadline.is_some_and(|deadline| deadline <= state.now))
}
