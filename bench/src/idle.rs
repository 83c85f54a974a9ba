//! What is measured on one contestant at a time: how it starts, and what memory it takes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Result;
use http::Method;

use crate::{
    contestants::{Contestant, Kind},
    driver::{Call, Connection},
    process::usage,
    round::{Timing, round},
    workloads::{named, reading},
};

/// Longer than a host keeps an idle instance.
const IDLE: Duration = Duration::from_millis(1300);

/// While memory is watched.
const CONNECTIONS: usize = 64;

/// Start and memory of one contestant. Memory in bytes.
pub struct Idle {
    /// From the start of the process to its first answer.
    pub start: Vec<Duration>,
    /// A request to an instance that is there, one at a time.
    pub warm: Vec<Duration>,
    /// A request after a pause in which a host drops its instances.
    pub fresh_instance: Vec<Duration>,
    pub memory_at_rest: u64,
    pub memory_in_mix: u64,
    pub memory_signing_in: u64,
    pub memory_searching: u64,
    pub memory_moving: u64,
}

/// Measures, and ends the contestant.
pub async fn measure(mut contestant: Contestant, restarts: usize, timing: Timing) -> Result<Idle> {
    let mut start = Vec::new();
    for _ in 0..restarts {
        let (again, took) = contestant.restart().await?;
        contestant = again;
        start.push(took);
    }
    let mut connection = Connection::open(contestant.server.port).await?;
    let mut warm = Vec::new();
    for _ in 0..100 {
        warm.push(get(&mut connection, &contestant).await?);
    }
    let mut fresh_instance = Vec::new();
    for _ in 0..restarts {
        tokio::time::sleep(IDLE).await;
        fresh_instance.push(get(&mut connection, &contestant).await?);
    }
    tokio::time::sleep(IDLE).await;
    let memory_at_rest = contestant.usage().1;
    let has_data = contestant.kind != Kind::Hello;
    let mut idle = Idle {
        start,
        warm,
        fresh_instance,
        memory_at_rest,
        memory_in_mix: 0,
        memory_signing_in: 0,
        memory_searching: 0,
        memory_moving: 0,
    };
    if has_data {
        idle.memory_in_mix = peak(&contestant, "90/10 mix of 200 users", CONNECTIONS, timing).await?;
        idle.memory_signing_in = peak(&contestant, "sign-in", CONNECTIONS, timing).await?;
    }
    if contestant.stage.searcher.is_some() {
        // One search at a time: of many at once the Worker would have the first done after minutes.
        idle.memory_searching = peak(&contestant, "search, all pages", 1, timing).await?;
        if moves(contestant.kind) {
            let export = peak(&contestant, "export of 10,000", 1, timing).await?;
            let import = peak(&contestant, "import of 10,000", 1, timing).await?;
            idle.memory_moving = export.max(import);
        }
    }
    Ok(idle)
}

/// Whether it exports and imports.
fn moves(kind: Kind) -> bool {
    named("export of 10,000").is_some_and(|workload| workload.on.contains(&kind))
}

async fn get(connection: &mut Connection, contestant: &Contestant) -> Result<Duration> {
    let call = match contestant.kind {
        Kind::Hello => Call::new(Method::GET, "/hello", 200),
        _ => reading::get(&contestant.stage)?,
    };
    let started = Instant::now();
    connection.expect(call).await?;
    Ok(started.elapsed())
}

/// The most memory that it takes while so many connections do this.
async fn peak(contestant: &Contestant, workload: &str, connections: usize, timing: Timing) -> Result<u64> {
    let Some(workload) = named(workload) else {
        anyhow::bail!("there is no workload {workload}");
    };
    let workload = workload.over(connections);
    let stop = Arc::new(AtomicBool::new(false));
    let watch = {
        let (stop, id) = (stop.clone(), contestant.server.id());
        std::thread::spawn(move || {
            let mut peak = 0;
            while !stop.load(Ordering::Relaxed) {
                peak = peak.max(usage(id).1);
                std::thread::sleep(Duration::from_millis(50));
            }
            peak
        })
    };
    let timing = Timing {
        measure: timing.measure * 4,
        ..timing
    };
    let result = round(
        contestant.server.port,
        workload.clients(&contestant.stage),
        timing,
        || None,
    )
    .await;
    stop.store(true, Ordering::Relaxed);
    let peak = watch
        .join()
        .map_err(|_| anyhow::anyhow!("the watch on memory failed"))?;
    result.map(|_| peak)
}
