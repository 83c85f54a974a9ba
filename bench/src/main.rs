//! Side-by-side measurements: every contestant does the same work through the same API, in turns.

mod chart;
mod contestants;
mod dialect;
mod driver;
mod goals;
mod idle;
mod listening;
mod machine;
mod process;
mod report;
mod round;
mod stage;
mod text;
mod tokens;
mod workloads;

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result};
use clap::Parser;

use contestants::{Contestant, Kind};
use listening::Crowd;
use process::Cores;
use report::Report;
use round::{Round, Timing, round};
use stage::Size;
use workloads::{INDEPENDENT, WORKLOADS, Workload, named, needed};

/// Measures the app beside what it could be and what others would pick, and writes bench/RESULTS.md.
#[derive(Parser)]
struct Args {
    /// A small run that shows that everything works; its figures mean little, and RESULTS.md stays as it is
    #[arg(long)]
    quick: bool,
    /// Only the workload of this name, or those whose names contain it; RESULTS.md stays as it is
    #[arg(long)]
    only: Vec<String>,
    /// How often each workload is measured on each contestant
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Only these contestants; RESULTS.md stays as it is
    #[arg(long)]
    contestant: Vec<String>,
    /// In place of all that, only so many people who listen to events: what they cost, and how soon they hear of a change
    #[arg(long, value_name = "NUMBER")]
    listeners: Option<usize>,
}

/// A workload's name, and its rounds with few and with many foreign records in the store.
pub type ForeignRounds = (&'static str, [Vec<Round>; 2]);

/// The measurements of each workload on each contestant.
pub type Rounds = BTreeMap<(&'static str, Kind), Vec<Round>>;

struct Plan {
    rounds: usize,
    timing: Timing,
    size: Size,
    /// Records of others: few and many. Beside many also so many sessions of theirs that have just ended.
    foreign: [usize; 2],
    foreign_ended: usize,
    restarts: usize,
    crowd: Crowd,
}

impl Plan {
    fn new(args: &Args) -> Self {
        let ms = Duration::from_millis;
        if args.quick {
            return Self {
                rounds: 1,
                timing: Timing {
                    warm_up: ms(50),
                    measure: ms(250),
                },
                size: Size {
                    users: 70,
                    sessions: 16,
                    fresh_tokens: 400,
                    searched: 1_000,
                    organisers: 4,
                    follower: true,
                },
                foreign: [10, 2_000],
                foreign_ended: 200,
                restarts: 1,
                crowd: Crowd {
                    listeners: 10,
                    watch: ms(1000),
                },
            };
        }
        Self {
            rounds: args.rounds,
            timing: Timing {
                warm_up: ms(200),
                measure: ms(1000),
            },
            size: Size {
                users: 201,
                sessions: 16,
                fresh_tokens: 1500,
                searched: 10_000,
                organisers: 4,
                follower: true,
            },
            foreign: [10, 100_000],
            foreign_ended: 10_000,
            restarts: 5,
            crowd: Crowd {
                listeners: args.listeners.unwrap_or(500),
                watch: ms(40_000),
            },
        }
    }
}

fn main() -> Result<()> {
    let args = Args::parse();
    let cores = Cores::claim();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, run(&args, cores))
}

async fn run(args: &Args, cores: Cores) -> Result<()> {
    let plan = Plan::new(args);
    let fits = |name: &str, only: &str| match named(only) {
        Some(_) => name == only,
        None => name.contains(only),
    };
    let wanted = |name: &str| args.only.is_empty() || args.only.iter().any(|only| fits(name, only));
    let chosen = |kind: Kind| args.contestant.is_empty() || args.contestant.iter().any(|name| name == kind.name());
    if args.listeners.is_some() {
        println!("{}", listening::table(plan.crowd, chosen, cores, plan.timing).await?);
        return Ok(());
    }
    let workloads: Vec<&Workload> = WORKLOADS.iter().filter(|workload| wanted(workload.name)).collect();
    let takes_part = |kind: Kind| workloads.iter().any(|workload| workload.on.contains(&kind));
    let here: Vec<Kind> = Kind::ALL
        .into_iter()
        .filter(|kind| chosen(*kind) && takes_part(*kind) && kind.is_here())
        .collect();

    let mut contestants = Vec::new();
    for kind in &here {
        eprintln!("{}: making {} users and their memos", kind.name(), plan.size.users);
        let size = needed(&workloads, *kind, plan.size);
        contestants.push(Contestant::start(*kind, size, cores).await?);
    }
    let mut report = Report::new(&here, cores, args.quick);
    report.rounds = measure(&plan, &workloads, &mut contestants).await?;

    if here.contains(&Kind::Ours) {
        let independent = INDEPENDENT.iter().filter(|name| wanted(name));
        let independent: Vec<_> = independent.filter_map(|name| named(name)).collect();
        report.foreign = beside_foreign(&plan, &independent, cores).await?;
    }
    if args.only.is_empty() {
        for contestant in contestants {
            let kind = contestant.kind;
            eprintln!("{}: starts, and memory", kind.name());
            let idle = idle::measure(contestant, plan.restarts, plan.timing).await?;
            report.idle.insert(kind, idle);
        }
        report.listening = listening::table(plan.crowd, chosen, cores, plan.timing).await?;
    }
    let partial = args.quick || !args.only.is_empty() || !args.contestant.is_empty();
    report.write(!partial)
}

/// Every workload on every contestant, again and again, so that what disturbs the machine disturbs all of them.
async fn measure(plan: &Plan, workloads: &[&Workload], contestants: &mut [Contestant]) -> Result<Rounds> {
    let mut rounds = Rounds::new();
    for number in 0..plan.rounds {
        for workload in workloads {
            // Who goes first changes from round to round.
            contestants.rotate_left(usize::from(number > 0).min(contestants.len()));
            for contestant in contestants
                .iter()
                .filter(|contestant| workload.on.contains(&contestant.kind))
            {
                let measured = one(plan, workload, contestant).await?;
                eprintln!(
                    "{}/{} {:28} {:13} {:9.0}/s  p50 {:>9.1?}  p99 {:>9.1?}  cpu {:.1?}",
                    number + 1,
                    plan.rounds,
                    workload.name,
                    contestant.kind.name(),
                    measured.per_second,
                    measured.p50,
                    measured.p99,
                    measured.cpu.unwrap_or_default()
                );
                rounds
                    .entry((workload.name, contestant.kind))
                    .or_default()
                    .push(measured);
            }
        }
    }
    Ok(rounds)
}

async fn one(plan: &Plan, workload: &Workload, contestant: &Contestant) -> Result<Round> {
    let clients = workload.clients(&contestant.stage);
    let cpu = || Some(contestant.usage().0);
    let measured = round(contestant.server.port, clients, plan.timing, cpu).await;
    measured.with_context(|| format!("{} on {}", workload.name, contestant.kind.name()))
}

/// Ours does the same work beside few and beside many records of others, in turns; beside many, their sessions have ended.
async fn beside_foreign(plan: &Plan, workloads: &[&Workload], cores: Cores) -> Result<Vec<ForeignRounds>> {
    let mut all: Vec<ForeignRounds> = workloads
        .iter()
        .map(|workload| (workload.name, Default::default()))
        .collect();
    if all.is_empty() {
        return Ok(all);
    }
    let size = Size { users: 20, ..plan.size };
    let size = needed(workloads, Kind::Ours, size);
    let [few, many] = plan.foreign;
    let beside_few = Contestant::start(Kind::Ours, size, cores).await?;
    let beside_many = Contestant::start(Kind::Ours, size, cores).await?;
    eprintln!(
        "ours: adding {many} records of others, and {} ended sessions",
        plan.foreign_ended
    );
    beside_few.add_foreign(few)?;
    beside_many.add_foreign(many)?;
    beside_many.end_foreign_sessions(plan.foreign_ended).await?;
    for _ in 0..plan.rounds {
        for (workload, (_, [with_few, with_many])) in workloads.iter().zip(&mut all) {
            with_few.push(one(plan, workload, &beside_few).await?);
            with_many.push(one(plan, workload, &beside_many).await?);
        }
    }
    Ok(all)
}
