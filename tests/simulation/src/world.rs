//! The outside of the services: a store whose operations wait to be granted, and the time of day.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Waker,
    time::Duration,
};

use common::store::kv::MemoryKv;
use futures::FutureExt;

use crate::{
    journal::Journal,
    ledger::Ledger,
    mutant::{Mutant, Twist},
    op::{Ask, CallId, Caller, Op, Phase, Reply, Response, perform, show},
    services::INSTANCES,
    tokens::EPOCH,
};

/// How far the clock of an instance may be off, in milliseconds, either way: "clocks agree within a few seconds".
pub const SKEW_MAX: i64 = 2_500;

/// How long a writer may sleep between its last look at the clock and its write. The lease's assumption is 20 s less
/// what clocks differ by; this is just below.
pub const SLEEP_MAX: Duration = Duration::from_millis(14_500);

/// What a history begins with.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The time at the beginning, in milliseconds since the Unix epoch.
    pub start: u64,
    /// By how many milliseconds the clock of each instance is off.
    pub skews: Vec<i64>,
    /// How long a writer may sleep: [`SLEEP_MAX`].
    pub sleep_max: Duration,
    /// Whether the store has no increment.
    pub plain: bool,
    /// Whether every version has one winner: not promised by stores without increment.
    pub strict: bool,
    /// Whether people may keep [`LITTLE`](crate::services::LITTLE) only.
    pub limited: bool,
    /// Whether the instances don't know yet how cursors are sealed.
    pub unsealed: bool,
    /// What is broken.
    pub mutant: Mutant,
    /// Whether to write down what happens.
    pub traced: bool,
}

impl Setting {
    /// Perfect clocks at the beginning of time, and nothing broken.
    pub fn calm() -> Self {
        Self {
            start: EPOCH,
            skews: vec![0; INSTANCES],
            sleep_max: SLEEP_MAX,
            plain: false,
            strict: true,
            limited: false,
            unsealed: false,
            mutant: Mutant::None,
            traced: false,
        }
    }
}

/// Everything that is simulated.
#[derive(Debug)]
pub struct State {
    /// What the history began with.
    pub setting: Setting,
    /// The records.
    pub store: MemoryKv,
    /// The operations under way, oldest first.
    pub ops: Vec<Op>,
    next_op: u64,
    /// The time of day, which no instance sees exactly.
    pub now: u64,
    /// Counts what happens; the order of all events.
    pub step: u64,
    /// The request that is running right now.
    pub running: Option<Caller>,
    /// Whether operations are granted at once.
    pub direct: bool,
    /// What happened to the memos.
    pub journal: Journal,
    /// What happened to the auth service's records.
    pub ledger: Ledger,
    /// When requests computed: for each time a password was hashed, the moment and the request.
    pub computed: Vec<(u64, CallId)>,
    /// The requests that hold a claim's flag.
    pub claimants: HashSet<CallId>,
    /// What a mutant does only when its request lowers its flag.
    pub postponed: Vec<(CallId, Ask)>,
    /// What happened, for people.
    pub trace: Vec<String>,
    /// How many random words were given out.
    pub randoms: u32,
}

impl State {
    /// A new, empty store.
    pub fn new(setting: Setting) -> Self {
        let store = if setting.plain {
            MemoryKv::without_increment()
        } else {
            MemoryKv::default()
        };
        Self {
            store,
            ops: Vec::new(),
            next_op: 0,
            now: setting.start,
            step: 0,
            running: None,
            direct: true,
            journal: Journal::new(&setting),
            ledger: Ledger::new(),
            computed: Vec::new(),
            claimants: HashSet::new(),
            postponed: Vec::new(),
            trace: Vec::new(),
            randoms: 0,
            setting,
        }
    }

    /// Sends an operation on its way.
    pub fn ask(&mut self, ask: Ask, waker: Waker) -> u64 {
        let id = self.next_op;
        self.next_op += 1;
        let deadline = ask.is_leased().then(|| self.now + millis(self.setting.sleep_max));
        self.ops.push(Op {
            id,
            caller: self.running,
            ask,
            phase: Phase::Asked,
            deadline,
            waker,
        });
        id
    }

    /// The place of an operation in [`State::ops`].
    pub fn op(&self, id: u64) -> Option<usize> {
        self.ops.binary_search_by_key(&id, |op| op.id).ok()
    }

    /// Does to the store what is asked, on behalf of `caller`.
    pub fn apply(&mut self, caller: Option<Caller>, ask: &Ask) -> Response {
        self.step += 1;
        let response = match self.setting.mutant.fate(caller, ask) {
            Twist::None => self.perform(ask),
            Twist::Dropped => Ok(Reply::Done),
            Twist::Postponed(call) => {
                self.postponed.push((call, ask.clone()));
                Ok(Reply::Done)
            }
            Twist::Instead(delta) => self.perform(&Ask::Increment(ask.key().to_owned(), delta)),
        };
        let response = self.twisted(caller, ask, response);
        if self.setting.traced {
            let shown = match &response {
                Ok(Reply::Value(Some(bytes))) => String::from_utf8_lossy(bytes).into_owned(),
                other => format!("{other:?}"),
            };
            self.note(caller.map(|caller| caller.call), &format!("{} -> {shown}", show(ask)));
        }
        response
    }

    fn perform(&mut self, ask: &Ask) -> Response {
        let response = perform(&self.store, ask).now_or_never().expect("memory never waits");
        match ask {
            Ask::Set(key, value) => {
                self.journal.wrote(self.step, self.now, key, value);
                self.ledger.wrote(self.step, key, value);
            }
            Ask::Delete(key) => {
                self.journal.removed(self.step, self.now, key);
                self.ledger.removed(self.step, key);
            }
            Ask::Sleep(until) => self.pass(until.saturating_sub(self.now)),
            _ => {}
        }
        response
    }

    /// The response as a broken service would have it.
    fn twisted(&mut self, caller: Option<Caller>, ask: &Ask, response: Response) -> Response {
        let response = self.setting.mutant.twist(caller, ask, response);
        let Some(caller) = caller else { return response };
        match (ask, &response) {
            (Ask::Increment(key, _), Ok(Reply::Sum(1))) if key.contains("/claim/") => {
                self.claimants.insert(caller.call);
            }
            (Ask::Delete(key), _) if key.contains("/claim/") => {
                self.claimants.remove(&caller.call);
                let (due, later): (Vec<_>, Vec<_>) =
                    self.postponed.drain(..).partition(|(call, _)| *call == caller.call);
                self.postponed = later;
                for (_, ask) in due {
                    self.perform(&ask).ok();
                }
            }
            (Ask::Get(key), _) if self.setting.mutant == Mutant::NoSecondRead => {
                if self.claimants.contains(&caller.call)
                    && let Some(expected) = caller.expects.and_then(|version| self.journal.stored(key, version))
                {
                    return Ok(Reply::Value(Some(expected.to_vec())));
                }
            }
            _ => {}
        }
        response
    }

    /// Adds a line to the trace.
    pub fn note(&mut self, call: Option<CallId>, what: &str) {
        if self.setting.traced {
            let window = common::store::claim::WINDOW.as_millis() as u64;
            let seconds = (self.now - self.setting.start) as f64 / 1000.0;
            let who = call.map_or("-".to_owned(), |call| format!("#{call}"));
            let (number, into) = (self.now / window, (self.now % window) as f64 / 1000.0);
            self.trace
                .push(format!("{seconds:9.3}s w{number}+{into:06.3} {who:>4} {what}"));
        }
    }

    /// Lets time pass, but no longer than a write under a lease may still take.
    pub fn pass(&mut self, time: u64) {
        let leased = self.ops.iter().filter(|op| matches!(op.phase, Phase::Asked));
        let latest = leased.filter_map(|op| op.deadline).min().unwrap_or(u64::MAX);
        self.now = (self.now + time).min(latest).max(self.now);
    }
}

/// A duration in the unit of clocks.
pub fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

/// The [`State`], shared by the simulator and the services' ports. Only one thread is ever in it.
#[derive(Debug)]
pub struct World(Mutex<State>);

impl World {
    /// A world in this state.
    pub fn new(state: State) -> Self {
        Self(Mutex::new(state))
    }

    /// The state. Not to be held while a future is polled or dropped: that comes back here.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
