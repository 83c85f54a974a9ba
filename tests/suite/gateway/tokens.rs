//! Which tokens the gateway lets by, and what it leaves to the services.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::deployment::Deployment;
use crate::harness::{Client, Forge, PASSWORD, foreign_key, now, own_key, workspace};

/// Whether the gateway lets a request by; if not, the answer is its own.
async fn passes(deployment: &Deployment, client: &Client, method: &Method, path: &str) -> bool {
    let denied = || deployment.envoy.stat("http.public.jwt_authn.denied");
    let before = denied().await;
    let answer = client.call(method.clone(), path).send().await;
    let passes = denied().await == before;
    if !passes {
        assert_eq!(answer.problem(401).slug(), "unauthorized");
    }
    passes
}

#[tokio::test]
async fn what_is_forged_or_expired_reaches_no_service() {
    let (Some(deployment), Some(own)) = (Deployment::start(&[]).await, own_key()) else {
        return;
    };
    let _hosts = deployment.with_one_of_each().await;
    let app = deployment.app();
    let user = app.user("passes").await;
    let memo = user.write("through the gateway").await;
    assert_eq!(user.read(&memo).await.text, "through the gateway");

    let good = Forge::from(user.token());
    let hour_ago = now() - 3600;
    let foreign_kid = good.clone().header("kid", "another");
    let none = good.clone().header("alg", "none").with_signature(|_| Vec::new());
    let bad = [
        ("expired", good.clone().claim("exp", hour_ago).signed(&own)),
        ("not yet good", good.clone().claim("nbf", now() + 3600).signed(&own)),
        ("without an end", good.clone().without_claim("exp").signed(&own)),
        ("of another issuer", good.clone().claim("iss", "other").signed(&own)),
        ("for another audience", good.clone().claim("aud", "other").signed(&own)),
        ("signed with another key", good.signed(&foreign_key())),
        ("of another key's name", foreign_kid.signed(&foreign_key())),
        ("not signed", none),
        (
            "changed",
            good.clone().claim("sub", "somebody").with_signature(|_| vec![0; 64]),
        ),
        (
            "signed with the public key",
            good.clone().header("alg", "HS256").signed_with_hs256(b"memo-auth"),
        ),
        ("no token", "rubbish".to_owned()),
    ];
    let before = deployment.requests_to("memo").await;
    for (what, token) in bad {
        let bad = user.with_token(token);
        for path in ["/api/memos", "/api/memos/events", "/api/auth/me"] {
            let passes = passes(&deployment, &bad, &Method::GET, path).await;
            assert!(!passes, "a token that is {what} gets to {path}");
        }
    }
    assert_eq!(deployment.requests_to("memo").await, before);
    assert!(passes(&deployment, &user, &Method::GET, "/api/memos").await);
    assert_eq!(deployment.requests_to("memo").await, before + 1);
    for scheme in ["bearer", "BEARER"] {
        let call = app.anonymous().call(Method::GET, "/api/memos");
        call.header("authorization", &format!("{scheme} {}", user.token()))
            .send()
            .await
            .expect(200);
    }
    // What has no scope for it is good for the gateway: the service knows.
    let narrow = user.with_token(good.claim("scope", "memos:read").signed(&own));
    let refused = narrow.post("/api/memos", &json!({ "text": "no" })).await.problem(403);
    assert_eq!(refused.slug(), "insufficient-scope");
}

#[tokio::test]
async fn each_operation_asks_for_a_token_as_its_document_says() {
    let Some(deployment) = Deployment::start(&[]).await else {
        return;
    };
    let _hosts = deployment.with_one_of_each().await;
    let nobody = deployment.app().anonymous();
    let mut asked = 0;
    for service in ["auth-component", "memo-component"] {
        let folder = |name: &str| workspace().join(name).join("openapi");
        let document = openapi::document(&[&folder("common"), &folder(service)]).expect("the document is made");
        for (template, item) in document["paths"].as_object().expect("paths") {
            let path = template.replace(['{', '}'], "");
            if path.ends_with("/erasure") || path.ends_with("/maintenance") {
                continue; // They are not served here, with whatever token.
            }
            for (method, operation) in item.as_object().expect("operations") {
                // Beside operations a path has parameters.
                if operation["responses"].is_null() {
                    continue;
                }
                let ways = operation["security"].as_array();
                let wants_token = ways.is_some_and(|ways| ways.iter().any(|way| !way["accessToken"].is_null()));
                // An assistant learns from the service where tokens are to be had.
                let is_open = !wants_token || path == "/mcp";
                let method = method.to_uppercase().parse().expect("a method");
                let passes = passes(&deployment, &nobody, &method, &path).await;
                assert_eq!(passes, is_open, "{method} {template}");
                asked += 1;
            }
            let preflight = passes(&deployment, &nobody, &Method::OPTIONS, &path).await;
            assert!(preflight, "OPTIONS {template} is the service's own");
        }
    }
    assert!(asked > 50, "only {asked} operations");
    let refused = nobody.post("/mcp", &json!({})).await;
    assert!(
        refused.header("www-authenticate").contains("resource_metadata="),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_personal_token_passes_until_it_ends_and_the_service_knows_when_it_was_revoked() {
    let Some(deployment) = Deployment::start(&[]).await else {
        return;
    };
    let _hosts = deployment.with_one_of_each().await;
    let user = deployment.app().user("automates").await;
    let body = json!({ "name": "script", "scope": "memos:read", "expires_in_days": 366, "password": PASSWORD });
    let made = user.post("/api/auth/tokens", &body).await.expect(201).value();
    let program = user.with_token(made["token"].as_str().expect("a token"));
    program.get("/api/memos").await.expect(200);

    let path = format!("/api/auth/tokens/{}", made["id"].as_str().expect("an id"));
    user.call(Method::DELETE, &path).send().await.expect(204);
    loop {
        let before = deployment.requests_to("memo").await;
        let status = program.get("/api/memos").await.status();
        assert!(deployment.requests_to("memo").await > before, "the gateway lets it by");
        if status == 401 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test]
async fn the_keys_stay_while_the_issuer_is_away_and_without_any_nobody_is_called_a_stranger() {
    // Keys are fetched again five seconds before they are too old.
    let Some(deployment) = Deployment::start(&[("cache_duration: 60s", "cache_duration: 6s")]).await else {
        return;
    };
    let memo = deployment.replica("memo").start();
    deployment.put_behind("memo", &[&memo]).await;
    let app = deployment.app();
    let failed = "http.public.jwt_authn.jwks_fetch_failed";
    let token = Forge {
        header: json!({ "alg": "EdDSA", "typ": "at+jwt" }),
        claims: json!({ "iss": "memo-auth", "aud": "memo-api", "exp": now() + 600 }),
    };
    let token = token.signed(&foreign_key());
    // Nobody can tell whether it is good.
    let early = app.anonymous().with_token(token).get("/api/memos").await;
    assert_eq!(early.header("retry-after"), "1");
    assert_eq!(early.problem(503).slug(), "unavailable");

    let auth = deployment.replica("auth").start();
    deployment.put_behind("auth", &[&auth]).await;
    deployment.has_keys().await;
    let user = app.user("goes-on").await;
    user.write("with the issuer").await;
    drop(auth);
    let before = deployment.envoy.stat(failed).await;
    deployment.envoy.waits_for(failed, |count| count > before + 2).await;
    user.write("without the issuer").await;
}
