//! Another signing key, as docs/keys.md says: on a quiet day nobody notices, and after a leak what the old one signed is refused
//! soon, although the memo service is not restarted.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};

use crate::harness::{Client, Forge, Host, HostPlan, PASSWORD, Stopped, TestApp, User};

/// The memo service follows within 25 seconds; this is for a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(180);

const OLD: [u8; 32] = [41; 32];
const NEW: [u8; 32] = [42; 32];

/// The value of the variable: the first seed signs, and all are believed.
fn seeds(seeds: &[[u8; 32]]) -> String {
    let seeds: Vec<String> = seeds.iter().map(|seed| URL_SAFE_NO_PAD.encode(seed)).collect();
    seeds.join(",")
}

/// The issuer and the memo service on hosts of their own.
struct Apart {
    issuer: Host,
    memos: Host,
}

/// The plan of an issuer that runs alone, with these seeds in the variable.
fn issuer(plan: HostPlan, signing_key: &str) -> HostPlan {
    // Nobody deletes an account here, so nobody has to listen: port 9 discards what it is sent.
    let alone = plan
        .plain()
        .component("auth")
        .variable("memo_origin", "http://127.0.0.1:9");
    alone.variable("signing_key", signing_key)
}

impl Apart {
    fn start(plan: HostPlan, signing_key: &str) -> Self {
        let issuer = issuer(plan, signing_key).start();
        let memos = HostPlan::lasting().expect("there was one");
        let memos = memos
            .component("memo")
            .variable("jwks_origin", &issuer.base_url())
            .start();
        Self { issuer, memos }
    }

    /// Stops the issuer, has something done to it, and starts it again with these seeds in the variable.
    fn restart_issuer(self, meanwhile: impl FnOnce(&Stopped), signing_key: &str) -> Self {
        let (stopped, status) = self.issuer.terminate();
        assert!(status.success(), "{status}");
        meanwhile(&stopped);
        Self {
            issuer: stopped.with(|plan| issuer(plan, signing_key)).start(),
            memos: self.memos,
        }
    }

    fn people(&self) -> TestApp {
        TestApp::on(&self.issuer)
    }

    /// Whoever has this token, at the memo service.
    fn memos(&self, token: &str) -> Client {
        TestApp::on(&self.memos).anonymous().with_token(token)
    }
}

/// A personal token.
async fn personal(user: &User) -> String {
    let body = json!({ "name": "cron", "scope": "memos:read", "expires_in_days": 366, "password": PASSWORD });
    let made = user.post("/api/auth/tokens", &body).await.expect(201).value();
    made["token"].as_str().expect("a token").to_owned()
}

async fn assert_good(apart: &Apart, tokens: &[&str]) {
    for token in tokens {
        apart.memos(token).get("/api/memos").await.expect(200);
    }
}

fn kid(token: &str) -> Value {
    Forge::from(token).header["kid"].clone()
}

#[tokio::test]
async fn a_key_that_is_replaced_on_a_quiet_day_is_noticed_by_nobody() {
    let Some(plan) = HostPlan::lasting() else { return };
    let apart = Apart::start(plan, &seeds(&[OLD]));
    let user = apart.people().user("quiet-day").await;
    let personal = personal(&user).await;
    assert_good(&apart, &[user.token(), &personal]).await;

    // First everybody learns of the new key, which signs nothing yet.
    let apart = apart.restart_issuer(|_| {}, &seeds(&[OLD, NEW]));
    let published = user.sign_in_again(&apart.people()).await;
    assert_eq!(kid(published.token()), kid(user.token()));
    assert_good(&apart, &[user.token(), published.token(), &personal]).await;

    // Then it signs, and what the old one signed stays good.
    let apart = apart.restart_issuer(|_| {}, &seeds(&[NEW, OLD]));
    let signed = user.sign_in_again(&apart.people()).await;
    assert_ne!(kid(signed.token()), kid(user.token()));
    apart.memos(user.token()).get("/api/memos").await.expect(200);
    let begun = Instant::now();
    while apart.memos(signed.token()).get("/api/memos").await.status() != 200 {
        assert!(begun.elapsed() < PATIENCE, "the new key is never believed");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert_good(&apart, &[user.token(), published.token(), signed.token(), &personal]).await;
}

/// Until nothing that the old key signed is believed any more. Sessions go on meanwhile, by new tokens.
async fn assert_old_key_is_dead(apart: &Apart, user: &User, tokens: &[&str]) {
    let app = apart.people();
    for token in tokens {
        // The issuer goes by its own keys, at once.
        app.anonymous()
            .with_token(*token)
            .get("/api/auth/me")
            .await
            .problem(401);
    }
    let refreshed = app.anonymous().refresh(&user.cookie).await.expect(200).value();
    let refreshed = refreshed["access_token"].as_str().expect("a token");
    let begun = Instant::now();
    for token in tokens {
        while apart.memos(token).get("/api/memos").await.status() != 401 {
            assert!(
                begun.elapsed() < PATIENCE,
                "what the leaked key signed is believed for ever"
            );
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
    apart.memos(refreshed).get("/api/memos").await.expect(200);
}

#[tokio::test]
async fn after_a_leak_of_the_variable_what_the_old_key_signed_is_refused_without_a_restart_of_the_memo_service() {
    let Some(plan) = HostPlan::lasting() else { return };
    let apart = Apart::start(plan, &seeds(&[OLD]));
    let user = apart.people().user("leaked").await;
    let personal = personal(&user).await;
    // Who has the key makes tokens of their own.
    let forged = Forge::from(user.token())
        .claim("jti", "forged")
        .signed(&SigningKey::from_bytes(&OLD));
    assert_good(&apart, &[user.token(), &personal, &forged]).await;
    let apart = apart.restart_issuer(|_| {}, &seeds(&[NEW]));
    assert_old_key_is_dead(&apart, &user, &[user.token(), &personal, &forged]).await;
}

#[tokio::test]
async fn after_a_leak_of_the_store_its_key_is_deleted_and_another_one_made() {
    let Some(plan) = HostPlan::lasting() else { return };
    let apart = Apart::start(plan, "");
    let user = apart.people().user("leaked-store").await;
    let personal = personal(&user).await;
    assert_good(&apart, &[user.token(), &personal]).await;
    let delete = "DELETE FROM spin_key_value WHERE key = 'auth/key/signing'";
    let apart = apart.restart_issuer(|stopped| stopped.store_file().run(delete), "");
    assert_old_key_is_dead(&apart, &user, &[user.token(), &personal]).await;
}
