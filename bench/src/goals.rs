//! What the figures are to be, and whether they are. A miss is told, not failed: machines differ.

use std::{fmt::Write, time::Duration};

use crate::{
    contestants::Kind::{Before, Hello, Limit, Ours, Peer, Pocket},
    idle::Idle,
    machine,
    report::{Report, median, show_mb, show_ratio, show_time},
    workloads::WORKLOADS,
};

/// The bars of a workload.
struct Bars {
    /// How many times as many requests a second as PocketBase, at least.
    pocketbase: f64,
    /// The same to workerd.
    workerd: f64,
    /// How many times as long beside 100,000 foreign records and 10,000 ended sessions as beside 10 records, at most.
    foreign: Option<f64>,
    /// How many times as long as in the older build, at most.
    before: Option<f64>,
}

/// Of each workload that has any. A sign-in and a refresh have none: everybody hashes passwords in another way, and
/// PocketBase renews a token without a session that could be ended.
fn bars(workload: &str) -> Option<Bars> {
    let bars = Bars {
        pocketbase: 2.0,
        workerd: 3.0,
        foreign: Some(1.2),
        before: None,
    };
    Some(match workload {
        "GET memo" => Bars {
            before: Some(1.1),
            ..bars
        },
        "page of 50" => Bars {
            workerd: 10.0,
            before: Some(1.1),
            ..bars
        },
        "create" => Bars {
            before: Some(1.2),
            ..bars
        },
        "update with If-Match" => Bars {
            foreign: Some(1.3),
            before: Some(1.6),
            ..bars
        },
        "90/10 mix of 200 users" => Bars {
            foreign: None,
            before: Some(1.1),
            ..bars
        },
        "batch of 50 creates"
        | "batch of 50 updates"
        | "search, page of 50"
        | "search, all pages"
        | "page of 50 by tag"
        | "page of 50 in the trash"
        | "tags"
        | "a change, then tags"
        | "changes, 10 behind" => bars,
        _ => return None,
    })
}

/// A figure as it is shown, and whether it is good.
type Shown = Option<(String, bool)>;

fn at_least(ratio: Option<f64>, bar: f64) -> Shown {
    ratio.map(|ratio| (format!("{ratio:.2}"), ratio >= bar))
}

fn at_most(ratio: Option<f64>, bar: f64) -> Shown {
    ratio.map(|ratio| (format!("{ratio:.2}"), ratio <= bar))
}

/// The table of goals that are not of a kind for each workload.
pub fn table(report: &Report) -> String {
    let mut text = String::from("## Goals\n\n| goal | bar | measured | |\n|---|--:|--:|---|\n");
    for (goal, bar, measured) in [speed(report), memory_and_start(report), sizes()].concat() {
        let (measured, met) = match measured {
            Some((measured, true)) => (measured, "met"),
            Some((measured, false)) => (measured, "**missed**"),
            None => ("–".to_owned(), "not measured"),
        };
        let _ = writeln!(text, "| {goal} | {bar} | {measured} | {met} |");
    }
    text
}

fn speed(report: &Report) -> Vec<(String, &'static str, Shown)> {
    let ratio = |one, other| report.ratio(one, other);
    let floor = show_ratio(ratio(("floor", Hello), ("hello", Hello)));
    let to_hello = ratio(("GET memo", Ours), ("hello", Hello));
    let to_native = ratio(("GET memo", Ours), ("GET memo", Limit));
    let cpu = |workload| report.median(workload, Ours, |round| round.cpu);
    let verification = cpu("GET memo, token never seen").zip(cpu("GET memo"));
    let verification = verification.map(|(unseen, seen)| unseen.saturating_sub(seen));
    let verification = verification.map(|time| (show_time(time), time.as_micros() <= 120));
    let mut goals = vec![
        (
            format!("GET memo, token seen, to the bare hello (the floor: {floor})"),
            "≥ 0.6",
            at_least(to_hello, 0.6),
        ),
        (
            "GET memo, token seen, to native".to_owned(),
            "≥ 0.5",
            at_least(to_native, 0.5),
        ),
        (
            "what a token never seen costs more".to_owned(),
            "≤ 120 µs",
            verification,
        ),
    ];
    for workload in ["GET memo", "90/10 mix of 200 users"] {
        let spread = at_most(report.spread(workload), 5.0);
        goals.push((format!("{workload}, p99 to p50"), "≤ 5", spread));
    }
    for workload in ["search, page of 50", "search, all pages"] {
        let slower = ratio((workload, Limit), (workload, Ours));
        goals.push((format!("{workload}, time to native"), "≤ 3", at_most(slower, 3.0)));
    }
    goals
}

fn memory_and_start(report: &Report) -> Vec<(String, &'static str, Shown)> {
    let ours = report.idle.get(&Ours);
    let memory = |bytes: fn(&Idle) -> u64| ours.map(bytes).map(|bytes| (show_mb(bytes), bytes <= 100_000_000));
    let start = ours.and_then(|idle| median(idle.start.iter().copied()));
    // The host lets no instance have more, and a search that was refused memory would have stopped the run.
    let searched = report.rate("search, all pages", Ours);
    let goals = [
        (
            "memory in the mix with 64 connections",
            "≤ 100 MB",
            memory(|idle| idle.memory_in_mix),
        ),
        (
            "memory while 64 connections sign in",
            "≤ 100 MB",
            memory(|idle| idle.memory_signing_in),
        ),
        (
            "search in an instance with the host's limit of memory",
            "128 MiB",
            searched.map(|_| ("works".to_owned(), true)),
        ),
        (
            "process start to first answer",
            "≤ 300 ms",
            start.map(|time| (show_time(time), time.as_millis() <= 300)),
        ),
    ];
    goals.map(|(goal, bar, shown)| (goal.to_owned(), bar, shown)).to_vec()
}

fn sizes() -> Vec<(String, &'static str, Shown)> {
    let assets = machine::embedded_assets();
    let size = |name: &str, bar: u64, beside: u64| {
        let size = machine::wasm_size(name).saturating_sub(beside);
        Some((size.to_string(), size <= bar))
    };
    let goals = [
        ("auth_component.wasm", "≤ 1000000", size("auth_component", 1_000_000, 0)),
        ("memo_component.wasm", "≤ 700000", size("memo_component", 700_000, 0)),
        (
            "site.wasm without the files in it",
            "≤ 300000",
            size("site", 300_000, assets),
        ),
    ];
    goals.map(|(goal, bar, shown)| (goal.to_owned(), bar, shown)).to_vec()
}

/// The table of goals that each workload has. Processor times are beside it, as they leave out waiting for others.
pub fn of_workloads(report: &Report) -> String {
    let mut text = String::from(
        "## Goals of workloads\n\nIn brackets how many times as much processor time the other takes.\n\n\
         | workload | requests per second to PocketBase's | to workerd's | time beside 100,000 foreign records and 10,000 ended sessions, to beside 10 |\n\
         |---|--:|--:|--:|\n",
    );
    for workload in WORKLOADS {
        let Some(bars) = bars(workload.name) else {
            continue;
        };
        let name = workload.name;
        let to = |kind, bar| {
            let cpu = report.ratio_of_cpu((name, kind), (name, Ours));
            let cpu = cpu.map_or_else(String::new, |cpu| format!(" [{cpu:.2}]"));
            let rate = at_least(report.ratio((name, Ours), (name, kind)), bar);
            cell(rate, "≥", bar) + &cpu
        };
        let foreign = bars
            .foreign
            .map(|bar| cell(at_most(report.slower(name), bar), "≤", bar));
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {} |",
            to(Pocket, bars.pocketbase),
            to(Peer, bars.workerd),
            foreign.unwrap_or_default()
        );
    }
    text
}

/// The table of goals to an older build, where there is one.
pub fn beside_before(report: &Report) -> String {
    if report.rounds.keys().all(|(_, kind)| *kind != Before) {
        return String::new();
    }
    let mut text = String::from(
        "## Beside an older build\n\n| workload | before | now | how many times as long | cpu before | now |\n|---|--:|--:|--:|--:|--:|\n",
    );
    for workload in WORKLOADS {
        let Some(bar) = bars(workload.name).and_then(|bars| bars.before) else {
            continue;
        };
        let name = workload.name;
        let show = |time: Option<Duration>| time.map_or("–".to_owned(), show_time);
        let p50 = |kind| show(report.median(name, kind, |round| Some(round.p50)));
        let cpu = |kind| show(report.median(name, kind, |round| round.cpu));
        let slower = at_most(report.ratio((name, Before), (name, Ours)), bar);
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {} | {} | {} |",
            p50(Before),
            p50(Ours),
            cell(slower, "≤", bar),
            cpu(Before),
            cpu(Ours)
        );
    }
    text
}

fn cell(shown: Shown, sign: &str, bar: f64) -> String {
    match shown {
        Some((measured, true)) => format!("{measured} ({sign} {bar})"),
        Some((measured, false)) => format!("**{measured} ({sign} {bar}), missed**"),
        None => format!("– ({sign} {bar})"),
    }
}
