//! A bucket's counter in the store: one for each window.

use std::time::Duration;

use common::{
    store::kv::KvError,
    world::{Ports, clock::Timestamp},
};
use serde::{Deserialize, Serialize};

use super::{WINDOW, limits::Limit};

/// A counter after a try was counted.
pub struct Counted {
    key: String,
    window: u64,
    /// The tries in the window, with this one.
    pub tries: i64,
}

impl Counted {
    /// How long until its window is over.
    pub fn ends_in(&self, now: Timestamp) -> Duration {
        let end = self.window.saturating_add(1).saturating_mul(millis(WINDOW));
        Timestamp(end).since(now)
    }
}

/// The window that a bucket is at. A hint: the count does not depend on it.
#[derive(Serialize, Deserialize)]
struct Note {
    version: u64,
    window: u64,
    /// The tries in the window, on stores that have no counters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tries: Option<i64>,
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn key(limit: Limit, bucket: &str) -> String {
    format!("auth/throttle/{}/{bucket}", limit.name)
}

fn counter_key(key: &str, window: u64) -> String {
    format!("{key}/{window}")
}

/// The note of a bucket, and the window that counts now.
async fn window_of(ports: &Ports, key: &str, now: Timestamp) -> Result<(Option<Note>, u64), KvError> {
    let current = now.0 / millis(WINDOW);
    let note: Option<Note> = ports.kv.get_json(key).await?;
    // Another instance's clock may be a little ahead: then its window is the one that counts.
    let ahead = note
        .as_ref()
        .map(|note| note.window)
        .filter(|noted| *noted == current + 1);
    Ok((note, ahead.unwrap_or(current)))
}

/// The tries so far. One read, and an increment by nothing where there were any in this window.
///
/// # Errors
/// Those of the store.
pub async fn look(ports: &Ports, limit: Limit, bucket: &str, now: Timestamp) -> Result<Counted, KvError> {
    let key = key(limit, bucket);
    let (note, window) = window_of(ports, &key, now).await?;
    let tries = match note.filter(|note| note.window == window) {
        None => 0,
        Some(_) if ports.kv.has_increment() => ports.kv.increment(&counter_key(&key, window), 0).await?,
        Some(note) => note.tries.unwrap_or(0),
    };
    Ok(Counted { key, window, tries })
}

/// Counts a try.
///
/// # Errors
/// Those of the store; the try may then be counted or not.
pub async fn count(ports: &Ports, limit: Limit, bucket: &str, now: Timestamp) -> Result<Counted, KvError> {
    let key = key(limit, bucket);
    let (note, window) = window_of(ports, &key, now).await?;
    let noted = note.as_ref().map(|note| note.window);
    if !ports.kv.has_increment() {
        return count_plainly(ports, key, window, note).await;
    }
    if noted != Some(window) {
        if let Some(old) = noted {
            ports.kv.delete(&counter_key(&key, old)).await?;
        }
        let note = Note {
            version: 1,
            window,
            tries: None,
        };
        ports.kv.set_json(&key, &note).await?;
    }
    let tries = ports.kv.increment(&counter_key(&key, window), 1).await?;
    Ok(Counted { key, window, tries })
}

/// The weaker way, for stores without `increment`: of two tries at the same moment one may not be counted.
async fn count_plainly(ports: &Ports, key: String, window: u64, note: Option<Note>) -> Result<Counted, KvError> {
    let before = note.filter(|note| note.window == window).and_then(|note| note.tries);
    let tries = before.unwrap_or(0).saturating_add(1);
    let note = Note {
        version: 1,
        window,
        tries: Some(tries),
    };
    ports.kv.set_json(&key, &note).await?;
    Ok(Counted { key, window, tries })
}

/// Takes a try back.
///
/// # Errors
/// Those of the store.
pub async fn give_back(ports: &Ports, counted: Counted) -> Result<(), KvError> {
    let Counted { key, window, .. } = counted;
    if ports.kv.has_increment() {
        return ports.kv.increment(&counter_key(&key, window), -1).await.map(drop);
    }
    let note: Option<Note> = ports.kv.get_json(&key).await?;
    let Some(note) = note.filter(|note| note.window == window) else {
        return Ok(());
    };
    let tries = note.tries.map(|tries| tries.saturating_sub(1).max(0));
    ports.kv.set_json(&key, &Note { tries, ..note }).await
}
