//! What really happened to the auth service's records that must be unique: names, signing keys, sessions.

use std::collections::BTreeMap;

use serde::Deserialize;

/// From `step` on, this is what the record held.
#[derive(Debug)]
struct Entry {
    step: u64,
    value: Option<Vec<u8>>,
    /// Whether whoever removed it held no claim.
    unclaimed: bool,
}

/// The lives of these records, by key.
#[derive(Debug)]
pub struct Ledger {
    records: BTreeMap<String, Vec<Entry>>,
    /// What went wrong in the store itself.
    pub violation: Option<String>,
    /// How many sessions came back after they had been ended without a claim.
    pub weaknesses: u64,
}

/// What all of them but names have.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

/// What a name's record has.
#[derive(Deserialize)]
struct Name {
    user_id: String,
}

/// The key of a name's record.
pub fn name_key(name: &str) -> String {
    format!("auth/name/{name}")
}

/// The key of a session's record.
pub fn session_key(token: &str) -> String {
    format!("auth/session/{}", token.split('.').next().unwrap_or_default())
}

fn version(value: &[u8]) -> Option<u64> {
    serde_json::from_slice::<Versioned>(value)
        .ok()
        .map(|record| record.version)
}

impl Ledger {
    /// An empty one.
    pub fn new() -> Self {
        Self {
            records: BTreeMap::new(),
            violation: None,
            weaknesses: 0,
        }
    }

    /// The store was given this value.
    pub fn wrote(&mut self, step: u64, key: &str, value: &[u8]) {
        let is_name = key.starts_with("auth/name/");
        let is_versioned = key == "auth/key/signing" || key.starts_with("auth/session/");
        if !(is_name || is_versioned) || key.contains("/claim/") {
            return;
        }
        let entries = self.records.entry(key.to_owned()).or_default();
        let gone_unclaimed = entries.last().is_some_and(|entry| entry.unclaimed);
        let problem = match entries.last().map(|entry| entry.value.as_deref().map(version)) {
            None if is_name || version(value) == Some(1) => None,
            None => Some(format!("{key} does not begin at version 1")),
            Some(_) if is_name => Some(format!("{key} was given to two users")),
            // A sign-out that can't get the claim deletes without it. A refresh that holds the claim and takes its time
            // then brings the session back: a known weakness.
            Some(None) if gone_unclaimed => {
                self.weaknesses += 1;
                None
            }
            Some(None) => Some(format!("{key} came back after it was removed")),
            Some(Some(before)) if before.map(|before| before + 1) == version(value) => None,
            Some(Some(before)) => Some(format!(
                "{key} went from {before:?} to {:?}: two winners",
                version(value)
            )),
        };
        entries.push(Entry {
            step,
            value: Some(value.to_vec()),
            unclaimed: false,
        });
        if let Some(problem) = problem {
            self.violation.get_or_insert(problem);
        }
    }

    /// The store removed this key, for somebody who held a claim or did not.
    pub fn removed(&mut self, step: u64, key: &str, claimed: bool) {
        if let Some(entries) = self.records.get_mut(key) {
            entries.push(Entry {
                step,
                value: None,
                unclaimed: !claimed,
            });
        }
    }

    /// Whether a record was there at `step`.
    pub fn is_there(&self, key: &str, step: u64) -> bool {
        let entries = self.records.get(key).map_or(&[][..], Vec::as_slice);
        let later = entries.partition_point(|entry| entry.step <= step);
        later.checked_sub(1).is_some_and(|last| entries[last].value.is_some())
    }

    /// Whose a name is.
    pub fn owner(&self, name: &str) -> Option<String> {
        let value = self.records.get(&name_key(name))?.last()?.value.as_deref()?;
        serde_json::from_slice::<Name>(value).ok().map(|name| name.user_id)
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self::new()
    }
}
