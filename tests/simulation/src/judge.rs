//! What must hold: of each answer, when it is given, and of everything, in the end.

use std::time::Duration;

use common::store::claim::{FRESH, WINDOW};

pub mod accounts;
pub mod deletions;
pub mod factors;
pub mod programs;
pub mod quota;
mod refusals;
pub mod sessions;
pub mod shares;
mod whole;

pub use whole::history;

use crate::{
    answer::{Answer, Seen, Told, below},
    call::{Act, Among, Call, End, Moment, Part},
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
    if let Act::Factor(wanted) = &call.act {
        return factors::answer(calls, id, ended, wanted, answer);
    }
    if let Act::Deletion(deed) = &call.act {
        return deletions::answer(calls, id, ended, deed, answer);
    }
    if let Act::Program(step) = &call.act {
        return programs::answer(calls, id, ended, step, answer);
    }
    if let Act::Share(deal) = &call.act {
        return shares::answer(journal, calls, id, ended, deal, answer);
    }
    if call.act.is_about_sessions() {
        return sessions::answer(ledger, calls, id, ended, answer);
    }
    if call.act.is_for_auth() {
        return accounts::answer(ledger, calls, id, ended, answer);
    }
    let parts = call.parts();
    if let (Act::Batch(asked), Answer::Results(results)) = (&call.act, answer) {
        expect(asked.len() == results.len(), "a batch did not do all of its parts")?;
    }
    let case = Case {
        journal,
        calls,
        id,
        call,
        ended,
    };
    parts.into_iter().try_for_each(|part| case.judge(&part))
}

/// A request that has ended, and what is known of everything.
struct Case<'a> {
    journal: &'a Journal,
    calls: &'a [Call],
    id: CallId,
    call: &'a Call,
    ended: &'a Moment,
}

impl<'a> Case<'a> {
    /// What a memo was during the request.
    fn between(&self, id: u64) -> Vec<Option<&'a Content>> {
        self.journal
            .between(self.call.user, id, self.call.began.step, self.ended.step)
    }

    fn was(&self, seen: &Seen) -> bool {
        self.between(seen.id)
            .into_iter()
            .flatten()
            .any(|content| content.is(seen))
    }

    fn judge(&self, part: &Part<'_>) -> Result<(), String> {
        const NEVER_SO: &str = "the memo was not so at any time during the request";
        let (journal, user) = (self.journal, self.call.user);
        let Some(answer) = part.answer else { return Ok(()) };
        match (part.act, answer) {
            (Act::Create(_), Answer::Memo(seen)) => {
                let first = journal.entries(user, seen.id).first();
                if !is_content(first, 1, part.text) {
                    return Err(format!("the memo {} is not the one that was sent", seen.id));
                }
                expect(self.was(seen), NEVER_SO)
            }
            (Act::Read(id), Answer::Memo(seen)) => expect(seen.id == *id && self.was(seen), NEVER_SO),
            (Act::Replace(id, version), Answer::Memo(seen)) => {
                let own = seen.id == *id && seen.version == version + 1 && seen.text == part.text;
                expect(own && self.was(seen), "an acknowledged update was not made")
            }
            (Act::Archive(id, version, on), Answer::Memo(seen)) => {
                let own = seen.id == *id && seen.version == version + 1 && seen.archived == *on;
                expect(own && self.was(seen), "an acknowledged change of state was not made")
            }
            (Act::Remove(id, version), Answer::Trashed(now)) => {
                let is_it = |memo: &&Content| memo.version == *now && memo.trashed_at.is_some();
                let made = *now == version + 1 && self.between(*id).into_iter().flatten().any(|memo| is_it(&memo));
                expect(made, "an acknowledged deletion was not made")?;
                let text = |version| journal.at(user, *id, version).map(|memo| (&memo.text, memo.archived));
                let same = !journal.is_strict() || text(*version) == text(*now);
                expect(same, "a memo is not in the trash as it was")
            }
            (Act::Remove(id, _), Answer::Removed) => {
                let gone = self
                    .between(*id)
                    .windows(2)
                    .any(|pair| pair[0].is_some() && pair[1].is_none());
                expect(gone, "an acknowledged removal was not made")
            }
            (Act::Restore(id, expected), Answer::Memo(seen)) => {
                let follows = expected.is_none_or(|from| seen.version == from + 1 || seen.version == from);
                let own = seen.id == *id && !seen.trashed && follows;
                expect(own && self.was(seen), "an acknowledged restore was not made")?;
                let now = journal.at(user, *id, seen.version);
                let before = seen
                    .version
                    .checked_sub(1)
                    .and_then(|before| journal.at(user, *id, before));
                let trashed = before.filter(|before| journal.is_strict() && before.trashed_at.is_some());
                let same = trashed.is_none_or(|before| {
                    now.is_some_and(|now| now.text == before.text && now.archived == before.archived)
                });
                expect(same, "a memo did not come out of the trash as it was")
            }
            (Act::Revert(id, version), Answer::Memo(seen)) => {
                let is_text = journal
                    .at(user, *id, *version)
                    .is_some_and(|memo| memo.text == seen.text);
                let own = seen.id == *id && (is_text || !journal.is_strict());
                expect(
                    own && self.was(seen),
                    "an acknowledged return to an earlier text was not made",
                )
            }
            (Act::List { among, limit, cursor }, Answer::Page(items, next)) => {
                expect(
                    items.iter().all(|seen| self.was(seen)),
                    "a listed memo was not so at any time during the request",
                )?;
                let range = next.as_deref().map_or(0, below)..cursor.as_deref().map_or(u64::MAX, below);
                self.page((*among, *limit, range), items)
            }
            (Act::Versions(id), Answer::Versions(texts)) => self.versions(*id, texts),
            (Act::Changes { limit, .. }, Answer::News(news, ..)) => self.news(*limit, news),
            (Act::Tags, Answer::Tags(..))
            | (Act::Import(_), Answer::Imported(..))
            | (Act::Maintain | Act::EmptyTrash, Answer::Swept(_)) => Ok(()),
            (Act::EmptyTrash, Answer::Removed) => self.emptied(),
            (act, answer) if refusals::is_one(answer) => expect(self.may_refuse(part, answer), || {
                format!("{act:?} was answered {answer:?} without a reason")
            }),
            (act, answer) => Err(format!("{act:?} was answered {answer:?}")),
        }
    }

    /// A page is in order, within its limit, and leaves out nothing that was there all the time.
    fn page(&self, (among, limit, range): (Among, usize, std::ops::Range<u64>), items: &[Seen]) -> Result<(), String> {
        let falling = items.windows(2).all(|pair| pair[0].id > pair[1].id);
        expect(falling && items.len() <= limit, "a page is out of order or too long")?;
        expect(
            items.iter().all(|item| range.contains(&item.id)),
            "a page reaches beyond its cursors",
        )?;
        let belongs = |memo: &Content| among.holds(&memo.text, memo.archived, memo.trashed_at.is_some());
        for (user, id, _) in self.journal.memos() {
            if user != self.call.user || !range.contains(&id) || items.iter().any(|item| item.id == id) {
                continue;
            }
            let all_the_time = self.between(id).iter().all(|memo| memo.is_some_and(belongs));
            expect(!all_the_time, || {
                format!("memo {user}/{id} was there all the time and is not listed")
            })?;
        }
        let seen = |item: &Seen| among.holds(&item.text, item.archived, item.trashed);
        expect(items.iter().all(seen), "a page lists what it is not about")
    }

    /// Earlier texts are what the memo said, and none is missing.
    fn versions(&self, id: u64, texts: &[(u64, String)]) -> Result<(), String> {
        let user = self.call.user;
        let falling = texts.windows(2).all(|pair| pair[0].0 > pair[1].0);
        expect(falling, "earlier texts are out of order")?;
        if !self.journal.is_strict() {
            return Ok(());
        }
        for (version, text) in texts {
            let is_true = self
                .journal
                .at(user, id, *version)
                .is_some_and(|memo| memo.text == *text);
            expect(is_true, || {
                format!("memo {user}/{id} never said {text:?} at version {version}")
            })?;
        }
        if self.between(id).contains(&None) {
            return Ok(());
        }
        let lost = self.journal.lost_text(user, id, self.call.began.step, texts);
        expect(lost.is_none(), || {
            format!("an earlier text of memo {user}/{id} is lost: {lost:?}")
        })
    }

    /// News are of one moment during the request, each memo once.
    fn news(&self, limit: usize, news: &[Told]) -> Result<(), String> {
        expect(news.len() <= limit, "more news than were asked for")?;
        for (index, told) in news.iter().enumerate() {
            let is_true = match &told.memo {
                Some(memo) => self.was(memo),
                None => self.between(told.id).contains(&None),
            };
            expect(is_true, || format!("news that are not true: {told:?}"))?;
            let again = news[..index].iter().any(|other| other.id == told.id);
            expect(!again || !self.journal.is_strict(), || {
                format!("memo {} is told twice in one answer", told.id)
            })?;
        }
        Ok(())
    }

    /// What was in the trash all the time is gone, except where somebody else was at it.
    fn emptied(&self) -> Result<(), String> {
        let user = self.call.user;
        for (id, memo) in self.journal.live(user) {
            let same =
                |was: &Option<&Content>| was.is_some_and(|was| was.trashed_at.is_some() && was.version == memo.version);
            if memo.trashed_at.is_none() || !self.between(id).iter().all(same) {
                continue;
            }
            let is_busy = self.may_be_busy(&Act::Remove(id, memo.version));
            expect(is_busy, || {
                format!("memo {user}/{id} is still in the trash that was emptied")
            })?;
        }
        Ok(())
    }

    /// Whether a request for this may find that another one is at it.
    fn may_be_busy(&self, act: &Act) -> bool {
        may_be_busy(self.calls, self.id, act, self.ended, self.journal.is_strict())
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

/// Whether a request for `act`, or with it as a part, may find that another one is at it.
fn may_be_busy(calls: &[Call], id: CallId, act: &Act, ended: &Moment, strict: bool) -> bool {
    let call = &calls[id];
    let is_rival = |other: &Call| {
        let same_user = other.user == call.user || other.act == Act::Maintain;
        same_user && other.parts().iter().any(|part| are_rivals(part.act, act, strict))
    };
    is_slow(call, ended.time)
        || calls.iter().enumerate().any(|(other, rival)| {
            (other != id || matches!(call.act, Act::Batch(_)))
                && call.began.time <= lingers_until(rival, call.began.step)
                && is_rival(rival)
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
fn are_rivals(one: &Act, other: &Act, strict: bool) -> bool {
    match (one, other) {
        (Act::Create(Some(one)), Act::Create(Some(other))) | (Act::Register(one), Act::Register(other)) => one == other,
        (Act::Keys, Act::Keys) => true,
        (Act::Refresh(_) | Act::SignOut(_), Act::Refresh(_) | Act::SignOut(_)) => true,
        (Act::SignIn { .. }, Act::SignIn { .. }) => true,
        // These change the user's record or the list of sessions; and so does a refresh by a token that was used before.
        (one, other) if one.is_about_sessions() || other.is_about_sessions() => true,
        // These may be at any memo.
        (Act::EmptyTrash | Act::Maintain, other) => other.step().is_some(),
        _ => match (one.step(), other.step()) {
            (Some((one, from)), Some((other, other_from))) => {
                one == other && (!strict || from.is_none() || other_from.is_none() || from == other_from)
            }
            _ => false,
        },
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
