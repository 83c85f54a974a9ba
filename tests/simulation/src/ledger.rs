//! What really happened to the auth service's records: names, users, signing keys, sessions.

use std::collections::BTreeMap;

use serde::Deserialize;

/// From `step` on, this is what the record held.
#[derive(Debug)]
struct Entry {
    step: u64,
    value: Option<Vec<u8>>,
}

/// The lives of these records, by key.
#[derive(Debug)]
pub struct Ledger {
    records: BTreeMap<String, Vec<Entry>>,
    /// When sessions were marked as ended, by key.
    ended: BTreeMap<String, u64>,
    /// What went wrong in the store itself.
    pub violation: Option<String>,
}

/// What all of them but names have.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

/// What a name's record has.
#[derive(Deserialize)]
struct Name {
    /// Nobody's, where it is absent: its user was deleted.
    user_id: Option<String>,
}

fn owner_of(value: &[u8]) -> Option<String> {
    serde_json::from_slice::<Name>(value).ok().and_then(|name| name.user_id)
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
            ended: BTreeMap::new(),
            violation: None,
        }
    }

    /// The store was given this value.
    pub fn wrote(&mut self, step: u64, key: &str, value: &[u8]) {
        if let Some(session) = key.strip_suffix("/ended") {
            self.ended.entry(session.to_owned()).or_insert(step);
            return;
        }
        let is_name = key.starts_with("auth/name/");
        let versioned = ["auth/key/signing", "auth/session/", "auth/user/"];
        let is_versioned = versioned.iter().any(|prefix| key.starts_with(prefix));
        if !(is_name || is_versioned) || key.contains("/claim/") {
            return;
        }
        let is_ended = self.ended.contains_key(key);
        let entries = self.records.entry(key.to_owned()).or_default();
        let before = entries.last().and_then(|entry| entry.value.as_deref());
        let two_users = is_name && before.and_then(owner_of).is_some() && owner_of(value).is_some();
        // A sign-in that is late for a deletion makes its user's list anew, and tomorrow it goes.
        let is_list = key.ends_with("/sessions");
        let problem = match entries.last().map(|entry| entry.value.as_deref().map(version)) {
            _ if two_users => Some(format!("{key} was given to two users")),
            None if version(value) == Some(1) => None,
            None => Some(format!("{key} does not begin at version 1")),
            Some(None) if (is_name || is_list) && version(value) == Some(1) => None,
            // Whoever held a claim when the session was ended without one may write it back, and nobody minds.
            Some(None) if is_ended => None,
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
        });
        if let Some(problem) = problem {
            self.violation.get_or_insert(problem);
        }
    }

    /// The store removed this key.
    pub fn removed(&mut self, step: u64, key: &str) {
        if let Some(entries) = self.records.get_mut(key) {
            entries.push(Entry { step, value: None });
        }
    }

    /// Whether a record was there at `step`, and was not marked as ended.
    pub fn is_there(&self, key: &str, step: u64) -> bool {
        if self.ended.get(key).is_some_and(|ended| *ended <= step) {
            return false;
        }
        let entries = self.records.get(key).map_or(&[][..], Vec::as_slice);
        let later = entries.partition_point(|entry| entry.step <= step);
        later.checked_sub(1).is_some_and(|last| entries[last].value.is_some())
    }

    /// Whose a name is.
    pub fn owner(&self, name: &str) -> Option<String> {
        owner_of(self.records.get(&name_key(name))?.last()?.value.as_deref()?)
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self::new()
    }
}
