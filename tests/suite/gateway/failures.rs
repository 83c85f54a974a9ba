//! Replicas that fail: people do not meet them for long.

use futures::future::join_all;
use serde_json::json;

use super::deployment::Deployment;
use crate::harness::Redis;

/// More requests than a replica may fail before it is asked no more.
const MANY: usize = 40;

#[tokio::test]
async fn a_replica_that_fails_is_ejected_and_nobody_who_reads_notices() {
    let (Some(deployment), Some(lost)) = (Deployment::start(&[]).await, Redis::start()) else {
        return;
    };
    let [_auth, good, _site] = deployment.with_one_of_each().await;
    let user = deployment.app().user("reads").await;
    let memo = user.write("here").await;
    // It serves, its health is good, and it has lost its store.
    let bad = deployment.replica_on("memo", &lost).start();
    drop(lost);
    deployment.put_behind("memo", &[&good, &bad]).await;

    // What reads is tried again elsewhere.
    let reads = (0..MANY).map(|_| async { user.read(&memo).await });
    join_all(reads).await;
    let ejected = "cluster.memo.outlier_detection.ejections_active";
    let failed = deployment.envoy.stat("cluster.memo.upstream_rq_5xx").await;
    assert!(failed >= 5, "the bad replica was asked {failed} times");
    deployment.envoy.waits_for(ejected, |count| count == 1).await;
    for round in 0..MANY {
        user.write(&format!("nobody notices, {round}")).await;
    }
    let after = deployment.envoy.stat("cluster.memo.upstream_rq_5xx").await;
    // Those that were under way when it was ejected may have failed after it.
    assert!(after < failed + MANY as u64, "it is still asked: {failed}, {after}");
}

#[tokio::test]
async fn a_replica_that_dies_fails_nothing_that_may_be_tried_again() {
    let Some(deployment) = Deployment::start(&[]).await else {
        return;
    };
    let [_auth, one, _site] = deployment.with_one_of_each().await;
    let other = deployment.replica("memo").start();
    deployment.put_behind("memo", &[&one, &other]).await;
    let user = deployment.app().user("goes on").await;
    let memo = user.write("here").await;

    let goes_on = |number: usize| {
        let (user, memo) = (&user, &memo);
        async move {
            for round in 0..MANY {
                user.read(memo).await;
                let create = user.call(reqwest::Method::POST, "/api/memos");
                let create = create.header("idempotency-key", &format!("{number}-{round}"));
                create.json(&json!({ "text": "once" })).send().await.expect(201);
            }
        }
    };
    let dies = async {
        deployment
            .envoy
            .waits_for("cluster.memo.upstream_rq_total", |count| count > 50)
            .await;
        drop(one.kill());
    };
    futures::join!(join_all((0..4).map(goes_on)), dies);
    // Each was carried out once, whichever replica was asked and however often.
    assert_eq!(user.all_memos().await.len(), 1 + 4 * MANY);
    let healthy = "cluster.memo.membership_healthy";
    deployment.envoy.waits_for(healthy, |count| count == 1).await;
    for round in 0..MANY {
        user.write(&format!("nobody notices, {round}")).await;
    }
}
