//! A rolling replacement of each service, while people use it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use super::deployment::Deployment;
use crate::harness::{Host, User};

/// People who write at the same time. `ROLLING_WRITERS` says another number, for longer runs.
const WRITERS: usize = 6;
/// How often each replica is replaced. `ROLLING_ROUNDS` says another number.
const ROUNDS: usize = 1;

/// How long a gateway's threads may take to hear of a change that it has told of already.
const HEARSAY: Duration = Duration::from_millis(500);

fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |value| value.parse().expect("a number"))
}

/// One person's day: each answer has to be good.
async fn works(user: &User, number: usize, is_over: &AtomicBool, done: &AtomicU64) -> usize {
    let (mut created, mut cookie) = (0, user.cookie.clone());
    let mut memo = user.write("the first").await;
    while !is_over.load(Ordering::Relaxed) {
        let create = user
            .call(Method::POST, "/api/memos")
            .header("idempotency-key", &format!("{number}-{created}"));
        create.json(&json!({ "text": "another" })).send().await.expect(201);
        created += 1;
        memo = user.edit(&memo, &format!("changed for the {created}th time")).await;
        assert_eq!(user.read(&memo).await.version, memo.version);
        cookie = user.refresh(&cookie).await.expect(200).cookie().to_owned();
        user.get("/api/auth/me").await.expect(200);
        user.get("/").await.expect(200);
        done.fetch_add(6, Ordering::Relaxed);
    }
    created
}

/// Replaces each replica of a service by a new one, one after another, as an operator does.
async fn replace(deployment: &Deployment, service: &str, replicas: &mut Vec<Host>, done: &AtomicU64) {
    for _ in 0..replicas.len() {
        let before = done.load(Ordering::Relaxed);
        let old = replicas.remove(0);
        let new = deployment.replica(service).start();
        // It is asked when it is well, and only then the old one is asked no more.
        deployment.put_behind(service, &[&old, &replicas[0], &new]).await;
        replicas.push(new);
        deployment
            .put_behind(service, &replicas.iter().collect::<Vec<_>>())
            .await;
        tokio::time::sleep(HEARSAY).await;
        let ended = tokio::task::spawn_blocking(|| old.terminate())
            .await
            .expect("the host ends");
        assert!(ended.1.success(), "{service}: {}", ended.0.log());
        // People went on meanwhile.
        while done.load(Ordering::Relaxed) < before + 60 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_replica_is_replaced_under_load_and_no_request_fails() {
    // They all come from one address.
    let limit = (
        "max_tokens: 600, tokens_per_fill: 100,",
        "max_tokens: 9000, tokens_per_fill: 9000,",
    );
    let Some(deployment) = Deployment::start(&[limit]).await else {
        return;
    };
    let services = ["auth", "memo", "site"];
    let mut replicas = services.map(|service| Vec::from([(); 2].map(|()| deployment.replica(service).start())));
    for (service, hosts) in services.iter().zip(&replicas) {
        deployment.put_behind(service, &[&hosts[0], &hosts[1]]).await;
    }
    deployment.has_keys().await;
    let writers = number("ROLLING_WRITERS", WRITERS);
    let mut users = Vec::new();
    for _ in 0..writers {
        users.push(deployment.app().user("works").await);
    }
    let (is_over, done) = (AtomicBool::new(false), AtomicU64::new(0));
    let work = users
        .iter()
        .enumerate()
        .map(|(number, user)| works(user, number, &is_over, &done));
    let replace_all = async {
        for _ in 0..number("ROLLING_ROUNDS", ROUNDS) {
            for (service, hosts) in services.iter().zip(&mut replicas) {
                replace(&deployment, service, hosts, &done).await;
            }
        }
        is_over.store(true, Ordering::Relaxed);
    };
    let (created, ()) = futures::join!(join_all(work), replace_all);
    for (user, created) in users.iter().zip(created) {
        assert_eq!(user.all_memos().await.len(), 1 + created);
    }
}
