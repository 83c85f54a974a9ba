//! One winner per version of a record.
//!
//! Spin stores share one atomic operation, `increment`, so a change of a record from version *v* to *v* + 1 first
//! *claims* that step with flags, as in Dekker's algorithm. Time is cut into windows of [`WINDOW`]; the flag of
//! (record, v, window) is a counter key:
//!
//! 1. `increment` the flag of the current window; anything but 1 loses;
//! 2. the flags of the window before and of the window after must be down. Two writers on either side of a window's
//!    edge both raise their own flag first, so at least one of them sees the other's; who backs off lowers its own;
//! 3. read the record again: it must still be at v, and the claim younger than [`FRESH`];
//! 4. write v + 1 (or delete the record), if the claim still is as young as that;
//! 5. lower the flag. Nobody has to wait for that: the step is made, and the next one has a flag of its own.
//!
//! Three reads and three writes. Creating something unique is the step from 0 (absent) to 1. Between 3 and 4 the holder may
//! write what belongs to the step in records of their own, and must be there before it: the claim guards those as well, as
//! long as the holder finds it fresh before writing them.
//!
//! **What it rests on**, as every lease does: nobody sleeps between steps 3 and 4 for longer than a window less
//! [`FRESH`] (20 s), and clocks agree within a few seconds. A writer that dies between 1 and 5 leaves its flag up and
//! blocks its record for two windows at most; the flag's key then stays behind, unread.
//!
//! A store without `increment` gets a weaker promise: read, check, write, read again. Of two changes at the same
//! moment both may seem to win, and the later one stays.

use std::time::Duration;

use async_trait::async_trait;

use super::kv::KvError;
use crate::world::{Ports, clock::Timestamp};

/// The length of a window. Hosts end a request after 30 s; a claim that it left behind blocks its record for two windows,
/// which is twice as long.
pub const WINDOW: Duration = Duration::from_secs(30);

/// How old a claim may be when its holder writes. A request takes milliseconds; one that took this long has been
/// suspended, and may be again.
pub const FRESH: Duration = Duration::from_secs(10);

/// What the holder of a claim does, having read the record again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Write these bytes.
    Write(Vec<u8>),
    /// Remove the record.
    Delete,
    /// Change nothing: most often the record is not at the claimed version.
    Leave,
}

/// How a claimed step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// The record moved on.
    Done,
    /// Nothing was changed, by the holder's own decision.
    Left,
    /// Somebody else holds the claim, or held it until it was too late; nothing was changed.
    Busy,
}

/// Decides about a record as it is stored. A trait object, so that a component holds the protocol once and not once for
/// each kind of record.
#[async_trait]
pub trait Holder: Send {
    /// What becomes of the record. The holder has the claim, and may write here what has to be there before the record.
    ///
    /// # Errors
    /// Those of the store; the record then stays as it is.
    async fn decide(&mut self, stored: Option<Vec<u8>>) -> Result<Step, KvError>;
}

/// A closure decides without writing anything else.
#[async_trait]
impl<F: FnMut(Option<Vec<u8>>) -> Step + Send> Holder for F {
    async fn decide(&mut self, stored: Option<Vec<u8>>) -> Result<Step, KvError> {
        Ok(self(stored))
    }
}

/// Moves `record` on from `version`, if nobody else does: `holder` sees the record as it is and says how.
/// [`record::update`](super::record::update) is this for typed records.
///
/// # Errors
/// Those of the store. The change may then have happened or not. After a write that failed the claim stays up until its
/// windows pass, because what was lost on its way may still arrive.
pub async fn advance(ports: &Ports, record: &str, version: u64, holder: &mut dyn Holder) -> Result<Claimed, KvError> {
    if !ports.kv.has_increment() {
        return advance_unclaimed(ports, record, holder).await;
    }
    let claimed_at = ports.clock.now();
    let Some(flag) = raise(ports, record, version, claimed_at).await? else {
        return Ok(Claimed::Busy);
    };
    let is_fresh = || ports.clock.now().since(claimed_at) < FRESH;
    let stored = match ports.kv.get(record).await {
        Ok(stored) => stored,
        Err(error) => {
            lower(ports, &flag).await;
            return Err(error);
        }
    };
    let claimed = if !is_fresh() {
        Claimed::Busy
    } else {
        match holder.decide(stored).await? {
            Step::Leave => Claimed::Left,
            _ if !is_fresh() => Claimed::Busy,
            Step::Write(bytes) => {
                ports.kv.set(record, &bytes).await?;
                Claimed::Done
            }
            Step::Delete => {
                ports.kv.delete(record).await?;
                Claimed::Done
            }
        }
    };
    let lowering = {
        let ports = ports.clone();
        Box::pin(async move { lower(&ports, &flag).await })
    };
    match claimed {
        // The record has moved on for good, and nobody claims this step again: what is left is to tidy up.
        Claimed::Done => (ports.afterwards)(lowering).await,
        // Whoever tries again is not to meet this flag.
        Claimed::Left | Claimed::Busy => lowering.await,
    }
    Ok(claimed)
}

/// The keys of the flags of a step: of the window before this moment's, of its own, and of the one after.
pub fn flags_around(record: &str, version: u64, moment: Timestamp) -> [String; 3] {
    let window = moment.0 / u64::try_from(WINDOW.as_millis()).unwrap_or(u64::MAX);
    let flag_of = |window: u64| format!("{record}/claim/{version}/{window}");
    [
        flag_of(window.saturating_sub(1)),
        flag_of(window),
        flag_of(window.saturating_add(1)),
    ]
}

/// Steps 1 and 2: the raised flag's key, or `None` where somebody else is at it.
async fn raise(ports: &Ports, record: &str, version: u64, now: Timestamp) -> Result<Option<String>, KvError> {
    let [before, flag, after] = flags_around(record, version, now);
    if ports.kv.increment(&flag, 1).await? != 1 {
        return Ok(None);
    }
    let neighbours = futures::future::try_join(ports.kv.exists(&before), ports.kv.exists(&after)).await;
    if let Ok((false, false)) = neighbours {
        return Ok(Some(flag));
    }
    lower(ports, &flag).await;
    neighbours.map(|_| None)
}

/// Lowers a flag. Where that fails the flag stays up, which costs others a wait of two windows and nothing else,
/// so it is no reason to call a change failed that was made.
async fn lower(ports: &Ports, flag: &str) {
    if let Err(error) = ports.kv.delete(flag).await {
        ports.warn("a claim's flag stays up", error);
    }
}

/// The weaker way, for stores without `increment`.
async fn advance_unclaimed(ports: &Ports, record: &str, holder: &mut dyn Holder) -> Result<Claimed, KvError> {
    match holder.decide(ports.kv.get(record).await?).await? {
        Step::Leave => Ok(Claimed::Left),
        Step::Delete => {
            ports.kv.delete(record).await?;
            Ok(Claimed::Done)
        }
        Step::Write(bytes) => {
            ports.kv.set(record, &bytes).await?;
            match ports.kv.get(record).await? {
                Some(stored) if stored == bytes => Ok(Claimed::Done),
                _ => Ok(Claimed::Busy),
            }
        }
    }
}
