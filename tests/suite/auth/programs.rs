//! `/api/auth/clients`, `/api/auth/authorize`, `/api/auth/revoke`, `/.well-known/oauth-authorization-server`: programs that
//! people connect with their account.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::harness::{Client, Program, STATE, TestApp};

/// The memo service has to refuse tokens of a session that ended within 30 seconds; machines may be slow.
const PATIENCE: Duration = Duration::from_secs(120);

async fn is_refused_soon(client: &Client) {
    let end = Instant::now() + PATIENCE;
    while client.get("/api/memos?limit=1").await.status() == 200 {
        assert!(Instant::now() < end, "a token outlives its session");
        sleep(Duration::from_millis(500)).await;
    }
    client.get("/api/memos?limit=1").await.problem(401);
}

async fn connected(client: &Client) -> Vec<Value> {
    let list = client.get("/api/auth/clients").await.expect(200).value();
    list["items"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn a_program_finds_its_way_to_somebodys_memos_and_no_further() {
    let app = TestApp::shared();
    let user = app.user("connects").await;
    let memo = user.write("for a program").await;
    let nobody = app.anonymous();
    let metadata = nobody
        .get("/.well-known/oauth-authorization-server")
        .await
        .expect(200)
        .value();
    let issuer = metadata["issuer"].as_str().expect("an issuer").to_owned();
    for (endpoint, path) in [
        ("authorization_endpoint", "/authorize"),
        ("token_endpoint", "/api/auth/token"),
        ("registration_endpoint", "/api/auth/clients"),
        ("revocation_endpoint", "/api/auth/revoke"),
        ("introspection_endpoint", "/api/auth/introspect"),
        ("jwks_uri", "/.well-known/jwks.json"),
    ] {
        assert!(
            metadata[endpoint].as_str().is_some_and(|at| at.ends_with(path)),
            "{metadata}"
        );
    }

    let program = Program::register(&app).await;
    let asked = user
        .post("/api/auth/authorize/request", &program.request("memos:read"))
        .await
        .expect(200);
    assert_eq!(asked.value()["redirect_origin"], "http://127.0.0.1");
    let (address, parameters) = program.allowed_by(&user, "memos:read").await;
    assert_eq!(address, "http://127.0.0.1/cb");
    assert_eq!((parameters["state"].as_str(), &parameters["iss"]), (STATE, &issuer));
    let tokens = program.redeem(&parameters["code"]).await.expect(200);
    assert_eq!(
        tokens.fields(),
        ["access_token", "expires_in", "refresh_token", "scope", "token_type"]
    );
    let tokens = tokens.value();
    assert_eq!(
        (&tokens["scope"], &tokens["token_type"]),
        (&json!("memos:read"), &json!("Bearer"))
    );
    let client = nobody.with_token(tokens["access_token"].as_str().expect("a token"));
    assert_eq!(client.read(&memo).await, memo);
    client.post("/api/memos", &json!({ "text": "no" })).await.problem(403);
    client.get("/api/auth/sessions").await.problem(403);
    client.get("/api/auth/clients").await.problem(403);
    let items = connected(&user).await;
    assert_eq!((items.len(), &items[0]["client_name"]), (1, &json!("A program")));
}

#[tokio::test]
async fn a_program_that_is_disconnected_has_nothing_more() {
    let app = TestApp::shared();
    let user = app.user("parts").await;
    let program = Program::register(&app).await;
    let (client, refresh_token) = program.connect(&user, "memos:read memos:write").await;
    client.write("while it may").await;
    let path = format!("/api/auth/clients/{}", program.client_id);
    let stranger = app.user("stranger").await;
    stranger.call(Method::DELETE, &path).send().await.problem(404);
    user.call(Method::DELETE, &path).send().await.expect_empty(204);
    client.get("/api/auth/me").await.problem(401);
    let refused = program.refresh(&refresh_token).await.expect(400).value();
    assert_eq!(refused["error"], "invalid_grant");
    is_refused_soon(&client).await;
    assert!(connected(&user).await.is_empty());
    user.get("/api/memos").await.expect(200);
}

#[tokio::test]
async fn a_program_ends_its_own_session() {
    let app = TestApp::shared();
    let user = app.user("tidy").await;
    let program = Program::register(&app).await;
    let (client, refresh_token) = program.connect(&user, "memos:read").await;
    let form = [("client_id", program.client_id.as_str()), ("token", &refresh_token)];
    for _ in 0..2 {
        app.anonymous()
            .post_form("/api/auth/revoke", &form)
            .await
            .expect_empty(200);
    }
    client.get("/api/auth/me").await.problem(401);
    let said = app
        .anonymous()
        .post_form("/api/auth/introspect", &[("token", client.token())])
        .await;
    assert_eq!(said.expect(200).value(), json!({ "active": false }));
    is_refused_soon(&client).await;
}
