//! `POST /api/auth/token`

use futures::future::join_all;
use serde_json::json;

use crate::harness::{Client, Forge, PASSWORD, Response, TestApp, unique};

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

async fn password_grant(client: &Client, username: &str, password: &str) -> Response {
    let form = [
        ("grant_type", "password"),
        ("username", username),
        ("password", password),
    ];
    client.post_form("/api/auth/token", &form).await
}

async fn refresh(client: &Client, refresh_token: &str) -> Response {
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    client.post_form("/api/auth/token", &form).await
}

/// The new refresh token and a client with the new access token.
async fn refreshed(client: &Client, refresh_token: &str) -> (String, Client) {
    let body = refresh(client, refresh_token).await.expect(200).value();
    let field = |name: &str| body[name].as_str().expect("a token answer is complete").to_owned();
    (field("refresh_token"), client.with_token(field("access_token")))
}

#[tokio::test]
async fn the_right_password_gets_tokens_of_exactly_the_documented_shape() {
    let app = TestApp::shared();
    let user = app.user("shape").await;
    let response = password_grant(&app.anonymous(), &user.username, PASSWORD)
        .await
        .expect(200);
    assert_eq!(
        response.fields(),
        ["access_token", "expires_in", "refresh_token", "scope", "token_type"]
    );
    let body = response.value();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 600);
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
async fn a_wrong_password_and_an_unknown_user_get_the_same_answer() {
    let app = TestApp::shared();
    let user = app.user("wrong").await;
    let nobody = app.anonymous();
    let wrong = password_grant(&nobody, &user.username, "not the password").await;
    let unknown = password_grant(&nobody, &unique("unknown"), PASSWORD).await;
    assert_eq!(wrong.text(), unknown.text());
    oauth_error(wrong, 400, "invalid_grant");
    oauth_error(unknown, 400, "invalid_grant");
}

#[tokio::test]
async fn incomplete_and_unknown_grants_are_refused_in_oauth_form() {
    let app = TestApp::shared();
    let user = app.user("grants").await;
    let name = user.username.as_str();
    let post = async |form: &[(&str, &str)]| app.anonymous().post_form("/api/auth/token", form).await;
    oauth_error(post(&[]).await, 400, "invalid_request");
    oauth_error(
        post(&[("username", name), ("password", PASSWORD)]).await,
        400,
        "invalid_request",
    );
    oauth_error(
        post(&[("grant_type", "password"), ("password", PASSWORD)]).await,
        400,
        "invalid_request",
    );
    oauth_error(
        post(&[("grant_type", "password"), ("username", name)]).await,
        400,
        "invalid_request",
    );
    oauth_error(post(&[("grant_type", "refresh_token")]).await, 400, "invalid_request");
    oauth_error(
        post(&[("grant_type", "client_credentials")]).await,
        400,
        "unsupported_grant_type",
    );
    // Empty is as good as missing (RFC 6749 §3.2).
    oauth_error(post(&[("grant_type", "")]).await, 400, "invalid_request");
}

#[tokio::test]
async fn a_parameter_given_twice_is_refused() {
    let app = TestApp::shared();
    let user = app.user("twice").await;
    let form = [
        ("grant_type", "password"),
        ("username", user.username.as_str()),
        ("username", "somebody-else"),
        ("password", PASSWORD),
    ];
    oauth_error(
        app.anonymous().post_form("/api/auth/token", &form).await,
        400,
        "invalid_request",
    );
}

#[tokio::test]
async fn refreshing_gives_the_same_person_new_tokens() {
    let app = TestApp::shared();
    let user = app.user("refresh").await;
    let memo = user.write("before").await;
    let (next, client) = refreshed(&app.anonymous(), &user.refresh_token).await;
    assert_ne!(next, user.refresh_token);
    assert_ne!(client.token(), user.token());
    let (old, new) = (Forge::from(user.token()).claims, Forge::from(client.token()).claims);
    assert_eq!((&old["sub"], &old["sid"]), (&new["sub"], &new["sid"]));
    assert_ne!(old["jti"], new["jti"]);
    assert_eq!(client.read(&memo).await, memo);
}

#[tokio::test]
async fn the_last_refresh_token_stays_good_for_a_second_tab() {
    let app = TestApp::shared();
    let user = app.user("two-tabs").await;
    let nobody = app.anonymous();
    let answers = join_all([
        refresh(&nobody, &user.refresh_token),
        refresh(&nobody, &user.refresh_token),
    ])
    .await;
    for answer in answers {
        let body = answer.expect(200).value();
        let tab = nobody.with_token(body["access_token"].as_str().unwrap());
        tab.get("/api/auth/me").await.expect(200);
        tab.get("/api/memos").await.expect(200);
    }
    refresh(&nobody, &user.refresh_token).await.expect(200);
}

#[tokio::test]
async fn an_older_refresh_token_ends_the_session() {
    let app = TestApp::shared();
    let user = app.user("stolen").await;
    let other = user.sign_in_again(&app).await;
    let nobody = app.anonymous();
    let (second, _) = refreshed(&nobody, &user.refresh_token).await;
    let (third, _) = refreshed(&nobody, &second).await;
    oauth_error(refresh(&nobody, &user.refresh_token).await, 400, "invalid_grant");
    oauth_error(refresh(&nobody, &third).await, 400, "invalid_grant");
    oauth_error(refresh(&nobody, &second).await, 400, "invalid_grant");
    // Another session of the same person goes on.
    refreshed(&nobody, &other.refresh_token).await;
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let app = TestApp::shared();
    let user = app.user("garbled").await;
    let nobody = app.anonymous();
    let good = &user.refresh_token;
    let flipped = format!(
        "{}{}",
        &good[..good.len() - 1],
        if good.ends_with('A') { 'Q' } else { 'A' }
    );
    for token in [
        "",
        "x",
        "../../memo/1",
        "\0",
        &"A".repeat(5000),
        &good[1..],
        &flipped,
        user.token(),
    ] {
        let status = refresh(&nobody, token).await;
        oauth_error(
            status,
            400,
            if token.is_empty() {
                "invalid_request"
            } else {
                "invalid_grant"
            },
        );
    }
    refreshed(&nobody, good).await;
}

#[tokio::test]
async fn a_refresh_token_opens_no_api() {
    let app = TestApp::shared();
    let user = app.user("confused").await;
    let client = app.anonymous().with_token(&user.refresh_token);
    client.get("/api/memos").await.problem(401);
    client.get("/api/auth/me").await.problem(401);
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let nobody = TestApp::shared().anonymous();
    nobody
        .post("/api/auth/token", &json!({ "grant_type": "password" }))
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
async fn a_password_in_the_address_does_not_count() {
    let app = TestApp::shared();
    let user = app.user("address").await;
    let query = format!(
        "grant_type=password&username={}&password={}",
        user.username,
        PASSWORD.replace(' ', "+")
    );
    oauth_error(
        app.anonymous()
            .post_form(&format!("/api/auth/token?{query}"), &[])
            .await,
        400,
        "invalid_request",
    );
}
