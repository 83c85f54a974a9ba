//! Signing keys as an instance uses them.
//!
//! They come from the store, where they are made at first use ([`signing_key`]). A new key is published at once and
//! signs ten minutes later, when every instance of this service knows it; the old one stays published for a day.
//! A seed in the variable `signing_key` takes the place of all that.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use common::{
    config::ConfigError,
    http::problem::Problem,
    token::KeySet,
    world::{Ports, clock::Timestamp},
};
use jwt_simple::prelude::Ed25519KeyPair;

use crate::{
    bytes32::Bytes32,
    records::signing_key::{self, StoredKey},
};

/// How long an instance goes on with the keys that it has read, and others with those that they were given.
pub const MAX_AGE: Duration = Duration::from_secs(5 * 60);

/// How long after its making a new key begins to sign: twice the time in which the others learn of it.
const SIGN_AFTER: Duration = MAX_AGE.saturating_mul(2);

/// PKCS #8 around an Ed25519 seed (RFC 8410 §7).
const PKCS8: [u8; 16] = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];

/// A stored key can't be used.
#[derive(Debug, thiserror::Error)]
#[error("a signing key can't be used: {0}")]
pub struct UnusableKey(String);

impl From<UnusableKey> for Problem {
    fn from(error: UnusableKey) -> Self {
        Self::unavailable(error)
    }
}

impl From<signing_key::Error> for Problem {
    fn from(error: signing_key::Error) -> Self {
        Self::unavailable(error)
    }
}

/// Keys ready for use.
pub struct Keys {
    pairs: Vec<(Timestamp, Ed25519KeyPair)>,
    jwks: String,
    public: KeySet,
}

impl Keys {
    fn new(stored: Vec<StoredKey>) -> Result<Self, UnusableKey> {
        let pairs: Result<Vec<_>, UnusableKey> = stored
            .iter()
            .map(|key| Ok((key.created_at, pair(&key.seed)?)))
            .collect();
        let pairs = pairs?;
        let jwks: Vec<String> = pairs.iter().map(|(_, pair)| pair.public_key().to_jwk()).collect();
        let jwks = format!("{{\"keys\":[{}]}}", jwks.join(","));
        let public = KeySet::parse(jwks.as_bytes()).map_err(|error| UnusableKey(error.to_string()))?;
        Ok(Self { pairs, jwks, public })
    }

    /// The key to sign with: the newest that everybody knows, or the only one.
    pub fn signer(&self, now: Timestamp) -> Option<&Ed25519KeyPair> {
        let known = self.pairs.iter().rev().find(|(made, _)| now.since(*made) >= SIGN_AFTER);
        known.or(self.pairs.first()).map(|(_, pair)| pair)
    }

    /// The public keys.
    pub fn public(&self) -> &KeySet {
        &self.public
    }

    /// The public keys as a JWK Set (RFC 7517 §5).
    pub fn jwks(&self) -> &str {
        &self.jwks
    }
}

fn pair(seed: &Bytes32) -> Result<Ed25519KeyPair, UnusableKey> {
    let der = [PKCS8.as_slice(), &seed.0].concat();
    let pair = Ed25519KeyPair::from_der(&der).map_err(|error| UnusableKey(error.to_string()))?;
    let id = pair.public_key().jwk_thumbprint();
    Ok(pair.with_key_id(&id))
}

/// The keys of this instance.
pub struct Keyring {
    ports: Ports,
    given: Option<Arc<Keys>>,
    read: Mutex<Option<(Timestamp, Arc<Keys>)>>,
}

impl Keyring {
    /// The keys of this instance; `given` ones take the place of all that lie in the store.
    pub fn new(ports: Ports, given: Option<Arc<Keys>>) -> Self {
        Self {
            ports,
            given,
            read: Mutex::default(),
        }
    }

    /// Reads the variable `signing_key`, which may be empty.
    ///
    /// # Errors
    /// When it is neither empty nor a seed.
    pub fn given(seed: &str) -> Result<Option<Arc<Keys>>, ConfigError> {
        let seed = seed.trim();
        if seed.is_empty() {
            return Ok(None);
        }
        let refuse = |reason: &str| ConfigError::new("signing_key", reason);
        let seed = Bytes32::from_text(seed.trim_end_matches('='));
        let key = StoredKey {
            seed: seed.ok_or_else(|| refuse("it is not 32 bytes in base64url"))?,
            created_at: Timestamp(0),
        };
        let keys = Keys::new(vec![key]).map_err(|_| refuse("it is not the seed of a key"))?;
        Ok(Some(Arc::new(keys)))
    }

    /// The keys as they were at most [`MAX_AGE`] ago.
    ///
    /// # Errors
    /// 503 when the store does not give them.
    pub async fn current(&self, now: Timestamp) -> Result<Arc<Keys>, Problem> {
        if let Some(given) = &self.given {
            return Ok(Arc::clone(given));
        }
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, keys)) = read
            && now.since(at) < MAX_AGE
        {
            return Ok(keys);
        }
        // Two requests may read at once. To wait for each other would save a read and could hang an instance:
        // one request's task can't wake another's there.
        let stored = signing_key::load(&self.ports, now).await?;
        let keys = Arc::new(Keys::new(stored.published(now))?);
        let fresh = Some((now, Arc::clone(&keys)));
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(keys)
    }
}
