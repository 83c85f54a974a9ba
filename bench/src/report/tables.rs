//! The tables of RESULTS.md but for the goals.

use std::{fmt::Write, time::Duration};

use super::{Report, median, show_mb, show_rate, show_ratio, show_time};
use crate::{
    contestants::Kind::{self, Hello, Limit, Ours, Peer, Pocket, Spin},
    machine,
    round::Round,
    workloads::WORKLOADS,
};

/// What is not the same in PocketBase's column, and why.
const POCKETBASE_DIFFERS: &str = "\nPocketBase has no `If-Match`: its updates, in rows of their own, in the mix and in \
    batches, are made without a condition. It makes all of a batch or nothing of it, where the others make each operation on its own.\n";

impl Report {
    pub(super) fn contestants(&self) -> String {
        let cores = if self.cores.are_apart() {
            "Every server had one core and the load generator another, so requests per second are those of one core."
        } else {
            "Servers and the load generator shared all cores."
        };
        let skipped: Vec<_> = Kind::ALL
            .into_iter()
            .filter(|kind| kind.is_usual() && !self.here.contains(kind))
            .map(Kind::name)
            .collect();
        let skipped = if skipped.is_empty() {
            String::new()
        } else {
            format!("\n\n**Skipped: {}.**", skipped.join(", "))
        };
        let before = if self.here.contains(&Kind::Before) {
            "| before | an older build of ours on today's host, as ours |\n"
        } else {
            ""
        };
        format!(
            "| contestant | what it is |\n|---|---|\n\
             | ours | the components on the embedded host, SQLite store, default settings, `--quiet` |\n\
             | ours on Spin | the same components under `spin up` |\n\
             | native | the same routers compiled natively: hyper, tokio, the host's own SQLite store |\n\
             | bare hello | a component that answers `hello` and nothing else, on the embedded host |\n\
             | floor | in the same column: a component without router, tokens and JSON, which takes a request, reads one value from the store, sets five headers and logs a line |\n\
             | workerd | a Worker with Hono, jose and KV kept on disk, under miniflare (`bench/peer`); its passwords are PBKDF2 with 100,000 rounds, the most that Workers allow, where ours are Argon2id with 7 MiB |\n\
             | PocketBase | one Go program over SQLite, default settings with batches allowed: a collection `memos` with rules by owner and a view that counts tags (`bench/pocketbase`); its passwords are bcrypt with cost 10 |\n\
             {before}\n\
             All do the same work, in turns, and all but PocketBase through the same API: every figure is the median of the rounds, every ratio the median of the rounds' ratios. {cores}{skipped}\n"
        )
    }

    pub(super) fn throughput(&self) -> String {
        let mut text = String::from("## Requests per second\n\n");
        text += "A search, and a list by a tag or of the trash, is as many requests as it takes to fill the page or to see all pages; \
                 a change with the tags after it is two. They count as one here and below.\n\n";
        text += "| workload | connections | bare hello | ours | ours on Spin | native | workerd | PocketBase | ours / native | ours / workerd | ours / PocketBase |\n\
                 |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n";
        for workload in WORKLOADS {
            let _ = write!(text, "| {} | {}", workload.name, workload.connections);
            for kind in [Hello, Ours, Spin, Limit, Peer, Pocket] {
                let rate = self.rate(workload.name, kind);
                let _ = write!(text, " | {}", rate.map_or("–".to_owned(), show_rate));
            }
            for kind in [Limit, Peer, Pocket] {
                let ratio = self.ratio((workload.name, Ours), (workload.name, kind));
                let _ = write!(text, " | {}", show_ratio(ratio));
            }
            text += " |\n";
        }
        text + POCKETBASE_DIFFERS
    }

    pub(super) fn times(&self) -> String {
        let mut text = String::from(
            "## Latency, and processor time per request\n\n\
             | workload | ours p50 | ours p99 | p99 / p50 | workerd p50 | p99 | PocketBase p50 | p99 | cpu: ours | native | workerd | PocketBase |\n\
             |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
        );
        for workload in WORKLOADS.iter().filter(|workload| workload.on.contains(&Ours)) {
            let show = |kind, field: fn(&Round) -> Option<Duration>| {
                let time = self.median(workload.name, kind, field);
                time.map_or("–".to_owned(), show_time)
            };
            let both = |kind| {
                let p50 = show(kind, |round| Some(round.p50));
                format!("{p50} | {}", show(kind, |round| Some(round.p99)))
            };
            let cpu = |kind| show(kind, |round| round.cpu);
            let spread = self.spread(workload.name);
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                workload.name,
                both(Ours),
                spread.map_or("–".to_owned(), |spread| format!("{spread:.1}")),
                both(Peer),
                both(Pocket),
                cpu(Ours),
                cpu(Limit),
                cpu(Peer),
                cpu(Pocket),
            );
        }
        text
    }

    pub(super) fn beside(&self) -> String {
        let mut text = String::from(
            "## Beside 100,000 records of others\n\nHow many times longer a request takes than beside 10 such records.\n\n| workload | ours |\n|---|--:|\n",
        );
        for name in crate::INDEPENDENT {
            let _ = writeln!(text, "| {name} | {} |", show_ratio(self.slower(name)));
        }
        text
    }

    pub(super) fn starts(&self) -> String {
        let mut text = String::from(
            "## Start and memory\n\n| contestant | process start to first answer | request after a pause | request when warm | memory at rest | mix, 64 connections | sign-in, 64 connections | searching | exporting and importing |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
        );
        for (kind, idle) in &self.idle {
            let time = |times: &[Duration]| median(times.iter().copied()).map_or("–".to_owned(), show_time);
            let memory = |bytes: u64| if bytes == 0 { "–".to_owned() } else { show_mb(bytes) };
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                kind.name(),
                time(&idle.start),
                time(&idle.fresh_instance),
                time(&idle.warm),
                memory(idle.memory_at_rest),
                memory(idle.memory_in_mix),
                memory(idle.memory_signing_in),
                memory(idle.memory_searching),
                memory(idle.memory_moving)
            );
        }
        text + "\nAfter a pause of more than a second the host has dropped the instance and makes a new one. Memory is resident memory of all processes, at its peak.\n"
    }

    pub(super) fn sizes(&self) -> String {
        let mut text = String::from("## Size of the components\n\n| component | bytes |\n|---|--:|\n");
        for name in ["auth_component", "memo_component", "site"] {
            let _ = writeln!(text, "| {name}.wasm | {} |", machine::wasm_size(name));
        }
        let _ = writeln!(text, "| of the site: embedded files | {} |", machine::embedded_assets());
        text
    }
}
