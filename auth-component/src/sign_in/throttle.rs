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

use std::{net::IpAddr, time::Duration};

use common::{
    http::problem::Problem,
    store::kv::KvError,
    world::{Ports, clock::Timestamp},
};
use futures::future::try_join_all;
use hmac_sha256::Hash;
use serde::{Deserialize, Serialize};

/// How long tries are counted together.
pub const WINDOW: Duration = Duration::from_secs(5 * 60);

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// To sign in. Only wrong passwords count in the end.
    SignIn,
    /// To register. Every try counts.
    Register,
    /// To give the code of a second factor, after the right password. Only wrong codes count in the end.
    SecondFactor,
    /// To recover an account. Only wrong codes count in the end.
    Recover,
    /// To sign in with a passkey. Only wrong answers count in the end.
    Passkey,
}

/// One kind of limit.
#[derive(Clone, Copy, Debug)]
struct Limit {
    name: &'static str,
    /// The most tries in a window.
    tries: i64,
}

/// Sign-ins with one name from one network: far more than a person mistypes.
const SIGN_IN_HERE: Limit = Limit {
    name: "sign-in-here",
    tries: 10,
};

/// Sign-ins with one name from everywhere: 17,000 guesses a day, where one core could hash 2.6 million.
const SIGN_IN_NAME: Limit = Limit {
    name: "sign-in-name",
    tries: 60,
};

/// Sign-ins from one network, which may be an office or a school.
const SIGN_IN_NETWORK: Limit = Limit {
    name: "sign-in-network",
    tries: 100,
};

/// Registrations of one name, which most often end before the hash because the name is taken.
const REGISTER_NAME: Limit = Limit {
    name: "register-name",
    tries: 60,
};

/// Registrations from one network.
const REGISTER_NETWORK: Limit = Limit {
    name: "register-network",
    tries: 30,
};

/// Codes of one account from everywhere. Of a million codes three are good at a time, so somebody who knows the password and
/// guesses all day long finds one in eight months on average; the log tells of each guess.
const SECOND_FACTOR: Limit = Limit {
    name: "second-factor",
    tries: 5,
};

/// Recoveries of one name from one network. Nobody can guess a recovery code, so a name has no limit for all networks, which
/// could only keep its owner out; what is limited is work.
const RECOVER_HERE: Limit = Limit {
    name: "recover-here",
    tries: 10,
};

/// Recoveries from one network.
const RECOVER_NETWORK: Limit = Limit {
    name: "recover-network",
    tries: 30,
};

/// Sign-ins with a passkey from one network. Nobody can guess a signature; what is limited is work.
const PASSKEY_NETWORK: Limit = Limit {
    name: "passkey-network",
    tries: 100,
};

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

/// The limits that hold for a try, and the bucket of each that it falls into. The limit of the name comes last.
fn buckets(action: Action, username: &str, network: Option<IpAddr>) -> Vec<(Limit, String)> {
    let from = network.map_or_else(|| "here".to_owned(), |network| network.to_string());
    let (of_network, of_both, of_name) = match action {
        Action::SignIn => (Some(SIGN_IN_NETWORK), Some(SIGN_IN_HERE), Some(SIGN_IN_NAME)),
        Action::Register => (Some(REGISTER_NETWORK), None, Some(REGISTER_NAME)),
        Action::SecondFactor => (None, None, Some(SECOND_FACTOR)),
        Action::Recover => (Some(RECOVER_NETWORK), Some(RECOVER_HERE), None),
        Action::Passkey => (Some(PASSKEY_NETWORK), None, None),
    };
    // The machine itself is no network: on a laptop everybody is there, and so is everybody behind a proxy on the same
    // machine that is not among the trusted ones.
    let of_network = of_network.filter(|_| network.is_some());
    let buckets = [
        of_network.map(|limit| (limit, bucket(&[&from]))),
        of_both.map(|limit| (limit, bucket(&[username, &from]))),
        of_name.map(|limit| (limit, bucket(&[username]))),
    ];
    buckets.into_iter().flatten().collect()
}

/// 16 bits of a hash.
fn bucket(parts: &[&str]) -> String {
    let [high, low, ..] = Hash::hash(parts.join("\n").as_bytes());
    format!("{high:02x}{low:02x}")
}

/// A counter after a try was counted.
struct Counted {
    key: String,
    window: u64,
    /// The tries in the window, with this one.
    tries: i64,
}

impl Counted {
    fn ends_in(&self, now: Timestamp) -> Duration {
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

fn counter_key(key: &str, window: u64) -> String {
    format!("{key}/{window}")
}

async fn count(ports: &Ports, limit: Limit, bucket: &str, now: Timestamp) -> Result<Counted, KvError> {
    let key = format!("auth/throttle/{}/{bucket}", limit.name);
    let current = now.0 / millis(WINDOW);
    let note: Option<Note> = ports.kv.get_json(&key).await?;
    // Another instance's clock may be a little ahead: then its window is the one that counts.
    let noted = note.as_ref().map(|note| note.window);
    let window = noted.filter(|noted| *noted == current + 1).unwrap_or(current);
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

async fn give_back(ports: &Ports, counted: Counted) -> Result<(), KvError> {
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

#[cfg(test)]
mod tests {
    use common::testing::{World, run};

    use super::*;

    const ELSEWHERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)));

    async fn is_let_in(world: &World, action: Action, name: &str, network: Option<IpAddr>) -> bool {
        match admit(&world.ports(), action, name, network).await {
            Ok(_) => true,
            Err(Throttled::TooMany { retry_after }) => {
                assert!(!retry_after.is_zero() && retry_after <= WINDOW, "{retry_after:?}");
                false
            }
            Err(error) => panic!("{error}"),
        }
    }

    async fn how_many_are_let_in(world: &World, name: &str, network: Option<IpAddr>) -> usize {
        let mut let_in = 0;
        for _ in 0..200 {
            let_in += usize::from(is_let_in(world, Action::SignIn, name, network).await);
        }
        let_in
    }

    #[test]
    fn wrong_tries_are_limited_until_the_next_window() {
        run(async {
            let world = World::new();
            for _ in 0..3 {
                assert_eq!(how_many_are_let_in(&world, "ann", None).await, 10);
                world.pass(WINDOW);
            }
        });
    }

    #[test]
    fn who_guesses_elsewhere_does_not_keep_the_owner_out() {
        run(async {
            let world = World::new();
            assert_eq!(how_many_are_let_in(&world, "ann", ELSEWHERE).await, 10);
            assert!(is_let_in(&world, Action::SignIn, "ann", None).await);
        });
    }

    #[test]
    fn a_name_is_limited_wherever_the_tries_come_from() {
        run(async {
            let world = World::new();
            let mut let_in = 0;
            for host in 1..=20 {
                let network = Some(IpAddr::from([192, 0, 2, host]));
                for _ in 0..10 {
                    let_in += usize::from(is_let_in(&world, Action::SignIn, "ann", network).await);
                }
            }
            assert_eq!(let_in, 60);
        });
    }

    #[test]
    fn a_network_is_limited_whatever_names_it_tries() {
        run(async {
            let world = World::new();
            for (action, limit) in [(Action::SignIn, 100), (Action::Register, 30), (Action::Recover, 30)] {
                let mut let_in = 0;
                for name in 0..150 {
                    let_in += usize::from(is_let_in(&world, action, &format!("name{name}"), ELSEWHERE).await);
                }
                assert_eq!(let_in, limit, "{action:?}");
            }
        });
    }

    #[test]
    fn codes_of_a_name_are_limited_to_a_handful_wherever_they_come_from() {
        run(async {
            let world = World::new();
            let mut let_in = 0;
            for host in 1..=20 {
                let network = Some(IpAddr::from([192, 0, 2, host]));
                let_in += usize::from(is_let_in(&world, Action::SecondFactor, "ann", network).await);
            }
            assert_eq!(let_in, 5);
            // Recoveries are limited where they come from, and nobody can keep the owner from them.
            let mut recoveries = 0;
            for host in 1..=20 {
                let network = Some(IpAddr::from([192, 0, 2, host]));
                for _ in 0..20 {
                    recoveries += usize::from(is_let_in(&world, Action::Recover, "ann", network).await);
                }
            }
            assert_eq!(recoveries, 20 * 10);
        });
    }

    #[test]
    fn right_tries_are_not_limited() {
        run(async {
            let world = World::new();
            let ports = world.ports();
            for _ in 0..200 {
                let admission = admit(&ports, Action::SignIn, "ann", ELSEWHERE).await.unwrap();
                admission.give_back(&ports).await;
            }
        });
    }

    #[test]
    fn windows_that_are_over_leave_nothing_behind() {
        run(async {
            let world = World::new();
            for _ in 0..50 {
                is_let_in(&world, Action::SignIn, "ann", ELSEWHERE).await;
                world.pass_secs(1000);
            }
            // Three limits, and of each the note and one counter.
            assert_eq!(world.kv.keys("auth/throttle/").await.unwrap().len(), 6);
        });
    }

    #[test]
    fn a_store_without_counters_limits_too() {
        run(async {
            let world = World::over(std::sync::Arc::new(common::store::kv::MemoryKv::without_increment()));
            assert_eq!(how_many_are_let_in(&world, "ann", None).await, 10);
            world.pass(WINDOW);
            let ports = world.ports();
            for _ in 0..50 {
                let admission = admit(&ports, Action::SignIn, "ann", None).await.unwrap();
                admission.give_back(&ports).await;
            }
            assert_eq!(world.kv.keys("auth/throttle/").await.unwrap().len(), 2);
        });
    }
}
