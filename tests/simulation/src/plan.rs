//! What a random history is like: drawn once, at its beginning.

use std::time::Duration;

use common::store::claim::WINDOW;
use fastrand::Rng;

use crate::{
    mutant::Mutant,
    services::INSTANCES,
    tokens::{EPOCH, USERS},
    world::{SKEW_MAX, SLEEP_MAX, Setting, millis},
};

/// How the next operation is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Any.
    Uniform,
    /// Mostly one of the request that went last.
    Runs,
    /// Some requests are left out for long.
    Stalls,
}

/// The kinds of histories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A few requests at a few memos.
    Short,
    /// Many.
    Long,
    /// Begins with long runs of removed memos.
    Purged,
}

/// What all histories of a kind have in common.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// What is broken.
    pub mutant: Mutant,
    /// How far clocks may be off, in milliseconds: [`SKEW_MAX`].
    pub skew_max: i64,
    /// How long a writer may sleep: [`SLEEP_MAX`].
    pub sleep_max: Duration,
    /// Whether the store has no increment, and requests come one by one: then nothing weaker is promised.
    pub one_by_one: bool,
}

impl Conditions {
    /// Those that the services are made for.
    pub fn normal() -> Self {
        Self {
            mutant: Mutant::None,
            skew_max: SKEW_MAX,
            sleep_max: SLEEP_MAX,
            one_by_one: false,
        }
    }

    /// With something broken.
    pub fn with(mutant: Mutant) -> Self {
        Self {
            mutant,
            ..Self::normal()
        }
    }
}

/// What a history is like.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its kind.
    pub shape: Shape,
    /// How many requests it has.
    pub requests: usize,
    /// How many of them at once, at most.
    pub at_once: usize,
    /// How many users.
    pub users: usize,
    /// How likely an operation is hit by a crash.
    pub crash: f64,
    /// How likely it fails.
    pub fail: f64,
    /// Whether what was asked before a crash or a failure may be done later.
    pub late: bool,
    /// How likely its answer is delayed.
    pub delay: f64,
    /// How likely the clock makes a jump before it.
    pub jump: f64,
    /// How the next operation is chosen.
    pub policy: Policy,
    /// Whether people only create, change, delete and look: the fewer kinds of requests, the more often they meet.
    pub simple: bool,
    /// How many clients follow the feed.
    pub followers: usize,
    /// Whether it goes on for months.
    pub months: bool,
}

fn pick<T: Copy>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.usize(..of.len())]
}

impl Plan {
    /// Draws a plan, and the world that goes with it.
    pub fn draw(rng: &mut Rng, conditions: &Conditions) -> (Self, Setting) {
        let (shape, requests) = match rng.u32(..100) {
            0..89 => (Shape::Short, rng.usize(2..=6)),
            89..96 => (Shape::Long, rng.usize(10..=40)),
            _ => (Shape::Purged, rng.usize(10..=30)),
        };
        let plain = shape != Shape::Purged && rng.u32(..100) < 4;
        let at_once = if shape == Shape::Purged {
            rng.usize(3..=8)
        } else {
            rng.usize(2..=4)
        };
        let faulty = rng.bool();
        let mut rate = || if faulty { pick(rng, &[0.0, 0.02, 0.1]) } else { 0.0 };
        let (crash, fail) = (rate(), rate());
        let simple = rng.u32(..100) < 40;
        let plan = Self {
            shape: if conditions.one_by_one && shape == Shape::Purged {
                Shape::Long
            } else {
                shape
            },
            requests,
            at_once: if conditions.one_by_one { 1 } else { at_once },
            users: if shape == Shape::Purged {
                1
            } else {
                rng.usize(1..=USERS)
            },
            crash,
            fail,
            late: !conditions.one_by_one,
            delay: pick(rng, &[0.0, 0.2]),
            jump: pick(rng, &[0.0, 0.02, 0.1, 0.3]),
            policy: pick(rng, &[Policy::Uniform, Policy::Uniform, Policy::Runs, Policy::Stalls]),
            simple,
            followers: if simple { 0 } else { rng.usize(..=2) },
            months: rng.u32(..100) < 4,
        };
        let limited = shape != Shape::Purged && rng.u32(..100) < 15;
        let window = millis(WINDOW);
        // Many histories begin just before a window's edge: what happens there is what claims are about.
        let into = if rng.bool() {
            window - rng.u64(1..50)
        } else {
            rng.u64(..window)
        };
        let skew = pick(rng, &[0, conditions.skew_max]);
        let setting = Setting {
            start: EPOCH / window * window + into,
            skews: (0..INSTANCES).map(|_| rng.i64(-skew..=skew)).collect(),
            sleep_max: conditions.sleep_max,
            plain: plain || conditions.one_by_one,
            strict: !plain || conditions.one_by_one,
            limited: limited && !plain && !conditions.one_by_one,
            unsealed: false,
            mutant: conditions.mutant,
            traced: false,
        };
        (plan, setting)
    }

    /// How much time passes before the next operation, in milliseconds.
    pub fn time(&self, rng: &mut Rng, now: u64) -> u64 {
        if rng.f64() >= self.jump {
            return rng.u64(..4);
        }
        let window = millis(WINDOW);
        match rng.u32(..4) {
            0 => (window - now % window).saturating_add_signed(rng.i64(-SKEW_MAX..=SKEW_MAX)),
            1 => rng.u64(1_000..10_000),
            2 => rng.u64(10_000..31_000),
            _ => rng.u64(31_000..2 * window + 10_000),
        }
    }
}
