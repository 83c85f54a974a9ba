//! Records that change in one way only: from a version to the next one, under a claim.
//!
//! A record is a type with a version. [`update`] is the only way in which a stored one is changed, so what
//! [`claim`] promises holds for every record that goes through here: of two changes of one version, one
//! wins, and the other one learns what the record is by now.

use serde::{Serialize, de::DeserializeOwned};

use super::{
    claim::{self, Claimed, Step},
    kv::{KvError, decode, encode},
};
use crate::world::Ports;

/// A record that counts its changes: 1 is the record as it was created.
pub trait Versioned: Serialize + DeserializeOwned + Send {
    /// The version of this record.
    fn version(&self) -> u64;
}

/// What becomes of a record that is at the expected version.
pub enum Change<R, T, E> {
    /// Write this record, which is the next version, and answer with the value.
    Write(R, T),
    /// Remove the record, and answer with the value.
    Delete(T),
    /// Change nothing, for this reason.
    Leave(E),
}

/// How an update ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Updated<R, T, E> {
    /// The record was changed.
    Done(T),
    /// Nothing was changed, by the holder's own decision.
    Left(E),
    /// Nothing was changed: the record is at another version, or absent.
    Stale(Option<R>),
    /// Nothing was changed: somebody else holds the claim, or held it until it was too late.
    Busy,
}

/// Changes the record at `key`, if it is at `version`; 0 stands for a record that does not exist.
///
/// `change` sees the record as it is at that version, and decides. At most three reads and three writes.
///
/// # Errors
/// Those of the store. The change may then have been made or not.
///
/// # Examples
/// ```
/// use common::{store::record::{Change, Updated, Versioned, update}, testing};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// struct Counter { version: u64, value: u64 }
///
/// impl Versioned for Counter {
///     fn version(&self) -> u64 { self.version }
/// }
///
/// # testing::run(async {
/// let ports = testing::World::new().ports();
/// let made = update(&ports, "counter", 0, |_: Option<Counter>| {
///     Change::<_, _, ()>::Write(Counter { version: 1, value: 7 }, "made")
/// });
/// assert_eq!(made.await?, Updated::Done("made"));
///
/// // Whoever still thinks that there is none learns what there is.
/// let late = update(&ports, "counter", 0, |_: Option<Counter>| Change::<_, (), ()>::Delete(()));
/// assert_eq!(late.await?, Updated::Stale(Some(Counter { version: 1, value: 7 })));
/// # Ok::<(), common::store::kv::KvError>(())
/// # }).unwrap();
/// ```
pub async fn update<R, T, E>(
    ports: &Ports,
    key: &str,
    version: u64,
    change: impl FnOnce(Option<R>) -> Change<R, T, E> + Send,
) -> Result<Updated<R, T, E>, KvError>
where
    R: Versioned,
    T: Send,
    E: Send,
{
    let mut change = Some(change);
    let mut decided = Ok(Updated::Busy);
    let mut take_step = |stored| {
        // It is asked once.
        let Some(change) = change.take() else {
            return Step::Leave;
        };
        match decide(key, version, stored, change) {
            Ok((step, outcome)) => {
                decided = Ok(outcome);
                step
            }
            Err(error) => {
                decided = Err(error);
                Step::Leave
            }
        }
    };
    match claim::advance(ports, key, version, &mut take_step).await? {
        Claimed::Done | Claimed::Left => decided,
        Claimed::Busy => Ok(Updated::Busy),
    }
}

/// What is to be done with a stored record, and how the update ends when that is done.
fn decide<R: Versioned, T, E>(
    key: &str,
    version: u64,
    stored: Option<Vec<u8>>,
    change: impl FnOnce(Option<R>) -> Change<R, T, E>,
) -> Result<(Step, Updated<R, T, E>), KvError> {
    let current: Option<R> = stored.map(|bytes| decode(key, &bytes)).transpose()?;
    if current.as_ref().map_or(0, Versioned::version) != version {
        return Ok((Step::Leave, Updated::Stale(current)));
    }
    match change(current) {
        Change::Write(record, _) if record.version() != version.saturating_add(1) => Err(KvError::Refused(format!(
            "a record's version does not follow {version}"
        ))),
        Change::Write(record, value) => Ok((Step::Write(encode(&record)?), Updated::Done(value))),
        Change::Delete(value) => Ok((Step::Delete, Updated::Done(value))),
        Change::Leave(reason) => Ok((Step::Leave, Updated::Left(reason))),
    }
}
