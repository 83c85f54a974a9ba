//! Which layout a store holds.
//!
//! With and without atomic increment, records lie differently, so a store belongs to one of the two for good. The
//! choice is recorded at first use; afterwards a component with the other setting refuses to touch anything.

use super::kv::KvError;
use crate::world::Ports;

/// The layouts that this version knows: with atomic increment, and without.
const LAYOUTS: [&str; 2] = ["atomic-1", "plain-1"];

/// Records the layout under `{service}/layout` at first use, and checks it ever after.
///
/// A version that lays records out in a way that its predecessors would misread counts the number up, and then they refuse.
///
/// # Errors
/// [`KvError::Refused`] when the store holds the other layout, [`KvError::Newer`] when it holds that of a newer version, and the
/// store's own.
pub async fn check(ports: &Ports, service: &str) -> Result<(), KvError> {
    let key = format!("{service}/layout");
    let [with_increment, without] = LAYOUTS.map(str::as_bytes);
    let ours = if ports.kv.has_increment() {
        with_increment
    } else {
        without
    };
    let theirs = match ports.kv.get(&key).await? {
        Some(theirs) => theirs,
        None => {
            ports.kv.set(&key, ours).await?;
            // Two components with different settings may start at once: the last write counts.
            ports.kv.get(&key).await?.unwrap_or_default()
        }
    };
    if theirs == ours {
        return Ok(());
    }
    let (theirs, ours) = (String::from_utf8_lossy(&theirs), String::from_utf8_lossy(ours));
    if !LAYOUTS.contains(&theirs.as_ref()) {
        let cause = format!("the store has the layout {theirs}, and this version knows {}", LAYOUTS.join(" and "));
        return Err(KvError::Newer { key, cause });
    }
    Err(KvError::Refused(format!(
        "it holds the layout {theirs}, and this component is set up for {ours} (variable kv_atomics)",
    )))
}
