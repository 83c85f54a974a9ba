//! Tokens signed with the app's own key that must not open anything all the same.

use serde_json::json;

use crate::harness::{Victim, now, own_key};

/// Without it, the refusals below would prove nothing: what the tests forge is good but for what they say they changed.
#[tokio::test]
async fn a_token_taken_apart_and_signed_again_with_the_same_key_is_good() {
    let Some(key) = own_key() else { return };
    let victim = Victim::new("control").await;
    let client = victim
        .app
        .anonymous()
        .with_token(victim.forge().claim("jti", "another").signed(&key));
    client.get("/api/auth/me").await.expect(200);
    assert_eq!(client.all_memos().await, [victim.memo]);
}

#[tokio::test]
async fn expired_tokens_are_refused() {
    let Some(key) = own_key() else { return };
    let victim = Victim::new("expired").await;
    for age in [60, 3600, 86_400 * 365] {
        let forge = victim.forge().claim("iat", now() - age - 600).claim("exp", now() - age);
        victim.is_safe_from("expired", &forge.signed(&key)).await;
    }
    for (what, forge) in [
        ("no exp", victim.forge().without_claim("exp")),
        ("exp is text", victim.forge().claim("exp", (now() + 600).to_string())),
        ("exp is negative", victim.forge().claim("exp", -1)),
        ("not yet good", victim.forge().claim("nbf", now() + 3600)),
    ] {
        victim.is_safe_from(what, &forge.signed(&key)).await;
    }
}

#[tokio::test]
async fn tokens_meant_for_something_else_are_refused() {
    let Some(key) = own_key() else { return };
    let victim = Victim::new("purpose").await;
    let forge = victim.forge();
    for (what, forge) in [
        (
            "another issuer",
            forge.clone().claim("iss", "https://elsewhere.example"),
        ),
        ("no issuer", forge.clone().without_claim("iss")),
        ("another audience", forge.clone().claim("aud", "another-api")),
        ("no audience", forge.clone().without_claim("aud")),
        ("an audience of none", forge.clone().claim("aud", json!([]))),
        ("an id token", forge.clone().header("typ", "JWT")),
        ("no type", forge.clone().without_header("typ")),
        ("another algorithm's name", forge.clone().header("alg", "ES256")),
        (
            "a critical extension",
            forge.clone().header("crit", json!(["b64"])).header("b64", false),
        ),
    ] {
        victim.is_safe_from(what, &forge.signed(&key)).await;
    }
}

#[tokio::test]
async fn a_subject_cannot_name_another_part_of_the_store() {
    let Some(key) = own_key() else { return };
    let victim = Victim::new("subjects").await;
    let id = victim.user.id.clone();
    let long = "x".repeat(1000);
    for sub in ["", "/", "..", &format!("../{id}"), &format!("{id}/1"), "a\0b", &long] {
        victim
            .is_safe_from(sub, &victim.forge().claim("sub", sub).signed(&key))
            .await;
    }
    victim
        .is_safe_from("no subject", &victim.forge().without_claim("sub").signed(&key))
        .await;
    victim
        .is_safe_from("a number", &victim.forge().claim("sub", 1).signed(&key))
        .await;
}
