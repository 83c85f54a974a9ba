//! Signing keys: made once, replaced with age, published as long as they matter.

use std::{collections::HashSet, time::Duration};

use crate::support::{Failing, PASSWORD, TestApp, config, run};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use common::store::kv::MemoryKv;
use futures::future::join_all;
use http::StatusCode;
use serde_json::Value;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The private key of RFC 8037 appendix A.1, and its thumbprint from A.3.
const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

async fn published(app: &TestApp) -> Vec<String> {
    let jwks = app.get("/.well-known/jwks.json").await;
    assert_eq!(jwks.status, StatusCode::OK, "{jwks:?}");
    let keys = jwks.body["keys"].as_array().unwrap();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// A new access token, and the key that signed it.
async fn token(app: &TestApp) -> (String, String) {
    let token = app.log_in("alice", PASSWORD).await.text("access_token");
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    (token, header["kid"].as_str().unwrap().to_owned())
}

#[test]
fn the_published_key_is_public_and_cacheable() {
    run(async {
        let app = TestApp::new();
        let answer = app.get("/.well-known/jwks.json").await;
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
        let key = &answer.body["keys"][0];
        for (field, value) in [("kty", "OKP"), ("crv", "Ed25519"), ("alg", "EdDSA"), ("use", "sig")] {
            assert_eq!(key[field], value);
        }
        let mut fields: Vec<&String> = key.as_object().unwrap().keys().collect();
        fields.sort();
        assert_eq!(fields, ["alg", "crv", "kid", "kty", "use", "x"]);
    });
}

#[test]
fn instances_that_start_at_once_agree_on_the_first_key() {
    run(async {
        for seed in 1..100 {
            let app = TestApp::new();
            app.kv.shuffle(seed);
            let instances: Vec<TestApp> = (0..6).map(|_| app.another_instance()).collect();
            let keys: HashSet<Vec<String>> = join_all(instances.iter().map(published)).await.into_iter().collect();
            assert_eq!(keys.len(), 1, "seed {seed}");
            let kept = published(&app.another_instance()).await;
            assert!(keys.contains(&kept), "seed {seed}");
        }
    });
}

#[test]
fn the_key_outlives_the_instance() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access_token, _) = token(&app).await;
        assert_eq!(app.another_instance().me(&access_token).await.status, StatusCode::OK);
    });
}

#[test]
fn a_first_key_whose_maker_died_is_made_by_another() {
    run(async {
        for failing in [Failing::Before, Failing::After] {
            for operations in 0..8 {
                let app = TestApp::new();
                app.kv.cut_after(operations, failing);
                let first = app.get("/.well-known/jwks.json").await;
                app.kv.mend();
                app.pass_secs(60);
                let keys = published(&app.another_instance()).await;
                assert_eq!(keys.len(), 1);
                if first.status == StatusCode::OK {
                    assert_eq!(first.body["keys"][0]["kid"], keys[0], "{failing:?} {operations}");
                } else {
                    assert_eq!(first.status, StatusCode::SERVICE_UNAVAILABLE);
                }
            }
        }
    });
}

#[test]
fn an_old_key_is_replaced_without_a_token_being_refused() {
    run(async {
        let app = TestApp::with_alice().await;
        let (_, first) = token(&app).await;
        app.pass(DAY * 90);
        let (old_token, signer) = token(&app).await;
        let keys = published(&app).await;
        assert_eq!(keys.len(), 2, "the new key is published before it signs");
        assert_eq!((&keys[0], &signer), (&first, &first));

        app.pass_secs(10 * 60);
        let (new_token, signer) = token(&app).await;
        assert_eq!(signer, keys[1]);
        for token in [&old_token, &new_token] {
            assert_eq!(app.me(token).await.status, StatusCode::OK);
            assert_eq!(app.another_instance().me(token).await.status, StatusCode::OK);
        }

        // As long as the longest personal token is good, and two days more.
        for (days, count) in [(90, 3), (90, 4), (90, 5), (90, 6), (90, 6)] {
            app.pass(DAY * days);
            assert_eq!(published(&app).await.len(), count);
        }
        let renewed = published(&app).await;
        assert_eq!(renewed[0], keys[1]);
    });
}

#[test]
fn instances_that_replace_a_key_at_once_agree() {
    run(async {
        for seed in 1..100 {
            let app = TestApp::new();
            app.kv.shuffle(seed);
            published(&app).await;
            app.pass(DAY * 90);
            let instances: Vec<TestApp> = (0..6).map(|_| app.another_instance()).collect();
            join_all(instances.iter().map(published)).await;
            // Within the time for which an instance keeps what it read, all know the new key.
            app.pass_secs(5 * 60);
            let keys: HashSet<Vec<String>> = join_all(instances.iter().map(published)).await.into_iter().collect();
            assert_eq!(keys.len(), 1, "seed {seed}");
            assert_eq!(keys.iter().next().map(Vec::len), Some(2), "seed {seed}");
        }
    });
}

#[test]
fn a_given_key_is_used_and_the_store_is_left_alone() {
    run(async {
        let app = TestApp::over(MemoryKv::default());
        let mut given = config();
        given.signing_key = SEED.to_owned();
        let app = app.with_config(given);
        app.register("alice", PASSWORD).await;
        let (access_token, signer) = token(&app).await;
        assert_eq!(signer, THUMBPRINT);
        assert_eq!(published(&app).await, [THUMBPRINT]);
        assert_eq!(app.me(&access_token).await.status, StatusCode::OK);
        assert!(app.ports.kv.keys("auth/key/").await.unwrap().is_empty());
    });
}

#[test]
fn of_several_given_keys_the_first_one_signs_and_all_are_believed() {
    run(async {
        let other = format!("{}A", "B".repeat(42));
        let app = TestApp::with_alice().await;
        let with = |keys: String| {
            let mut given = config();
            given.signing_key = keys;
            app.with_config(given)
        };
        let before = with(SEED.to_owned());
        let (old, _) = token(&before).await;
        let behind = with(format!("{SEED}, {other}="));
        let (_, signer) = token(&behind).await;
        assert_eq!((signer.as_str(), published(&behind).await.len()), (THUMBPRINT, 2));
        let in_front = with(format!("{other},{SEED}"));
        let (_, signer) = token(&in_front).await;
        assert_ne!(signer, THUMBPRINT);
        assert_eq!(in_front.me(&old).await.status, StatusCode::OK);
        assert_eq!(with(other).me(&old).await.status, StatusCode::UNAUTHORIZED);
    });
}

#[test]
fn a_given_key_that_is_none_is_refused() {
    let app = TestApp::new();
    let half = format!("{SEED},");
    for bad in [
        "secret",
        &half,
        &SEED[1..],
        &format!("{SEED}A"),
        &format!("+{}", &SEED[1..]),
    ] {
        let mut given = config();
        given.signing_key = bad.to_owned();
        let refusal = auth_component::app(app.ports.clone(), given, app.memos.clone())
            .err()
            .unwrap();
        let shown = refusal.to_string();
        assert!(
            refusal.variables() == ["signing_key"] && !shown.contains(bad),
            "{shown}"
        );
    }
}

#[test]
fn without_the_store_there_are_no_keys() {
    run(async {
        let app = TestApp::new();
        app.kv.cut_after(0, Failing::Before);
        let answer = app.get("/.well-known/jwks.json").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.header("cache-control"), "no-store");
    });
}
