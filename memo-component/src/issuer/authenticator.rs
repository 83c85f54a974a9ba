//! Who a request comes from.

use std::sync::Arc;

use common::{
    http::problem::Problem,
    token::{AccessToken, CLOCK_SKEW, TokenError, TokenProfile, bearer},
    world::{Ports, clock::Timestamp},
};
use http::HeaderMap;

use super::{
    Issuer, introspection::Introspection, public_keys::PublicKeys, revocations::Revocations, seen_tokens::SeenTokens,
};

/// Finds out who a request comes from. One per instance.
pub struct Authenticator {
    ports: Ports,
    issuer: Arc<dyn Issuer>,
    profile: TokenProfile,
    keys: PublicKeys,
    seen: SeenTokens,
    revocations: Revocations,
    introspection: Introspection,
}

impl Authenticator {
    /// Believes tokens of this profile that are signed with one of these keys, and that this issuer has not taken back.
    pub fn new(ports: Ports, profile: TokenProfile, keys: PublicKeys, issuer: Arc<dyn Issuer>) -> Self {
        Self {
            profile,
            keys,
            seen: SeenTokens::default(),
            revocations: Revocations::new(ports.clone(), Arc::clone(&issuer)),
            introspection: Introspection::new(ports.clone(), Arc::clone(&issuer)),
            issuer,
            ports,
        }
    }

    /// Returns the verified token of the request.
    ///
    /// # Errors
    /// 401 without a good token; 503 when no keys are to be had to check it with, or nobody can tell whether a personal token is
    /// still good.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Arc<AccessToken>, Problem> {
        let now = self.ports.clock.now();
        let token = self.verify(headers, now).await?;
        self.check(headers, &token, now).await?;
        if self.has_lost_a_key() {
            // It may have been that of this token.
            self.keys.newer(headers, now).await;
            return self.verify(headers, now).await;
        }
        Ok(token)
    }

    /// Whether the issuer has taken one of the keys back that are believed here.
    fn has_lost_a_key(&self) -> bool {
        self.revocations.keys().is_some_and(|told| !self.keys.are_within(&told))
    }

    /// Whether a token has been taken back since it was verified, for answers that last. A personal one that nobody can tell
    /// anything of is as good as that: who comes back is told why.
    pub async fn has_ended(&self, token: &AccessToken) -> bool {
        let now = self.ports.clock.now();
        self.check(&HeaderMap::new(), token, now).await.is_err()
    }

    /// Checks what the issuer says: of a session, that it has not ended; of a personal token, that it is active.
    async fn check(&self, headers: &HeaderMap, token: &AccessToken, now: Timestamp) -> Result<(), Problem> {
        if !self.issuer.tells_revocations() {
            return Ok(());
        }
        let refused = if let Some(text) = &token.long_lived {
            let is_active = self.introspection.is_active(headers, text, now).await?;
            (!is_active).then_some(TokenError::Revoked)
        } else {
            let has_ended = self.revocations.has_ended(headers, token, now).await;
            has_ended.then_some(TokenError::Ended)
        };
        refused.map_or(Ok(()), |error| Err(error.into()))
    }

    /// The token of the request, as far as it says for itself whether it is good.
    async fn verify(&self, headers: &HeaderMap, now: Timestamp) -> Result<Arc<AccessToken>, Problem> {
        let token = bearer(headers)?;
        let keys = self.keys.current(headers, now).await?;
        if let Some(seen) = self.seen.get(token, &keys) {
            return if now < seen.expires_at + CLOCK_SKEW {
                Ok(seen)
            } else {
                Err(TokenError::Expired.into())
            };
        }
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
