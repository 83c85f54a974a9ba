//! What really happened to the memos, as the store saw it. The judge holds the services' answers against it.

use std::collections::{BTreeMap, HashSet};

use common::store::kv::decode;
use memo_component::memo::Memo;
use serde::Deserialize;

/// A memo's version and text at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The version.
    pub version: u64,
    /// The text.
    pub text: String,
}

/// From `step` on, this is what the record held.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When.
    pub step: u64,
    /// What; `None` when it was removed.
    pub content: Option<Content>,
    /// The same as it was stored.
    stored: Vec<u8>,
}

/// The lives of all memos, by user and id.
#[derive(Debug)]
pub struct Journal {
    /// Whether every version has one winner: not promised by stores without increment.
    strict: bool,
    memos: BTreeMap<(usize, u64), Vec<Entry>>,
    marked: HashSet<(usize, u64)>,
    /// What went wrong in the store itself.
    pub violation: Option<String>,
    /// How many skip notes were written that hold something.
    pub notes: u64,
}

/// What of an idempotency record matters here.
#[derive(Deserialize)]
struct Mark {
    id: u64,
    done: bool,
}

/// A key of the memo service, as far as the journal cares.
enum Place {
    Memo(usize, u64),
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
        _ => Place::Other,
    }
}

impl Journal {
    /// An empty one.
    pub fn new(strict: bool) -> Self {
        Self {
            strict,
            memos: BTreeMap::new(),
            marked: HashSet::new(),
            violation: None,
            notes: 0,
        }
    }

    /// Whether every version has one winner.
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// The store was given this value.
    pub fn wrote(&mut self, step: u64, key: &str, value: &[u8]) {
        match place(key) {
            Place::Memo(user, id) => match decode::<Memo>(key, value) {
                Ok(memo) => self.wrote_memo(step, (user, id), &memo, value),
                Err(error) => self.object(error.to_string()),
            },
            Place::Idempotency(user) => {
                if let Ok(Mark { id, done: true }) = decode(key, value) {
                    self.marked.insert((user, id));
                }
            }
            Place::Skip if value.windows(8).any(|bytes| bytes == b"\"runs\":[") => {
                self.notes += u64::from(!value.windows(9).any(|bytes| bytes == b"\"runs\":[]"));
            }
            Place::Skip | Place::Other => {}
        }
    }

    fn wrote_memo(&mut self, step: u64, (user, id): (usize, u64), memo: &Memo, stored: &[u8]) {
        let version = memo.version.0;
        let entries = self.memos.entry((user, id)).or_default();
        let before = entries
            .last()
            .map(|entry| entry.content.as_ref().map(|content| content.version));
        let problem = match before {
            None if version == 1 => None,
            None => Some(format!("memo {user}/{id} begins at version {version}")),
            Some(_) if version == 1 => Some(format!("the id {user}/{id} was given out twice")),
            Some(None) if self.strict => Some(format!("memo {user}/{id} came back after it was removed")),
            Some(Some(before)) if self.strict && version != before + 1 => Some(format!(
                "memo {user}/{id} went from version {before} to {version}: two winners"
            )),
            Some(_) => None,
        };
        let text = memo.text.as_str().to_owned();
        entries.push(Entry {
            step,
            content: Some(Content { version, text }),
            stored: stored.to_vec(),
        });
        if let Some(problem) = problem {
            self.object(problem);
        }
    }

    /// The store removed this key.
    pub fn removed(&mut self, step: u64, key: &str) {
        let Place::Memo(user, id) = place(key) else { return };
        let entries = self.memos.entry((user, id)).or_default();
        let was_there = entries.last().is_some_and(|entry| entry.content.is_some());
        entries.push(Entry {
            step,
            content: None,
            stored: Vec::new(),
        });
        if self.strict && !was_there {
            self.object(format!("memo {user}/{id} was removed twice"));
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

    /// The memos that are there now: id and content.
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
}
