//! The services' own code, started in a simulated world.

use std::sync::Arc;

use async_trait::async_trait;
use auth_component::{
    memo_service::{self, MemoService, MemoServiceError},
    sign_in::password::Cost,
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode},
};
use futures::FutureExt;
use memo_component::{
    catalog::quota::Limits,
    issuer::{Issuer, IssuerError},
};

use tower::ServiceExt;

use crate::{
    ports,
    tokens::{AUDIENCE, ISSUER, TOKENS},
    world::World,
};

/// How many instances of a service share the store.
pub const INSTANCES: usize = 3;

/// A signing key for histories that are not about it: 32 times the byte 7.
pub const SEED: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";

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

    async fn introspect(&self, _: &str, _: HeaderMap) -> Result<Vec<u8>, IssuerError> {
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
    memo_with(world, limits, &TOKENS.0)
}

fn memo_with(world: &Arc<World>, limits: Limits, jwks: &str) -> Vec<Router> {
    let instance = |instance| {
        let config = memo_component::Config {
            jwks: jwks.to_owned(),
            limits,
            maintenance_token: MAINTENANCE_TOKEN.to_owned(),
            ..memo_component::Config::new(ISSUER, AUDIENCE)
        };
        memo_component::app(ports::of(world, instance), config, Arc::new(Away)).expect("a router")
    };
    (0..INSTANCES).map(instance).collect()
}

/// Instances of the auth service, without a memo service. The signing key is given to them, or must be made.
pub fn auth(world: &Arc<World>, key_given: bool) -> Vec<Router> {
    let away = |_| -> Arc<dyn MemoService> { Arc::new(memo_service::Away) };
    auth_with(world, key_given, away)
}

/// Instances of both services that know each other: those of the memo service take the tokens of the auth service, which asks
/// them for erasures.
pub fn both(world: &Arc<World>) -> (Vec<Router>, Vec<Router>) {
    let keys = Request::get("/.well-known/jwks.json")
        .body(Body::empty())
        .expect("a request");
    let keys = auth(world, true).remove(0).oneshot(keys).now_or_never();
    let keys = keys.expect("the key is given").unwrap_or_else(|never| match never {});
    let keys = to_bytes(keys.into_body(), usize::MAX).now_or_never();
    let keys = keys.expect("it is there").expect("a body").to_vec();
    let jwks = String::from_utf8(keys).expect("a JWK Set");
    let memo = memo_with(world, usual(), &jwks);
    let neighbour = |instance: usize| -> Arc<dyn MemoService> { Arc::new(Neighbour(memo[instance].clone())) };
    (auth_with(world, true, neighbour), memo)
}

/// The memo service, asked inside the simulation.
struct Neighbour(Router);

#[async_trait]
impl MemoService for Neighbour {
    async fn erase(&self, access_token: &str, context: HeaderMap) -> Result<Vec<u8>, MemoServiceError> {
        let request = Request::post("/api/memos/erasure").header("authorization", format!("Bearer {access_token}"));
        let mut request = request.body(Body::empty()).expect("a request");
        request.headers_mut().extend(context);
        let response = self
            .0
            .clone()
            .oneshot(request)
            .await
            .unwrap_or_else(|never| match never {});
        if response.status() != StatusCode::OK {
            return Err(MemoServiceError(response.status().to_string()));
        }
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        Ok(body.to_vec())
    }
}

fn auth_with(world: &Arc<World>, key_given: bool, memo_service: impl Fn(usize) -> Arc<dyn MemoService>) -> Vec<Router> {
    let instance = |instance| {
        let config = auth_component::Config {
            signing_key: if key_given { SEED.to_owned() } else { String::new() },
            public_origin: "http://localhost".to_owned(),
            maintenance_token: MAINTENANCE_TOKEN.to_owned(),
            password_cost: COST,
            ..auth_component::Config::new(ISSUER, AUDIENCE)
        };
        auth_component::app(ports::of(world, instance), config, memo_service(instance)).expect("a router")
    };
    (0..INSTANCES).map(instance).collect()
}
