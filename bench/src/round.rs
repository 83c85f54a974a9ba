//! The load generator: connections that send one request after the other, each as its workload says.

use std::{
    cell::RefCell,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use futures::future::join_all;
use tokio::{sync::Notify, task::JoinHandle, time::timeout};

use crate::driver::{Answer, Call, Connection};

/// One connection's work: sees the answer to its last call and says the next, until there is none. It fails where an
/// answer is wrong in what only the client can know.
pub type Client = Box<dyn FnMut(Option<&Answer>) -> Result<Option<Call>>>;

/// What one round of a workload came to. A task is a request, or as many as belong together.
#[derive(Debug)]
pub struct Round {
    pub per_second: f64,
    pub p50: Duration,
    pub p99: Duration,
    /// Processor time of the server's processes per task, where the system tells.
    pub cpu: Option<Duration>,
}

/// How long to warm up and to measure.
#[derive(Clone, Copy)]
pub struct Timing {
    pub warm_up: Duration,
    pub measure: Duration,
}

/// However slow a task is, so many of them make a round.
const LEAST_TASKS: usize = 3;

/// Nothing measured here takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often to look whether the clients have come to an end.
const STEP: Duration = Duration::from_millis(5);

#[derive(Default)]
struct Tally {
    measuring: bool,
    stop: bool,
    latencies: Vec<Duration>,
    /// Whether somebody waits for the end of a task.
    watched: bool,
    ended: Rc<Notify>,
}

impl Tally {
    fn ended(&mut self, took: Duration) {
        if self.measuring {
            self.latencies.push(took);
        }
        if std::mem::take(&mut self.watched) {
            self.ended.notify_one();
        }
    }
}

/// Runs all clients at once, each on a connection of its own. `cpu` reads the server's processor time so far.
///
/// A wrong answer is an error: a fast wrong answer must not count.
pub async fn round(
    port: u16,
    clients: Vec<Client>,
    timing: Timing,
    mut cpu: impl FnMut() -> Option<Duration>,
) -> Result<Round> {
    let tally = Rc::new(RefCell::new(Tally::default()));
    let all = join_all(clients.into_iter().map(|client| run(port, client, tally.clone())));
    let all = tokio::task::spawn_local(all);

    // From the end of a task to the end of a task: of the slow ones only a few are counted, and whole.
    tokio::time::sleep(timing.warm_up).await;
    end_of_a_task(&tally, &all).await?;
    let cpu_before = cpu();
    tally.borrow_mut().measuring = true;
    let started = Instant::now();
    while started.elapsed() < timing.measure && !all.is_finished() {
        tokio::time::sleep(STEP.min(timing.measure.saturating_sub(started.elapsed()))).await;
    }
    end_of_a_task(&tally, &all).await?;
    while tally.borrow().latencies.len() < LEAST_TASKS && !all.is_finished() {
        end_of_a_task(&tally, &all).await?;
    }
    let took = started.elapsed();
    let latencies = {
        let mut tally = tally.borrow_mut();
        tally.measuring = false;
        tally.stop = true;
        std::mem::take(&mut tally.latencies)
    };
    let cpu_after = cpu();
    for result in all.await? {
        result?;
    }
    summary(latencies, took, cpu_before.zip(cpu_after))
}

fn summary(mut latencies: Vec<Duration>, took: Duration, cpu: Option<(Duration, Duration)>) -> Result<Round> {
    latencies.sort_unstable();
    let count = latencies.len();
    anyhow::ensure!(count > 0, "no task came to its end within {took:?}");
    let at = |share: f64| {
        let index = (count as f64 * share) as usize;
        latencies.get(index.min(count - 1)).copied().unwrap_or_default()
    };
    Ok(Round {
        per_second: count as f64 / took.as_secs_f64(),
        p50: at(0.5),
        p99: at(0.99),
        cpu: cpu.map(|(before, after)| after.saturating_sub(before).div_f64(count as f64)),
    })
}

/// Returns when a task ends, or when there are no more of them.
async fn end_of_a_task<T>(tally: &RefCell<Tally>, all: &JoinHandle<T>) -> Result<()> {
    let started = Instant::now();
    let ended = tally.borrow().ended.clone();
    tally.borrow_mut().watched = true;
    while !all.is_finished() && timeout(STEP, ended.notified()).await.is_err() {
        anyhow::ensure!(
            started.elapsed() < PATIENCE,
            "no task came to its end within {PATIENCE:?}"
        );
    }
    Ok(())
}

async fn run(port: u16, mut client: Client, tally: Rc<RefCell<Tally>>) -> Result<()> {
    let mut connection = Connection::open(port).await?;
    let mut last = None;
    let (mut began, mut took) = (Instant::now(), None);
    loop {
        // After the last answer the client is asked once more, so that it learns of it.
        let call = client(last.as_ref())?;
        let goes_on = call.as_ref().is_some_and(|call| call.goes_on);
        if let Some(took) = took.filter(|_| !goes_on) {
            tally.borrow_mut().ended(took);
            began = Instant::now();
        }
        let Some(call) = call.filter(|_| !tally.borrow().stop) else {
            return Ok(());
        };
        let answer = connection.expect_status(&call).await?;
        took = Some(began.elapsed());
        answer.check(call.holds.as_ref()).with_context(|| call.name())?;
        last = Some(answer);
    }
}
