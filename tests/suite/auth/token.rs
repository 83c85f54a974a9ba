//! `POST /api/auth/token`

use futures::future::join_all;
use serde_json::json;

use crate::harness::{Client, Forge, Program, Response, TestApp, User};

/// Asserts an error in the form of RFC 6749 §5.2.
#[track_caller]
fn oauth_error(response: Response, status: u16, error: &str) {
    let body = response.expect(status).value();
    assert_eq!(body["error"], error, "{body}");
    assert!(
        body["error_description"].as_str().is_some_and(|text| !text.is_empty()),
        "{body}"
    );
}

/// Somebody who has connected a program, with its tokens.
async fn connected(app: &TestApp, name: &str) -> (User, Program, Client, String) {
    let (user, program) = (app.user(name).await, Program::register(app).await);
    let (client, refresh_token) = program.connect(&user, "memos:read memos:write").await;
    (user, program, client, refresh_token)
}

/// The new refresh token and a client with the new access token.
async fn refreshed(program: &Program, client: &Client, refresh_token: &str) -> (String, Client) {
    let body = program.refresh(refresh_token).await.expect(200).value();
    let field = |name: &str| body[name].as_str().expect("a token answer is complete").to_owned();
    (field("refresh_token"), client.with_token(field("access_token")))
}

#[tokio::test]
async fn an_access_token_is_a_jwt_of_rfc_9068_for_ten_minutes() {
    let app = TestApp::shared();
    let user = app.user("claims").await;
    let Forge { header, claims } = Forge::from(user.token());
    assert_eq!(header["typ"], "at+jwt");
    assert_eq!(header["alg"], "EdDSA");
    assert!(header["kid"].is_string(), "{header}");
    assert_eq!(claims["sub"], user.id.as_str());
    for name in ["iss", "aud", "jti", "client_id", "sid"] {
        assert!(!claims[name].is_null() && claims[name] != "", "no {name}: {claims}");
    }
    let seconds = |name: &str| claims[name].as_u64().expect("whole seconds");
    assert_eq!(seconds("exp") - seconds("iat"), 600);
}

#[tokio::test]
async fn incomplete_and_unknown_grants_are_refused_in_oauth_form() {
    let app = TestApp::shared();
    let program = Program::register(&app).await;
    let id = ("client_id", program.client_id.as_str());
    let post = async |form: &[(&str, &str)]| app.anonymous().post_form("/api/auth/token", form).await;
    oauth_error(post(&[]).await, 400, "invalid_request");
    oauth_error(post(&[id, ("refresh_token", "x")]).await, 400, "invalid_request");
    oauth_error(
        post(&[("grant_type", "refresh_token"), id]).await,
        400,
        "invalid_request",
    );
    oauth_error(
        post(&[("grant_type", "authorization_code"), id]).await,
        400,
        "invalid_request",
    );
    let of_nobody = [
        ("grant_type", "refresh_token"),
        ("client_id", "nobody"),
        ("refresh_token", "x"),
    ];
    oauth_error(post(&of_nobody).await, 400, "invalid_client");
    for gone in ["password", "client_credentials"] {
        let form = [
            ("grant_type", gone),
            id,
            ("username", "ann"),
            ("password", "correct horse"),
        ];
        oauth_error(post(&form).await, 400, "unsupported_grant_type");
    }
    // Empty is as good as missing (RFC 6749 §3.2).
    oauth_error(post(&[("grant_type", "")]).await, 400, "invalid_request");
    // Nothing may come twice.
    let twice = [
        ("grant_type", "refresh_token"),
        id,
        ("refresh_token", "x"),
        ("refresh_token", "y"),
    ];
    oauth_error(post(&twice).await, 400, "invalid_request");
}

#[tokio::test]
async fn refreshing_gives_the_same_program_new_tokens() {
    let app = TestApp::shared();
    let (user, program, first, token) = connected(&app, "refresh").await;
    let memo = user.write("before").await;
    let (next, client) = refreshed(&program, &first, &token).await;
    assert_ne!(next, token);
    assert_ne!(client.token(), first.token());
    let (old, new) = (Forge::from(first.token()).claims, Forge::from(client.token()).claims);
    assert_eq!((&old["sub"], &old["sid"]), (&new["sub"], &new["sid"]));
    assert_eq!(new["client_id"], program.client_id.as_str());
    assert_ne!(old["jti"], new["jti"]);
    assert_eq!(client.read(&memo).await, memo);
}

#[tokio::test]
async fn the_last_refresh_token_stays_good_for_an_answer_that_got_lost() {
    let app = TestApp::shared();
    let (_, program, client, token) = connected(&app, "lost").await;
    for answer in join_all([program.refresh(&token), program.refresh(&token)]).await {
        let body = answer.expect(200).value();
        let one = client.with_token(body["access_token"].as_str().unwrap());
        one.get("/api/auth/me").await.expect(200);
        one.get("/api/memos").await.expect(200);
    }
    program.refresh(&token).await.expect(200);
}

#[tokio::test]
async fn an_older_refresh_token_ends_the_session() {
    let app = TestApp::shared();
    let (user, program, client, first) = connected(&app, "stolen").await;
    let (_, other) = program.connect(&user, "memos:read").await;
    let (second, _) = refreshed(&program, &client, &first).await;
    let (third, _) = refreshed(&program, &client, &second).await;
    for token in [&first, &third, &second] {
        oauth_error(program.refresh(token).await, 400, "invalid_grant");
    }
    // Another session of the same program goes on.
    refreshed(&program, &client, &other).await;
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let app = TestApp::shared();
    let (user, program, client, good) = connected(&app, "garbled").await;
    let flipped = format!(
        "{}{}",
        &good[..good.len() - 1],
        if good.ends_with('A') { 'Q' } else { 'A' }
    );
    let of_the_site = user.cookie.split_once('=').expect("a cookie has a value").1;
    for token in [
        "x",
        "../../memo/1",
        "\0",
        &"A".repeat(5000),
        &good[1..],
        &flipped,
        client.token(),
        of_the_site,
    ] {
        oauth_error(program.refresh(token).await, 400, "invalid_grant");
    }
    oauth_error(program.refresh("").await, 400, "invalid_request");
    refreshed(&program, &client, &good).await;
}

#[tokio::test]
async fn a_refresh_token_opens_no_api() {
    let app = TestApp::shared();
    let user = app.user("confused").await;
    let (_, refresh_token) = Program::register(&app).await.connect(&user, "memos:read").await;
    let client = app.anonymous().with_token(&refresh_token);
    client.get("/api/memos").await.problem(401);
    client.get("/api/auth/me").await.problem(401);
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let nobody = TestApp::shared().anonymous();
    nobody
        .post("/api/auth/token", &json!({ "grant_type": "refresh_token" }))
        .await
        .problem(415);
    let huge = "x".repeat(64 * 1024 + 1);
    let huge = nobody
        .post_form("/api/auth/token", &[("grant_type", huge.as_str())])
        .await;
    oauth_error(huge, 413, "invalid_request");
}

/// Addresses end up in logs and histories.
#[tokio::test]
async fn a_token_in_the_address_does_not_count() {
    let app = TestApp::shared();
    let (_, program, _, token) = connected(&app, "address").await;
    let query = format!(
        "grant_type=refresh_token&client_id={}&refresh_token={token}",
        program.client_id
    );
    oauth_error(
        app.anonymous()
            .post_form(&format!("/api/auth/token?{query}"), &[])
            .await,
        400,
        "invalid_request",
    );
}
