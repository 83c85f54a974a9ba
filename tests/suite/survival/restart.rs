//! What was acknowledged is there after any stop.

use std::collections::HashMap;

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use tokio::sync::watch;

use crate::harness::{Change, Client, HostPlan, Memo, TestApp};

/// How many writers are at work when the host is killed, and how many answers are waited for before.
const WRITERS: usize = 8;
const ENOUGH: usize = 60;

#[tokio::test]
async fn after_a_stop_people_memos_tokens_and_sessions_are_as_before() {
    let Some(plan) = HostPlan::lasting() else { return };
    let host = plan.start();
    let user = TestApp::on(&host).user("stays").await;
    let memo = user.write("stays").await;
    let gone = user.write("goes").await;
    let memo = user.edit(&memo, "says something else, and stays a memo").await;
    user.remove(&gone).await;
    let trashed = user.trash(&user.write("in the trash").await).await;
    let (_, since) = user.changes(None, 100).await;

    let (stopped, status) = host.terminate();
    assert!(status.success(), "{status}");
    let host = stopped.start();
    let app = TestApp::on(&host);
    // The token from before is good: the signing key was kept.
    let with_old_token = user.on(&app);
    assert_eq!(with_old_token.all_memos().await, std::slice::from_ref(&memo));
    app.anonymous().refresh(&user.cookie).await.expect(200);
    let user = user.sign_in_again(&app).await;
    assert_eq!(user.found("state=trashed").await, std::slice::from_ref(&trashed));
    let versions = user.get(&format!("{}/versions", memo.path())).await.expect(200).value();
    assert_eq!(
        (
            &versions["items"][0]["text"],
            versions["items"].as_array().map(Vec::len)
        ),
        (&json!("stays"), Some(1))
    );
    let next = user.write("next").await;
    // The cursor from before is good, too.
    let (told, _) = user.changes(Some(&since), 100).await;
    assert!(told.iter().any(|change| change.memo.as_ref() == Some(&next)));
    user.restore(&trashed).await;
    let trashed = user.read(&trashed).await;
    user.remove(&trashed).await;
    assert!(next.id != memo.id && next.id != gone.id);
    assert_eq!(user.all_memos().await, [next, memo]);
}

/// What a writer knows of one memo: the last acknowledged state, and the request that was not answered.
struct Known {
    memo: Memo,
    acknowledged: State,
    attempted: Option<State>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Text(String),
    Trashed,
    Deleted,
}

/// Creates, edits and deletes until the host goes away.
async fn write_until_the_end(client: Client, name: usize, answers: watch::Sender<usize>) -> Vec<Known> {
    let mut known: Vec<Known> = Vec::new();
    let counted = |status: u16, expected: u16| {
        assert_eq!(status, expected);
        answers.send_modify(|count| *count += 1);
    };
    for round in 0.. {
        let text = format!("writer {name}, memo {round}");
        let Ok(response) = client
            .call(Method::POST, "/api/memos")
            .json(&json!({ "text": text }))
            .try_send()
            .await
        else {
            break;
        };
        counted(response.status(), 201);
        let memo = Memo::of(&response);
        let edited = State::Text(format!("{text}, edited"));
        // An edit; or to the trash, and back from there, or from there for good.
        let steps = match round % 3 {
            0 => vec![edited],
            1 => vec![State::Trashed, State::Text(text.clone())],
            _ => vec![State::Trashed, State::Deleted],
        };
        let mut latest = Known {
            acknowledged: State::Text(text),
            attempted: None,
            memo,
        };
        let went_on = take(&client, &mut latest, steps, counted).await;
        known.push(latest);
        if !went_on {
            break;
        }
    }
    known
}

/// Takes a memo through these states. Says whether the host was there to the end.
async fn take(client: &Client, latest: &mut Known, steps: Vec<State>, counted: impl Fn(u16, u16)) -> bool {
    let path = latest.memo.path();
    for (version, state) in (1..).zip(steps) {
        let (call, status) = match (&latest.acknowledged, &state) {
            (State::Trashed, State::Text(_)) => (client.call(Method::POST, &format!("{path}/restore")), 200),
            (_, State::Text(text)) => (client.call(Method::PUT, &path).json(&json!({ "text": text })), 200),
            (_, State::Trashed | State::Deleted) => (client.call(Method::DELETE, &path), 204),
        };
        latest.attempted = Some(state.clone());
        let etag = format!("\"{version}\"");
        let Ok(response) = call.header("if-match", &etag).try_send().await else {
            return false;
        };
        counted(response.status(), status);
        (latest.acknowledged, latest.attempted) = (state, None);
    }
    true
}

/// What became of each memo by a listing of everything.
fn states(memos: &[Memo]) -> HashMap<String, State> {
    let state = |memo: &Memo| match memo.trashed_at {
        Some(_) => State::Trashed,
        None => State::Text(memo.text.clone()),
    };
    memos.iter().map(|memo| (memo.id.clone(), state(memo))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_among_writers_it_comes_back_with_every_acknowledged_change() {
    let Some(plan) = HostPlan::lasting() else { return };
    let mut host = plan.start();
    let user = TestApp::on(&host).user("killed").await;
    let mut all_known = Vec::new();
    let (mut mirror, mut since) = (HashMap::new(), None);
    for round in 0..3 {
        let (answers, mut count) = watch::channel(0);
        let app = TestApp::on(&host);
        let writers: Vec<_> = (0..WRITERS)
            .map(|name| {
                tokio::spawn(write_until_the_end(
                    user.on(&app),
                    round * WRITERS + name,
                    answers.clone(),
                ))
            })
            .collect();
        count
            .wait_for(|count| *count >= ENOUGH)
            .await
            .expect("the writers write");
        let stopped = host.kill();
        for known in join_all(writers).await {
            all_known.extend(known.expect("a writer meets nothing but the end of the host"));
        }
        host = stopped.start();
        let reader = user.on(&TestApp::on(&host));
        let listed = states(&reader.found("state=all&limit=100").await);
        for Known {
            memo,
            acknowledged,
            attempted,
        } in &all_known
        {
            let state = listed.get(&memo.id).cloned().unwrap_or(State::Deleted);
            assert!(
                state == *acknowledged || Some(&state) == attempted.as_ref(),
                "{memo:?}: {acknowledged:?}, but {state:?}"
            );
        }
        // Whoever follows the feed, from the beginning or from before the stop, knows what the listing shows.
        let (told, next) = reader.changes(since.as_deref(), 100).await;
        since = Some(next);
        for change in told {
            let known = mirror.get(&change.id);
            if known.is_none_or(|known: &Change| change.version >= known.version) {
                mirror.insert(change.id.clone(), change);
            }
        }
        let memos: Vec<Memo> = mirror.values().filter_map(|change| change.memo.clone()).collect();
        assert_eq!(states(&memos), listed);
        let (anew, _) = reader.changes(None, 100).await;
        assert!(listed.keys().all(|id| anew.iter().any(|change| change.id == *id)));
    }
    assert!(
        all_known.len() >= 3 * ENOUGH / 2 - 3 * WRITERS,
        "too little was written to prove anything"
    );
    user.on(&TestApp::on(&host)).write("and it goes on").await;
}
