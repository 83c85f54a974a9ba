//! What an attacker would do next, over HTTP and at full speed, against the issuer: guess, find out who has an account, plant
//! and steal cookies, let another site's page act, use things twice, and be faster than what ends a session.
//!
//! Tokens that are forged are in `hostile`, and what a route refuses by itself is with its route.

mod cookies;
mod cross_site;
mod enumeration;
mod guessing;
mod oauth;
mod races;
mod used_twice;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, Response, TestApp};

const SESSION: &str = "/api/auth/session";
const REFRESH: &str = "/api/auth/session/refresh";

/// Asks for a session as the site does.
async fn sign_in(client: &Client, username: &str, password: &str) -> Response {
    let body = json!({ "username": username, "password": password });
    client.post(SESSION, &body).await
}

/// A browser's session: its cookie as `name=value`, and whose it is.
struct Session {
    cookie: String,
    username: String,
}

impl Session {
    #[track_caller]
    fn of(answer: &Response) -> Self {
        let cookie = answer
            .header("set-cookie")
            .split(';')
            .next()
            .unwrap_or_default()
            .to_owned();
        let username = answer.value()["user"]["username"].as_str().expect("a name").to_owned();
        Self { cookie, username }
    }

    /// The value of the cookie.
    fn value(&self) -> &str {
        self.cookie.split_once('=').expect("a cookie has a value").1
    }
}

async fn refresh(client: &Client, cookie: &str) -> Response {
    client.call(Method::POST, REFRESH).header("cookie", cookie).send().await
}

/// Whether nothing can be had for this cookie any more.
async fn is_over(app: &TestApp, cookie: &str) -> bool {
    refresh(&app.anonymous(), cookie).await.status() == 401
}

/// A new person, and the codes that let them in on a bad day.
async fn register(client: &Client, username: &str, password: &str) -> Vec<String> {
    let body = json!({ "username": username, "password": password });
    let user: Value = client.post("/api/auth/users", &body).await.expect(201).value();
    serde_json::from_value(user["recovery_codes"].clone()).expect("codes")
}
