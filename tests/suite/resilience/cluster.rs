//! The services on a Redis Cluster, as `deploy/redis/cluster` has it.

use std::time::Instant;

use reqwest::Method;

use super::load::Load;
use super::outcome::AtRisk;
use super::{a_while, asked_for, tell, works_again};
use crate::harness::{HostPlan, RedisCluster, TestApp, say, store_is_atomic};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_of_a_cluster_that_dies_is_replaced_and_nothing_that_its_replica_had_is_lost() {
    if !store_is_atomic() {
        return;
    }
    let Some(plan) = HostPlan::fresh() else { return };
    let Some(mut cluster) = RedisCluster::start().await else {
        return;
    };
    let host = plan.data_at(&cluster.url()).start();
    let app = TestApp::on(&host);
    let user = app.user("cluster").await;
    // Every create of theirs asks the node that has this.
    let (old, new) = cluster.shard_of(&format!("memo/{}/seq", user.id));

    let load = Load::begin(&app, &user).await;
    a_while().await;
    let since = Instant::now();
    cluster.nodes[old].is_replicated();
    cluster.nodes[old].kill();
    cluster.has_promoted(new).await;
    let until = Instant::now();
    a_while().await;
    cluster.nodes[old].start_again();
    a_while().await;
    works_again(&user, Method::POST, "/api/memos").await;

    let outcome = load.end().await;
    let lost = outcome.is_kept(&user, Some(AtRisk { since, until })).await;
    tell("node of the cluster killed", &outcome, lost);
    let failures = outcome.failures(|what| what == "write");
    assert!(!failures.is_empty(), "nobody met the failover");
}

/// What so many creates, edits, reads and lists cost, in commands of Redis and in bytes.
async fn cost(cluster: &RedisCluster) -> Option<(u64, u64)> {
    let host = HostPlan::fresh()?.data_at(&cluster.url()).start();
    let user = TestApp::on(&host).user("cost").await;
    // What an instance reads once.
    user.edit(&user.write("warm").await, "warmer").await;
    user.page("limit=10").await;
    let (commands, bytes) = (cluster.commands(), cluster.bytes().await);
    for _ in 0..ROUNDS {
        let memo = user
            .write("a memo of a usual length, which is that of a line or two")
            .await;
        user.edit(&memo, "a memo of a usual length, which has been changed a little")
            .await;
        user.read(&memo).await;
        user.page("limit=10").await;
    }
    Some((cluster.commands() - commands, cluster.bytes().await - bytes))
}

const ROUNDS: u64 = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_request_costs_the_same_on_three_shards_as_on_one() {
    if !store_is_atomic() {
        return;
    }
    let (Some(one), Some(three)) = (RedisCluster::of_one().await, RedisCluster::start().await) else {
        return;
    };
    let (Some(on_one), Some(on_three)) = (cost(&one).await, cost(&three).await) else {
        return;
    };
    if asked_for().is_some() {
        let per_request = |(commands, bytes): (u64, u64)| {
            let requests = 4.0 * ROUNDS as f64;
            format!(
                "{:.1} commands, {:.0} bytes",
                commands as f64 / requests,
                bytes as f64 / requests
            )
        };
        say(&format!(
            "a request costs on one shard {}; on three {}",
            per_request(on_one),
            per_request(on_three)
        ));
    }
    // An instance that looks for newer keys, or for sessions that have ended, does so by the clock.
    let by_the_clock = ROUNDS;
    assert!(on_one.0 > 10 * ROUNDS, "the commands are not counted: {on_one:?}");
    assert!(
        on_one.0.abs_diff(on_three.0) <= by_the_clock,
        "{on_one:?}, {on_three:?}"
    );
}
