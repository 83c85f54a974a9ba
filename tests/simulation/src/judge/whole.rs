//! What must hold of a whole history: everything that happened was somebody's wish.

use super::{expect, is_content, is_removal};
use crate::{
    answer::Answer,
    call::{Act, Call, Part},
    journal::{Content, Entry, Journal},
    services::LITTLE,
    world::SKEW_MAX,
};

/// How long a memo stays in the trash at least, in milliseconds.
const STAY: u64 = LITTLE.trash_days * 24 * 60 * 60 * 1000 - 2 * SKEW_MAX as u64;

/// Judges a whole history.
///
/// # Errors
/// What is wrong with it.
pub fn history(journal: &Journal, calls: &[Call]) -> Result<(), String> {
    let parts: Vec<(usize, Part<'_>)> = calls
        .iter()
        .flat_map(|call| call.parts().into_iter().map(|part| (call.user, part)))
        .collect();
    let strict = journal.is_strict();
    let may_have_done = |part: &Part<'_>| !strict || !part.was_refused();
    for (user, id, entries) in journal.memos() {
        let own = || parts.iter().filter(|(owner, _)| *owner == user).map(|(_, part)| part);
        for (index, entry) in entries.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|before| entries[before].content.as_ref());
            let is_overdue = before
                .and_then(|before| before.trashed_at)
                .is_some_and(|trashed_at| entry.time >= trashed_at + STAY);
            let made_by_somebody = match &entry.content {
                Some(content) => own()
                    .filter(|part| writes(journal, part, (user, id), before, content))
                    .any(may_have_done),
                None => {
                    is_overdue
                        || own()
                            .filter(|part| removes(part.act, id, before, strict))
                            .any(may_have_done)
                }
            };
            expect(made_by_somebody, || {
                format!(
                    "memo {user}/{id}: {:?} was done by nobody, or by somebody who was refused",
                    entry.content
                )
            })?;
        }
        let removals = own().filter(|part| {
            let is_removal = matches!(part.act, Act::Remove(removed, _) if *removed == id);
            is_removal && part.answer == Some(&Answer::Removed)
        });
        let twice = removals.count() > 1 && strict;
        expect(!twice, || format!("two removals of memo {user}/{id} were acknowledged"))?;
    }
    if !strict {
        return Ok(());
    }
    if let Some(lost) = journal.lost_texts() {
        return Err(lost);
    }
    one_memo_a_key(journal, calls)
}

/// Whether a part may have made this of what was before.
fn writes(
    journal: &Journal,
    part: &Part<'_>,
    (user, id): (usize, u64),
    before: Option<&Content>,
    now: &Content,
) -> bool {
    if let Act::Create(_) = part.act {
        return now.version == 1 && now.text == part.text;
    }
    let Some((target, from)) = part.act.step() else {
        return false;
    };
    let strict = journal.is_strict();
    if target != id || from.is_some_and(|from| now.version != from + 1) {
        return false;
    }
    let same_text = !strict || before.is_some_and(|before| before.text == now.text);
    let same_place = !strict || before.is_some_and(|before| before.archived == now.archived);
    let is_trashed = now.trashed_at.is_some();
    match part.act {
        Act::Replace(..) => now.text == part.text && same_place && !is_trashed,
        Act::Archive(_, _, on) => same_text && now.archived == *on && !is_trashed,
        Act::Remove(..) => same_text && same_place && is_trashed,
        Act::Restore(..) => same_text && same_place && !is_trashed,
        Act::Revert(_, version) => {
            let earlier = journal.at(user, id, *version);
            let is_earlier = !strict || earlier.is_some_and(|earlier| earlier.text == now.text);
            is_earlier && same_place && !is_trashed
        }
        _ => false,
    }
}

fn removes(act: &Act, id: u64, before: Option<&Content>, strict: bool) -> bool {
    let is_trashed = before.is_some_and(|before| before.trashed_at.is_some());
    match act {
        Act::Remove(removed, version) => {
            let is_it = is_trashed && before.is_some_and(|before| before.version == *version);
            *removed == id && (!strict || is_it)
        }
        Act::EmptyTrash => is_trashed || !strict,
        _ => false,
    }
}

/// Of an idempotency key there is one memo. Only when it was removed before its record said that it had been made may
/// a retry make another, or when the record is forgotten.
fn one_memo_a_key(journal: &Journal, calls: &[Call]) -> Result<(), String> {
    let mut texts: Vec<(usize, &str)> = Vec::new();
    for call in calls {
        let parts = call.parts().into_iter();
        let keyed = parts.filter(|part| matches!(part.act, Act::Create(Some(_))));
        texts.extend(keyed.map(|part| (call.user, part.text)));
    }
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
            let in_order = gone_before && !journal.is_marked(user, id);
            expect(in_order || journal.is_forgotten(user, id), || {
                format!("the key of {text:?} made two memos, the first of them {user}/{id}")
            })?;
        }
    }
    Ok(())
}
