//! `GET /api/memos/events`

use std::collections::HashMap;

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::harness::{Client, Events, Forge, HostPlan, Redis, Said, TestApp, now, own_key, store_is_atomic};

/// Listens from that cursor on.
async fn listen(client: &Client, since: Option<&str>) -> Events {
    let call = client.call(Method::GET, "/api/memos/events");
    let call = match since {
        Some(since) => call.header("last-event-id", since),
        None => call,
    };
    call.listen().await.unwrap_or_else(|refused| panic!("{refused:?}"))
}

#[tokio::test]
async fn a_listener_is_told_what_another_client_does() {
    if !store_is_atomic() {
        return;
    }
    let app = TestApp::shared();
    let (user, other) = (app.user("hears").await, app.user("others").await);
    let first = user.write("before").await;
    let mut events = listen(&user, None).await;
    assert_eq!(events.change().await.memo, Some(first.clone()));
    assert!(events.retry.is_some_and(|retry| (1_000..=3_000).contains(&retry)));

    let elsewhere = app.anonymous().with_token(user.token());
    other.write("somebody else's").await;
    let memo = elsewhere.write("from elsewhere").await;
    assert_eq!(events.change().await.memo, Some(memo.clone()));
    let memo = elsewhere.edit(&memo, "and changed").await;
    assert_eq!(
        events.changes_to(&memo.id, 2).await.pop().expect("a change").memo,
        Some(memo.clone())
    );
    elsewhere.remove(&memo).await;
    let gone = events.changes_to(&memo.id, 4).await.pop().expect("a change");
    assert!(gone.deleted && gone.memo.is_none(), "{gone:?}");
}

#[tokio::test]
async fn whoever_comes_back_misses_nothing_and_hears_nothing_twice() {
    if !store_is_atomic() {
        return;
    }
    let app = TestApp::shared();
    let user = app.user("resumes").await;
    let (a, b) = (user.write("a").await, user.write("b").await);
    let (_, since) = user.changes(None, 100).await;
    // The feed's own cursor is where a stream begins.
    let path = format!("/api/memos/events?since={since}");
    let call = user.call(Method::GET, &path);
    let mut events = call.listen().await.unwrap_or_else(|refused| panic!("{refused:?}"));
    let c = user.write("c").await;
    events.changes_to(&c.id, 1).await;
    let last = events.last_id.clone().expect("an id");
    drop(events);

    let a = user.edit(&a, "a, edited").await;
    user.remove(&b).await;
    let d = user.write("d").await;
    let mut events = listen(&user, Some(&last)).await;
    let mut told = HashMap::new();
    for _ in 0..3 {
        let change = events.change().await;
        assert!(told.insert(change.id, change.version).is_none(), "it is told twice");
    }
    assert_eq!(told, HashMap::from([(a.id, 2), (b.id, 3), (d.id, 1)]));
    // Nothing more is to come but what happens from now on.
    let e = user.write("e").await;
    assert_eq!(events.change().await.memo, Some(e));
}

#[tokio::test]
async fn a_listener_among_writers_knows_everything_in_the_end() {
    if !store_is_atomic() {
        return;
    }
    let app = TestApp::shared();
    let user = app.user("among").await;
    let mut events = listen(&user, None).await;
    let write = async |round: usize| {
        join_all((0..6).map(async |writer| {
            let memo = user.write(&format!("round {round}, writer {writer}")).await;
            match writer % 3 {
                0 => drop(user.edit(&memo, "edited").await),
                1 => user.remove(&memo).await,
                _ => {}
            }
        }))
        .await;
    };
    let mut known = HashMap::new();
    for round in 0..4 {
        write(round).await;
        // Streams break off, and at any place.
        for _ in 0..5 {
            let change = events.change().await;
            known.insert(change.id.clone(), change);
        }
        let last = events.last_id.clone();
        events = listen(&user, last.as_deref()).await;
    }
    let end = user.write("the end").await;
    for change in events.changes_to(&end.id, 1).await {
        known.insert(change.id.clone(), change);
    }
    let mut told: Vec<_> = known.into_values().filter_map(|change| change.memo).collect();
    let mut listed = user.found("state=all&limit=100").await;
    for memos in [&mut told, &mut listed] {
        memos.sort_by_key(|memo| memo.id.parse::<u64>().ok());
    }
    assert_eq!(told, listed);
}

#[tokio::test]
async fn a_stream_that_has_nothing_to_say_says_so() {
    if !store_is_atomic() {
        return;
    }
    let user = TestApp::shared().user("quiet").await;
    let mut events = listen(&user, None).await;
    while events.next().await.expect("the stream goes on") != Said::Heartbeat {}
}

#[tokio::test]
async fn a_stream_ends_with_its_token() {
    let (Some(key), true) = (own_key(), store_is_atomic()) else {
        return;
    };
    let app = TestApp::shared();
    let user = app.user("ends").await;
    // It has expired a while ago, but for the skew of clocks that a request has, and a stream.
    let token = Forge::from(user.token()).claim("exp", now() - 25).signed(&key);
    let mut events = listen(&app.anonymous().with_token(token.clone()), None).await;
    while let Some(said) = events.next().await {
        assert!(!matches!(said, Said::Change(_)), "{said:?}");
    }
    app.anonymous()
        .with_token(token)
        .get("/api/memos/events")
        .await
        .problem(401);
}

#[tokio::test]
async fn what_is_no_listener_is_refused() {
    let app = TestApp::shared();
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    app.anonymous().get("/api/memos/events").await.problem(401);
    if !store_is_atomic() {
        let refused = alice.get("/api/memos/events").await.problem(404);
        assert!(refused.detail.contains("feed of changes"), "{refused:?}");
        return;
    }
    let (_, hers) = alice.changes(None, 100).await;
    for (query, id) in [("?since=x", None), ("", Some(hers.as_str())), ("?limit=1", None)] {
        let call = bob.call(Method::GET, &format!("/api/memos/events{query}"));
        let call = call.header("last-event-id", id.unwrap_or_default());
        call.send().await.problem(422);
    }
    let head = alice.call(Method::HEAD, "/api/memos/events").send().await.expect(200);
    assert_eq!(
        (head.header("content-type"), head.bytes()),
        ("text/event-stream", &b""[..])
    );
    alice.post("/api/memos/events", &json!({})).await.problem(405);
}

/// More of them than all instances together take of requests at a time.
#[tokio::test]
async fn listeners_are_in_nobodys_way() {
    let (Some(key), true) = (own_key(), store_is_atomic()) else {
        return;
    };
    let app = TestApp::shared();
    let user = app.user("crowd").await;
    let forge = Forge::from(user.token());
    let crowd = (0..200).map(async |number| {
        let token = forge.clone().claim("sub", format!("crowd-{number}")).signed(&key);
        listen(&app.anonymous().with_token(token), None).await
    });
    let crowd = join_all(crowd).await;
    let mut events = listen(&user, None).await;
    let memo = user.write("heard by one").await;
    assert_eq!(events.change().await.memo, Some(memo.clone()));
    join_all((0..50).map(|_| user.read(&memo))).await;
    drop(crowd);
}

#[tokio::test]
async fn a_host_that_ends_ends_its_streams() {
    let (Some(plan), true) = (HostPlan::lasting(), store_is_atomic()) else {
        return;
    };
    let host = plan.start();
    let app = TestApp::on(&host);
    let user = app.user("restart").await;
    let mut events = listen(&user, None).await;
    let before = user.write("before the end").await;
    assert_eq!(events.change().await.memo, Some(before));
    let last = events.last_id.clone();
    let (ended, listened) = tokio::join!(tokio::task::spawn_blocking(move || host.terminate()), async {
        // The whole answer, and not a broken connection.
        while events.next().await.is_some() {}
        events
    });
    let (stopped, status) = ended.expect("the host ends");
    drop(listened);
    assert!(status.success(), "{status}");
    let host = stopped.start();
    let client = TestApp::on(&host).anonymous().with_token(user.token());
    let after = client.write("after the restart").await;
    let mut events = listen(&client, last.as_deref()).await;
    assert_eq!(events.change().await.memo, Some(after));
}

/// Two hosts share a store: what is written through one is heard through the other. And who has gone costs nothing.
#[tokio::test]
async fn a_listener_hears_another_host_and_costs_nothing_when_gone() {
    let (Some(here), Some(there), Some(redis)) = (HostPlan::fresh(), HostPlan::fresh(), Redis::start()) else {
        return;
    };
    if !store_is_atomic() {
        return;
    }
    let (here, there) = (here.data_in(&redis).start(), there.data_in(&redis).start());
    let user = TestApp::on(&here).user("two-hosts").await;
    let mut events = listen(&user, None).await;
    let elsewhere = TestApp::on(&there).anonymous().with_token(user.token());
    let memo = elsewhere.write("over there").await;
    assert_eq!(events.change().await.memo, Some(memo));
    // Two reads a second.
    let before = redis.commands();
    while events.next().await.expect("the stream goes on") != Said::Heartbeat {}
    assert!(redis.commands() - before >= 20, "nobody looks");
    drop(events);
    redis.comes_to_rest().await;
}
