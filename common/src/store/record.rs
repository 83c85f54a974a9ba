//! Records that change in one way only: from a version to the next one, under a claim.
//!
//! A record is a type with a version. [`update`] is the only way in which a stored one is changed, so what
//! [`claim`] promises holds for every record that goes through here: of two changes of one version, one
//! wins, and the other one learns what the record is by now.

use std::future::ready;

use async_trait::async_trait;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    claim::{self, Claimed, Holder, Step},
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
    update_after(ports, key, version, |current| ready(Ok(change(current)))).await
}

/// As [`update`], for a change that writes other records before this one: `change` holds the claim while it does so.
///
/// # Errors
/// Those of the store and of `change`. The change may then have been made or not.
pub async fn update_after<R, T, E, F, W>(
    ports: &Ports,
    key: &str,
    version: u64,
    change: F,
) -> Result<Updated<R, T, E>, KvError>
where
    R: Versioned,
    T: Send,
    E: Send,
    F: FnOnce(Option<R>) -> W + Send,
    W: Future<Output = Result<Change<R, T, E>, KvError>> + Send,
{
    let mut changing = Changing {
        key,
        version,
        change: Some(change),
        outcome: Ok(Updated::Busy),
    };
    match claim::advance(ports, key, version, &mut changing).await? {
        Claimed::Done | Claimed::Left => changing.outcome,
        Claimed::Busy => Ok(Updated::Busy),
    }
}

/// A change of a typed record, as the holder of its claim makes it.
struct Changing<'a, R, T, E, F> {
    key: &'a str,
    version: u64,
    /// Taken when it is asked, which is once.
    change: Option<F>,
    outcome: Result<Updated<R, T, E>, KvError>,
}

#[async_trait]
impl<R, T, E, F, W> Holder for Changing<'_, R, T, E, F>
where
    R: Versioned,
    T: Send,
    E: Send,
    F: FnOnce(Option<R>) -> W + Send,
    W: Future<Output = Result<Change<R, T, E>, KvError>> + Send,
{
    async fn decide(&mut self, stored: Option<Vec<u8>>) -> Result<Step, KvError> {
        let current: Option<R> = match stored.map(|bytes| decode(self.key, &bytes)).transpose() {
            Ok(current) => current,
            Err(error) => {
                self.outcome = Err(error);
                return Ok(Step::Leave);
            }
        };
        if current.as_ref().map_or(0, Versioned::version) != self.version {
            self.outcome = Ok(Updated::Stale(current));
            return Ok(Step::Leave);
        }
        let Some(change) = self.change.take() else {
            return Ok(Step::Leave);
        };
        let (step, outcome) = match change(current).await? {
            Change::Write(record, _) if record.version() != self.version.saturating_add(1) => {
                self.outcome = Err(KvError::Refused(format!(
                    "a record's version does not follow {}",
                    self.version
                )));
                return Ok(Step::Leave);
            }
            Change::Write(record, value) => (Step::Write(encode(&record)?), Updated::Done(value)),
            Change::Delete(value) => (Step::Delete, Updated::Done(value)),
            Change::Leave(reason) => (Step::Leave, Updated::Left(reason)),
        };
        self.outcome = Ok(outcome);
        Ok(step)
    }
}
