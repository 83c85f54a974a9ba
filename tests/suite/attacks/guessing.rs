//! Guessing passwords and recovery codes at full speed. A guess that was looked at is answered 401 and has cost a hash; one
//! that was put off is 429. What counts is how many were looked at.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use serde_json::{Value, json};

use super::{SESSION, refresh, register, sign_in};
use crate::harness::{Host, HostPlan, PASSWORD, TestApp, store_is_atomic, unique};

/// How many guesses are on their way at a time. More would meet the host's limit before the service's.
const AT_ONCE: usize = 8;

/// A host that takes this machine for a proxy, so that requests may come from anywhere.
fn behind_a_proxy() -> Option<(Host, TestApp)> {
    if !store_is_atomic() {
        return None;
    }
    let host = HostPlan::fresh()?.variable("trusted_proxies", "127.0.0.1").start();
    let app = TestApp::on(&host);
    Some((host, app))
}

/// A guess, and the `X-Forwarded-For` with which it arrives.
struct Guess {
    from: String,
    path: &'static str,
    body: Value,
}

fn password_guess(from: impl Into<String>, username: &str) -> Guess {
    Guess {
        from: from.into(),
        path: SESSION,
        body: json!({ "username": username, "password": "not the password" }),
    }
}

fn recovery_guess(from: impl Into<String>, username: &str) -> Guess {
    let body =
        json!({ "username": username, "recovery_code": "0000-0000-0000-0000", "new_password": "long enough, surely" });
    Guess {
        from: from.into(),
        path: "/api/auth/recover",
        body,
    }
}

/// How many of the guesses were looked at; all others were put off.
async fn looked_at(app: &TestApp, guesses: impl IntoIterator<Item = Guess>) -> usize {
    let nobody = app.anonymous();
    let answers = stream::iter(guesses).map(|guess| {
        let call = nobody.call(reqwest::Method::POST, guess.path);
        let call = call.header("x-forwarded-for", &guess.from).json(&guess.body);
        async move { call.send().await.status() }
    });
    let mut counted = BTreeMap::new();
    let mut answers = answers.buffer_unordered(AT_ONCE);
    while let Some(status) = answers.next().await {
        *counted.entry(status).or_insert(0) += 1;
    }
    assert!(counted.keys().all(|status| [401, 429].contains(status)), "{counted:?}");
    assert!(counted.contains_key(&429), "nothing was ever put off: {counted:?}");
    counted.get(&401).copied().unwrap_or_default()
}

/// As many as the limit says, or, where the clock began a new count meanwhile, up to twice as many.
#[track_caller]
fn is_the_limit(looked_at: usize, limit: usize) {
    assert!(
        (limit..=2 * limit).contains(&looked_at),
        "{looked_at} were looked at, and the limit is {limit}"
    );
}

#[tokio::test]
async fn one_address_guesses_ten_times_at_a_name() {
    let Some((_host, app)) = behind_a_proxy() else { return };
    let name = unique("one");
    register(&app.anonymous(), &name, PASSWORD).await;
    let guesses = (0..60).map(|_| password_guess("198.51.100.7", &name));
    is_the_limit(looked_at(&app, guesses).await, 10);
    // The owner, who is elsewhere, does not notice.
    let call = app.anonymous().call(reqwest::Method::POST, SESSION);
    let call = call.header("x-forwarded-for", "203.0.113.5");
    let right = json!({ "username": name, "password": PASSWORD });
    call.json(&right).send().await.expect(200);
}

/// The address that the number-th guess of somebody seems to come from.
type Face = fn(u32) -> String;

/// What somebody writes into the header before the proxy does says nothing, and neither do addresses of one subscriber.
#[tokio::test]
async fn one_address_with_many_faces_is_one() {
    let Some((_host, app)) = behind_a_proxy() else { return };
    let faces: [(&str, Face); 4] = [
        ("invents others", |n| format!("192.0.2.{n}, 198.51.100.7")),
        ("invents proxies", |n| {
            format!("192.0.2.{n}, 127.0.0.1, 198.51.100.7, 127.0.0.1")
        }),
        ("has a /64", |n| format!("2001:db8:1:2::{n:x}")),
        ("spells itself in two ways", |n| {
            let address = if n % 2 == 0 {
                "198.51.100.8"
            } else {
                "::ffff:198.51.100.8"
            };
            address.to_owned()
        }),
    ];
    for (what, face) in faces {
        let name = unique("faces");
        let guesses = (0..40).map(|n| password_guess(face(n), &name));
        let looked_at = looked_at(&app, guesses).await;
        assert!((10..=20).contains(&looked_at), "who {what} guessed {looked_at} times");
    }
}

#[tokio::test]
async fn a_hundred_addresses_guess_sixty_times_at_a_name() {
    let Some((_host, app)) = behind_a_proxy() else { return };
    let name = unique("many");
    register(&app.anonymous(), &name, PASSWORD).await;
    let session = super::Session::of(&sign_in(&app.anonymous(), &name, PASSWORD).await.expect(200));
    let guesses = (0..150).map(|n| password_guess(format!("198.51.100.{}", n % 100), &name));
    is_the_limit(looked_at(&app, guesses).await, 60);
    // The owner has to wait with signing in, and goes on where they are signed in.
    refresh(&app.anonymous(), &session.cookie).await.expect(200);
}

#[tokio::test]
async fn one_address_guesses_a_hundred_times_whatever_names_it_tries() {
    let Some((_host, app)) = behind_a_proxy() else { return };
    let names: Vec<String> = (0..130).map(|_| unique("name")).collect();
    let guesses = names.iter().map(|name| password_guess("198.51.100.7", name));
    is_the_limit(looked_at(&app, guesses).await, 100);
}

#[tokio::test]
async fn recovery_codes_are_guessed_at_ten_times_a_name_and_thirty_times_an_address() {
    let Some((_host, app)) = behind_a_proxy() else { return };
    let name = unique("recovers");
    let code = register(&app.anonymous(), &name, PASSWORD).await.swap_remove(0);
    let guesses = (0..40).map(|_| recovery_guess("198.51.100.7", &name));
    is_the_limit(looked_at(&app, guesses).await, 10);
    let names: Vec<String> = (0..60).map(|_| unique("name")).collect();
    let guesses = names.iter().map(|name| recovery_guess("198.51.100.9", name));
    is_the_limit(looked_at(&app, guesses).await, 30);
    // Nobody keeps the owner from it, wherever the guesses come from.
    let right = json!({ "username": name, "recovery_code": code, "new_password": "a better horse battery staple" });
    let call = app.anonymous().call(reqwest::Method::POST, "/api/auth/recover");
    let call = call.header("x-forwarded-for", "203.0.113.5");
    call.json(&right).send().await.expect_empty(204);
}

/// Where no proxy is trusted, nobody's word on where they are is taken.
#[tokio::test]
async fn an_address_that_a_client_claims_is_not_believed() {
    if !store_is_atomic() {
        return;
    }
    let app = TestApp::shared();
    let name = unique("claims");
    let guesses = (0..40).map(|n| password_guess(format!("198.51.100.{n}"), &name));
    is_the_limit(looked_at(&app, guesses).await, 10);
}
