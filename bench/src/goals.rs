//! What the figures are to be, and whether they are. A miss is told, not failed: machines differ.

use std::fmt::Write;

use crate::{
    contestants::Kind::{Hello, Limit, Ours, Peer},
    idle::Idle,
    machine,
    report::{Report, median, show_mb, show_ratio, show_time},
};

/// The table of goals.
pub fn table(report: &Report) -> String {
    let mut text = String::from("## Goals\n\n| goal | bar | measured | |\n|---|--:|--:|---|\n");
    let mut line = |goal: &str, bar: &str, measured: Option<(String, bool)>| {
        let (measured, met) = match measured {
            Some((measured, true)) => (measured, "met"),
            Some((measured, false)) => (measured, "**missed**"),
            None => ("–".to_owned(), "not measured"),
        };
        let _ = writeln!(text, "| {goal} | {bar} | {measured} | {met} |");
    };
    let at_least = |ratio: Option<f64>, bar: f64| ratio.map(|ratio| (format!("{ratio:.2}"), ratio >= bar));
    let at_most = |ratio: Option<f64>, bar: f64| ratio.map(|ratio| (format!("{ratio:.2}"), ratio <= bar));

    let to_hello = report.ratio(("GET memo", Ours), ("hello", Hello));
    let floor = show_ratio(report.ratio(("floor", Hello), ("hello", Hello)));
    line(
        &format!("GET memo, token seen, to the bare hello (the floor: {floor})"),
        "≥ 0.6",
        at_least(to_hello, 0.6),
    );
    let to_native = report.ratio(("GET memo", Ours), ("GET memo", Limit));
    line("GET memo, token seen, to native", "≥ 0.5", at_least(to_native, 0.5));
    let cpu = |workload| report.median(workload, Ours, |round| round.cpu);
    let verification = cpu("GET memo, token never seen").zip(cpu("GET memo"));
    let verification = verification.map(|(unseen, seen)| unseen.saturating_sub(seen));
    let shown = verification.map(|time| (show_time(time), time.as_micros() <= 120));
    line("what a token never seen costs more", "≤ 120 µs", shown);
    for (workload, bar) in [
        ("GET memo", 3.0),
        ("create", 3.0),
        ("page of 50", 10.0),
        ("90/10 mix of 200 users", 3.0),
    ] {
        let ratio = report.ratio((workload, Ours), (workload, Peer));
        line(
            &format!("{workload}, to workerd"),
            &format!("≥ {bar}"),
            at_least(ratio, bar),
        );
    }
    for (workload, bar) in [
        ("GET memo", 1.2),
        ("create", 1.2),
        ("page of 50", 1.2),
        ("update with If-Match", 1.3),
    ] {
        let slower = report.slower(Ours, workload);
        line(
            &format!("{workload}, time beside 100,000 foreign records to beside 10"),
            &format!("≤ {bar}"),
            at_most(slower, bar),
        );
    }
    for workload in ["GET memo", "90/10 mix of 200 users"] {
        line(
            &format!("{workload}, p99 to p50"),
            "≤ 5",
            at_most(report.spread(workload), 5.0),
        );
    }
    let ours = report.idle.get(&Ours);
    let memory = |bytes: fn(&Idle) -> u64| ours.map(bytes).map(|bytes| (show_mb(bytes), bytes <= 100_000_000));
    let (mix, signing_in) = (memory(|l| l.memory_in_mix), memory(|l| l.memory_signing_in));
    line("memory in the mix with 64 connections", "≤ 100 MB", mix);
    line("memory while 64 connections sign in", "≤ 100 MB", signing_in);
    let start = ours.and_then(|idle| median(idle.start.iter().copied()));
    line(
        "process start to first answer",
        "≤ 300 ms",
        start.map(|time| (show_time(time), time.as_millis() <= 300)),
    );
    let assets = machine::embedded_assets();
    for (name, bar, beside) in [
        ("auth_component", 1_000_000, 0),
        ("memo_component", 700_000, 0),
        ("site", 300_000, assets),
    ] {
        let size = machine::wasm_size(name).saturating_sub(beside);
        let goal = if beside > 0 {
            format!("{name}.wasm without the files in it")
        } else {
            format!("{name}.wasm")
        };
        line(&goal, &format!("≤ {bar}"), Some((size.to_string(), size <= bar)));
    }
    text
}
