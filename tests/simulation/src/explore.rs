//! Many histories, on all cores, and what to tell of one that fails.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use crate::stage::{Stage, Violation};

/// How many seeds a thread takes at a time.
const BATCH: u64 = 64;

/// How many histories the largest of the tests runs, if it is not told otherwise.
pub const USUAL: u64 = 100_000;

/// A history that breaks a promise.
#[derive(Debug)]
pub struct Finding {
    /// Its seed.
    pub seed: u64,
    /// The promise.
    pub violation: Violation,
}

/// What came to pass, by name.
pub type Tally = BTreeMap<&'static str, u64>;

/// How to run the history of a seed.
pub trait History: Fn(&mut Stage, u64) -> Result<(), Violation> + Sync {}

impl<F: Fn(&mut Stage, u64) -> Result<(), Violation> + Sync> History for F {}

/// Runs the histories of the seeds below `count`, until one breaks a promise.
///
/// # Errors
/// The history with the lowest seed among those that were found to.
pub fn explore(count: u64, history: impl History) -> Result<Tally, Finding> {
    let next = AtomicU64::new(0);
    let found: Mutex<Vec<Finding>> = Mutex::default();
    let tally: Mutex<Tally> = Mutex::default();
    let work = || {
        let mut stage = Stage::new();
        loop {
            let first = next.fetch_add(BATCH, Ordering::Relaxed);
            for seed in first..(first + BATCH).min(count) {
                if let Err(violation) = one(&mut stage, seed, &history) {
                    found.lock().expect("no panic here").push(Finding { seed, violation });
                    // The others finish their batches, so that the lowest seed is found in every run.
                    next.store(count, Ordering::Relaxed);
                    return;
                }
            }
            if first >= count {
                break;
            }
        }
        let mut tally = tally.lock().expect("no panic here");
        for (what, times) in stage.tally {
            *tally.entry(what).or_default() += times;
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(work);
        }
    });
    let found = found.into_inner().expect("no panic here");
    match found.into_iter().min_by_key(|finding| finding.seed) {
        Some(finding) => Err(finding),
        None => Ok(tally.into_inner().expect("no panic here")),
    }
}

/// One history; a panic in a service is a violation like any other.
fn one(stage: &mut Stage, seed: u64, history: &impl History) -> Result<(), Violation> {
    catch_unwind(AssertUnwindSafe(|| history(stage, seed))).unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().cloned();
        let words = words.or_else(|| panic.downcast_ref::<&str>().map(|words| (*words).to_owned()));
        Err(Violation(format!("a panic: {}", words.unwrap_or_default())))
    })
}

/// Runs one history again and tells everything that happens in it.
pub fn replay(seed: u64, history: impl History) -> (String, Result<(), Violation>) {
    let mut stage = Stage::new();
    stage.traced = true;
    let result = one(&mut stage, seed, &history);
    let trace = stage.state().trace.join("\n");
    (trace, result)
}

/// Checks that every history of the seeds below `count` keeps every promise. With `SIM_HISTORIES` there are so many for
/// every [`USUAL`] there would be; `SIM_SEED` replays one history instead and tells all of it.
///
/// # Panics
/// With the trace and the seed of a history that does not.
pub fn check(count: u64, history: impl History) -> Tally {
    let variable = |name| {
        std::env::var(name)
            .ok()
            .map(|number| number.parse::<u64>().expect("a number"))
    };
    if let Some(seed) = variable("SIM_SEED") {
        let (trace, result) = replay(seed, &history);
        eprintln!("{trace}");
        assert_eq!(result, Ok(()), "history {seed}");
        return Tally::new();
    }
    let count = variable("SIM_HISTORIES").map_or(count, |histories| (count * histories).div_ceil(USUAL));
    let started = Instant::now();
    match explore(count, &history) {
        Ok(tally) => {
            let seconds = started.elapsed().as_secs_f64();
            let rate = count as f64 / seconds;
            eprintln!("{count} histories in {seconds:.1} s, {rate:.0} a second: {tally:?}");
            tally
        }
        Err(Finding { seed, .. }) => {
            let (trace, result) = replay(seed, &history);
            let test = thread::current().name().unwrap_or_default().to_owned();
            panic!(
                "{trace}\nhistory {seed}: {result:?}\nreplay it: SIM_SEED={seed} cargo test -p simulation {test} -- --nocapture"
            );
        }
    }
}
