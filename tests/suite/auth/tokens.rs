//! `/api/auth/tokens`: personal tokens, from making one to its end in both services.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::harness::{Client, HostPlan, PASSWORD, Response, TestApp, User, own_key};

/// How long a token may be good after it was revoked, and some.
const PATIENCE: Duration = Duration::from_secs(60);

async fn ask_for(user: &Client, scope: &str) -> Response {
    let body = json!({ "name": "script", "scope": scope, "expires_in_days": 30, "password": PASSWORD });
    user.post("/api/auth/tokens", &body).await
}

/// A new personal token: its id, and a client that has it.
async fn program(user: &User, scope: &str) -> (String, Client) {
    let made = ask_for(user, scope).await.expect(201).value();
    let text = |name: &str| made[name].as_str().expect("the answer is complete").to_owned();
    (text("id"), user.with_token(text("token")))
}

async fn list(user: &Client) -> Vec<Value> {
    let list = user.get("/api/auth/tokens").await.expect(200).value();
    list["items"].as_array().expect("a list").clone()
}

/// Waits until the memo service refuses the token.
async fn is_shut_out(program: &Client) {
    let end = Instant::now() + PATIENCE;
    while program.get("/api/memos").await.status() != 401 {
        assert!(Instant::now() < end, "the memo service is never told");
        sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test]
async fn a_program_reads_and_writes_as_far_as_its_scope_goes() {
    let user = TestApp::shared().user("automates").await;
    let memo = user.write("a memo").await;
    let (_, reads) = program(&user, "memos:read").await;
    let (_, writes) = program(&user, "memos:write").await;
    let (_, both) = program(&user, "memos:read memos:write").await;
    assert_eq!(reads.read(&memo).await, memo);
    let body = json!({ "text": "from a script" });
    let refused = reads.post("/api/memos", &body).await;
    assert!(refused.header("www-authenticate").contains("scope=\"memos:write\""));
    assert_eq!(refused.problem(403).slug(), "insufficient-scope");
    writes.post("/api/memos", &body).await.expect(201);
    writes.get("/api/memos").await.problem(403);
    let edited = both.edit(&memo, "changed by a script").await;
    assert_eq!(user.read(&memo).await, edited);
    for program in [&reads, &writes, &both] {
        for path in ["/api/auth/me", "/api/auth/tokens", "/api/auth/sessions"] {
            program.get(path).await.problem(403);
        }
    }
    let listed = list(&user).await;
    assert_eq!(listed.len(), 3);
    for token in &listed {
        assert!(token["last_used_at"].is_string(), "{token}");
        assert!(token.get("token").is_none(), "{token}");
    }
}

#[tokio::test]
async fn one_that_is_revoked_is_refused_soon_and_no_other_one_is() {
    let app = TestApp::shared();
    let (user, other) = (app.user("revokes").await, app.user("bystander").await);
    let (id, revoked) = program(&user, "memos:read").await;
    let (_, kept) = program(&user, "memos:read").await;
    let path = format!("/api/auth/tokens/{id}");
    revoked.get("/api/memos").await.expect(200);
    other.call(Method::DELETE, &path).send().await.problem(404);
    // While it is in use.
    let uses = async {
        let mut answers = Vec::new();
        for _ in 0..20 {
            answers.push(revoked.get("/api/memos").await.status());
        }
        answers
    };
    let (answers, ended) = tokio::join!(uses, user.call(Method::DELETE, &path).send());
    ended.expect_empty(204);
    assert!(answers.iter().all(|status| [200, 401].contains(status)), "{answers:?}");
    is_shut_out(&revoked).await;
    let refused = revoked.get("/api/memos").await;
    assert!(refused.header("www-authenticate").contains("invalid_token"));
    refused.problem(401);
    kept.get("/api/memos").await.expect(200);
    assert_eq!(list(&user).await.len(), 1);
}

#[tokio::test]
async fn of_more_than_twenty_at_once_twenty_are_made() {
    let user = TestApp::shared().user("collects").await;
    for _ in 0..15 {
        ask_for(&user, "memos:read").await.expect(201);
    }
    let wanted = futures::future::join_all((0..8).map(|_| ask_for(&user, "memos:read"))).await;
    let made = wanted.iter().filter(|answer| answer.status() == 201).count();
    for answer in &wanted {
        // Who could not have the record in time may try again.
        assert!([201, 409].contains(&answer.status()), "{answer:?}");
    }
    assert!(made <= 5, "{made}");
    while list(&user).await.len() < 20 {
        ask_for(&user, "memos:read").await;
    }
    let refused = ask_for(&user, "memos:read").await.problem(409);
    assert_eq!(refused.slug(), "too-many-tokens");
    assert_eq!(list(&user).await.len(), 20);
}

#[tokio::test]
async fn tokens_go_with_the_account() {
    let user = TestApp::shared().user("goes").await;
    let (_, program) = program(&user, "memos:read memos:write").await;
    program.write("a memo").await;
    let body = json!({ "password": PASSWORD });
    let call = user.call(Method::DELETE, "/api/auth/me").json(&body);
    call.send().await.expect_empty(204);
    is_shut_out(&program).await;
}

#[tokio::test]
async fn with_the_issuer_away_a_token_in_use_goes_on_and_a_new_one_waits() {
    let Some(plan) = HostPlan::lasting() else { return };
    let host = plan.start();
    let app = TestApp::on(&host);
    let user = app.user("alone").await;
    let (_, used) = program(&user, "memos:read").await;
    let (_, unused) = program(&user, "memos:read").await;
    used.get("/api/memos").await.expect(200);

    let nobody = "http://127.0.0.1:9";
    let alone = |plan: HostPlan| plan.component("memo").component("site").variable("jwks_origin", nobody);
    let host = host.kill().with(alone).start();
    let app = TestApp::on(&host);
    let on = |program: &Client| app.anonymous().with_token(program.token());
    on(&used).get("/api/memos").await.expect(200);
    let waits = on(&unused).get("/api/memos").await;
    assert!(!waits.header("retry-after").is_empty());
    waits.problem(503);

    let host = host.kill().with(HostPlan::plain).start();
    let app = TestApp::on(&host);
    app.anonymous()
        .with_token(unused.token())
        .get("/api/memos")
        .await
        .expect(200);
}

/// Nobody can make one of their own, nor make a session's last.
#[tokio::test]
async fn a_long_token_that_the_issuer_has_not_made_is_refused() {
    let Some(own) = own_key() else { return };
    let victim = crate::harness::Victim::new("long-lived").await;
    let year = crate::harness::now() + 365 * 24 * 60 * 60;
    for forge in [
        victim.forge().claim("exp", year),
        victim.forge().claim("exp", year).claim("sid", "made-up"),
        victim
            .forge()
            .claim("exp", year)
            .claim("scope", "memos:read memos:write account"),
    ] {
        let thief = victim.app.anonymous().with_token(forge.signed(&own));
        thief.get("/api/memos").await.problem(401);
        thief.get(&victim.memo.path()).await.problem(401);
        thief.get("/api/auth/me").await.problem(403);
    }
}
