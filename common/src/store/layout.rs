//! Which layout a store holds.
//!
//! With and without atomic increment, records lie differently, so a store belongs to one of the two for good. The
//! choice is recorded at first use; afterwards a component with the other setting refuses to touch anything.
//!
//! The number behind it is counted up by a version that lays records out in a way which its predecessors would misread. It reads
//! what they have left and notes its own number, and from then on they refuse, too.

use super::kv::KvError;
use crate::world::Ports;

/// How records lie on one kind of store.
#[derive(Clone, Copy)]
struct Layout {
    /// What this version notes.
    name: &'static str,
    /// What version 0.1.0 noted, whose records this version reads. It would misread ours: it takes a counter of three numbers
    /// for one number, so that ids become huge, and lets people in without their second factor, of which it knows nothing.
    earlier: &'static str,
}

/// With atomic increment.
const ATOMIC: Layout = Layout {
    name: "atomic-2",
    earlier: "atomic-1",
};

/// Without.
const PLAIN: Layout = Layout {
    name: "plain-2",
    earlier: "plain-1",
};

/// Records the layout under `{service}/layout` at first use, and checks it ever after.
///
/// # Errors
/// [`KvError::Refused`] when the store holds the other layout, [`KvError::Newer`] when it holds that of a newer version, and the
/// store's own.
pub async fn check(ports: &Ports, service: &str) -> Result<(), KvError> {
    let key = format!("{service}/layout");
    let (ours, other) = if ports.kv.has_increment() {
        (ATOMIC, PLAIN)
    } else {
        (PLAIN, ATOMIC)
    };
    let theirs = match ports.kv.get(&key).await? {
        Some(theirs) if theirs != ours.earlier.as_bytes() => theirs,
        _ => {
            ports.kv.set(&key, ours.name.as_bytes()).await?;
            // Two components with different settings may start at once: the last write counts.
            ports.kv.get(&key).await?.unwrap_or_default()
        }
    };
    if theirs == ours.name.as_bytes() {
        return Ok(());
    }
    let theirs = String::from_utf8_lossy(&theirs);
    if [other.name, other.earlier].contains(&theirs.as_ref()) {
        return Err(KvError::Refused(format!(
            "it holds the layout {theirs}, and this component is set up for {} (variable kv_atomics)",
            ours.name,
        )));
    }
    let cause = format!(
        "the store has the layout {theirs}, and this version knows {}",
        ours.name
    );
    Err(KvError::Newer { key, cause })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        store::kv::MemoryKv,
        testing::{World, run},
    };

    async fn checked(store: MemoryKv, noted: Option<&str>) -> (Result<(), String>, Option<String>) {
        let ports = World::over(Arc::new(store)).ports();
        if let Some(noted) = noted {
            ports.kv.set("memo/layout", noted.as_bytes()).await.unwrap();
        }
        let checked = check(&ports, "memo").await.map_err(|error| error.to_string());
        let noted = ports.kv.get("memo/layout").await.unwrap();
        (checked, noted.map(|noted| String::from_utf8(noted).unwrap()))
    }

    #[test]
    fn a_store_that_is_new_or_of_an_earlier_version_gets_our_mark() {
        run(async {
            for noted in [None, Some("atomic-1"), Some("atomic-2")] {
                let expected = (Ok(()), Some("atomic-2".to_owned()));
                assert_eq!(checked(MemoryKv::default(), noted).await, expected);
            }
            for noted in [None, Some("plain-1"), Some("plain-2")] {
                let expected = (Ok(()), Some("plain-2".to_owned()));
                assert_eq!(checked(MemoryKv::without_increment(), noted).await, expected);
            }
        });
    }

    #[test]
    fn a_store_of_the_other_kind_or_of_a_newer_version_is_refused_and_keeps_its_mark() {
        run(async {
            for (noted, why) in [
                ("plain-1", "(variable kv_atomics)"),
                ("plain-2", "(variable kv_atomics)"),
                ("atomic-3", "newer version"),
                ("plain-3", "newer version"),
            ] {
                let (checked, kept) = checked(MemoryKv::default(), Some(noted)).await;
                assert!(checked.clone().unwrap_err().contains(why), "{noted}: {checked:?}");
                assert_eq!(kept.as_deref(), Some(noted));
            }
        });
    }
}
