//! Many writers at the same memos, on one host and on two hosts that share a store: nothing that was acknowledged is
//! lost, and every version of a memo has one winner.

use std::collections::{BTreeMap, HashMap};

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use tokio::sync::watch;

use crate::harness::{Client, HostPlan, Memo, Redis, RedisCluster, TestApp, User, store_is_atomic};

/// Writers on each side, the memos they fight over, and what each writer does.
const WRITERS: usize = 6;
const CONTESTED: usize = 6;
const ROUNDS: usize = 25;

/// What one writer was told.
#[derive(Default)]
struct Told {
    /// Memos that it created.
    created: Vec<Memo>,
    /// Contested memos as they were after a change of its own.
    won: Vec<Memo>,
}

/// Creates a memo of its own and changes a contested one, in turn. Ends early when its host goes away.
async fn write(client: Client, name: String, contested: Vec<Memo>, answers: watch::Sender<usize>) -> Told {
    let mut told = Told::default();
    for round in 0..ROUNDS {
        let text = format!("{name}, round {round}");
        let create = client.call(Method::POST, "/api/memos").json(&json!({ "text": text }));
        let Ok(created) = create.try_send().await else { break };
        told.created.push(Memo::of(&created.expect(201)));

        let path = contested[round % contested.len()].path();
        let Ok(read) = client.call(Method::GET, &path).try_send().await else {
            break;
        };
        let current = Memo::of(&read.expect(200));
        let change = client
            .call(Method::PUT, &path)
            .header("if-match", &current.etag())
            .json(&json!({ "text": text }));
        let Ok(changed) = change.try_send().await else { break };
        match changed.status() {
            200 => {
                let memo = Memo::of(&changed);
                assert_eq!((memo.version, &memo.text), (current.version + 1, &text));
                told.won.push(memo);
            }
            _ => drop(changed.problem_among(&[409, 412])),
        }
        answers.send_modify(|count| *count += 1);
    }
    told
}

/// Lets writers loose on every client; `disturb` may do something to the hosts once half of the work is done.
async fn storm(clients: Vec<Client>, contested: &[Memo], disturb: impl AsyncFnOnce()) -> Vec<Told> {
    let (answers, mut count) = watch::channel(0);
    let half = clients.len() * WRITERS * ROUNDS / 2;
    let writers: Vec<_> = clients
        .into_iter()
        .enumerate()
        .flat_map(|(side, client)| {
            (0..WRITERS).map(move |name| (format!("side {side}, writer {name}"), client.clone()))
        })
        .map(|(name, client)| tokio::spawn(write(client, name, contested.to_vec(), answers.clone())))
        .collect();
    count.wait_for(|count| *count >= half).await.expect("the writers write");
    disturb().await;
    let told = join_all(writers).await;
    told.into_iter()
        .map(|told| told.expect("a writer meets nothing but the end of its host"))
        .collect()
}

/// Holds what the writers were told against what is there.
async fn check(reader: &User, contested: &[Memo], told: &[Told]) {
    let all = reader.all_memos().await;
    let found: HashMap<&str, &Memo> = all.iter().map(|memo| (memo.id.as_str(), memo)).collect();
    let created: Vec<&Memo> = told.iter().flat_map(|told| &told.created).collect();
    for memo in &created {
        assert_eq!(found.get(memo.id.as_str()), Some(memo), "acknowledged, and not there");
    }
    let ids: std::collections::HashSet<&str> = created.iter().map(|memo| memo.id.as_str()).collect();
    assert_eq!(ids.len(), created.len(), "an id was given twice");

    let mut winners: BTreeMap<(&str, u64), Vec<&str>> = BTreeMap::new();
    for memo in told.iter().flat_map(|told| &told.won) {
        winners
            .entry((memo.id.as_str(), memo.version))
            .or_default()
            .push(&memo.text);
    }
    for ((id, version), texts) in &winners {
        assert_eq!(
            texts.len(),
            1,
            "version {version} of memo {id} has several winners: {texts:?}"
        );
    }
    for memo in contested {
        let now = found[memo.id.as_str()];
        let last_won = winners
            .keys()
            .filter(|(id, _)| *id == memo.id)
            .map(|(_, version)| *version)
            .max();
        assert!(
            Some(now.version) >= last_won,
            "{now:?} has forgotten version {last_won:?}"
        );
        if let Some(texts) = winners.get(&(memo.id.as_str(), now.version)) {
            assert_eq!(texts, &[now.text.as_str()], "what is there is not what won");
        }
    }
    assert!(winners.len() >= contested.len(), "too little was won to prove anything");
}

async fn contested_memos(user: &User) -> Vec<Memo> {
    let mut memos = Vec::new();
    for number in 0..CONTESTED {
        memos.push(user.write(&format!("contested {number}")).await);
    }
    memos
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_storms_on_one_host_lose_nothing_and_every_version_has_one_winner() {
    if !store_is_atomic() {
        return;
    }
    let app = TestApp::shared();
    let user = app.user("storm").await;
    let contested = contested_memos(&user).await;
    let told = storm(vec![user.on(&app), user.on(&app)], &contested, async || ()).await;
    check(&user, &contested, &told).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hosts_on_one_redis_lose_nothing_when_one_is_killed() {
    if !store_is_atomic() || HostPlan::fresh().is_none() {
        return;
    }
    let Some(redis) = Redis::start() else { return };
    storms_on_two_hosts(|plan| plan.data_in(&redis)).await;
}

/// Also of a build that has no other increment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hosts_whose_services_reach_one_redis_lose_nothing_when_one_is_killed() {
    if HostPlan::fresh().is_none() {
        return;
    }
    let Some(redis) = Redis::start() else { return };
    storms_on_two_hosts(|plan| plan.variable("redis_url", &redis.url())).await;
}

/// No operation touches two keys, so keys may lie on several machines.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hosts_on_a_redis_cluster_lose_nothing_when_one_is_killed() {
    if !store_is_atomic() || HostPlan::fresh().is_none() {
        return;
    }
    let Some(cluster) = RedisCluster::start().await else {
        return;
    };
    storms_on_two_hosts(|plan| plan.data_at(&cluster.url())).await;
}

/// Two hosts on one store, one of which is killed in the middle of a storm and started again.
async fn storms_on_two_hosts(on: impl Fn(HostPlan) -> HostPlan) {
    let (Some(here), Some(there)) = (HostPlan::fresh(), HostPlan::fresh()) else {
        return;
    };
    let (here, there) = (on(here).start(), on(there).start());
    let user = TestApp::on(&here).user("redis").await;
    let contested = contested_memos(&user).await;
    // The same person, with the same token, on both: the signing key lies in the store, too.
    let clients = vec![user.on(&TestApp::on(&here)), user.on(&TestApp::on(&there))];

    let mut there = Some(there);
    let mut stopped = None;
    let mut told = storm(clients, &contested, async || {
        stopped = there.take().map(|host| host.kill())
    })
    .await;
    let there = stopped.expect("the storm reached its middle").start();

    // A writer that was killed under a claim blocks that memo for a minute, so the second storm fights over new ones.
    let more = contested_memos(&user).await;
    let clients = vec![user.on(&TestApp::on(&here)), user.on(&TestApp::on(&there))];
    told.extend(storm(clients, &more, async || ()).await);
    let contested: Vec<Memo> = contested.into_iter().chain(more).collect();
    check(&user, &contested, &told).await;
    check(&user.sign_in_again(&TestApp::on(&there)).await, &contested, &told).await;
}
