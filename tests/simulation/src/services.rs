//! The services' own code, started in a simulated world.

use std::sync::Arc;

use async_trait::async_trait;
use auth_component::sign_in::password::Cost;
use axum::{Router, http::HeaderMap};
use memo_component::{
    catalog::quota::Limits,
    issuer::{Issuer, IssuerError},
};

use crate::{
    ports,
    tokens::{AUDIENCE, ISSUER, TOKENS},
    world::World,
};

/// How many instances of a service share the store.
pub const INSTANCES: usize = 3;

/// A signing key for histories that are not about it: 32 times the byte 7.
const SEED: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";

/// What a password's hash costs here: next to nothing, so that histories of sign-ins are as quick as others.
pub const COST: Cost = Cost {
    memory_kib: 8,
    passes: 1,
};

/// An issuer that is away: the keys are given as a variable.
struct Away;

#[async_trait]
impl Issuer for Away {
    async fn jwks(&self, _: HeaderMap) -> Result<Vec<u8>, IssuerError> {
        Err(IssuerError("away".to_owned()))
    }

    async fn revocations(&self, _: HeaderMap) -> Result<Vec<u8>, IssuerError> {
        Err(IssuerError("away".to_owned()))
    }

    // All histories are served by the same instances, which must not remember what depends on the time.
    fn tells_revocations(&self) -> bool {
        false
    }
}

/// What a scheduler asks for maintenance with.
pub const MAINTENANCE_TOKEN: &str = "maintenance";

/// The usual limits, except that caches are written as soon as there is news.
pub fn usual() -> Limits {
    Limits {
        news_min: 1,
        ..Limits::default()
    }
}

/// So little may a person keep in histories that are about quotas. A text has at most 2 KiB there.
pub const LITTLE: Limits = Limits {
    max_memos: 5,
    max_bytes: 8 * 1024,
    trash_days: 30,
    news_min: 1,
};

/// Instances of the memo service.
pub fn memo(world: &Arc<World>, limits: Limits) -> Vec<Router> {
    let instance = |instance| {
        let config = memo_component::Config {
            jwks: TOKENS.0.clone(),
            limits,
            maintenance_token: MAINTENANCE_TOKEN.to_owned(),
            ..memo_component::Config::new(ISSUER, AUDIENCE)
        };
        memo_component::app(ports::of(world, instance), config, Arc::new(Away)).expect("a router")
    };
    (0..INSTANCES).map(instance).collect()
}

/// Instances of the auth service. The signing key is given to them, or must be made.
pub fn auth(world: &Arc<World>, key_given: bool) -> Vec<Router> {
    let instance = |instance| {
        let config = auth_component::Config {
            signing_key: if key_given { SEED.to_owned() } else { String::new() },
            public_origin: "http://localhost".to_owned(),
            password_cost: COST,
            ..auth_component::Config::new(ISSUER, AUDIENCE)
        };
        auth_component::app(ports::of(world, instance), config).expect("a router")
    };
    (0..INSTANCES).map(instance).collect()
}
