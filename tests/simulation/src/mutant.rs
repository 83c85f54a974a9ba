//! Services with a part taken out, as seen from outside: the store or the clock lies to the real ones just so that
//! the part has no effect. A simulator that does not notice proves nothing.

use memo_component::catalog::skip::SETTLED;

use crate::{
    op::{Ask, Caller, Reply, Response},
    world::millis,
};

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// Nothing.
    None,
    /// A claim that does not look at what `increment` says: every claimant is the first.
    EverybodyIsFirst,
    /// A claim that does not look at the windows before and after.
    NeighboursUnseen,
    /// A claim that does not read the record again: it sees what the claimant expects.
    NoSecondRead,
    /// A claim, and a create, that does not look at its own age: a request's clock stands still.
    NoFreshness,
    /// No claims at all on keys that contain this.
    Unclaimed(&'static str),
    /// A throttle that does not look at what `increment` says: every try is the first.
    TriesUncounted,
    /// Listings that take every hole for a settled one: by their clock, each of them is more than
    /// [`SETTLED`] later than the one before.
    NothingIsUnsettled,
}

impl Mutant {
    /// What the service gets to see instead of `response`.
    pub fn twist(self, ask: &Ask, response: Response) -> Response {
        let is_flag = ask.key().contains("/claim/");
        match (self, ask, response) {
            (Self::EverybodyIsFirst, Ask::Increment(..), Ok(_)) if is_flag => Ok(Reply::Sum(1)),
            (Self::NeighboursUnseen, Ask::Exists(_), Ok(_)) if is_flag => Ok(Reply::Found(false)),
            (Self::Unclaimed(part), Ask::Increment(key, _), Ok(_)) if is_flag && key.contains(part) => {
                Ok(Reply::Sum(1))
            }
            (Self::Unclaimed(part), Ask::Exists(key), Ok(_)) if is_flag && key.contains(part) => {
                Ok(Reply::Found(false))
            }
            (Self::TriesUncounted, Ask::Increment(key, _), Ok(_)) if key.starts_with("auth/throttle/") => {
                Ok(Reply::Sum(1))
            }
            (_, _, response) => response,
        }
    }

    /// The time that the service gets to see.
    pub fn now(self, caller: Option<Caller>, now: u64) -> u64 {
        match (self, caller) {
            (Self::NoFreshness, Some(caller)) => caller.began,
            (Self::NothingIsUnsettled, Some(caller)) if caller.lists => {
                now + (caller.call as u64 + 2) * millis(SETTLED)
            }
            _ => now,
        }
    }
}
