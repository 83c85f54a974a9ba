//! Which layout a store holds.
//!
//! With and without atomic increment, records lie differently, so a store belongs to one of the two for good. The
//! choice is recorded at first use; afterwards a component with the other setting refuses to touch anything.

use super::kv::KvError;
use crate::world::Ports;

/// Records the layout under `{service}/layout` at first use, and checks it ever after.
///
/// # Errors
/// [`KvError::Refused`] when the store holds the other layout, and the store's own.
pub async fn check(ports: &Ports, service: &str) -> Result<(), KvError> {
    let key = format!("{service}/layout");
    let ours: &[u8] = if ports.kv.has_increment() {
        b"atomic-1"
    } else {
        b"plain-1"
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
    Err(KvError::Refused(format!(
        "it holds the layout {}, and this component is set up for {} (variable kv_atomics)",
        String::from_utf8_lossy(&theirs),
        String::from_utf8_lossy(ours),
    )))
}
