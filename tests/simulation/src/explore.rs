//! Many histories, on all cores, and what to tell of one that fails.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use crate::{
    history,
    mutant::Mutant,
    stage::{Stage, Violation},
};

/// How many seeds a thread takes at a time.
const BATCH: u64 = 64;

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

/// Runs the histories of the seeds below `count`, until one breaks a promise.
///
/// # Errors
/// The history with the lowest seed among those that were found to.
pub fn explore(count: u64, mutant: Mutant) -> Result<Tally, Finding> {
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let found: Mutex<Vec<Finding>> = Mutex::default();
    let tally: Mutex<Tally> = Mutex::default();
    let threads = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut stage = Stage::new();
                while !stop.load(Ordering::Relaxed) {
                    let first = next.fetch_add(BATCH, Ordering::Relaxed);
                    for seed in first..(first + BATCH).min(count) {
                        if let Err(violation) = one(&mut stage, seed, mutant, false) {
                            found.lock().expect("no panic here").push(Finding { seed, violation });
                            stop.store(true, Ordering::Relaxed);
                            return;
                        }
                    }
                    if first + BATCH >= count {
                        break;
                    }
                }
                let mut tally = tally.lock().expect("no panic here");
                for (what, times) in stage.tally {
                    *tally.entry(what).or_default() += times;
                }
            });
        }
    });
    let found = found.into_inner().expect("no panic here");
    match found.into_iter().min_by_key(|finding| finding.seed) {
        Some(finding) => Err(finding),
        None => Ok(tally.into_inner().expect("no panic here")),
    }
}

/// One history; a panic in a service is a violation like any other.
fn one(stage: &mut Stage, seed: u64, mutant: Mutant, traced: bool) -> Result<(), Violation> {
    catch_unwind(AssertUnwindSafe(|| history::run(stage, seed, mutant, traced))).unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().cloned();
        let words = words.or_else(|| panic.downcast_ref::<&str>().map(|words| (*words).to_owned()));
        Err(Violation(format!("a panic: {}", words.unwrap_or_default())))
    })
}

/// Runs one history again and tells everything that happens in it.
pub fn replay(seed: u64, mutant: Mutant) -> (String, Result<(), Violation>) {
    let mut stage = Stage::new();
    let result = one(&mut stage, seed, mutant, true);
    let trace = stage.state().trace.join("\n");
    (trace, result)
}
