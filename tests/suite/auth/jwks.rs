//! `GET /.well-known/jwks.json`

use reqwest::Method;
use serde_json::Value;

use crate::harness::{Forge, TestApp};

const JWKS: &str = "/.well-known/jwks.json";

#[tokio::test]
async fn it_holds_the_public_key_of_a_new_token_and_nothing_private() {
    let app = TestApp::shared();
    let user = app.user("keys").await;
    let jwks: Value = serde_json::from_str(app.anonymous().get(JWKS).await.expect(200).text()).unwrap();
    let keys = jwks["keys"].as_array().expect("a set of keys");
    for key in keys {
        assert_eq!((&key["kty"], &key["crv"]), (&"OKP".into(), &"Ed25519".into()), "{key}");
        assert_eq!((&key["alg"], &key["use"]), (&"EdDSA".into(), &"sig".into()), "{key}");
        assert_eq!(
            key["x"].as_str().map(str::len),
            Some(43),
            "32 bytes in base64url: {key}"
        );
        assert!(key.get("d").is_none(), "a private key is published");
    }
    let kid = &Forge::from(user.token()).header["kid"];
    assert!(keys.iter().any(|key| &key["kid"] == kid), "{kid} is not in {jwks}");
}

#[tokio::test]
async fn it_may_be_cached_for_five_minutes() {
    let response = TestApp::shared().anonymous().get(JWKS).await.expect(200);
    assert!(response.header("cache-control").contains("max-age=300"), "{response:?}");
    assert!(response.header("content-type").ends_with("json"), "{response:?}");
}

#[tokio::test]
async fn it_is_only_read() {
    let nobody = TestApp::shared().anonymous();
    let response = nobody.call(Method::PUT, JWKS).send().await;
    assert!(response.header("allow").contains("GET"), "{response:?}");
    response.problem(405);
}
