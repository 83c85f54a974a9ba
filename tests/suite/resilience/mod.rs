//! Parts fail while people work: services behind the gateway, the Redis they share, nodes of a Redis Cluster.
//!
//! What must hold is asserted. How long people were without something depends on the machine, so that is measured, and told
//! where `RESILIENCE_SECONDS` says how long they are to work before the fault and after it:
//!
//! ```sh
//! RESILIENCE_SECONDS=20 cargo test --test blackbox resilience -- --test-threads 1
//! ```

mod cluster;
mod failover;
mod load;
mod outcome;
mod records;
mod services;

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::harness::{Client, say};
use outcome::Outcome;

/// How long people work before a fault and after it, where nobody asks for longer.
const SHORT: Duration = Duration::from_secs(1);

fn asked_for() -> Option<Duration> {
    let seconds = std::env::var("RESILIENCE_SECONDS").ok()?;
    Some(Duration::from_secs(
        seconds.parse().expect("RESILIENCE_SECONDS is a number"),
    ))
}

/// People work for a while.
async fn a_while() {
    tokio::time::sleep(asked_for().unwrap_or(SHORT)).await;
}

/// Tells what people met, where somebody measures.
fn tell(case: &str, outcome: &Outcome, lost: usize) {
    if asked_for().is_some() {
        say(&format!(
            "\n{}{case}: {lost} lost of what was acknowledged at risk",
            outcome.rows(case)
        ));
    }
}

/// How long something that was away may take to come back, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until a request succeeds again.
async fn works_again(client: &Client, method: Method, path: &str) {
    let begun = Instant::now();
    loop {
        let call = client.call(method.clone(), path);
        let call = if method == Method::POST {
            call.json(&json!({ "text": "after all" }))
        } else {
            call
        };
        if call.try_send().await.is_ok_and(|answer| answer.status() < 300) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{method} {path} does not come back");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
