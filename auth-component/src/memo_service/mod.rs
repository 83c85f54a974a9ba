//! The memo service as the issuer knows it: whom to ask when a person's memos have to go.
//!
//! Read in this order: this file (what is asked), `http` (the service over HTTP; in Wasm only).

#[cfg(target_family = "wasm")]
pub mod http;

use std::sync::Arc;

use ::http::HeaderMap;
use async_trait::async_trait;
use common::{
    http::problem::Problem,
    token::{TokenProfile, UserId},
    world::Ports,
};
use serde::Deserialize;

use crate::tokens::{access_token, keyring::Keyring};

/// The memo service did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("the memo service did not answer as it should: {0}")]
pub struct MemoServiceError(pub String);

/// The memo service, as far as the issuer needs it.
#[async_trait]
pub trait MemoService: Send + Sync {
    /// `POST /api/memos/erasure`: removes some of what the access token's user has. Tells the body of the answer.
    async fn erase(&self, access_token: &str, context: HeaderMap) -> Result<Vec<u8>, MemoServiceError>;
}

/// A memo service that is always away, for an issuer that runs without one.
pub struct Away;

#[async_trait]
impl MemoService for Away {
    async fn erase(&self, _: &str, _: HeaderMap) -> Result<Vec<u8>, MemoServiceError> {
        Err(MemoServiceError("there is none".to_owned()))
    }
}

/// The answer to an erasure.
#[derive(Deserialize)]
struct ErasureBody {
    more: bool,
}

/// Why not all memos of a person are gone.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// The service is away, or did something else.
    #[error(transparent)]
    Service(#[from] MemoServiceError),
    /// There are so many that it takes another request.
    #[error("there are more memos to remove")]
    More,
    /// No access token could be made.
    #[error("no access token could be made: {}", .0.cause())]
    Token(Problem),
}

/// The memos of all people.
#[derive(Clone)]
pub struct Memos {
    /// The service that keeps them.
    pub service: Arc<dyn MemoService>,
    /// What its access tokens are signed with.
    pub keys: Arc<Keyring>,
    /// Whom its access tokens are for.
    pub profile: Arc<TokenProfile>,
}

impl Memos {
    /// Removes all memos of a person, and all that belongs to them, in so many steps at most. `context` are the headers
    /// that tie it to the request that caused it.
    ///
    /// # Errors
    /// [`EraseError`]; what was removed stays removed, and the next one goes on.
    pub async fn erase(
        &self,
        ports: &Ports,
        user_id: &UserId,
        steps: usize,
        context: &HeaderMap,
    ) -> Result<(), EraseError> {
        let token = access_token::issue_for_erasure(ports, &self.keys, &self.profile, user_id);
        let token = token.await.map_err(EraseError::Token)?;
        for _ in 0..steps {
            let body = self.service.erase(&token, context.clone()).await?;
            let body: ErasureBody =
                serde_json::from_slice(&body).map_err(|error| MemoServiceError(error.to_string()))?;
            if !body.more {
                return Ok(());
            }
        }
        Err(EraseError::More)
    }
}
