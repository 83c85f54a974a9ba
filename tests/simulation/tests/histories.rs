//! Random histories: `SIM_HISTORIES` says how many, `SIM_SEED` replays one of them.

use std::time::Instant;

use simulation::{
    explore::{explore, replay},
    mutant::Mutant,
};

#[test]
fn every_promise_holds_in_every_history() {
    if let Ok(seed) = std::env::var("SIM_SEED") {
        let seed = seed.parse().expect("SIM_SEED is a number");
        let (trace, result) = replay(seed, Mutant::None);
        eprintln!("{trace}");
        assert_eq!(result, Ok(()), "history {seed}");
        return;
    }
    let count =
        std::env::var("SIM_HISTORIES").map_or(100_000, |count| count.parse().expect("SIM_HISTORIES is a number"));
    let started = Instant::now();
    match explore(count, Mutant::None) {
        Ok(tally) => {
            let seconds = started.elapsed().as_secs_f64();
            eprintln!(
                "{count} histories in {seconds:.1} s: {:.0} a second; {tally:?}",
                count as f64 / seconds
            );
        }
        Err(finding) => {
            let (trace, result) = replay(finding.seed, Mutant::None);
            panic!(
                "{trace}\nhistory {seed}: {result:?}\nSIM_SEED={seed} replays it",
                seed = finding.seed
            );
        }
    }
}
