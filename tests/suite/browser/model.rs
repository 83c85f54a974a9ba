//! Random histories of an account in real browsers: two devices, each with one tab or two, and a program that uses the API
//! write at once, while connections, answers, streams of events, tokens, tabs and the server go away and clocks are wrong. When
//! everything works again, all show the same and hear of each other, no word is missing that was said to be kept, and none is
//! there twice.
//!
//! `MODEL_RUNS` says how many histories for the usual 20, `MODEL_SEED` replays one of them, or is the first of so many. What
//! follows from the seed is who does what; what it meets in the browsers follows from their timing as well, so a replay may
//! need a few tries.

use std::str::FromStr;

use crate::harness::{HostPlan, TestApp};

use device::Device;
use history::History;
use world::World;

mod deeds;
mod device;
mod ending;
mod history;
mod judge;
mod program;
mod tabs;
mod trace;
mod trouble;
mod world;

/// How many histories without a wish.
const USUAL: u64 = 20;

#[tokio::test]
async fn everything_comes_together_whatever_goes_wrong() {
    let Some(plan) = HostPlan::lasting() else { return };
    let host = plan.start();
    let app = TestApp::on(&host);
    let Some(one) = Device::new("A", &app).await else {
        return;
    };
    let Some(other) = Device::new("B", &app).await else {
        return;
    };
    let mut world = World::new(host, app, [one, other]);
    for seed in seeds() {
        println!("history {seed}");
        History::begin(&mut world, seed).await.live().await;
    }
    world.close().await;
}

fn seeds() -> std::ops::RangeInclusive<u64> {
    let (first, usual) = variable("MODEL_SEED").map_or((1, USUAL), |seed| (seed, 1));
    first..=first + variable("MODEL_RUNS").unwrap_or(usual) - 1
}

fn variable<T: FromStr>(name: &str) -> Option<T> {
    let value = std::env::var(name).ok()?;
    let Ok(number) = value.parse() else {
        panic!("{name} is {value:?}, which is no number")
    };
    Some(number)
}
