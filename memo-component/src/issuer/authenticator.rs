//! Who a request comes from.

use std::sync::Arc;

use common::{
    http::problem::Problem,
    token::{AccessToken, CLOCK_SKEW, TokenError, TokenProfile, bearer},
    world::{Ports, clock::Timestamp},
};
use http::HeaderMap;

use super::{public_keys::PublicKeys, revocations::Revocations, seen_tokens::SeenTokens};

/// Finds out who a request comes from. One per instance.
pub struct Authenticator {
    ports: Ports,
    profile: TokenProfile,
    keys: PublicKeys,
    seen: SeenTokens,
    revocations: Revocations,
}

impl Authenticator {
    /// Believes tokens of this profile that are signed with one of these keys, and whose sessions go on.
    pub fn new(ports: Ports, profile: TokenProfile, keys: PublicKeys, revocations: Revocations) -> Self {
        Self {
            ports,
            profile,
            keys,
            seen: SeenTokens::default(),
            revocations,
        }
    }

    /// Returns the verified token of the request.
    ///
    /// # Errors
    /// 401 without a good token; 503 when no keys are to be had to check it with.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Arc<AccessToken>, Problem> {
        let now = self.ports.clock.now();
        let token = self.verify(headers, now).await?;
        if self.revocations.has_ended(headers, &token, now).await {
            return Err(TokenError::Ended.into());
        }
        Ok(token)
    }

    /// Whether the session of a token has ended since it was verified, for answers that last.
    pub async fn has_ended(&self, token: &AccessToken) -> bool {
        let now = self.ports.clock.now();
        self.revocations.has_ended(&HeaderMap::new(), token, now).await
    }

    /// The token of the request, as far as it says for itself whether it is good.
    async fn verify(&self, headers: &HeaderMap, now: Timestamp) -> Result<Arc<AccessToken>, Problem> {
        let token = bearer(headers)?;
        if let Some(seen) = self.seen.get(token) {
            return if now < seen.expires_at + CLOCK_SKEW {
                Ok(seen)
            } else {
                Err(TokenError::Expired.into())
            };
        }
        let keys = self.keys.current(headers, now).await?;
        let (verified, keys) = match self.profile.verify(token, &keys, now) {
            Err(TokenError::UnknownKey) => {
                // The issuer may have a new key since.
                let newer = self.keys.newer(headers, now).await;
                let newer = newer.ok_or(TokenError::UnknownKey)?;
                (self.profile.verify(token, &newer, now)?, newer)
            }
            verified => (verified?, keys),
        };
        let verified = Arc::new(verified);
        self.seen.remember(token, &verified, &keys, now);
        Ok(verified)
    }
}
