//! Replicas that fail: people do not meet them for long.

use futures::future::join_all;
use serde_json::json;

use super::deployment::Deployment;
use crate::harness::Redis;

/// More requests than a replica may fail before it is asked no more.
const MANY: usize = 40;
/// People at a time.
const WRITERS: usize = 4;

#[tokio::test]
async fn a_replica_that_fails_is_ejected_and_nobody_who_reads_notices() {
    // It does not come back while the test looks.
    let ejection = ("base_ejection_time: 10s", "base_ejection_time: 300s");
    let (Some(deployment), Some(lost)) = (Deployment::start(&[ejection]).await, Redis::start()) else {
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
    let failed = || deployment.envoy.stat("cluster.memo.upstream_rq_retry");
    assert!(
        failed().await >= 5,
        "the bad replica was asked {} times",
        failed().await
    );
    let ejected = "cluster.memo.outlier_detection.ejections_active";
    deployment.envoy.waits_for(ejected, |count| count == 1).await;
    // What writes is not tried again, and does not need to be.
    let before = deployment.requests_to("memo").await;
    for round in 0..MANY {
        user.write(&format!("nobody notices, {round}")).await;
    }
    assert_eq!(deployment.requests_to("memo").await, before + MANY as u64);
}

#[tokio::test]
async fn a_replica_that_dies_fails_nothing_that_may_be_tried_again() {
    let Some(deployment) = Deployment::start(&[]).await else {
        return;
    };
    let [_auth, one, _site] = deployment.with_one_of_each().await;
    let other = deployment.replica("memo").start();
    deployment.put_behind("memo", &[&one, &other]).await;
    let user = deployment.app().user("goes-on").await;
    let memo = user.write("here").await;

    let goes_on = |number: usize| {
        let (user, memo) = (&user, &memo);
        async move {
            let mut created = 0;
            for round in 0..MANY {
                user.read(memo).await;
                let create = user.call(reqwest::Method::POST, "/api/memos");
                let create = create.header("idempotency-key", &format!("{number}-{round}"));
                let answer = create.json(&json!({ "text": "once" })).send().await;
                // The replica died with the first try of it in its hands: for a minute nobody can tell what became of that.
                if answer.status() == 409 {
                    assert_eq!(answer.header("retry-after"), "5");
                } else {
                    answer.expect(201);
                    created += 1;
                }
            }
            created
        }
    };
    let dies = async {
        let requests = "cluster.memo.upstream_rq_total";
        deployment.envoy.waits_for(requests, |count| count > 50).await;
        drop(one.kill());
    };
    let (created, ()) = futures::join!(join_all((0..WRITERS).map(goes_on)), dies);
    let created: usize = created.into_iter().sum();
    // Each had one request under way.
    assert!(created >= WRITERS * (MANY - 1), "only {created} were created");
    // Each was carried out once, whichever replica was asked and however often.
    let there = user.all_memos().await.len();
    assert!(
        (1 + created..=1 + WRITERS * MANY).contains(&there),
        "{there} memos, {created} created"
    );
    let healthy = "cluster.memo.membership_healthy";
    deployment.envoy.waits_for(healthy, |count| count == 1).await;
    for round in 0..MANY {
        user.write(&format!("nobody notices, {round}")).await;
    }
}
