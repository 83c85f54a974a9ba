//! Access tokens and personal tokens, verified with the keys that everybody can fetch.

use serde_json::{Value, json};

use crate::harness::{Foreign, Forge, PASSWORD, TestApp, User, foreign_key, now, own_key};

/// A personal token that may read.
async fn personal_token(user: &User) -> String {
    let body = json!({ "name": "script", "scope": "memos:read", "expires_in_days": 30, "password": PASSWORD });
    let made = user.post("/api/auth/tokens", &body).await.expect(201).value();
    made["token"].as_str().expect("the token itself").to_owned()
}

/// Lets a verifier look at good tokens, which it must read as they were meant, and at bad ones, which it must refuse.
async fn verifies(script: &str) {
    let app = TestApp::shared();
    let user = app.user("verified").await;
    let good = [user.token().to_owned(), personal_token(&user).await];
    let forge = Forge::from(&good[0]);
    let mut bad = vec![
        forge.signed(&foreign_key()),
        forge.header("alg", "none").with_signature(|_| Vec::new()),
        good[0].replace('.', ""),
    ];
    if let Some(key) = own_key() {
        let forge = Forge::from(&good[0]);
        bad.push(forge.clone().claim("exp", now() - 3600).signed(&key));
        bad.push(forge.clone().claim("iss", "somebody else").signed(&key));
        bad.push(forge.claim("aud", "something else").signed(&key));
    }
    let tokens = [good.as_slice(), bad.as_slice()].concat();
    let task = json!({
        "jwks_uri": format!("{}/.well-known/jwks.json", app.base_url()),
        "issuer": Forge::from(&good[0]).claims["iss"],
        "audience": Forge::from(&good[0]).claims["aud"],
        "tokens": tokens,
    });
    let Some(mut verifier) = Foreign::start(script, &task) else {
        return;
    };
    let verdicts = verifier.says().await;
    let verdicts = verdicts.as_array().expect("a verdict for each token");
    assert_eq!(verdicts.len(), good.len() + bad.len());
    let scopes = ["memos:read memos:write account", "memos:read"];
    for ((token, scope), verdict) in good.iter().zip(scopes).zip(verdicts) {
        let claims = &verdict["claims"];
        assert_eq!(claims, &Forge::from(token).claims, "{verdict}");
        assert_eq!((&claims["sub"], &claims["scope"]), (&json!(user.id), &json!(scope)));
    }
    let refused = |verdict: &&Value| verdict["refused"].is_string();
    let refusals = verdicts[good.len()..].iter().filter(refused).count();
    assert_eq!(refusals, bad.len(), "{verdicts:?}");
}

#[tokio::test]
async fn jose_verifies_them() {
    verifies("verify-jose.js").await;
}

#[tokio::test]
async fn pyjwt_verifies_them() {
    verifies("verify_pyjwt.py").await;
}

#[tokio::test]
async fn joserfc_verifies_them() {
    verifies("verify_joserfc.py").await;
}
