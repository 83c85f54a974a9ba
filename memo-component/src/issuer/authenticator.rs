//! Who a request comes from.

use std::sync::Arc;

use common::{
    http::problem::Problem,
    token::{AccessToken, CLOCK_SKEW, TokenError, TokenProfile, bearer},
    world::Ports,
};
use http::HeaderMap;

use super::{public_keys::PublicKeys, seen_tokens::SeenTokens};

/// Finds out who a request comes from. One per instance.
pub struct Authenticator {
    ports: Ports,
    profile: TokenProfile,
    keys: PublicKeys,
    seen: SeenTokens,
}

impl Authenticator {
    /// Believes tokens of this profile that are signed with one of these keys.
    pub fn new(ports: Ports, profile: TokenProfile, keys: PublicKeys) -> Self {
        Self {
            ports,
            profile,
            keys,
            seen: SeenTokens::default(),
        }
    }

    /// Returns the verified token of the request.
    ///
    /// # Errors
    /// 401 without a good token; 503 when no keys are to be had to check it with.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Arc<AccessToken>, Problem> {
        let token = bearer(headers)?;
        let now = self.ports.clock.now();
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
