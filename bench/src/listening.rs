//! People who listen to events: what they cost while nothing happens, and how soon they hear of what does.

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use futures::future::join_all;

use crate::{
    contestants::{
        Contestant,
        Kind::{self, Ours, Pocket, Spin},
    },
    driver::{Connection, Events},
    process::Cores,
    report::{median, show_time},
    round::{Timing, round},
    stage::Size,
    workloads::named,
};

/// How many changes are waited for.
const CHANGES: usize = 50;
/// Connections that are opened at a time.
const AT_A_TIME: usize = 16;

/// What was measured. Memory in bytes.
struct Listening {
    memory_before: u64,
    memory_with: u64,
    cpu: Duration,
    /// From the answer to a create until its author's stream tells it.
    heard: Vec<Duration>,
    /// Processor time of a GET without listeners and with them.
    reads: [Duration; 2],
}

/// How many listen, and how long it is watched how idle they are. A stream of ours says every 20 s that it is there.
#[derive(Clone, Copy)]
pub struct Crowd {
    pub listeners: usize,
    pub watch: Duration,
}

/// Measures those of ours and of PocketBase that are here and `wanted`, one after the other, and makes a table of it.
pub async fn table(crowd: Crowd, wanted: impl Fn(Kind) -> bool, cores: Cores, timing: Timing) -> Result<String> {
    let listeners = crowd.listeners.max(1);
    let mut table = format!(
        "| {listeners} listeners | memory for each | processor time of each, a minute | heard after, p50 | at most | processor time of a GET without them | with them |\n|---|--:|--:|--:|--:|--:|--:|\n"
    );
    for kind in [Ours, Spin, Pocket] {
        if !wanted(kind) || !kind.is_here() {
            continue;
        }
        let found = measure(kind, crowd, cores, timing).await?;
        let each = found.memory_with.saturating_sub(found.memory_before) / listeners as u64;
        let a_minute = found.cpu.as_secs_f64() * 60.0 / crowd.watch.as_secs_f64() / listeners as f64;
        let [without, with] = found.reads;
        let _ = writeln!(
            table,
            "| {} | {} kB | {} | {} | {} | {} | {} |",
            kind.name(),
            each / 1000,
            show_time(Duration::from_secs_f64(a_minute)),
            median(found.heard.iter().copied()).map_or("–".to_owned(), show_time),
            found.heard.iter().max().copied().map_or("–".to_owned(), show_time),
            show_time(without),
            show_time(with),
        );
    }
    Ok(table)
}

async fn measure(kind: Kind, crowd: Crowd, cores: Cores, timing: Timing) -> Result<Listening> {
    let listeners = crowd.listeners;
    eprintln!("{}: making {listeners} users and their memos", kind.name());
    let size = Size {
        users: listeners,
        sessions: 0,
        fresh_tokens: 0,
        searched: 0,
        organisers: 0,
        follower: false,
    };
    let contestant = Contestant::start(kind, size, cores).await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let reads_without = reads(&contestant, timing).await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let memory_before = contestant.usage().1;
    eprintln!("{}: opening streams", kind.name());
    // The first alone: it makes the key that cursors are signed with.
    let mut streams = vec![listen(&contestant, 0).await?];
    let others: Vec<usize> = (1..listeners).collect();
    for some in others.chunks(AT_A_TIME) {
        let opened = join_all(some.iter().map(|index| listen(&contestant, *index))).await;
        streams.extend(opened.into_iter().collect::<Result<Vec<_>>>()?);
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    let cpu = contestant.usage().0;
    tokio::time::sleep(crowd.watch).await;
    let (cpu_after, memory_with) = contestant.usage();
    eprintln!("{}: writing", kind.name());
    let mut heard = Vec::new();
    for _ in 0..CHANGES {
        heard.push(hear(&contestant, &mut streams).await?);
    }
    let reads_with = reads(&contestant, timing).await?;
    Ok(Listening {
        memory_before,
        memory_with,
        cpu: cpu_after.saturating_sub(cpu),
        heard,
        reads: [reads_without, reads_with],
    })
}

/// Opens somebody's stream and waits until it tells what happens from now on.
async fn listen(contestant: &Contestant, index: usize) -> Result<Events> {
    let (stage, port) = (&contestant.stage, contestant.server.port);
    let who = stage.user(index)?;
    let mut events = Connection::open(port).await?.listen(&stage.dialect.listen(who)).await?;
    let first = events.next().await?;
    if let Some(call) = stage.dialect.subscribe(who, &first)? {
        Connection::open(port).await?.expect(call).await?;
    }
    Ok(events)
}

/// Somebody writes a memo; how long it takes until they hear of it.
async fn hear(contestant: &Contestant, streams: &mut [Events]) -> Result<Duration> {
    // At any moment between two looks.
    tokio::time::sleep(Duration::from_millis(fastrand::u64(0..1000))).await;
    let index = fastrand::usize(0..streams.len());
    let (stage, who) = (&contestant.stage, contestant.stage.user(index)?);
    let mut connection = Connection::open(contestant.server.port).await?;
    let answer = connection.expect(stage.create(who)).await?;
    let written = Instant::now();
    let memo = stage.dialect.memo(&answer)?;
    let stream = streams.get_mut(index).context("no such stream")?;
    stream.until(&format!("\"id\":\"{}\"", memo.id)).await?;
    Ok(written.elapsed())
}

/// Processor time of a GET, over 16 connections.
async fn reads(contestant: &Contestant, timing: Timing) -> Result<Duration> {
    let workload = named("GET memo").context("there is no workload for reading")?;
    let clients = workload.clients(&contestant.stage);
    let cpu = || Some(contestant.usage().0);
    let measured = round(contestant.server.port, clients, timing, cpu).await?;
    measured.cpu.context("no processor time was measured")
}
