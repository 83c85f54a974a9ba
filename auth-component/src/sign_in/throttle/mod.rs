//! How often somebody may try: at a name, and from a network.
//!
//! A try is counted before its password is hashed, and given back when it was right. So tries that run at the same
//! moment count each other, on all instances, and signing in rightly is never what uses up a limit. Too many tries are put
//! off to the next window and never locked out: a lock would be a weapon against the owner of the name. For the same
//! reason a name has two limits. The lower one holds for each network that tries it, so somebody who guesses at a name in
//! one place does not keep its owner in another place from signing in. Guesses from six networks and more do put the owner
//! off, for as long as they go on; sessions that the owner has are not touched by that.
//!
//! The store knows no time to live, so tries are counted in a bounded number of places: 2¹⁶ buckets for each limit. A
//! bucket is two keys:
//!
//! | key | holds |
//! |---|---|
//! | `auth/throttle/{limit}/{bucket}` | the window that the bucket is at |
//! | `auth/throttle/{limit}/{bucket}/{window}` | a counter: the tries in that window |
//!
//! Whoever finds the bucket at an older window first deletes that window's counter, and then notes the new window. It
//! does not matter if several do so at the same time, or if one stops half-way: both steps can be done twice, and the
//! count itself is kept by `increment` alone.

mod counter;
mod limits;
#[cfg(test)]
mod tests;

use std::{net::IpAddr, time::Duration};

use common::{http::problem::Problem, store::kv::KvError, world::Ports};
use futures::future::try_join_all;

use counter::{Counted, count, give_back, look};
pub use limits::Action;
use limits::buckets;

/// How long tries are counted together.
pub const WINDOW: Duration = Duration::from_secs(5 * 60);

/// Why a try is put off.
#[derive(Debug, thiserror::Error)]
pub enum Throttled {
    /// There were too many of them.
    #[error("too many tries; the next one is welcome in {retry_after:?}")]
    TooMany {
        /// How long until the next window.
        retry_after: Duration,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] KvError),
}

impl From<Throttled> for Problem {
    fn from(error: Throttled) -> Self {
        match error {
            Throttled::TooMany { retry_after } => Self::too_many_requests(retry_after),
            Throttled::Store(error) => error.into(),
        }
    }
}

/// A try that was let in and counted. One that turns out right is given back.
pub struct Admission {
    counted: Vec<Counted>,
}

/// Lets a try in and counts it, or puts it off.
///
/// Costs a read and an increment for each limit, and two writes more for the first try of a bucket in a window.
///
/// # Errors
/// [`Throttled`].
pub async fn admit(
    ports: &Ports,
    action: Action,
    username: &str,
    network: Option<IpAddr>,
) -> Result<Admission, Throttled> {
    let now = ports.clock.now();
    let mut counted = Vec::new();
    // One after the other, because a try that is put off for where it comes from must not count against the name.
    for (limit, bucket) in buckets(action, username, network) {
        let count = count(ports, limit, &bucket, now).await?;
        if count.tries > limit.tries {
            let retry_after = count.ends_in(now);
            return Err(Throttled::TooMany { retry_after });
        }
        counted.push(count);
    }
    Ok(Admission { counted })
}

/// Puts a try off after too many failures. It is not counted itself: who never fails never counts.
///
/// Costs a read, and an increment by nothing where there were failures.
///
/// # Errors
/// [`Throttled`].
pub async fn check(ports: &Ports, action: Action, network: Option<IpAddr>) -> Result<(), Throttled> {
    let now = ports.clock.now();
    for (limit, bucket) in buckets(action, "", network) {
        let count = look(ports, limit, &bucket, now).await?;
        if count.tries >= limit.tries {
            let retry_after = count.ends_in(now);
            return Err(Throttled::TooMany { retry_after });
        }
    }
    Ok(())
}

/// Counts a failure. Where the store fails it is not counted.
pub async fn count_failure(ports: &Ports, action: Action, network: Option<IpAddr>) {
    let now = ports.clock.now();
    for (limit, bucket) in buckets(action, "", network) {
        if let Err(error) = count(ports, limit, &bucket, now).await {
            ports.warn("a failure is not counted", error);
        }
    }
}

impl Admission {
    /// Gives the try back, because it was right. Where that fails, the try stays counted until its window is over, which
    /// is no reason to turn away somebody who knows the password.
    pub async fn give_back(self, ports: &Ports) {
        let now = ports.clock.now();
        let current = self
            .counted
            .into_iter()
            .filter(|counted| !counted.ends_in(now).is_zero());
        let given_back = try_join_all(current.map(|counted| give_back(ports, counted)));
        if let Err(error) = given_back.await {
            ports.warn("a right sign-in stays counted as a try", error);
        }
    }
}
