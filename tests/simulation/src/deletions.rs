//! A random history of one user who deletes the account, while others of their devices sign in, go on and write memos. Both
//! services are in it.

use fastrand::Rng;
use futures::FutureExt;

use crate::{
    accounts::register,
    answer::Answer,
    call::Act,
    months,
    op::{Ask, Reply, perform},
    plan::{Conditions, Plan, Shape},
    services::INSTANCES,
    sessions::Entry,
    stage::{Stage, Violation},
    storm::{self, Source},
    world::Setting,
};

/// The user of all of it.
pub const DEE: &str = "deedee";

const DAY: u64 = 24 * 60 * 60 * 1000;

/// What somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A new session.
    Enter,
    /// A new refresh token for this one.
    Refresh(String),
    /// A memo, by this access token.
    Write(String),
    /// The end of the account, by this access token.
    Delete(String),
    /// What is due in the auth service done.
    Maintain,
    /// The same in the memo service.
    MaintainMemos,
}

impl Deed {
    /// Whether the memo service is asked.
    pub fn is_for_memos(&self) -> bool {
        matches!(self, Self::Write(_) | Self::MaintainMemos)
    }
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
        Shape::Short => rng.usize(2..=7),
        Shape::Long | Shape::Purged => rng.usize(8..=15),
    };
    let id = begin(stage, setting);
    for _ in 0..rng.usize(1..=2) {
        perform_deed(stage, &mut rng, Deed::Enter)?;
    }
    let access = entries(stage)[0].access.clone();
    for number in 0..rng.usize(0..=2) {
        stage.perform(
            0,
            rng.usize(..INSTANCES),
            Act::Deletion(Deed::Write(access.clone())),
            &format!("memo {number}"),
        )?;
    }
    storm::rage(stage, &mut rng, &plan, &mut Deletions)?;
    storm::calm_down(stage)?;
    settle(stage, &mut rng, &id)
}

/// A history of a user who is registered, in services that others have used for a while. Tells the user's id.
pub fn begin(stage: &mut Stage, setting: Setting) -> String {
    stage.reset_both(setting);
    months::swept_until_now(stage);
    register(stage, DEE).id.as_str().to_owned()
}

fn perform_deed(stage: &mut Stage, rng: &mut Rng, deed: Deed) -> Result<Answer, Violation> {
    stage.perform(0, rng.usize(..INSTANCES), Act::Deletion(deed), "")
}

/// Those who have signed in, with the newest refresh token that each was given.
fn entries(stage: &Stage) -> Vec<Entry> {
    let session = |token: &str| token.split('.').next().unwrap_or_default().to_owned();
    let mut entries: Vec<Entry> = Vec::new();
    for call in &stage.calls {
        match call.answer() {
            Some(Answer::Entered(entry)) => entries.push(entry.clone()),
            Some(Answer::Tokens(Some(token))) => {
                let own = entries
                    .iter_mut()
                    .find(|entry| session(&entry.refresh) == session(token));
                if let Some(entry) = own {
                    entry.refresh.clone_from(token);
                }
            }
            _ => {}
        }
    }
    entries
}

/// What was asked for is done by the day after at the latest, and whole; what was not begun has done nothing.
///
/// # Errors
/// When it is not so.
pub fn settle(stage: &mut Stage, rng: &mut Rng, id: &str) -> Result<(), Violation> {
    let has_begun = match read(stage, &format!("auth/user/{id}")) {
        None => true,
        Some(user) => user.contains("\"deleted_at\""),
    };
    let is_told = |call: &crate::call::Call| {
        matches!(call.act, Act::Deletion(Deed::Delete(_))) && call.answer() == Some(&Answer::Removed)
    };
    if stage.calls.iter().any(is_told) && !has_begun {
        return Err(Violation(
            "an account is still there that is said to be gone".to_owned(),
        ));
    }
    if !has_begun {
        return is_whole(stage, rng, id);
    }
    stage.count("deletions");
    // The second day is for what met somebody who was at it.
    for _ in 0..3 {
        stage.state().pass(DAY + DAY / 12);
        for deed in [Deed::Maintain, Deed::MaintainMemos] {
            sweep(stage, rng, &deed)?;
        }
    }
    let mut left = traces(stage, id);
    // Of sign-ins that died, which nobody can find before their day.
    left.retain(|key| !key.starts_with("auth/session/"));
    nothing(&left)?;
    let refused = perform_deed(stage, rng, Deed::Enter)?;
    if refused != Answer::Refused(401) {
        return Err(Violation(format!(
            "the person is gone, and a sign-in was answered {refused:?}"
        )));
    }
    stage.state().pass(32 * DAY);
    for _ in 0..2 {
        sweep(stage, rng, &Deed::Maintain)?;
        stage.state().pass(DAY);
    }
    nothing(&traces(stage, id))
}

fn nothing(left: &[String]) -> Result<(), Violation> {
    if left.is_empty() {
        return Ok(());
    }
    Err(Violation(format!("the person is gone and is still in {left:?}")))
}

/// Nobody has begun to delete the account: it can be signed in to, and every memo is there.
fn is_whole(stage: &mut Stage, rng: &mut Rng, id: &str) -> Result<(), Violation> {
    // Tries that died may be counted.
    stage.state().pass(DAY);
    let entered = perform_deed(stage, rng, Deed::Enter)?;
    if !matches!(entered, Answer::Entered(_)) {
        return Err(Violation(format!(
            "nobody deletes the account, and a sign-in was answered {entered:?}"
        )));
    }
    for call in &stage.calls {
        if let (Act::Deletion(Deed::Write(_)), Some(Answer::Memo(memo))) = (&call.act, call.answer())
            && read(stage, &format!("memo/{id}/{}", memo.id)).is_none()
        {
            return Err(Violation(format!("memo {} is gone, and the account is there", memo.id)));
        }
    }
    Ok(())
}

/// Maintenance that meets nobody, to the end.
fn sweep(stage: &mut Stage, rng: &mut Rng, deed: &Deed) -> Result<(), Violation> {
    for _ in 0..100 {
        match perform_deed(stage, rng, deed.clone())? {
            Answer::Swept(false) => return Ok(()),
            Answer::Swept(true) => {}
            other => return Err(Violation(format!("maintenance was answered {other:?}"))),
        }
    }
    Err(Violation("maintenance has no end".to_owned()))
}

fn read(stage: &Stage, key: &str) -> Option<String> {
    match perform(&stage.state().store, &Ask::Get(key.to_owned())).now_or_never() {
        Some(Ok(Reply::Value(value))) => value.map(|value| String::from_utf8_lossy(&value).into_owned()),
        other => unreachable!("{other:?}"),
    }
}

/// The keys where the person's id is in the key or the value, but for flags of claims that died, which hold nothing.
fn traces(stage: &Stage, id: &str) -> Vec<String> {
    let keys = match perform(&stage.state().store, &Ask::Keys(String::new())).now_or_never() {
        Some(Ok(Reply::Keys(keys))) => keys,
        other => unreachable!("{other:?}"),
    };
    let mut left: Vec<String> = keys.into_iter().filter(|key| !key.contains("/claim/")).collect();
    left.retain(|key| key.contains(id) || read(stage, key).is_some_and(|value| value.contains(id)));
    left
}

struct Deletions;

impl Source for Deletions {
    fn next(&mut self, stage: &mut Stage, rng: &mut Rng) -> (usize, Act, String) {
        let entries = entries(stage);
        let entry = &entries[rng.usize(..entries.len())];
        let deed = match rng.u32(..100) {
            0..15 => Deed::Enter,
            15..30 => Deed::Refresh(entry.refresh.clone()),
            30..60 => Deed::Write(entry.access.clone()),
            60..85 => Deed::Delete(entry.access.clone()),
            85..93 => Deed::Maintain,
            _ => Deed::MaintainMemos,
        };
        (0, Act::Deletion(deed), format!("memo of request {}", stage.calls.len()))
    }
}
