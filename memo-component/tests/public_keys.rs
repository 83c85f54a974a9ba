//! When the issuer is asked for its keys, which keys serve meanwhile, and which verified tokens are remembered: each
//! limit on the millisecond.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use axum::response::IntoResponse;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use common::{
    http::problem::Cause,
    store::kv::{Kv, KvError, MemoryKv},
    testing::{EPOCH, World, run},
    token::{AccessToken, CLOCK_SKEW, Claims, KeySet, UserId},
    world::clock::Timestamp,
};
use ed25519_dalek::SigningKey;
use http::HeaderMap;
use memo_component::issuer::{Issuer, IssuerError, public_keys::PublicKeys, seen_tokens::SeenTokens};
use serde_json::{Value, json};

const MILLISECOND: Duration = Duration::from_millis(1);
const ASK_EVERY: Duration = Duration::from_secs(10);
const MAX_AGE: Duration = Duration::from_secs(300);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn jwks(seed: u8) -> String {
    let key = SigningKey::from_bytes(&[seed; 32]).verifying_key();
    let x = URL_SAFE_NO_PAD.encode(key.as_bytes());
    json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": format!("key-{seed}"), "x": x}]}).to_string()
}

fn keys(seed: u8) -> KeySet {
    KeySet::parse(jwks(seed).as_bytes()).unwrap()
}

/// An issuer that says what it is told to, and keeps what it was asked with.
#[derive(Default)]
struct TestIssuer {
    /// `None` while it is away.
    answer: Mutex<Option<String>>,
    asked: Mutex<Vec<HeaderMap>>,
}

impl TestIssuer {
    fn says(&self, answer: Option<String>) {
        *self.answer.lock().unwrap() = answer;
    }

    /// How often it was asked since the last call.
    fn asked(&self) -> usize {
        std::mem::take(&mut *self.asked.lock().unwrap()).len()
    }
}

#[async_trait]
impl Issuer for TestIssuer {
    async fn jwks(&self, context: HeaderMap) -> Result<Vec<u8>, IssuerError> {
        self.asked.lock().unwrap().push(context);
        let answer = self.answer.lock().unwrap().clone();
        answer
            .map(String::into_bytes)
            .ok_or_else(|| IssuerError("it is away".to_owned()))
    }

    async fn revocations(&self, _: HeaderMap) -> Result<Vec<u8>, IssuerError> {
        Err(IssuerError("it is asked for keys".to_owned()))
    }

    async fn introspect(&self, _: &str, _: HeaderMap) -> Result<Vec<u8>, IssuerError> {
        Err(IssuerError("it is asked for keys".to_owned()))
    }
}

struct Instance {
    world: World,
    issuer: Arc<TestIssuer>,
    keys: PublicKeys,
}

impl Instance {
    /// The first instance in a world whose issuer has the key of this seed.
    fn new(seed: u8) -> Self {
        Self::over(World::new(), seed)
    }

    fn over(world: World, seed: u8) -> Self {
        let issuer = Arc::new(TestIssuer::default());
        issuer.says(Some(jwks(seed)));
        let keys = PublicKeys::new(world.ports(), issuer.clone(), None);
        Self { world, issuer, keys }
    }

    /// The keys at this moment, and how often the issuer was asked for them.
    async fn current(&self, now: Timestamp) -> (Option<KeySet>, usize) {
        let keys = self.keys.current(&HeaderMap::new(), now).await.ok();
        (keys.map(|keys| (*keys).clone()), self.issuer.asked())
    }

    async fn newer(&self, now: Timestamp) -> (Option<KeySet>, usize) {
        let keys = self.keys.newer(&HeaderMap::new(), now).await;
        (keys.map(|keys| (*keys).clone()), self.issuer.asked())
    }

    async fn store(&self, seed: u8, given_at: Timestamp) {
        let record = json!({"jwks": jwks(seed), "given_at": given_at});
        self.world.kv.set_json("memo/jwks", &record).await.unwrap();
    }
}

#[test]
fn keys_are_used_for_five_minutes() {
    run(async {
        let instance = Instance::new(1);
        assert_eq!(instance.current(EPOCH).await, (Some(keys(1)), 1));
        instance.issuer.says(Some(jwks(2)));
        assert_eq!(
            instance.current(EPOCH + (MAX_AGE - MILLISECOND)).await,
            (Some(keys(1)), 0)
        );
        assert_eq!(instance.current(EPOCH + MAX_AGE).await, (Some(keys(2)), 1));
        let stored: Value = instance.world.kv.get_json("memo/jwks").await.unwrap().unwrap();
        assert_eq!(stored, json!({"jwks": jwks(2), "given_at": EPOCH + MAX_AGE}));
    });
}

#[test]
fn another_instance_takes_the_keys_from_the_store_while_they_are_fresh() {
    run(async {
        for (age, expected) in [
            (MAX_AGE - MILLISECOND, (Some(keys(1)), 0)),
            (MAX_AGE, (Some(keys(2)), 1)),
        ] {
            let instance = Instance::new(2);
            instance.store(1, EPOCH).await;
            assert_eq!(instance.current(EPOCH + age).await, expected, "{age:?}");
        }
    });
}

#[test]
fn an_issuer_that_is_away_is_asked_every_ten_seconds_and_the_old_keys_serve() {
    run(async {
        let instance = Instance::new(1);
        instance.current(EPOCH).await;
        instance.issuer.says(None);
        let failed_at = EPOCH + MAX_AGE;
        assert_eq!(instance.current(failed_at).await, (Some(keys(1)), 1));
        assert_eq!(
            instance.current(failed_at + (ASK_EVERY - MILLISECOND)).await,
            (Some(keys(1)), 0)
        );
        assert_eq!(instance.current(failed_at + ASK_EVERY).await, (Some(keys(1)), 1));
    });
}

#[test]
fn keys_serve_for_a_day_without_the_issuer_and_no_longer() {
    run(async {
        for known_in_memory in [true, false] {
            let instance = Instance::new(1);
            if known_in_memory {
                instance.current(EPOCH).await;
            } else {
                instance.store(1, EPOCH).await;
            }
            instance.issuer.says(None);
            assert_eq!(instance.current(EPOCH + (DAY - MILLISECOND)).await, (Some(keys(1)), 1));
            // It was asked a millisecond ago, and yet: without any keys it is asked again.
            assert_eq!(instance.current(EPOCH + DAY).await, (None, 1));
            assert_eq!(instance.current(EPOCH + DAY).await, (None, 1));
        }
    });
}

#[test]
fn newer_keys_are_looked_for_every_ten_seconds() {
    run(async {
        let instance = Instance::new(1);
        instance.current(EPOCH).await;
        instance.issuer.says(Some(jwks(2)));
        assert_eq!(
            instance.newer(EPOCH + (ASK_EVERY - MILLISECOND)).await,
            (None, 0),
            "it was just asked"
        );
        let looked_at = EPOCH + ASK_EVERY;
        assert_eq!(instance.newer(looked_at).await, (Some(keys(2)), 1));
        assert_eq!(instance.current(looked_at).await, (Some(keys(2)), 0));
        assert_eq!(instance.newer(looked_at + (ASK_EVERY - MILLISECOND)).await, (None, 0));
        assert_eq!(instance.newer(looked_at + ASK_EVERY).await, (Some(keys(2)), 1));
    });
}

#[test]
fn a_look_that_found_no_need_to_ask_counts_as_well() {
    run(async {
        let instance = Instance::new(2);
        instance.store(1, EPOCH).await;
        assert_eq!(instance.current(EPOCH).await, (Some(keys(1)), 0));
        // Another instance asked a moment ago.
        assert_eq!(instance.newer(EPOCH + (ASK_EVERY - MILLISECOND)).await, (None, 0));
        // Now it is long ago, and this instance looked a moment ago.
        assert_eq!(
            instance.newer(EPOCH + (ASK_EVERY * 2 - 2 * MILLISECOND)).await,
            (None, 0)
        );
        assert_eq!(
            instance.newer(EPOCH + (ASK_EVERY * 2 - MILLISECOND)).await,
            (Some(keys(2)), 1)
        );
    });
}

#[test]
fn keys_that_another_instance_was_given_are_newer_without_asking() {
    run(async {
        let instance = Instance::new(1);
        instance.current(EPOCH).await;
        instance.store(2, EPOCH + MILLISECOND).await;
        assert_eq!(instance.newer(EPOCH + ASK_EVERY).await, (Some(keys(2)), 0));
        assert_eq!(instance.current(EPOCH + ASK_EVERY).await, (Some(keys(2)), 0));
        // Keys that are as old as its own are not newer.
        assert_eq!(instance.newer(EPOCH + ASK_EVERY * 2).await, (Some(keys(1)), 1));
    });
}

#[test]
fn keys_from_the_future_are_good_within_the_skew_only() {
    run(async {
        for (ahead, expected) in [
            (CLOCK_SKEW, (Some(keys(1)), 0)),
            (CLOCK_SKEW + MILLISECOND, (Some(keys(2)), 1)),
        ] {
            let instance = Instance::new(2);
            instance.store(1, EPOCH + ahead).await;
            assert_eq!(instance.current(EPOCH).await, expected, "{ahead:?}");
        }
    });
}

#[test]
fn a_record_or_an_answer_without_keys_is_as_good_as_none() {
    run(async {
        let rsa = "{\"keys\": [{\"kty\": \"RSA\", \"kid\": \"key-1\", \"n\": \"AQAB\", \"e\": \"AQAB\"}]}";
        for empty in ["", "no JSON", "{\"keys\": []}", rsa] {
            let instance = Instance::new(2);
            let record = json!({"jwks": empty, "given_at": EPOCH});
            instance.world.kv.set_json("memo/jwks", &record).await.unwrap();
            assert_eq!(instance.current(EPOCH).await, (Some(keys(2)), 1), "{empty}");

            instance.issuer.says(Some(empty.to_owned()));
            assert_eq!(instance.newer(EPOCH + ASK_EVERY).await, (None, 1), "{empty}");
            assert_eq!(
                instance.current(EPOCH + MAX_AGE).await,
                (Some(keys(2)), 1),
                "{empty}: the old ones serve"
            );
            let refused = PublicKeys::literal(empty).err();
            assert_eq!(
                refused.map(|refused| refused.variable),
                Some("jwks").filter(|_| !empty.is_empty())
            );
        }
    });
}

#[test]
fn the_literal_keys_come_last() {
    run(async {
        let instance = Instance::new(1);
        let literal = PublicKeys::literal(&format!(" {}\n", jwks(3))).unwrap();
        let with_literal = PublicKeys::new(instance.world.ports(), instance.issuer.clone(), literal);
        let none = HeaderMap::new();
        instance.issuer.says(None);
        assert_eq!(*with_literal.current(&none, EPOCH).await.unwrap(), keys(3));
        // They do not keep the issuer from being asked, nor do they stand for what it says.
        instance.issuer.says(Some(jwks(1)));
        assert_eq!(*with_literal.current(&none, EPOCH).await.unwrap(), keys(1));
        assert_eq!(instance.issuer.asked(), 2);
    });
}

#[test]
fn the_issuer_is_told_which_request_it_is_for_and_no_secret() {
    run(async {
        let instance = Instance::new(1);
        let mut headers = HeaderMap::new();
        for name in [
            "authorization",
            "cookie",
            "traceparent",
            "tracestate",
            "x-request-id",
            "host",
        ] {
            headers.insert(name, "value".parse().unwrap());
        }
        instance.keys.current(&headers, EPOCH).await.unwrap();
        let asked = instance.issuer.asked.lock().unwrap().remove(0);
        let mut told: Vec<&str> = asked.keys().map(|name| name.as_str()).collect();
        told.sort_unstable();
        assert_eq!(told, ["traceparent", "tracestate", "x-request-id"]);
    });
}

/// A store that is away.
struct Away;

fn away<T>() -> Result<T, KvError> {
    Err(KvError::Unavailable("the cable lies unplugged".to_owned()))
}

#[async_trait]
impl Kv for Away {
    async fn get(&self, _: &str) -> Result<Option<Vec<u8>>, KvError> {
        away()
    }
    async fn set(&self, _: &str, _: &[u8]) -> Result<(), KvError> {
        away()
    }
    async fn delete(&self, _: &str) -> Result<(), KvError> {
        away()
    }
    async fn exists(&self, _: &str) -> Result<bool, KvError> {
        away()
    }
    async fn keys(&self, _: &str) -> Result<Vec<String>, KvError> {
        away()
    }
    async fn increment(&self, _: &str, _: i64) -> Result<i64, KvError> {
        away()
    }
    fn has_increment(&self) -> bool {
        true
    }
}

#[test]
fn without_the_store_the_issuer_is_enough_and_without_both_the_log_knows_why() {
    run(async {
        let instance = Instance::over(World::over(Arc::new(Away)), 1);
        assert_eq!(instance.current(EPOCH).await, (Some(keys(1)), 1));
        assert_eq!(instance.newer(EPOCH + ASK_EVERY).await, (Some(keys(1)), 1));

        for (world, causes) in [
            (World::over(Arc::new(Away)), &["it is away", "unplugged"][..]),
            (World::over(Arc::new(MemoryKv::default())), &["it is away"]),
        ] {
            let nobody = Instance::over(world, 1);
            nobody.issuer.says(None);
            let refused = nobody
                .keys
                .current(&HeaderMap::new(), EPOCH)
                .await
                .unwrap_err()
                .into_response();
            assert_eq!(refused.status(), 503);
            let Cause(cause) = refused.extensions().get().unwrap();
            assert!(causes.iter().all(|expected| cause.contains(expected)), "{cause}");
        }
    });
}

fn verified(expires_at: Timestamp) -> Arc<AccessToken> {
    Arc::new(AccessToken {
        claims: Claims {
            iss: String::new(),
            aud: String::new(),
            sub: UserId::try_from("ann".to_owned()).unwrap(),
            jti: String::new(),
            client_id: String::new(),
            sid: "1".to_owned(),
            scope: String::new(),
        },
        issued_at: EPOCH,
        expires_at,
        long_lived: None,
    })
}

/// Remembers tokens of these numbers.
fn remember(seen: &SeenTokens, numbers: std::ops::Range<usize>, keys: &Arc<KeySet>, expires_at: Timestamp) {
    for number in numbers {
        seen.remember(&format!("token {number}"), &verified(expires_at), keys, EPOCH);
    }
}

fn remembered(seen: &SeenTokens, numbers: std::ops::Range<usize>) -> usize {
    numbers
        .filter(|number| seen.get(&format!("token {number}")).is_some())
        .count()
}

#[test]
fn so_many_tokens_are_remembered_and_the_expired_ones_go_first() {
    let keys = Arc::new(keys(1));
    let (expired, good) = (EPOCH, EPOCH + MILLISECOND);
    let seen = SeenTokens::default();
    remember(&seen, 0..24, &keys, expired);
    remember(&seen, 24..1024, &keys, good);
    assert_eq!(remembered(&seen, 0..1024), 1024);
    remember(&seen, 1024..1025, &keys, good);
    assert_eq!((remembered(&seen, 0..24), remembered(&seen, 24..1025)), (0, 1001));
    remember(&seen, 1025..1048, &keys, good);
    assert_eq!(remembered(&seen, 24..1048), 1024);
    // None of them has expired, so all go.
    remember(&seen, 1048..1049, &keys, good);
    assert_eq!((remembered(&seen, 0..1048), remembered(&seen, 1048..1049)), (0, 1));
}

#[test]
fn tokens_are_forgotten_with_the_keys_that_they_were_verified_with() {
    let seen = SeenTokens::default();
    remember(&seen, 0..3, &Arc::new(keys(1)), EPOCH);
    // The same keys, read anew.
    remember(&seen, 3..4, &Arc::new(keys(1)), EPOCH);
    assert_eq!(remembered(&seen, 0..4), 4);
    remember(&seen, 4..5, &Arc::new(keys(2)), EPOCH);
    assert_eq!((remembered(&seen, 0..4), remembered(&seen, 4..5)), (0, 1));
}
