//! Things that are good once, used again: one after the other, and by many at the same moment.

use authenticator::Algorithm;
use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use super::{SESSION, Session, is_over, refresh, sign_in};
use crate::auth::passkeys;
use crate::auth::second_factor::{code, turn_on};
use crate::harness::{Client, PASSWORD, Response, TestApp, User, store_is_atomic};

/// How many use it at the same moment.
const AT_ONCE: usize = 4;

#[tokio::test]
async fn a_stolen_refresh_token_ends_the_session_of_both_and_the_owner_is_told() {
    let app = TestApp::shared();
    let nobody = app.anonymous();
    let user = app.user("robbed").await;
    let stolen = Session::of(&sign_in(&nobody, &user.username, PASSWORD).await.expect(200));
    let second = Session::of(&refresh(&nobody, &stolen.cookie).await.expect(200));
    let third = Session::of(&refresh(&nobody, &second.cookie).await.expect(200));
    // The thief comes late.
    refresh(&nobody, &stolen.cookie).await.problem(401);
    for cookie in [&third.cookie, &second.cookie, &stolen.cookie] {
        assert!(is_over(&app, cookie).await, "{cookie}");
    }
    let told = sign_in(&nobody, &user.username, PASSWORD).await.expect(200);
    let notices = told.value()["notices"].clone();
    assert_eq!(notices.as_array().map(Vec::len), Some(1), "{notices}");
    assert_eq!(notices[0]["type"], "refresh-token-reused", "{notices}");
    // Once it has arrived it is not told again.
    refresh(&nobody, &Session::of(&told).cookie).await.expect(200);
    let again = sign_in(&nobody, &user.username, PASSWORD).await.expect(200);
    assert!(again.value().get("notices").is_none(), "{again:?}");
}

async fn sign_in_with_code(client: &Client, user: &User, code: &str) -> Response {
    let body = json!({ "username": user.username, "password": PASSWORD, "code": code });
    client.post(SESSION, &body).await
}

#[tokio::test]
async fn of_many_that_use_one_code_at_the_same_moment_one_is_let_in() {
    if !store_is_atomic() {
        return;
    }
    let app = TestApp::shared();
    let mut let_in = 0;
    for _ in 0..3 {
        let user = app.user("code").await;
        let authenticator = turn_on(&user).await;
        let code = code(&authenticator, 1);
        // Each on a connection of its own.
        let clients: Vec<Client> = (0..AT_ONCE).map(|_| app.with_cookies()).collect();
        let answers = join_all(clients.iter().map(|client| sign_in_with_code(client, &user, &code))).await;
        let won = answers.iter().filter(|answer| answer.status() == 200).count();
        assert!(won <= 1, "{answers:?}");
        let_in += won;
        for lost in answers.into_iter().filter(|answer| answer.status() != 200) {
            lost.problem_among(&[401, 409, 429, 503]);
        }
        // One after the others.
        sign_in_with_code(&app.anonymous(), &user, &code)
            .await
            .problem_among(&[401, 429]);
    }
    // Claims are cut into windows of time; at the edge of one, all may back off. Three races meet one edge at most.
    assert!(let_in >= 2, "only {let_in} of 3 codes let anybody in");
}

#[tokio::test]
async fn of_many_that_use_one_answer_of_a_passkey_at_the_same_moment_one_is_let_in() {
    if !store_is_atomic() {
        return;
    }
    let app = TestApp::shared().at_localhost();
    let mut let_in = 0;
    for _ in 0..3 {
        let user = app.user("tapped").await;
        let mut device = passkeys::device(&app, Algorithm::EdDsa, "tapped");
        passkeys::add(&user, &mut device).await.expect(201);
        passkeys::ask_for_passkey(&user, &mut device).await;
        let answer = device.get(&passkeys::asked(&app.anonymous(), &user).await.1);
        // Each on a connection of its own.
        let clients: Vec<Client> = (0..AT_ONCE).map(|_| app.with_cookies()).collect();
        let tries = clients
            .iter()
            .map(|client| passkeys::enter(client, &user, Some(&answer)));
        let answers = join_all(tries).await;
        let won = answers.iter().filter(|answer| answer.status() == 200).count();
        assert!(won <= 1, "{answers:?}");
        let_in += won;
        for lost in answers.into_iter().filter(|answer| answer.status() != 200) {
            lost.problem_among(&[401, 409, 429, 503]);
        }
        // One after the others.
        let late = passkeys::enter(&app.anonymous(), &user, Some(&answer)).await;
        late.problem_among(&[401, 429]);
    }
    // Claims are cut into windows of time; at the edge of one, all may back off. Three races meet one edge at most.
    assert!(let_in >= 2, "only {let_in} of 3 answers let anybody in");
}

/// Who knows two people's password, which is the same one, and has the passkey of one of them.
#[tokio::test]
async fn a_passkey_stands_in_for_nobody_else_and_for_nothing_else() {
    let app = TestApp::shared().at_localhost();
    let (victim, thief) = (app.user("victim").await, app.user("thief").await);
    let mut hers = passkeys::device(&app, Algorithm::EdDsa, "hers");
    let mut his = passkeys::device(&app, Algorithm::EdDsa, "his");
    for (user, device) in [(&victim, &mut hers), (&thief, &mut his)] {
        passkeys::add(user, device).await.expect(201);
        passkeys::ask_for_passkey(user, device).await;
    }
    let nobody = app.anonymous();
    let to_her = passkeys::asked(&nobody, &victim).await.1;
    // What he can make: his own answer to her question, hers to his question as one that she was led to, and one to change things.
    let mut as_her = his.clone();
    (as_her.id, as_her.user_handle) = (hers.id.clone(), hers.user_handle.clone());
    let lies = [
        his.get(&to_her),
        as_her.get(&to_her),
        hers.get(&passkeys::asked(&nobody, &thief).await.1),
        hers.get(&passkeys::request_options(&app).await),
        hers.get(&passkeys::change_options(&victim, "password-change").await),
    ];
    for (number, lie) in lies.iter().enumerate() {
        let refused = passkeys::enter(&nobody, &victim, Some(lie)).await.problem(401);
        assert_eq!(refused.slug(), "second-factor-required", "{number}");
    }
    // Five are let in; that was all for now, also with a good one, unless the clock began a new count meanwhile.
    let good = hers.get(&to_her);
    let put_off = passkeys::enter(&nobody, &victim, Some(&good)).await;
    assert!(matches!(put_off.status(), 429 | 200), "{put_off:?}");
    // An answer to change one thing changes no other, and not for another session.
    let answer = his.get(&passkeys::change_options(&thief, "password-change").await);
    let body = json!({ "password": PASSWORD, "passkey": answer });
    let codes = thief.post("/api/auth/recovery-codes", &body).await;
    assert_eq!(codes.problem(422).fields(), ["passkey"]);
    let answer = his.get(&passkeys::asked(&nobody, &thief).await.1);
    let elsewhere = passkeys::enter(&nobody, &thief, Some(&answer))
        .await
        .expect(200)
        .value();
    let elsewhere = app
        .anonymous()
        .with_token(elsewhere["access_token"].as_str().expect("a token"));
    let answer = his.get(&passkeys::change_options(&thief, "recovery-codes").await);
    let body = json!({ "password": PASSWORD, "passkey": answer });
    let codes = elsewhere.post("/api/auth/recovery-codes", &body).await;
    assert_eq!(codes.problem(422).fields(), ["passkey"]);
}

/// The code that let somebody in does not take the second factor away as well.
#[tokio::test]
async fn a_code_is_good_for_one_thing() {
    let app = TestApp::shared();
    let user = app.user("one-thing").await;
    let authenticator = turn_on(&user).await;
    let code = code(&authenticator, 1);
    sign_in_with_code(&app.anonymous(), &user, &code).await.expect(200);
    let body = json!({ "password": PASSWORD, "code": code });
    let removal = user.call(Method::DELETE, "/api/auth/totp").json(&body).send().await;
    assert_eq!(removal.problem(422).fields(), ["code"]);
    let codes = user.post("/api/auth/recovery-codes", &body).await;
    assert_eq!(codes.problem(422).fields(), ["code"]);
}
