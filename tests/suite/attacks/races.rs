//! Being faster than what ends a session: once the answer says that sessions have ended, none of them gives anything more,
//! whatever was on its way at that moment.

use std::time::Duration;

use futures::future::{join, join_all};
use reqwest::Method;
use serde_json::json;
use tokio::time::sleep;

use super::{Session, is_over, refresh, register, sign_in};
use crate::harness::{Client, PASSWORD, Response, TestApp, store_is_atomic, unique};

const NEW: &str = "a better horse battery staple";

/// How many race each time, and how often. Each time the change comes a little later.
const RUNNERS: usize = 6;
const ROUNDS: u32 = 4;
const LATER: Duration = Duration::from_millis(25);

/// Each runner on a connection of its own.
fn runners(app: &TestApp) -> Vec<Client> {
    (0..RUNNERS).map(|_| app.with_cookies()).collect()
}

async fn after<T>(delay: Duration, then: impl Future<Output = T>) -> T {
    sleep(delay).await;
    then.await
}

async fn change_password(client: &Client) -> Response {
    let body = json!({ "current_password": PASSWORD, "new_password": NEW });
    client
        .call(Method::PUT, "/api/auth/me/password")
        .json(&body)
        .send()
        .await
}

#[tokio::test]
async fn no_session_of_the_old_password_outlives_its_change() {
    if !store_is_atomic() {
        return;
    }
    let app = TestApp::shared();
    let mut begun = 0;
    for round in 0..ROUNDS {
        let user = app.user("changes").await;
        let thieves = runners(&app);
        let thieves = join_all(thieves.iter().map(|thief| sign_in(thief, &user.username, PASSWORD)));
        let (answers, changed) = join(thieves, after(LATER * round, change_password(&user))).await;
        // Where the list of sessions is being changed all the time, the change may have to be asked for again.
        if changed.status() != 204 {
            changed.problem_among(&[409, 503]);
            change_password(&user).await.expect_empty(204);
        }
        for answer in answers {
            if answer.status() == 200 {
                begun += 1;
                let session = Session::of(&answer);
                assert!(
                    is_over(&app, &session.cookie).await,
                    "a session of the old password goes on: {answer:?}"
                );
                let token = answer.value()["access_token"].as_str().expect("a token").to_owned();
                app.anonymous().with_token(token).get("/api/auth/me").await.problem(401);
            } else {
                answer.problem_among(&[401, 409, 429, 503]);
            }
        }
        let left = user.get("/api/auth/sessions").await.expect(200).value();
        assert_eq!(left["items"].as_array().map(Vec::len), Some(1), "{left}");
        sign_in(&app.anonymous(), &user.username, NEW).await.expect(200);
    }
    assert!(begun > 0, "nobody was ever fast enough, so nothing was tried");
}

#[tokio::test]
async fn no_token_of_a_session_is_renewed_after_its_end() {
    let app = TestApp::shared();
    let mut renewed = 0;
    for round in 0..ROUNDS {
        let user = app.user("revokes").await;
        let session = Session::of(&sign_in(&app.anonymous(), &user.username, PASSWORD).await.expect(200));
        let thieves = runners(&app);
        let thieves = thieves.iter().map(|thief| async {
            // Each goes on from what it was given, for as long as it is given something.
            let (mut cookies, mut tokens) = (vec![session.cookie.clone()], Vec::new());
            for _ in 0..20 {
                let answer = refresh(thief, &cookies[cookies.len() - 1]).await;
                if answer.status() != 200 {
                    break;
                }
                tokens.push(answer.value()["access_token"].as_str().expect("a token").to_owned());
                if answer.find("set-cookie").is_some() {
                    cookies.push(Session::of(&answer).cookie);
                }
            }
            (cookies, tokens)
        });
        let end = user.call(Method::DELETE, "/api/auth/sessions").send();
        let (told, ended) = join(join_all(thieves), after(LATER * round, end)).await;
        ended.expect_empty(204);
        for (cookies, tokens) in told {
            renewed += tokens.len();
            for cookie in cookies {
                assert!(is_over(&app, &cookie).await, "a session that has ended is renewed");
            }
            for token in tokens {
                app.anonymous().with_token(token).get("/api/auth/me").await.problem(401);
            }
        }
        let left = user.get("/api/auth/sessions").await.expect(200).value();
        assert_eq!(left["items"].as_array().map(Vec::len), Some(1), "{left}");
    }
    assert!(renewed > 0, "nobody was ever fast enough, so nothing was tried");
}

#[tokio::test]
async fn of_two_recoveries_with_one_code_one_wins() {
    if !store_is_atomic() {
        return;
    }
    let app = TestApp::shared();
    let mut recovered = 0;
    for _ in 0..3 {
        let name = unique("recovers");
        let code = register(&app.anonymous(), &name, PASSWORD).await.swap_remove(0);
        let before = Session::of(&sign_in(&app.anonymous(), &name, PASSWORD).await.expect(200));
        let rivals = runners(&app);
        let passwords: Vec<String> = (0..RUNNERS).map(|number| format!("{NEW} {number}")).collect();
        let answers = join_all(rivals.iter().zip(&passwords).map(|(rival, password)| {
            let body = json!({ "username": name, "recovery_code": code, "new_password": password });
            async move { rival.post("/api/auth/recover", &body).await }
        }));
        let answers = answers.await;
        let won: Vec<&String> = answers
            .iter()
            .zip(&passwords)
            .filter(|(answer, _)| answer.status() == 204)
            .map(|(_, password)| password)
            .collect();
        assert!(won.len() <= 1, "{answers:?}");
        recovered += won.len();
        for password in &passwords {
            let expected = if won.contains(&password) { 200 } else { 401 };
            sign_in(&app.anonymous(), &name, password).await.expect(expected);
        }
        if !won.is_empty() {
            assert!(is_over(&app, &before.cookie).await);
            sign_in(&app.anonymous(), &name, PASSWORD).await.problem(401);
        }
        for lost in answers.into_iter().filter(|answer| answer.status() != 204) {
            lost.problem_among(&[401, 409, 503]);
        }
    }
    // Claims are cut into windows of time; at the edge of one, all may back off. Three races meet one edge at most.
    assert!(recovered >= 2, "only {recovered} of 3 codes opened anything");
}
