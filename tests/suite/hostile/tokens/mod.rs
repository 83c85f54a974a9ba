//! Hostile access tokens by name, each against both services: a table of cases per part of a token.
//!
//! Both must refuse each of them, in the same words and never by a fault of their own. That a token is refused proves
//! something only where the same token without the trick is good: [`good`] holds the same tools to that.

mod algorithm;
mod claims;
mod good;
mod header;
mod signature;
mod text;
mod wycheproof;

use std::collections::BTreeSet;

use ed25519_dalek::SigningKey;
use futures::{StreamExt, stream};

use crate::harness::{Forge, Response, Victim, own_key};

/// How many tokens are tried at the same time.
const AT_ONCE: usize = 8;

/// A token that must open nothing.
struct Case {
    name: String,
    token: String,
}

fn case(name: impl Into<String>, token: impl Into<String>) -> Case {
    Case {
        name: name.into(),
        token: token.into(),
    }
}

/// What cases are made from.
struct Material {
    /// A good token of the victim's, and what it is made of.
    good: String,
    forge: Forge,
    /// The app's own key, which no attacker has: what is refused in spite of it is refused for the trick alone.
    own: SigningKey,
    /// The app's public key, in base64url, and as a JWK.
    public: String,
    jwk: serde_json::Value,
}

impl Material {
    async fn of(victim: &Victim, own: SigningKey) -> Self {
        let jwks = victim.app.anonymous().get("/.well-known/jwks.json").await.expect(200);
        let jwks: serde_json::Value = serde_json::from_slice(jwks.bytes()).expect("a JWK Set");
        let forge = victim.forge();
        let keys = jwks["keys"].as_array().expect("keys");
        let jwk = keys.iter().find(|key| key["kid"] == forge.header["kid"]);
        let jwk = jwk.expect("the token's key is published").clone();
        Self {
            good: victim.user.token().to_owned(),
            public: jwk["x"].as_str().expect("a public key").to_owned(),
            forge,
            own,
            jwk,
        }
    }

    /// The three parts of the good token.
    fn parts(&self) -> [&str; 3] {
        let mut parts = self.good.split('.');
        [(); 3].map(|()| parts.next().expect("three parts"))
    }
}

#[tokio::test]
async fn over_a_hundred_hostile_tokens_open_nothing() {
    let Some(own) = own_key() else { return };
    let victim = Victim::new("hostile").await;
    let material = Material::of(&victim, own).await;
    let cases: Vec<Case> = [
        text::cases(&material),
        algorithm::cases(&material),
        header::cases(&material),
        claims::cases(&material),
        signature::cases(&material),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut names = BTreeSet::new();
    for case in &cases {
        assert!(names.insert(&case.name), "two cases are called {}", case.name);
    }
    assert!(cases.len() > 200, "{}", cases.len());
    all_are_refused(&victim, &cases).await;
}

/// Each is refused by both services, and the memo is as it was.
async fn all_are_refused(victim: &Victim, cases: &[Case]) {
    let wrong: Vec<String> = stream::iter(cases)
        .map(|case| what_is_wrong_with(victim, case))
        .buffer_unordered(AT_ONCE)
        .filter_map(async |wrong| wrong)
        .collect()
        .await;
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
    assert_eq!(victim.user.all_memos().await, std::slice::from_ref(&victim.memo));
}

/// Asks both services with the token, to read and to write. `None` where all is as it should be.
async fn what_is_wrong_with(victim: &Victim, case: &Case) -> Option<String> {
    let thief = victim.app.anonymous().with_token(case.token.as_str());
    let issuer = thief.get("/api/auth/me").await;
    let memos = thief.get("/api/memos").await;
    let deletion = thief.delete(&victim.memo.path(), "*").await;
    let is_refused = |answer: &Response| {
        let challenge = answer.find("www-authenticate").unwrap_or_default();
        answer.status() == 401 && challenge.starts_with("Bearer ") && challenge.contains("error=\"invalid_token\"")
    };
    let all = [&issuer, &memos, &deletion];
    let is_alike = all.iter().all(|answer| {
        answer.bytes() == issuer.bytes() && answer.find("www-authenticate") == issuer.find("www-authenticate")
    });
    (!all.into_iter().all(is_refused) || !is_alike)
        .then(|| format!("{}: {issuer:?}\n    {memos:?}\n    {deletion:?}", case.name))
}
