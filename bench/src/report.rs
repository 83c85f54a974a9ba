//! bench/RESULTS.md and its chart.

use std::{collections::BTreeMap, fmt::Write, time::Duration};

use anyhow::Result;

use crate::{
    Rounds,
    chart::{self, Group},
    contestants::{
        Kind::{self, Hello, Limit, Ours, Peer, Spin},
        root,
    },
    driver::Round,
    goals,
    idle::Idle,
    machine,
    process::Cores,
    workloads::WORKLOADS,
};

/// What there is between the tables and the reader: written by hand.
const NOTES: &str = "bench/NOTES.md";

/// A workload's name, and its rounds with few and with many foreign records in the store.
pub type ForeignRounds = (&'static str, [Vec<Round>; 2]);

/// All that was measured.
pub struct Report {
    here: Vec<Kind>,
    cores: Cores,
    quick: bool,
    pub rounds: Rounds,
    pub foreign: BTreeMap<Kind, Vec<ForeignRounds>>,
    pub idle: BTreeMap<Kind, Idle>,
}

impl Report {
    pub fn new(here: &[Kind], cores: Cores, quick: bool) -> Self {
        Self {
            here: here.to_vec(),
            cores,
            quick,
            rounds: Rounds::new(),
            foreign: BTreeMap::new(),
            idle: BTreeMap::new(),
        }
    }

    /// Prints the report; `keep` puts it in its place, too.
    pub fn write(&self, keep: bool) -> Result<()> {
        let text = self.text();
        println!("{text}");
        if keep {
            std::fs::write(root().join("bench/RESULTS.md"), text)?;
            std::fs::write(root().join("bench/results.svg"), self.chart())?;
            eprintln!("written: bench/RESULTS.md, bench/results.svg");
        }
        Ok(())
    }

    fn text(&self) -> String {
        let mut text = String::from(
            "# Measurements\n\nWritten by `make bench`. Ratios are the result; absolute figures are context.\n\n",
        );
        if self.quick {
            text += "**A quick run: these figures mean little.**\n\n";
        }
        text += "![Requests per second](results.svg)\n\n";
        for part in [
            self.contestants(),
            goals::table(self),
            self.throughput(),
            self.times(),
            self.beside(),
            self.starts(),
            self.sizes(),
        ] {
            text += &part;
            text += "\n";
        }
        text += &std::fs::read_to_string(root().join(NOTES)).unwrap_or_default();
        text += "\n## Machine, versions, commands\n\n";
        for line in machine::describe() {
            let _ = writeln!(text, "- {line}");
        }
        text += "- `make bench`, which is `bench/run`; `bench/run --quick` shows in a minute that everything works, `bench/run --only NAME` measures one workload\n";
        text
    }

    fn contestants(&self) -> String {
        let cores = if self.cores.are_apart() {
            "Every server had one core and the load generator another, so requests per second are those of one core."
        } else {
            "Servers and the load generator shared all cores."
        };
        let skipped: Vec<_> = Kind::ALL
            .into_iter()
            .filter(|kind| !self.here.contains(kind))
            .map(Kind::name)
            .collect();
        let skipped = if skipped.is_empty() {
            String::new()
        } else {
            format!("\n\n**Skipped: {}.**", skipped.join(", "))
        };
        format!(
            "| contestant | what it is |\n|---|---|\n\
             | ours | the components on the embedded host, SQLite store, default settings, `--quiet` |\n\
             | ours on Spin | the same components under `spin up` |\n\
             | native | the same routers compiled natively: hyper, tokio, the host's own SQLite store |\n\
             | bare hello | a component that answers `hello` and nothing else, on the embedded host |\n\
             | floor | in the same column: a component without router, tokens and JSON, which takes a request, reads one value from the store, sets five headers and logs a line |\n\
             | workerd | a Worker with Hono, jose and KV kept on disk, under miniflare (`bench/peer`); its passwords are PBKDF2 with 100,000 rounds, the most that Workers allow, where ours are Argon2id with 7 MiB |\n\n\
             All do the same work through the same API, in turns: every figure is the median of the rounds, every ratio the median of the rounds' ratios. {cores}{skipped}\n"
        )
    }

    fn throughput(&self) -> String {
        let mut text = String::from(
            "## Requests per second\n\n| workload | connections | bare hello | ours | ours on Spin | native | workerd | ours / native | ours / workerd |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
        );
        for workload in WORKLOADS {
            let rate = |kind| {
                self.rate(workload.name, kind)
                    .map_or("–".to_owned(), |rate| format!("{rate:.0}"))
            };
            let ratio = |kind| show_ratio(self.ratio((workload.name, Ours), (workload.name, kind)));
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                workload.name,
                workload.connections,
                rate(Hello),
                rate(Ours),
                rate(Spin),
                rate(Limit),
                rate(Peer),
                ratio(Limit),
                ratio(Peer)
            );
        }
        text
    }

    fn times(&self) -> String {
        let mut text = String::from(
            "## Latency, and processor time per request\n\n| workload | ours p50 | ours p99 | p99 / p50 | workerd p50 | workerd p99 | cpu: ours | native | workerd |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
        );
        for workload in WORKLOADS.iter().filter(|workload| workload.on.contains(&Ours)) {
            let show = |kind, field: fn(&Round) -> Option<Duration>| {
                self.median(workload.name, kind, field)
                    .map_or("–".to_owned(), show_time)
            };
            let spread = self
                .spread(workload.name)
                .map_or("–".to_owned(), |spread| format!("{spread:.1}"));
            let _ = writeln!(
                text,
                "| {} | {} | {} | {spread} | {} | {} | {} | {} | {} |",
                workload.name,
                show(Ours, |round| Some(round.p50)),
                show(Ours, |round| Some(round.p99)),
                show(Peer, |round| Some(round.p50)),
                show(Peer, |round| Some(round.p99)),
                show(Ours, |round| round.cpu),
                show(Limit, |round| round.cpu),
                show(Peer, |round| round.cpu),
            );
        }
        text
    }

    fn beside(&self) -> String {
        let mut text = String::from(
            "## Beside 100,000 records of others\n\nHow many times longer a request takes than beside 10 such records.\n\n| workload | ours |\n|---|--:|\n",
        );
        for name in crate::INDEPENDENT {
            let slower = |kind| show_ratio(self.slower(kind, name));
            let _ = writeln!(text, "| {name} | {} |", slower(Ours));
        }
        text
    }

    fn starts(&self) -> String {
        let mut text = String::from(
            "## Start and memory\n\n| contestant | process start to first answer | request after a pause | request when warm | memory at rest | mix, 64 connections | sign-in, 64 connections |\n|---|--:|--:|--:|--:|--:|--:|\n",
        );
        for (kind, idle) in &self.idle {
            let time = |times: &[Duration]| median(times.iter().copied()).map_or("–".to_owned(), show_time);
            let memory = |bytes: u64| if bytes == 0 { "–".to_owned() } else { show_mb(bytes) };
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} |",
                kind.name(),
                time(&idle.start),
                time(&idle.fresh_instance),
                time(&idle.warm),
                memory(idle.memory_at_rest),
                memory(idle.memory_in_mix),
                memory(idle.memory_signing_in)
            );
        }
        text + "\nAfter a pause of more than a second the host has dropped the instance and makes a new one. Memory is resident memory of all processes, at its peak.\n"
    }

    fn sizes(&self) -> String {
        let mut text = String::from("## Size of the components\n\n| component | bytes |\n|---|--:|\n");
        for name in ["auth_component", "memo_component", "site"] {
            let _ = writeln!(text, "| {name}.wasm | {} |", machine::wasm_size(name));
        }
        let _ = writeln!(text, "| of the site: embedded files | {} |", machine::embedded_assets());
        text
    }

    fn chart(&self) -> String {
        let colours = [
            (Ours, "#2563eb"),
            (Spin, "#7c3aed"),
            (Limit, "#94a3b8"),
            (Hello, "#cbd5e1"),
            (Peer, "#f59e0b"),
        ];
        let groups: Vec<_> = WORKLOADS
            .iter()
            .map(|workload| Group {
                name: workload.name,
                bars: colours
                    .iter()
                    .filter_map(|(kind, colour)| Some((kind.name(), *colour, self.rate(workload.name, *kind)?)))
                    .collect(),
            })
            .collect();
        chart::draw("Requests per second (logarithmic)", &groups)
    }

    fn rounds_of(&self, key: (&'static str, Kind)) -> &[Round] {
        self.rounds.get(&key).map_or(&[], Vec::as_slice)
    }

    pub fn rate(&self, workload: &'static str, kind: Kind) -> Option<f64> {
        median(self.rounds_of((workload, kind)).iter().map(|round| round.per_second))
    }

    pub fn median(
        &self,
        workload: &'static str,
        kind: Kind,
        field: fn(&Round) -> Option<Duration>,
    ) -> Option<Duration> {
        median(self.rounds_of((workload, kind)).iter().filter_map(field))
    }

    /// How many times as many requests a second the one gets as the other.
    pub fn ratio(&self, one: (&'static str, Kind), other: (&'static str, Kind)) -> Option<f64> {
        let pairs = self.rounds_of(one).iter().zip(self.rounds_of(other));
        median(pairs.map(|(one, other)| one.per_second / other.per_second))
    }

    /// p99 / p50 of ours.
    pub fn spread(&self, workload: &'static str) -> Option<f64> {
        let rounds = self.rounds_of((workload, Ours)).iter();
        median(rounds.map(|round| round.p99.as_secs_f64() / round.p50.as_secs_f64()))
    }

    /// How many times longer a request takes beside many records of others.
    pub fn slower(&self, kind: Kind, workload: &str) -> Option<f64> {
        let (_, [few, many]) = self.foreign.get(&kind)?.iter().find(|(name, _)| *name == workload)?;
        median(few.iter().zip(many).map(|(few, many)| few.per_second / many.per_second))
    }
}

/// The middle of the values.
pub fn median<T: PartialOrd + Copy>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    values.get(values.len() / 2).copied()
}

pub fn show_ratio(ratio: Option<f64>) -> String {
    ratio.map_or("–".to_owned(), |ratio| format!("{ratio:.2}"))
}

pub fn show_time(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        0.0..1000.0 => format!("{micros:.0} µs"),
        1000.0..100_000.0 => format!("{:.1} ms", micros / 1e3),
        _ => format!("{:.0} ms", micros / 1e3),
    }
}

pub fn show_mb(bytes: u64) -> String {
    format!("{} MB", bytes / 1_000_000)
}
