//! What really happened to the memos, as the store saw it. The judge holds the services' answers against it.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::Duration,
};

use common::{store::kv::decode, world::clock::Timestamp};
use memo_component::{
    catalog::{
        history::{VERSIONS_MAX, is_worth_keeping},
        once::KEPT,
        quota::Limits,
    },
    memo::Memo,
};
use serde::Deserialize;

use crate::{
    answer::Seen,
    services::LITTLE,
    world::{SKEW_MAX, Setting, millis},
};

/// How long before a memo is written its writer may have looked at the clock: while the claim is fresh, what a
/// write may take, and what clocks differ by.
const LOOKED: Duration = Duration::from_secs(30);

/// A memo at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The version.
    pub version: u64,
    /// The text.
    pub text: String,
    /// Whether it is put away.
    pub archived: bool,
    /// Since when it is in the trash.
    pub trashed_at: Option<u64>,
    /// How many KiB it counts for.
    pub kib: u64,
}

impl Content {
    fn of(memo: &Memo) -> Self {
        Self {
            version: memo.version.0,
            text: memo.text.as_str().to_owned(),
            archived: memo.archived,
            trashed_at: memo.trashed_at.map(|at| at.0),
            kib: u64::from(memo.charge.created_kib + memo.charge.grown_kib),
        }
    }

    /// Whether an answer shows just this.
    pub fn is(&self, seen: &Seen) -> bool {
        self.version == seen.version
            && self.text == seen.text
            && self.archived == seen.archived
            && self.trashed_at.is_some() == seen.trashed
    }
}

/// From `step` on, this is what the record held.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When, in the order of events.
    pub step: u64,
    /// When, by the time of day.
    pub time: u64,
    /// What; `None` when it was removed.
    pub content: Option<Content>,
    /// The same as it was stored.
    stored: Vec<u8>,
}

/// A text that a memo had, and that must not be lost.
#[derive(Clone, Debug)]
struct Kept {
    version: u64,
    text: String,
    /// When another one took its place.
    step: u64,
}

/// Names a memo: its owner and its id.
type Name = (usize, u64);

/// The lives of all memos.
#[derive(Debug)]
pub struct Journal {
    /// Whether every version has one winner: not promised by stores without increment.
    strict: bool,
    /// How much earlier than a memo is written its writer may have looked at the clock, in milliseconds.
    looked: u64,
    /// What people may have, where that matters.
    limits: Option<Limits>,
    /// Whether somebody may be making the key of cursors.
    unsealed: bool,
    memos: BTreeMap<Name, Vec<Entry>>,
    kept: BTreeMap<Name, Vec<Kept>>,
    /// The histories as they are stored.
    histories: BTreeMap<Name, Vec<(u64, String)>>,
    marked: HashSet<Name>,
    /// Idempotency records, by key.
    keys: BTreeMap<String, Mark>,
    /// The memos of records that were forgotten in time.
    forgotten: BTreeSet<Name>,
    /// What went wrong in the store itself.
    pub violation: Option<String>,
    /// How many skip notes were written that hold something.
    pub notes: u64,
}

/// What of an idempotency record matters here.
#[derive(Debug, Deserialize)]
struct Mark {
    id: u64,
    done: bool,
    started_at: Timestamp,
}

/// What of a memo's history matters here.
#[derive(Deserialize)]
struct History {
    texts: Vec<Earlier>,
}

#[derive(Deserialize)]
struct Earlier {
    version: u64,
    text: String,
}

/// A key of the memo service, as far as the journal cares.
enum Place {
    Memo(usize, u64),
    History(usize, u64),
    Idempotency(usize),
    Skip,
    Other,
}

fn place(key: &str) -> Place {
    let mut parts = key.split('/');
    let (Some("memo"), Some(user), Some(name), rest, None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Place::Other;
    };
    let Some(user) = user.strip_prefix('u').and_then(|user| user.parse().ok()) else {
        return Place::Other;
    };
    match (name, rest) {
        ("idem", Some(_)) => Place::Idempotency(user),
        ("skip", None) => Place::Skip,
        (id, None) => id.parse().map_or(Place::Other, |id| Place::Memo(user, id)),
        (id, Some("history")) => id.parse().map_or(Place::Other, |id| Place::History(user, id)),
        _ => Place::Other,
    }
}

impl Journal {
    /// An empty one.
    pub fn new(setting: &Setting) -> Self {
        Self {
            strict: setting.strict,
            // Without claims nobody looks again.
            looked: if setting.plain { u64::MAX } else { millis(LOOKED) },
            limits: setting.limited.then_some(LITTLE),
            unsealed: setting.unsealed,
            memos: BTreeMap::new(),
            kept: BTreeMap::new(),
            histories: BTreeMap::new(),
            marked: HashSet::new(),
            keys: BTreeMap::new(),
            forgotten: BTreeSet::new(),
            violation: None,
            notes: 0,
        }
    }

    /// Whether every version has one winner.
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// What people may have, where that matters.
    pub fn limits(&self) -> Option<Limits> {
        self.limits
    }

    /// Whether somebody may be making the key of cursors.
    pub fn is_unsealed(&self) -> bool {
        self.unsealed
    }

    /// The store was given this value.
    pub fn wrote(&mut self, step: u64, time: u64, key: &str, value: &[u8]) {
        match place(key) {
            Place::Memo(user, id) => match decode::<Memo>(key, value) {
                Ok(memo) => self.wrote_memo((step, time), (user, id), &memo, value),
                Err(error) => self.object(error.to_string()),
            },
            Place::History(user, id) => match decode::<History>(key, value) {
                Ok(history) => {
                    let texts = history.texts.into_iter().map(|earlier| (earlier.version, earlier.text));
                    self.histories.insert((user, id), texts.collect());
                }
                Err(error) => self.object(error.to_string()),
            },
            Place::Idempotency(user) => {
                if let Ok(mark) = decode::<Mark>(key, value) {
                    if mark.done {
                        self.marked.insert((user, mark.id));
                    }
                    self.keys.insert(key.to_owned(), mark);
                }
            }
            Place::Skip if value.windows(8).any(|bytes| bytes == b"\"runs\":[") => {
                self.notes += u64::from(!value.windows(9).any(|bytes| bytes == b"\"runs\":[]"));
            }
            Place::Skip | Place::Other => {}
        }
    }

    fn wrote_memo(&mut self, (step, time): (u64, u64), (user, id): Name, memo: &Memo, stored: &[u8]) {
        let content = Content::of(memo);
        let version = content.version;
        let entries = self.memos.entry((user, id)).or_default();
        let before = entries.last().map(|entry| entry.content.as_ref());
        let problem = match before {
            None if version == 1 => None,
            None => Some(format!("memo {user}/{id} begins at version {version}")),
            Some(_) if version == 1 => Some(format!("the id {user}/{id} was given out twice")),
            Some(None) if self.strict => Some(format!("memo {user}/{id} came back after it was removed")),
            Some(Some(before)) if self.strict && version != before.version + 1 => Some(format!(
                "memo {user}/{id} went from version {} to {version}: two winners",
                before.version
            )),
            Some(Some(before)) if self.strict && before.trashed_at.is_some() && content.trashed_at.is_some() => Some(
                format!("memo {user}/{id} was changed in the trash, from {before:?} to {content:?}"),
            ),
            Some(_) => None,
        };
        if let Some(old) = entries.last().filter(|entry| entry.content.is_some())
            && let Ok(old) = decode::<Memo>("", &old.stored)
            && is_worth_keeping(&old, memo, Timestamp(time.saturating_sub(self.looked)))
        {
            self.kept.entry((user, id)).or_default().push(Kept {
                version: old.version.0,
                text: old.text.as_str().to_owned(),
                step,
            });
        }
        entries.push(Entry {
            step,
            time,
            content: Some(content),
            stored: stored.to_vec(),
        });
        if let Some(problem) = problem {
            self.object(problem);
        }
        self.check_limits(user);
    }

    /// However many are at it, there is never more than the limits allow.
    fn check_limits(&mut self, user: usize) {
        let Some(limits) = self.limits.filter(|_| self.strict) else {
            return;
        };
        let (memos, kib) = self.amount(user);
        if memos > limits.max_memos || kib * 1024 > limits.max_bytes {
            self.object(format!("user {user} has {memos} memos of {kib} KiB: more than allowed"));
        }
    }

    /// How many memos somebody has, and how many KiB they count for.
    pub fn amount(&self, user: usize) -> (u64, u64) {
        self.live(user)
            .fold((0, 0), |(memos, kib), (_, memo)| (memos + 1, kib + memo.kib))
    }

    /// The store removed this key.
    pub fn removed(&mut self, step: u64, time: u64, key: &str) {
        match place(key) {
            Place::Memo(user, id) => self.removed_memo((step, time), (user, id)),
            Place::History(user, id) => {
                self.histories.remove(&(user, id));
            }
            Place::Idempotency(user) => {
                let Some(mark) = self.keys.remove(key) else { return };
                self.forgotten.insert((user, mark.id));
                if Timestamp(time + 2 * SKEW_MAX as u64).since(mark.started_at) < KEPT {
                    self.object(format!("the key of memo {user}/{} was forgotten too early", mark.id));
                }
            }
            Place::Skip | Place::Other => {}
        }
    }

    fn removed_memo(&mut self, (step, time): (u64, u64), (user, id): Name) {
        let entries = self.memos.entry((user, id)).or_default();
        let before = entries.last().and_then(|entry| entry.content.as_ref());
        let problem = match before {
            None if self.strict => Some(format!("memo {user}/{id} was removed twice")),
            Some(before) if self.strict && before.trashed_at.is_none() => {
                Some(format!("memo {user}/{id} went for good, and was not in the trash"))
            }
            _ => None,
        };
        entries.push(Entry {
            step,
            time,
            content: None,
            stored: Vec::new(),
        });
        if let Some(problem) = problem {
            self.object(problem);
        }
    }

    fn object(&mut self, what: String) {
        self.violation.get_or_insert(what);
    }

    /// All memos that ever were.
    pub fn memos(&self) -> impl Iterator<Item = (usize, u64, &[Entry])> {
        self.memos
            .iter()
            .map(|((user, id), entries)| (*user, *id, entries.as_slice()))
    }

    /// What is at this id now.
    pub fn current(&self, user: usize, id: u64) -> Option<&Content> {
        self.memos.get(&(user, id))?.last()?.content.as_ref()
    }

    /// The memos that are there now, also in the trash: id and content.
    pub fn live(&self, user: usize) -> impl DoubleEndedIterator<Item = (u64, &Content)> {
        let memos = self.memos.range((user, 0)..=(user, u64::MAX));
        memos.filter_map(|((_, id), entries)| Some((*id, entries.last()?.content.as_ref()?)))
    }

    /// Everything that was at this id at some time from the step `from` to the step `to`.
    pub fn between(&self, user: usize, id: u64, from: u64, to: u64) -> Vec<Option<&Content>> {
        let entries = self.memos.get(&(user, id)).map_or(&[][..], Vec::as_slice);
        let first = entries.partition_point(|entry| entry.step <= from);
        let last = entries.partition_point(|entry| entry.step <= to);
        let at_first = first.checked_sub(1).and_then(|index| entries[index].content.as_ref());
        let later = entries[first..last].iter().map(|entry| entry.content.as_ref());
        std::iter::once(at_first).chain(later).collect()
    }

    /// The entries of an id.
    pub fn entries(&self, user: usize, id: u64) -> &[Entry] {
        self.memos.get(&(user, id)).map_or(&[], Vec::as_slice)
    }

    /// What a memo was at a version.
    pub fn at(&self, user: usize, id: u64, version: u64) -> Option<&Content> {
        let contents = self.entries(user, id).iter().filter_map(|entry| entry.content.as_ref());
        contents.into_iter().find(|content| content.version == version)
    }

    /// A memo as it was stored at a version.
    pub fn stored(&self, key: &str, version: u64) -> Option<&[u8]> {
        let Place::Memo(user, id) = place(key) else { return None };
        let is_it = |entry: &&Entry| entry.content.as_ref().is_some_and(|content| content.version == version);
        Some(&self.entries(user, id).iter().find(is_it)?.stored)
    }

    /// Whether the idempotency record of this memo says that it was made.
    pub fn is_marked(&self, user: usize, id: u64) -> bool {
        self.marked.contains(&(user, id))
    }

    /// Whether the idempotency record of this memo was there for as long as it had to be, and is gone.
    pub fn is_forgotten(&self, user: usize, id: u64) -> bool {
        self.forgotten.contains(&(user, id))
    }

    /// When the idempotency records that there are were begun, by key.
    pub fn keys(&self) -> impl Iterator<Item = (&str, Timestamp)> {
        self.keys.iter().map(|(key, mark)| (key.as_str(), mark.started_at))
    }

    /// An earlier text of the memo that had to be kept at `step` and is not among `texts`.
    pub fn lost_text(&self, user: usize, id: u64, step: u64, texts: &[(u64, String)]) -> Option<(u64, &str)> {
        let kept = self.kept.get(&(user, id)).map_or(&[][..], Vec::as_slice);
        let oldest = texts.iter().map(|(version, _)| *version).min();
        let is_beyond =
            |kept: &&Kept| texts.len() >= VERSIONS_MAX && oldest.is_some_and(|oldest| kept.version < oldest);
        let is_there = |kept: &&Kept| {
            texts
                .iter()
                .any(|(version, text)| *version == kept.version && *text == kept.text)
        };
        let lost = kept
            .iter()
            .filter(|kept| kept.step <= step)
            .find(|kept| !is_there(kept) && !is_beyond(kept));
        lost.map(|kept| (kept.version, kept.text.as_str()))
    }

    /// An earlier text that had to be kept and is not in the store.
    pub fn lost_texts(&self) -> Option<String> {
        self.memos().find_map(|(user, id, entries)| {
            entries.last()?.content.as_ref()?;
            let stored = self.histories.get(&(user, id)).map_or(&[][..], Vec::as_slice);
            let (version, text) = self.lost_text(user, id, u64::MAX, stored)?;
            Some(format!("memo {user}/{id} lost its text of version {version}, {text:?}"))
        })
    }
}
