//! Tokens that were verified before: checking a signature costs more than all the rest of a read.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use common::{
    token::{AccessToken, KeySet},
    world::clock::Timestamp,
};

/// How many an instance remembers: about 1 MB.
const REMEMBERED_MAX: usize = 1024;

/// The tokens that an instance has verified with its present keys.
#[derive(Default)]
pub struct SeenTokens(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    /// What the tokens were verified with.
    keys: Option<Arc<KeySet>>,
    tokens: HashMap<Box<str>, Arc<AccessToken>>,
}

impl SeenTokens {
    /// The token, if it was verified before with these keys. All that can have changed since is the time.
    pub fn get(&self, token: &str, keys: &Arc<KeySet>) -> Option<Arc<AccessToken>> {
        let seen = self.lock();
        let is_same = seen
            .keys
            .as_ref()
            .is_some_and(|seen| Arc::ptr_eq(seen, keys) || seen == keys);
        is_same.then(|| seen.tokens.get(token).cloned())?
    }

    /// Remembers a token that was verified with these keys, and forgets those that were verified with others: the issuer
    /// may have taken a key back.
    pub fn remember(&self, token: &str, verified: &Arc<AccessToken>, keys: &Arc<KeySet>, now: Timestamp) {
        let mut seen = self.lock();
        if seen.keys.as_ref() != Some(keys) {
            seen.tokens.clear();
            seen.keys = Some(Arc::clone(keys));
        }
        if seen.tokens.len() >= REMEMBERED_MAX {
            seen.tokens.retain(|_, token| now < token.expires_at);
        }
        if seen.tokens.len() >= REMEMBERED_MAX {
            seen.tokens.clear();
        }
        seen.tokens.insert(token.into(), Arc::clone(verified));
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
