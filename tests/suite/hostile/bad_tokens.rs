//! How tokens arrive, and that no route takes one that is not good.

use reqwest::Method;

use crate::harness::{Victim, foreign_key, now, own_key};

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

/// The tables of [`super::tokens`] ask each service; this asks every route, with one token of each kind that is refused.
#[tokio::test]
async fn no_route_takes_a_token_that_is_not_good() {
    let victim = Victim::new("routes").await;
    let forge = victim.forge();
    let unsigned = forge.clone().header("alg", "none").with_signature(|_| Vec::new());
    victim.is_safe_from("no token", "x").await;
    victim.is_safe_from("unsigned", &unsigned).await;
    victim.is_safe_from("another key", &forge.signed(&foreign_key())).await;
    victim.is_safe_from("too long", &"x".repeat(10_000)).await;
    let Some(key) = own_key() else { return };
    let expired = forge.clone().claim("iat", now() - 700).claim("exp", now() - 100);
    victim.is_safe_from("expired", &expired.signed(&key)).await;
    let other_audience = forge.claim("aud", "another-api");
    victim
        .is_safe_from("another audience", &other_audience.signed(&key))
        .await;
}
