//! The services' Redis fails over, as `deploy/redis/replication` has it.

use std::time::Instant;

use super::load::Load;
use super::outcome::AtRisk;
use super::{a_while, tell};
use crate::harness::{HostPlan, Replication, TestApp, store_is_atomic};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_master_that_dies_is_replaced_and_nothing_that_a_replica_had_is_lost() {
    if !store_is_atomic() {
        return;
    }
    let Some(plan) = HostPlan::fresh() else { return };
    let Some(mut redis) = Replication::start().await else {
        return;
    };
    let host = plan.data_at(&redis.url()).start();
    let app = TestApp::on(&host);
    let user = app.user("failover").await;

    let load = Load::begin(&app, &user).await;
    a_while().await;
    let old = redis.master();
    let since = Instant::now();
    redis.servers[old].is_replicated();
    redis.servers[old].kill();
    let new = redis.has_another_master_than(old).await;
    let until = Instant::now();
    a_while().await;
    redis.servers[old].start_again();
    redis.is_whole_again(new).await;
    a_while().await;

    let outcome = load.end().await;
    let lost = outcome.is_kept(&user, Some(AtRisk { since, until })).await;
    tell("master killed", &outcome, lost);
    assert_eq!(redis.master(), new, "the old master took its place back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_master_that_was_suspended_and_replaced_is_nobodys_master_when_it_goes_on() {
    if !store_is_atomic() {
        return;
    }
    let Some(plan) = HostPlan::fresh() else { return };
    let Some(redis) = Replication::start().await else {
        return;
    };
    let host = plan.data_at(&redis.url()).start();
    let app = TestApp::on(&host);
    let user = app.user("suspended").await;

    let load = Load::begin(&app, &user).await;
    a_while().await;
    let old = redis.master();
    let since = Instant::now();
    redis.servers[old].is_replicated();
    redis.servers[old].signal("STOP");
    let new = redis.has_another_master_than(old).await;
    let until = Instant::now();
    a_while().await;
    // For some seconds it takes itself for the master, and a sentinel has not told it otherwise.
    redis.servers[old].signal("CONT");
    redis.is_whole_again(new).await;
    a_while().await;

    let outcome = load.end().await;
    let lost = outcome.is_kept(&user, Some(AtRisk { since, until })).await;
    tell("master suspended", &outcome, lost);
    assert_eq!(redis.master(), new, "the old master took its place back");
}
