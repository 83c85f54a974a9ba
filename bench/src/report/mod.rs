//! bench/RESULTS.md and its chart.

mod tables;

use std::{collections::BTreeMap, fmt::Write, time::Duration};

use anyhow::Result;

use crate::{
    ForeignRounds, Rounds,
    chart::{self, Group},
    contestants::{
        Kind::{self, Hello, Limit, Ours, Peer, Pocket, Spin},
        root,
    },
    goals,
    idle::Idle,
    machine,
    process::Cores,
    round::Round,
    workloads::WORKLOADS,
};

/// What there is between the tables and the reader: written by hand.
const NOTES: &str = "bench/NOTES.md";

/// All that was measured.
pub struct Report {
    here: Vec<Kind>,
    cores: Cores,
    quick: bool,
    pub rounds: Rounds,
    pub foreign: Vec<ForeignRounds>,
    pub idle: BTreeMap<Kind, Idle>,
    /// The table of those who listen to events, where they were measured.
    pub listening: String,
}

impl Report {
    pub fn new(here: &[Kind], cores: Cores, quick: bool) -> Self {
        Self {
            here: here.to_vec(),
            cores,
            quick,
            rounds: Rounds::new(),
            foreign: Vec::new(),
            idle: BTreeMap::new(),
            listening: String::new(),
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
            goals::of_workloads(self),
            goals::beside_before(self),
            self.throughput(),
            self.times(),
            self.beside(),
            self.starts(),
            self.listeners(),
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
        text += "- `make bench`, which is `bench/run`; `bench/run --quick` shows in two minutes that everything works, `bench/run --only NAME` measures one workload\n";
        text
    }

    fn listeners(&self) -> String {
        match self.listening.as_str() {
            "" => String::new(),
            table => format!("## Listeners\n\nOne person and one event stream each.\n\n{table}"),
        }
    }

    fn chart(&self) -> String {
        let colours = [
            (Ours, "#2563eb"),
            (Spin, "#7c3aed"),
            (Limit, "#94a3b8"),
            (Hello, "#cbd5e1"),
            (Peer, "#f59e0b"),
            (Pocket, "#10b981"),
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

    /// How many times as much processor time the one takes for a task as the other.
    pub fn ratio_of_cpu(&self, one: (&'static str, Kind), other: (&'static str, Kind)) -> Option<f64> {
        let pairs = self.rounds_of(one).iter().zip(self.rounds_of(other));
        median(pairs.filter_map(|(one, other)| Some(one.cpu?.as_secs_f64() / other.cpu?.as_secs_f64())))
    }

    /// p99 / p50 of ours.
    pub fn spread(&self, workload: &'static str) -> Option<f64> {
        let rounds = self.rounds_of((workload, Ours)).iter();
        median(rounds.map(|round| round.p99.as_secs_f64() / round.p50.as_secs_f64()))
    }

    /// How many times longer a request of ours takes beside many records of others.
    pub fn slower(&self, workload: &str) -> Option<f64> {
        let (_, [few, many]) = self.foreign.iter().find(|(name, _)| *name == workload)?;
        median(few.iter().zip(many).map(|(few, many)| few.per_second / many.per_second))
    }
}

/// The middle of the values.
pub fn median<T: PartialOrd + Copy>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    values.get(values.len() / 2).copied()
}

pub fn show_rate(rate: f64) -> String {
    if rate < 10.0 {
        format!("{rate:.1}")
    } else {
        format!("{rate:.0}")
    }
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
