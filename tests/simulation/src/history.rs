//! A random history of memos: requests, faults and time as the seed has it, and then quiet, in which all must be well.

use std::collections::BTreeMap;

use common::store::claim::WINDOW;
use fastrand::Rng;
use futures::FutureExt;

use crate::{
    answer::Answer,
    call::{Act, Among},
    judge, months,
    op::{Ask, Reply},
    plan::{Conditions, Plan, Shape},
    services::INSTANCES,
    stage::{Stage, Violation},
    storm,
    wishes::{KEYS, LISTS, Wishes, lose_ids},
    world::millis,
};

/// Runs the history of a seed.
///
/// # Errors
/// The first thing that was promised and does not hold.
pub fn run(stage: &mut Stage, seed: u64, conditions: &Conditions) -> Result<(), Violation> {
    let mut rng = Rng::with_seed(seed);
    let (plan, setting) = Plan::draw(&mut rng, conditions);
    if setting.plain {
        stage.count("histories without increment");
    }
    let mut wishes = Wishes::new(&mut rng, &plan, &setting);
    stage.reset(setting);
    prepare(stage, &mut rng, &mut wishes)?;
    storm::rage(stage, &mut rng, &plan, &mut wishes)?;
    storm::calm_down(stage)?;
    settle(stage, &mut rng, &mut wishes)?;
    if plan.months {
        months::pass(stage, &mut rng, &plan, &mut wishes)?;
    }
    let state = stage.state();
    judge::history(&state.journal, &stage.calls).map_err(Violation)?;
    let notes = state.journal.notes;
    drop(state);
    *stage.tally.entry("skip notes").or_default() += notes;
    Ok(())
}

/// Some memos to begin with, in a service that others have used for a while.
fn prepare(stage: &mut Stage, rng: &mut Rng, wishes: &mut Wishes) -> Result<(), Violation> {
    if rng.u32(..100) < 95 {
        months::swept_until_now(stage);
    }
    if wishes.shape != Shape::Purged {
        for _ in 0..rng.usize(1..=3) {
            let user = rng.usize(..wishes.users);
            wishes.at_once(stage, rng, user, Act::Create(None))?;
        }
        return Ok(());
    }
    let some_or_none = |stage: &mut Stage, rng: &mut Rng, wishes: &mut Wishes, most| {
        (0..rng.usize(..=most)).try_for_each(|_| wishes.at_once(stage, rng, 0, Act::Create(None)).map(|_| ()))
    };
    some_or_none(stage, rng, wishes, 4)?;
    if rng.bool() {
        stage.state().pass(2 * millis(WINDOW));
    }
    lose_ids(stage, 0, rng.u64(34..150));
    if rng.bool() {
        stage.state().pass(2 * millis(WINDOW));
    }
    some_or_none(stage, rng, wishes, 4)?;
    if rng.bool() {
        stage.state().pass(2 * millis(WINDOW));
    }
    Ok(())
}

/// Every memo can be changed, every create be retried, every page lists what there is, and all else agrees with it.
fn settle(stage: &mut Stage, rng: &mut Rng, wishes: &mut Wishes) -> Result<(), Violation> {
    // Before later changes make up for news that were lost.
    if rng.u32(..100) < 30 {
        agree(stage, rng, wishes)?;
    }
    for user in 0..wishes.users {
        if rng.bool() {
            walk(stage, rng, wishes, user, Among::Active)?;
        }
        let live = stage
            .state()
            .journal
            .live(user)
            .map(|(id, memo)| (id, memo.clone()))
            .take(3)
            .collect();
        let live: Vec<(u64, crate::journal::Content)> = live;
        for (id, memo) in live {
            let act = match memo.trashed_at {
                Some(_) if rng.bool() => Act::Remove(id, memo.version),
                Some(_) => Act::Restore(id, None),
                None if rng.u32(..100) < 20 => Act::Remove(id, memo.version),
                None => Act::Replace(id, memo.version),
            };
            wishes.at_once(stage, rng, user, act)?;
            if rng.u32(..100) < 20 {
                wishes.at_once(stage, rng, user, Act::Versions(id))?;
            }
        }
        let tried = |stage: &Stage, act: &Act| {
            let own = stage.calls.iter().filter(|call| call.user == user);
            own.flat_map(|call| call.parts()).any(|part| part.act == act)
        };
        for key in (0..KEYS).map(|key| Act::Create(Some(format!("key{key}")))) {
            if tried(stage, &key) {
                wishes.at_once(stage, rng, user, key)?;
            }
        }
        if rng.bool() {
            stage.state().pass(2 * millis(WINDOW));
        }
        walk(stage, rng, wishes, user, Among::All)?;
        let some = LISTS[rng.usize(..LISTS.len())];
        walk(stage, rng, wishes, user, some)?;
        quota(stage, user)?;
    }
    agree(stage, rng, wishes)
}

/// The tags, and what is known from the feed, agree with the memos. Behind many holes, readers of the feed wait until these
/// have settled.
///
/// # Errors
/// When they do not.
pub fn agree(stage: &mut Stage, rng: &mut Rng, wishes: &mut Wishes) -> Result<(), Violation> {
    let mut agreed = agree_now(stage, rng, wishes);
    for _ in 0..=wishes.followers.len() {
        if agreed.is_ok() || wishes.shape != Shape::Purged {
            break;
        }
        stage.count("waits for ids to settle");
        stage.state().pass(judge::LINGER);
        agreed = agree_now(stage, rng, wishes);
    }
    agreed
}

fn agree_now(stage: &mut Stage, rng: &mut Rng, wishes: &mut Wishes) -> Result<(), Violation> {
    for user in 0..wishes.users {
        tags(stage, rng, user)?;
    }
    let mut followers = std::mem::take(&mut wishes.followers);
    let agreed = followers
        .iter_mut()
        .try_for_each(|follower| follower.settle(stage, rng));
    wishes.followers = followers;
    agreed
}

/// All pages, one after the other.
fn walk(stage: &mut Stage, rng: &mut Rng, wishes: &mut Wishes, user: usize, among: Among) -> Result<(), Violation> {
    let limit = match wishes.shape {
        Shape::Purged => [10, 20, 100][rng.usize(..3)],
        Shape::Short | Shape::Long => [1, 2, 50][rng.usize(..3)],
    };
    let mut cursor = None;
    loop {
        let list = Act::List {
            among,
            limit,
            cursor: cursor.clone(),
        };
        match wishes.at_once(stage, rng, user, list)? {
            Answer::Page(_, None) => return Ok(()),
            Answer::Page(_, next) if next != cursor => cursor = next,
            other => return Err(Violation(format!("a walk got stuck at {other:?}"))),
        }
    }
}

/// The tags are those of the texts.
///
/// # Errors
/// When they are not.
pub fn tags(stage: &mut Stage, rng: &mut Rng, user: usize) -> Result<(), Violation> {
    for _ in 0..100 {
        let answer = stage.perform(user, rng.usize(..INSTANCES), Act::Tags, "")?;
        let Answer::Tags(tags, more) = answer else {
            return Err(Violation(format!("the tags are {answer:?}")));
        };
        if more {
            continue;
        }
        let state = stage.state();
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        let active = |memo: &&crate::journal::Content| memo.trashed_at.is_none() && !memo.archived;
        for memo in state.journal.live(user).map(|(_, memo)| memo).filter(active) {
            for tag in memo.text.split(' ').filter_map(|word| word.strip_prefix('#')) {
                *counts.entry(tag.to_owned()).or_default() += 1;
            }
        }
        let expected: Vec<(String, u64)> = counts.into_iter().collect();
        if state.journal.is_strict() && tags != expected {
            return Err(Violation(format!(
                "user {user} has the tags {expected:?}, and is told {tags:?}"
            )));
        }
        return Ok(());
    }
    Err(Violation("the tags have no end".to_owned()))
}

/// What is counted is what there is.
///
/// # Errors
/// When it is not.
pub fn quota(stage: &Stage, user: usize) -> Result<(), Violation> {
    let state = stage.state();
    if state.setting.plain {
        return Ok(());
    }
    let sum = |name: &str| {
        let ask = Ask::Increment(format!("memo/u{user}/{name}"), 0);
        match crate::op::perform(&state.store, &ask).now_or_never() {
            Some(Ok(Reply::Sum(sum))) => sum,
            other => unreachable!("{other:?}"),
        }
    };
    let (ids, changes) = (sum("seq"), sum("changes"));
    // Above an id lie KiB, which have a sign, and memos; below the number of a change are KiB, too.
    let low = |value: i64, bits: u32| (value << (64 - bits)) >> (64 - bits);
    let upper = ids >> 25;
    let created = low(upper, 20);
    let counted = ((upper - created) >> 20, created + low(changes, 24));
    judge::quota::counted(&state.journal, &stage.calls, user, counted).map_err(Violation)
}
