//! What the tables forge is good but for the trick: without this, their refusals would prove nothing.

use reqwest::Method;
use serde_json::json;

use super::Material;
use crate::harness::{Victim, compact, now, own_key};

#[tokio::test]
async fn what_is_odd_and_harmless_is_accepted_by_both_services() {
    let Some(own) = own_key() else { return };
    let victim = Victim::new("odd").await;
    let material = Material::of(&victim, own).await;
    let (forge, own) = (&material.forge, &material.own);
    let (header, claims) = (forge.header.to_string(), forge.claims.to_string());
    for (name, token) in [
        ("taken apart and signed again", forge.signed(own)),
        ("written by hand", compact(header.as_bytes(), claims.as_bytes(), own)),
        ("another id", forge.clone().claim("jti", "another").signed(own)),
        (
            "white space in the JSON",
            compact(
                format!(" \t{header}\r\n ").as_bytes(),
                claims.replace(',', " ,\n").as_bytes(),
                own,
            ),
        ),
        (
            "an unknown claim",
            forge.clone().claim("nonce", json!([1, { "a": null }])).signed(own),
        ),
        (
            "an unknown header field",
            forge.clone().header("cty", "whatever").signed(own),
        ),
        ("a type in capitals", forge.clone().header("typ", "AT+JWT").signed(own)),
        ("good since now", forge.clone().claim("nbf", now()).signed(own)),
        (
            "expired within the skew of clocks",
            forge.clone().claim("exp", now() - 5).signed(own),
        ),
        (
            "given out within the skew of clocks",
            forge.clone().claim("iat", now() + 5).signed(own),
        ),
    ] {
        let client = victim.app.anonymous().with_token(token);
        let issuer = client.get("/api/auth/me").await;
        assert_eq!(issuer.status(), 200, "{name}: {issuer:?}");
        let memos = client.call(Method::GET, "/api/memos").send().await;
        assert_eq!(memos.status(), 200, "{name}: {memos:?}");
    }
}
