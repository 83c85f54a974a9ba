//! Tokens that must not open anything, whoever makes them. Each is tried on both services.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Forge, Victim, foreign_key, now, own_key};

#[tokio::test]
async fn without_a_token_the_challenge_names_no_error() {
    let victim = Victim::new("missing").await;
    let nobody = victim.app.anonymous();
    for scheme in [None, Some("Basic YTpi"), Some("Digest x=1")] {
        for path in ["/api/auth/me", "/api/memos", &victim.memo.path()] {
            let call = nobody.call(Method::GET, path);
            let call = if let Some(scheme) = scheme {
                call.header("authorization", scheme)
            } else {
                call
            };
            let answer = call.send().await;
            let challenge = answer.header("www-authenticate");
            assert!(
                challenge.starts_with("Bearer") && !challenge.contains("error"),
                "{path} {scheme:?}: {challenge}"
            );
            answer.problem(401);
        }
    }
}

#[tokio::test]
async fn the_scheme_is_known_in_any_case() {
    let victim = Victim::new("scheme").await;
    for scheme in ["bearer", "BEARER"] {
        for path in ["/api/auth/me", "/api/memos"] {
            let value = format!("{scheme} {}", victim.user.token());
            victim
                .app
                .anonymous()
                .call(Method::GET, path)
                .header("authorization", &value)
                .send()
                .await
                .expect(200);
        }
    }
}

#[tokio::test]
async fn a_token_in_the_query_or_in_a_cookie_does_not_count() {
    let victim = Victim::new("places").await;
    let (nobody, token) = (victim.app.anonymous(), victim.user.token());
    nobody
        .get(&format!("/api/memos?access_token={token}"))
        .await
        .problem_among(&[401, 422]);
    nobody
        .call(Method::GET, "/api/memos")
        .header("cookie", &format!("access_token={token}"))
        .send()
        .await
        .problem(401);
}

#[tokio::test]
async fn garbled_tokens_are_refused() {
    let victim = Victim::new("garbled").await;
    let good = victim.user.token();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, claims) = message.split_once('.').unwrap();
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    for (what, token) in [
        ("no token", "x".to_owned()),
        ("two dots", "..".into()),
        ("not base64", "!!.??.##".into()),
        ("one part", header.into()),
        ("two parts", message.into()),
        ("no signature", format!("{message}.")),
        ("four parts", format!("{good}.{signature}")),
        ("cut short", good[..good.len() - 2].into()),
        ("another signature", format!("{message}.{flipped}{}", &signature[1..])),
        (
            "zero signature",
            format!("{message}.{}", URL_SAFE_NO_PAD.encode([0; 64])),
        ),
        ("padded signature", format!("{good}==")),
        ("parts swapped", format!("{claims}.{header}.{signature}")),
        ("no header", format!(".{claims}.{signature}")),
        ("no claims", format!("{header}..{signature}")),
        ("text after it", format!("{good} {good}")),
    ] {
        victim.is_safe_from(what, &token).await;
    }
}

#[tokio::test]
async fn changed_claims_are_refused() {
    let victim = Victim::new("changed").await;
    let thief = victim.app.user("thief").await;
    let (_, signature) = thief.token().rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let promoted = Forge::from(thief.token()).claim("sub", victim.user.id.as_str());
    victim
        .is_safe_from("another subject", &promoted.with_signature(|_| signature.clone()))
        .await;
    let longer = Forge::from(thief.token()).claim("exp", now() + 86_400);
    victim
        .is_safe_from("a longer life", &longer.with_signature(|_| signature.clone()))
        .await;
}

#[tokio::test]
async fn tokens_without_a_signature_are_refused() {
    let victim = Victim::new("unsigned").await;
    for alg in ["none", "None", "NONE", ""] {
        let forge = victim.forge().header("alg", alg);
        victim.is_safe_from(alg, &forge.with_signature(|_| Vec::new())).await;
        victim
            .is_safe_from(alg, &forge.with_signature(|_| b"none".to_vec()))
            .await;
    }
    victim
        .is_safe_from(
            "no alg",
            &victim.forge().without_header("alg").with_signature(|_| Vec::new()),
        )
        .await;
}

#[tokio::test]
async fn tokens_of_another_key_are_refused() {
    let victim = Victim::new("foreign").await;
    let forge = victim.forge();
    victim
        .is_safe_from("the same key id", &forge.signed(&foreign_key()))
        .await;
    victim
        .is_safe_from(
            "an unknown key id",
            &forge.clone().header("kid", "unknown").signed(&foreign_key()),
        )
        .await;
    victim
        .is_safe_from("no key id", &forge.clone().without_header("kid").signed(&foreign_key()))
        .await;
    for kid in ["../../etc/passwd", "http://127.0.0.1:9/jwks.json", "' OR 1=1 --", ""] {
        victim
            .is_safe_from(kid, &forge.clone().header("kid", kid).signed(&foreign_key()))
            .await;
    }
    let x = URL_SAFE_NO_PAD.encode(foreign_key().verifying_key().as_bytes());
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
    victim
        .is_safe_from(
            "a key that it brings along",
            &forge.clone().header("jwk", jwk).signed(&foreign_key()),
        )
        .await;
    let elsewhere = forge
        .header("jku", "http://127.0.0.1:9/jwks.json")
        .header("kid", "theirs");
    victim
        .is_safe_from("a key somewhere else", &elsewhere.signed(&foreign_key()))
        .await;
}

#[tokio::test]
async fn the_public_key_is_no_hmac_secret() {
    let victim = Victim::new("confusion").await;
    let jwks = victim.app.anonymous().get("/.well-known/jwks.json").await.expect(200);
    let key = serde_json::from_slice::<Value>(jwks.bytes()).unwrap()["keys"][0].clone();
    let x = key["x"].as_str().unwrap();
    let forge = victim.forge().header("alg", "HS256");
    for (what, secret) in [
        ("the raw key", URL_SAFE_NO_PAD.decode(x).unwrap()),
        ("the key in base64url", x.as_bytes().to_vec()),
        ("the JWK", key.to_string().into_bytes()),
        ("nothing", Vec::new()),
    ] {
        victim.is_safe_from(what, &forge.signed_with_hs256(&secret)).await;
    }
}

#[tokio::test]
async fn oversized_tokens_are_refused() {
    let victim = Victim::new("oversized").await;
    victim.is_safe_from("10 kB of nothing", &"x".repeat(10_000)).await;
    let Some(key) = own_key() else { return };
    let forge = victim.forge().claim("padding", "x".repeat(10_000));
    victim.is_safe_from("10 kB, well signed", &forge.signed(&key)).await;
}
