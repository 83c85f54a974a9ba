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
    driver::{Call, Connection, Timing, round},
    process::usage,
    workloads::named,
};

/// Longer than a host keeps an idle instance.
const IDLE: Duration = Duration::from_millis(1300);

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
    Ok(Idle {
        start,
        warm,
        fresh_instance,
        memory_at_rest,
        memory_in_mix: if has_data {
            peak(&contestant, "90/10 mix of 200 users", timing).await?
        } else {
            0
        },
        memory_signing_in: if has_data {
            peak(&contestant, "sign-in", timing).await?
        } else {
            0
        },
    })
}

async fn get(connection: &mut Connection, contestant: &Contestant) -> Result<Duration> {
    let call = match contestant
        .stage
        .user(0)
        .and_then(|user| Some((user, user.memos.last()?)))
    {
        Some((user, memo)) => Call::new(Method::GET, &memo.path, 200).bearer(&user.token),
        None => Call::new(Method::GET, "/hello", 200),
    };
    let started = Instant::now();
    connection.expect(call).await?;
    Ok(started.elapsed())
}

/// The most memory that it takes while 64 connections do this.
async fn peak(contestant: &Contestant, workload: &str, timing: Timing) -> Result<u64> {
    const CONNECTIONS: usize = 64;
    let Some(workload) = named(workload) else {
        anyhow::bail!("there is no workload {workload}");
    };
    let workload = crate::Workload {
        connections: CONNECTIONS,
        ..*workload
    };
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
