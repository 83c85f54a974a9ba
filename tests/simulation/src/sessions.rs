//! A random history of one user's sessions: sign-ins, refreshes, changes of the password, ends of one session and of all others,
//! and what is told of that to others.

use auth_component::{
    records::session_list::SESSIONS_MAX,
    routes::revocations,
    sessions::{self, Place},
    sign_in::{AuthenticatedUser, throttle},
};
use fastrand::Rng;

use crate::{
    accounts::{at_once, register},
    answer::Answer,
    call::{Act, PASSWORD},
    plan::{Conditions, Plan, Shape},
    ports,
    services::INSTANCES,
    stage::{Stage, Violation},
    storm::{self, Source},
    world::{SKEW_MAX, millis},
};

/// The user of all of it.
pub const BEA: &str = "bea";

/// What somebody who is signed in wants of their account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To see the sessions.
    List,
    /// The end of the session of this id.
    End(String),
    /// The end of all other sessions.
    EndOthers,
    /// Another password.
    ChangePassword {
        /// The one before.
        current: String,
        /// The one after.
        new: String,
    },
}

/// Somebody who has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The access token.
    pub access: String,
    /// The first refresh token.
    pub refresh: String,
}

/// The id of the session of a refresh token.
pub fn session_of(refresh: &str) -> &str {
    refresh.split('.').next().unwrap_or_default()
}

/// Runs the history of a seed.
///
/// # Errors
/// The first thing that was promised and does not hold.
pub fn run(stage: &mut Stage, seed: u64, conditions: &Conditions) -> Result<(), Violation> {
    let mut rng = Rng::with_seed(seed);
    let (mut plan, mut setting) = Plan::draw(&mut rng, conditions);
    setting.plain = false;
    plan.requests = match plan.shape {
        Shape::Short => rng.usize(3..=9),
        Shape::Long | Shape::Purged => rng.usize(10..=25),
    };
    stage.reset_auth(setting, true);
    let user = register(stage, BEA);
    // Many have few devices; some have as many as they may.
    if rng.u32(..100) < 15 {
        sign_in_directly(stage, &user, SESSIONS_MAX - rng.usize(..3));
    }
    let mut source = Sessions;
    storm::rage(stage, &mut rng, &plan, &mut source)?;
    storm::calm_down(stage)?;
    settle(stage, &mut rng)
}

/// Begins sessions that nobody uses.
fn sign_in_directly(stage: &Stage, user: &AuthenticatedUser, count: usize) {
    let ports = ports::of(stage.world(), 0);
    for _ in 0..count {
        let place = Place {
            client_id: "memo-web",
            user_agent: None,
            tells_notices: false,
        };
        assert!(
            at_once(stage, sessions::begin(&ports, user, place)).is_ok(),
            "a session"
        );
    }
}

/// Those who have signed in, with the newest refresh tokens that they were given.
fn entries(stage: &Stage) -> Vec<(Entry, Vec<String>)> {
    let mut entries: Vec<(Entry, Vec<String>)> = Vec::new();
    for call in &stage.calls {
        match call.answer() {
            Some(Answer::Entered(entry)) => entries.push((entry.clone(), vec![entry.refresh.clone()])),
            Some(Answer::Tokens(Some(token))) => {
                let own = entries
                    .iter_mut()
                    .find(|(entry, _)| session_of(&entry.refresh) == session_of(token));
                if let Some((_, tokens)) = own.filter(|(_, tokens)| !tokens.contains(token)) {
                    tokens.push(token.clone());
                }
            }
            _ => {}
        }
    }
    entries
}

/// The passwords that may be the user's by now, the likeliest last.
pub fn passwords(stage: &Stage) -> Vec<String> {
    let mut certain = PASSWORD.to_owned();
    let mut passwords = Vec::new();
    for call in &stage.calls {
        let Act::Account(_, Wish::ChangePassword { new, .. }) = &call.act else {
            continue;
        };
        match call.answer() {
            Some(Answer::Removed) => certain.clone_from(new),
            Some(Answer::Refused(status)) if *status != 503 => {}
            _ => passwords.push(new.clone()),
        }
    }
    passwords.push(certain);
    passwords
}

/// What was ended is told; somebody knows the password, and sees no more sessions than there may be.
fn settle(stage: &mut Stage, rng: &mut Rng) -> Result<(), Violation> {
    for instance in 0..INSTANCES {
        stage.perform(0, instance, Act::Revocations, "")?;
    }
    for (_, tokens) in entries(stage) {
        if let Some(newest) = tokens.last() {
            stage.perform(0, rng.usize(..INSTANCES), Act::Refresh(newest.clone()), "")?;
        }
    }
    stage.state().pass(2 * millis(throttle::WINDOW));
    for password in passwords(stage).into_iter().rev() {
        let answer = stage.perform(0, rng.usize(..INSTANCES), Act::Enter(password), "")?;
        if let Answer::Entered(entry) = answer {
            let list = Act::Account(entry.access, Wish::List);
            stage.perform(0, rng.usize(..INSTANCES), list, "")?;
            return Ok(());
        }
    }
    Err(Violation("nobody knows the password".to_owned()))
}

struct Sessions;

impl Source for Sessions {
    fn next(&mut self, stage: &mut Stage, rng: &mut Rng) -> (usize, Act, String) {
        let entries = entries(stage);
        let passwords = passwords(stage);
        let enter = |rng: &mut Rng| {
            let last = passwords.len() - 1;
            let index = if rng.u32(..100) < 85 { last } else { rng.usize(..=last) };
            Act::Enter(passwords[index].clone())
        };
        if entries.is_empty() {
            return (0, enter(rng), String::new());
        }
        let (entry, tokens) = &entries[rng.usize(..entries.len())];
        let token = if rng.u32(..100) < 85 {
            tokens[tokens.len() - 1].clone()
        } else {
            tokens[rng.usize(..tokens.len())].clone()
        };
        let wish = |wish| Act::Account(entry.access.clone(), wish);
        let act = match rng.u32(..100) {
            0..25 => enter(rng),
            25..50 => Act::Refresh(token),
            50..57 => Act::SignOut(token),
            57..66 => {
                let (other, _) = &entries[rng.usize(..entries.len())];
                wish(Wish::End(session_of(&other.refresh).to_owned()))
            }
            66..74 => wish(Wish::EndOthers),
            74..84 => wish(Wish::ChangePassword {
                current: passwords[passwords.len() - 1].clone(),
                new: format!("another horse {}", stage.calls.len()),
            }),
            84..92 => wish(Wish::List),
            _ => Act::Revocations,
        };
        (0, act, String::new())
    }
}

/// How much older than a request the list of ended sessions may be that it is answered with.
pub const LIST_AGE: u64 = millis_of(revocations::MAX_AGE) + SKEW_MAX as u64;

const fn millis_of(duration: std::time::Duration) -> u64 {
    duration.as_millis() as u64
}
