//! What must hold: of each answer, when it is given, and of everything, in the end.

use std::{collections::HashMap, time::Duration};

use common::store::claim::{FRESH, WINDOW};

pub mod accounts;

use crate::{
    call::{Act, Answer, Call, End, Moment, Seen},
    journal::{Content, Entry, Journal},
    ledger::Ledger,
    op::CallId,
    world::SKEW_MAX,
};

/// How long a crash may keep others from a record: two windows, as clocks differ.
pub const LINGER: u64 = 2 * WINDOW.as_millis() as u64 + 2 * SKEW_MAX as u64;

/// Judges the answer of a request that has just ended.
///
/// # Errors
/// What is wrong with it.
pub fn answer(journal: &Journal, ledger: &Ledger, calls: &[Call], id: CallId) -> Result<(), String> {
    let call = &calls[id];
    let Some((ended, End::Answered(answer))) = &call.ended else {
        return Ok(());
    };
    if call.act.is_for_auth() {
        return accounts::answer(ledger, calls, id, ended, answer);
    }
    let between = |id| journal.between(call.user, id, call.began.step, ended.step);
    let was = |seen: &Seen| {
        let same = |content: &&Content| content.version == seen.version && content.text == seen.text;
        between(seen.id).into_iter().flatten().any(|content| same(&content))
    };
    match (&call.act, answer) {
        (Act::Create(_), Answer::Memo(seen)) => {
            let first = journal.entries(call.user, seen.id).first();
            if !is_content(first, 1, &call.text) {
                return Err(format!("the memo {} is not the one that was sent", seen.id));
            }
            expect(was(seen), "the memo was not so at any time during the request")
        }
        (Act::Read(id), Answer::Memo(seen)) => expect(
            seen.id == *id && was(seen),
            "the memo was not so at any time during the request",
        ),
        (Act::Replace(id, version), Answer::Memo(seen)) => {
            let own = seen.id == *id && seen.version == version + 1 && seen.text == call.text;
            expect(own && was(seen), "an acknowledged update was not made")
        }
        (Act::Remove(id, _), Answer::Removed) => {
            let gone = between(*id)
                .windows(2)
                .any(|pair| pair[0].is_some() && pair[1].is_none());
            expect(gone, "an acknowledged removal was not made")
        }
        (Act::List { limit, before }, Answer::Page(items, next)) => {
            expect(
                items.iter().all(was),
                "a listed memo was not so at any time during the request",
            )?;
            page(journal, call, ended, (*limit, *before), (items, *next))
        }
        (act, Answer::Refused(status, current)) => {
            expect(may_refuse(journal, calls, id, ended, (*status, *current)), || {
                format!("{act:?} was answered {status} {current:?} without a reason")
            })
        }
        (act, answer) => Err(format!("{act:?} was answered {answer:?}")),
    }
}

fn expect(holds: bool, otherwise: impl Otherwise) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.text()) }
}

trait Otherwise {
    fn text(self) -> String;
}

impl Otherwise for &str {
    fn text(self) -> String {
        self.to_owned()
    }
}

impl<F: FnOnce() -> String> Otherwise for F {
    fn text(self) -> String {
        self()
    }
}

fn is_content(entry: Option<&Entry>, version: u64, text: &str) -> bool {
    entry
        .and_then(|entry| entry.content.as_ref())
        .is_some_and(|content| content.version == version && content.text == text)
}

/// A page is in order, within its limit, and leaves out nothing that was there all the time.
fn page(
    journal: &Journal,
    call: &Call,
    ended: &Moment,
    (limit, before): (usize, Option<u64>),
    (items, next): (&[Seen], Option<u64>),
) -> Result<(), String> {
    let falling = items.windows(2).all(|pair| pair[0].id > pair[1].id);
    expect(falling && items.len() <= limit, "a page is out of order or too long")?;
    let range = next.unwrap_or(0)..before.unwrap_or(u64::MAX);
    expect(
        items.iter().all(|item| range.contains(&item.id)),
        "a page reaches beyond its cursors",
    )?;
    for (user, id, _) in journal.memos() {
        if user != call.user || !range.contains(&id) || items.iter().any(|item| item.id == id) {
            continue;
        }
        let states = journal.between(user, id, call.began.step, ended.step);
        expect(states.iter().any(Option::is_none), || {
            format!("memo {user}/{id} was there all the time and is not listed")
        })?;
    }
    Ok(())
}

fn may_refuse(
    journal: &Journal,
    calls: &[Call],
    id: CallId,
    ended: &Moment,
    (status, current): (u16, Option<u64>),
) -> bool {
    let call = &calls[id];
    let between = |id| journal.between(call.user, id, call.began.step, ended.step);
    match (status, &call.act) {
        (404, Act::Read(id) | Act::Replace(id, _) | Act::Remove(id, _)) => between(*id).contains(&None),
        // The key's memo was made and removed.
        (404, Act::Create(Some(_))) => journal.memos().any(|(user, _, entries)| {
            user == call.user && is_content(entries.first(), 1, &call.text) && entries.iter().any(is_removal)
        }),
        (412, Act::Replace(id, version) | Act::Remove(id, version)) => {
            let told = |content: &Content| Some(content.version) == current && content.version != *version;
            between(*id).into_iter().flatten().any(told)
        }
        (409, Act::Create(Some(_)) | Act::Replace(..) | Act::Remove(..)) => {
            may_be_busy(calls, id, ended, journal.is_strict())
        }
        (503, Act::Create(_)) => call.disturbed || is_slow(call, ended.time),
        (503, _) => call.disturbed,
        _ => false,
    }
}

/// Whether a request may find that another one is at it.
fn may_be_busy(calls: &[Call], id: CallId, ended: &Moment, strict: bool) -> bool {
    let call = &calls[id];
    is_slow(call, ended.time)
        || calls.iter().enumerate().any(|(other, rival)| {
            other != id && are_rivals(rival, call, strict) && call.began.time <= lingers_until(rival, call.began.step)
        })
}

fn is_removal(entry: &Entry) -> bool {
    entry.content.is_none()
}

/// Whether a request took so long that it may not trust what it knows.
fn is_slow(call: &Call, ended: u64) -> bool {
    Duration::from_millis(ended - call.began.time) >= FRESH
}

/// Whether two requests want to make the same step; without claims, any step of the same record.
fn are_rivals(one: &Call, other: &Call, strict: bool) -> bool {
    one.user == other.user
        && match (&one.act, &other.act) {
            (Act::Create(Some(one)), Act::Create(Some(other))) | (Act::Register(one), Act::Register(other)) => {
                one == other
            }
            (Act::Keys, Act::Keys) => true,
            (Act::Refresh(_) | Act::SignOut(_), Act::Refresh(_) | Act::SignOut(_)) => true,
            (Act::Replace(..) | Act::Remove(..), Act::Replace(..) | Act::Remove(..)) => {
                let (one, other) = (target(&one.act), target(&other.act));
                one == other || (!strict && one.map(|(id, _)| id) == other.map(|(id, _)| id))
            }
            _ => false,
        }
}

fn target(act: &Act) -> Option<(u64, u64)> {
    match act {
        Act::Replace(id, version) | Act::Remove(id, version) => Some((*id, *version)),
        _ => None,
    }
}

/// Until when a request may be in the way of one that begins at `step`: as long as it runs, and some time longer if it
/// did not end well.
fn lingers_until(call: &Call, step: u64) -> u64 {
    match &call.ended {
        None => u64::MAX,
        Some((ended, _)) if ended.step > step => u64::MAX,
        Some((ended, end)) if call.disturbed || *end == End::Crashed || is_slow(call, ended.time) => {
            ended.time + LINGER
        }
        Some(_) => 0,
    }
}

/// Judges a whole history.
///
/// # Errors
/// What is wrong with it.
pub fn history(journal: &Journal, calls: &[Call]) -> Result<(), String> {
    let mut authors: HashMap<&str, Vec<&Call>> = HashMap::new();
    for call in calls {
        authors.entry(&call.text).or_default().push(call);
    }
    let may_have_done = |call: &&Call| !journal.is_strict() || !call.was_refused();
    for (user, id, entries) in journal.memos() {
        for (index, entry) in entries.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|before| entries[before].content.as_ref());
            let made_by_somebody = match &entry.content {
                Some(content) => authors
                    .get(content.text.as_str())
                    .into_iter()
                    .flatten()
                    .copied()
                    .filter(|call| call.user == user && writes(&call.act, id, content.version))
                    .any(|call| may_have_done(&call)),
                None => calls
                    .iter()
                    .filter(|call| call.user == user && removes(&call.act, id, before, journal.is_strict()))
                    .any(|call| may_have_done(&call)),
            };
            expect(made_by_somebody, || {
                format!(
                    "memo {user}/{id}: {:?} was done by nobody, or by somebody who was refused",
                    entry.content
                )
            })?;
        }
        let removals = calls.iter().filter(|call| {
            let is_removal = matches!(call.act, Act::Remove(removed, _) if removed == id);
            call.user == user && is_removal && call.answer() == Some(&Answer::Removed)
        });
        let twice = removals.count() > 1 && journal.is_strict();
        expect(!twice, || format!("two removals of memo {user}/{id} were acknowledged"))?;
    }
    if journal.is_strict() {
        one_memo_a_key(journal, calls)
    } else {
        Ok(())
    }
}

fn writes(act: &Act, id: u64, version: u64) -> bool {
    match act {
        Act::Create(_) => version == 1,
        Act::Replace(replaced, from) => *replaced == id && version == from + 1,
        _ => false,
    }
}

fn removes(act: &Act, id: u64, before: Option<&Content>, strict: bool) -> bool {
    matches!(act, Act::Remove(removed, version)
        if *removed == id && (!strict || before.is_some_and(|before| before.version == *version)))
}

/// Of an idempotency key there is one memo. Only when it was removed before its record said that it had been made may
/// a retry make another.
fn one_memo_a_key(journal: &Journal, calls: &[Call]) -> Result<(), String> {
    let keyed = calls.iter().filter(|call| matches!(call.act, Act::Create(Some(_))));
    let mut texts: Vec<(usize, &str)> = keyed.map(|call| (call.user, call.text.as_str())).collect();
    texts.sort_unstable();
    texts.dedup();
    for (user, text) in texts {
        let mut memos: Vec<(u64, &[Entry])> = journal
            .memos()
            .filter(|(owner, _, entries)| *owner == user && is_content(entries.first(), 1, text))
            .map(|(_, id, entries)| (id, entries))
            .collect();
        memos.sort_unstable_by_key(|(_, entries)| entries[0].step);
        for pair in memos.windows(2) {
            let ((id, entries), (_, later)) = (pair[0], pair[1]);
            let removed = entries.last().filter(|entry| is_removal(entry));
            let gone_before = removed.is_some_and(|entry| entry.step < later[0].step);
            expect(gone_before && !journal.is_marked(user, id), || {
                format!("the key of {text:?} made two memos, the first of them {user}/{id}")
            })?;
        }
    }
    Ok(())
}
