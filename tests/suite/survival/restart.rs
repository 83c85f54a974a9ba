//! What was acknowledged is there after any stop.

use std::collections::HashMap;

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use tokio::sync::watch;

use crate::harness::{Client, HostPlan, Memo, TestApp};

/// How many writers are at work when the host is killed, and how many answers are waited for before.
const WRITERS: usize = 8;
const ENOUGH: usize = 60;

#[tokio::test]
async fn after_a_stop_people_memos_tokens_and_sessions_are_as_before() {
    let Some(plan) = HostPlan::fresh() else { return };
    let host = plan.start();
    let user = TestApp::on(&host).user("stays").await;
    let memo = user.write("stays").await;
    let gone = user.write("goes").await;
    let memo = user.edit(&memo, "stays, edited").await;
    user.remove(&gone).await;

    let (stopped, status) = host.terminate();
    assert!(status.success(), "{status}");
    let host = stopped.start();
    let app = TestApp::on(&host);
    // The token from before is good: the signing key was kept.
    let with_old_token = user.on(&app);
    assert_eq!(with_old_token.all_memos().await, std::slice::from_ref(&memo));
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", user.refresh_token.as_str()),
    ];
    app.anonymous().post_form("/api/auth/token", &refresh).await.expect(200);
    let user = user.sign_in_again(&app).await;
    let next = user.write("next").await;
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
        let state = if round % 3 == 2 {
            State::Deleted
        } else {
            State::Text(format!("{text}, edited"))
        };
        let call = match &state {
            State::Deleted => client.call(Method::DELETE, &memo.path()),
            State::Text(text) => client.call(Method::PUT, &memo.path()).json(&json!({ "text": text })),
        };
        let mut latest = Known {
            acknowledged: State::Text(text),
            attempted: Some(state.clone()),
            memo,
        };
        let answer = call.header("if-match", &latest.memo.etag()).try_send().await;
        let went_on = answer.is_ok();
        if let Ok(response) = answer {
            counted(response.status(), if state == State::Deleted { 204 } else { 200 });
            (latest.acknowledged, latest.attempted) = (state, None);
        }
        known.push(latest);
        if !went_on {
            break;
        }
    }
    known
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_among_writers_it_comes_back_with_every_acknowledged_change() {
    let Some(plan) = HostPlan::fresh() else { return };
    let mut host = plan.start();
    let user = TestApp::on(&host).user("killed").await;
    let mut all_known = Vec::new();
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
        let found = user.on(&TestApp::on(&host)).all_memos().await;
        let found: HashMap<&str, &Memo> = found.iter().map(|memo| (memo.id.as_str(), memo)).collect();
        for Known {
            memo,
            acknowledged,
            attempted,
        } in &all_known
        {
            let state = found
                .get(memo.id.as_str())
                .map_or(State::Deleted, |memo| State::Text(memo.text.clone()));
            assert!(
                state == *acknowledged || Some(&state) == attempted.as_ref(),
                "{memo:?}: {acknowledged:?}, but {state:?}"
            );
        }
    }
    assert!(
        all_known.len() >= 3 * ENOUGH / 2 - 3 * WRITERS,
        "too little was written to prove anything"
    );
    user.on(&TestApp::on(&host)).write("and it goes on").await;
}
