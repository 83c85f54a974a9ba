//! How much memory of a Redis the records take that a person leaves behind: what docs/scale.md reckons with.

use std::collections::BTreeMap;

use super::asked_for;
use crate::harness::{HostPlan, Redis, TestApp, say, store_is_atomic};

/// How many memos somebody writes, each of 300 bytes: the length that docs/scale.md takes for the usual one.
const MEMOS: u64 = 50;
const SYLLABLES: usize = 100;

/// Bytes of each kind of record, with its key and all that Redis itself needs for it, as docs/scale.md has them. `*` stands for
/// whatever is there.
const AT_MOST: [(&str, u64); 10] = [
    ("auth/user/*", 900),
    ("auth/name/*", 160),
    ("auth/session/*", 560),
    ("auth/user/*/sessions", 160),
    ("memo/*/seq", 90),
    ("memo/*/changes", 90),
    ("memo/*/*", 540),
    ("memo/*/change/*", 140),
    ("memo/*/*/history", 500),
    ("memo/*/signatures/*", 130 * MEMOS),
];

/// What kind of record a key is of.
fn kind_of(key: &str) -> Option<&'static str> {
    let parts: Vec<&str> = key.split('/').collect();
    let kinds = AT_MOST.iter().map(|(kind, _)| *kind);
    // A name that stands there goes before whatever may stand there.
    kinds.into_iter().find(|kind| {
        let pattern: Vec<&str> = kind.split('/').collect();
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        pattern.len() == parts.len()
            && pattern
                .iter()
                .zip(&parts)
                .enumerate()
                .all(|(place, (expected, part))| match *expected {
                    // Of a memo the last part is a number.
                    "*" => *kind != "memo/*/*" || place == 1 || is_number(part),
                    expected => expected == *part,
                })
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_take_no_more_memory_than_is_reckoned_with() {
    if !store_is_atomic() {
        return;
    }
    let Some(plan) = HostPlan::fresh() else { return };
    let Some(redis) = Redis::start() else { return };
    let host = plan.data_in(&redis).start();
    let user = TestApp::on(&host).user("records").await;
    let mut random = fastrand::Rng::with_seed(1);
    let mut text = || -> String { (0..SYLLABLES).map(|_| random.char('가'..='힣')).collect() };
    for _ in 0..MEMOS {
        let memo = user.write(&text()).await;
        // All of it is another text, so the one before is kept.
        user.edit(&memo, &text()).await;
    }
    // What a search notes of the texts that it reads.
    user.page("limit=50&q=가나다").await;

    let keys = redis.ask("KEYS *");
    let mut found: BTreeMap<&str, u64> = BTreeMap::new();
    for key in keys.lines().filter(|line| line.contains('/')) {
        let Some(kind) = kind_of(key) else { continue };
        let usage = redis.ask(&format!("MEMORY USAGE {key}"));
        let bytes: u64 = usage
            .trim_start_matches(':')
            .trim_end()
            .parse()
            .expect("a number of bytes");
        let most = found.entry(kind).or_default();
        *most = bytes.max(*most);
    }
    if asked_for().is_some() {
        say(&format!("bytes of memory a record: {found:#?}"));
    }
    for (kind, at_most) in AT_MOST {
        let bytes = found.get(kind).unwrap_or_else(|| panic!("there is no {kind}: {keys}"));
        assert!(*bytes <= at_most, "{kind} takes {bytes} bytes, and not {at_most}");
    }
}
