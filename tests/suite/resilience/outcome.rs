//! What people met while something went wrong, and what they may rely on since.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::harness::{Memo, User};

/// What is said of a refusal that does not tell when to come again.
pub const WITHOUT: &str = " without Retry-After";

/// What was asked, once.
pub struct Asked {
    pub what: &'static str,
    /// When the question was asked, and when there was an answer, or no hope of one.
    pub at: Duration,
    pub until: Duration,
    pub failure: Option<String>,
}

/// A change of a memo that was told to have been made.
pub struct Acknowledged {
    pub memo: Memo,
    pub at: Instant,
}

/// What somebody has written down.
#[derive(Default)]
pub struct Log {
    pub asked: Vec<Asked>,
    pub acknowledged: Vec<Acknowledged>,
    /// Answers that showed less than what had been acknowledged before, by what they should have shown.
    pub stale: Vec<(Memo, Instant)>,
}

/// What came of it.
pub struct Outcome {
    pub lasted: Duration,
    pub log: Log,
}

/// When a server was about to fail, and when another had taken its place. What was acknowledged in between may have been known
/// to nobody else.
#[derive(Clone, Copy)]
pub struct AtRisk {
    pub since: Instant,
    pub until: Instant,
}

impl AtRisk {
    fn holds(self, at: Instant) -> bool {
        (self.since..self.until).contains(&at)
    }
}

impl Outcome {
    /// Asserts that everything is there that was acknowledged, that each version had one winner, that nobody read less than
    /// what they had been told, and that services which could do nothing said when to come again. Says how much of what was
    /// acknowledged at risk is not there.
    pub async fn is_kept(&self, reader: &User, at_risk: Option<AtRisk>) -> usize {
        let all = reader.found("state=all&limit=100").await;
        let now: BTreeMap<&str, &Memo> = all.iter().map(|memo| (memo.id.as_str(), memo)).collect();
        let mut winners: BTreeMap<(&str, u64), &Memo> = BTreeMap::new();
        let mut lost = 0;
        let mut broken = Vec::new();
        for Acknowledged { memo, at } in &self.log.acknowledged {
            let is_there = now.get(memo.id.as_str()).is_some_and(|now| {
                now.version > memo.version || (now.version == memo.version && now.text == memo.text)
            });
            let winner = winners.entry((&memo.id, memo.version)).or_insert(memo);
            if is_there && winner.text == memo.text {
                continue;
            }
            match at_risk.is_some_and(|risk| risk.holds(*at)) {
                true => lost += 1,
                false => broken.push(memo),
            }
        }
        assert!(
            broken.is_empty(),
            "acknowledged, and not there, or not the only winner: {broken:?}"
        );
        let stale = self
            .log
            .stale
            .iter()
            .filter(|(_, at)| !at_risk.is_some_and(|risk| risk.holds(*at)));
        let stale: Vec<_> = stale.map(|(memo, _)| memo).collect();
        assert!(
            lost > 0 || stale.is_empty(),
            "read less than what was acknowledged: {stale:?}"
        );
        assert!(
            self.log.acknowledged.len() > 20,
            "too little was written to prove anything"
        );
        let kinds = self.failures(|_| true);
        let bad = |kind: &&String| kind.starts_with("500") || kind.ends_with(WITHOUT);
        assert_eq!(kinds.keys().find(bad), None, "{kinds:?}");
        lost
    }

    /// How many requests of these kinds there were.
    pub fn asked(&self, is_meant: impl Fn(&str) -> bool) -> usize {
        self.log.asked.iter().filter(|asked| is_meant(asked.what)).count()
    }

    /// How often requests of these kinds failed, by how they did.
    pub fn failures(&self, is_meant: impl Fn(&str) -> bool) -> BTreeMap<String, usize> {
        let mut failures = BTreeMap::new();
        for asked in self.log.asked.iter().filter(|asked| is_meant(asked.what)) {
            if let Some(how) = &asked.failure {
                *failures.entry(how.clone()).or_default() += 1;
            }
        }
        failures
    }

    /// The rows of a table: for each kind of request how many there were, how many failed and how, and how long
    /// whoever asked at the worst moment waited until a request succeeded, their own or another one.
    pub fn rows(&self, case: &str) -> String {
        let mut kinds: Vec<&str> = self.log.asked.iter().map(|asked| asked.what).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let row = |kind: &&str| {
            let asked = self.log.asked.iter().filter(|asked| asked.what == *kind);
            let failures = self.failures(|what| what == *kind);
            let how: Vec<String> = failures.iter().map(|(how, count)| format!("{count} × {how}")).collect();
            let mut good: Vec<Duration> = asked
                .clone()
                .filter(|asked| asked.failure.is_none())
                .map(|asked| asked.until)
                .collect();
            good.sort_unstable();
            let waited = |asked: &Asked| {
                let next = good[good.partition_point(|until| *until < asked.at)..].first();
                next.copied().unwrap_or(self.lasted).saturating_sub(asked.at)
            };
            let without = asked.clone().map(waited).max().unwrap_or_default();
            let (all, failed) = (asked.count(), failures.values().sum::<usize>());
            format!(
                "| {case} | {kind} | {all} | {failed} | {:.1} s | {} |\n",
                without.as_secs_f64(),
                how.join(", ")
            )
        };
        kinds.iter().map(row).collect()
    }
}
