//! What must hold of quotas: nobody has more than they may, and what is counted is what there is.

use memo_component::catalog::quota::Limits;

use super::{expect, is_slow};
use crate::{
    answer::Answer,
    call::{Act, Call, End, Part},
    journal::Journal,
    op::CallId,
};

/// The longest text of a request, in KiB.
const TEXT_MAX: u64 = 2;

/// How many memos a request for this may leave counted that are not there.
fn memos_at_stake(act: &Act) -> u64 {
    match act {
        Act::EmptyTrash | Act::Maintain => 100,
        Act::Batch(parts) => parts.len() as u64,
        _ => 1,
    }
}

/// Whether a request may leave something counted that is not there.
fn may_have_left(call: &Call) -> bool {
    match &call.ended {
        None | Some((_, End::Crashed)) => true,
        Some((ended, _)) => call.disturbed || is_slow(call, ended.time),
    }
}

/// Whether a quota may have been used up for a part of this request: by what there is, by what others are about to make, and
/// by what was left behind.
pub fn may_be_used_up(journal: &Journal, calls: &[Call], id: CallId, part: &Part<'_>, limits: Limits) -> bool {
    let call = &calls[id];
    let (mut memos, mut kib) = (0, 0);
    for (user, _, entries) in journal.memos().filter(|(user, ..)| *user == call.user) {
        let charges = entries.iter().filter(|entry| {
            let later = entries.iter().find(|later| later.step > entry.step);
            // It was there at some time during the request.
            entry.content.is_some() && later.is_none_or(|later| later.step >= call.began.step)
        });
        let charge = charges
            .filter_map(|entry| entry.content.as_ref())
            .map(|memo| memo.kib)
            .max();
        memos += u64::from(charge.is_some() && user == call.user);
        kib += charge.unwrap_or(0);
    }
    for (other, rival) in calls.iter().enumerate() {
        let is_over = rival
            .ended
            .as_ref()
            .is_some_and(|(ended, _)| ended.step < call.began.step);
        let is_here = other == id || !is_over || may_have_left(rival);
        if is_here && (rival.user == call.user || rival.act == Act::Maintain) {
            memos += memos_at_stake(&rival.act);
            kib += memos_at_stake(&rival.act) * TEXT_MAX;
        }
    }
    let is_create = matches!(part.act, Act::Create(_));
    (is_create && memos > limits.max_memos) || kib * 1024 > limits.max_bytes
}

/// What is counted is never less than what there is, and more only by what requests left that did not end well.
///
/// # Errors
/// When it is.
pub fn counted(journal: &Journal, calls: &[Call], user: usize, counted: (i64, i64)) -> Result<(), String> {
    let (memos, kib) = journal.amount(user);
    let (memos, kib) = (memos as i64, kib as i64);
    expect(counted.0 >= memos && counted.1 >= kib, || {
        format!("user {user} has {memos} memos of {kib} KiB, and only {counted:?} are counted")
    })?;
    let own = |call: &&Call| call.user == user || call.act == Act::Maintain;
    let left = calls.iter().filter(own).filter(|call| may_have_left(call));
    let left: u64 = left.map(|call| memos_at_stake(&call.act)).sum();
    // A create that came too late is refused as a failure of the store.
    let failed = calls.iter().filter(own).flat_map(Call::parts);
    let failed = failed.filter(|part| part.answer == Some(&Answer::Refused(503))).count() as u64;
    let more = (left + failed) as i64;
    expect(
        counted.0 <= memos + more && counted.1 <= kib + more * TEXT_MAX as i64,
        || format!("user {user} has {memos} memos of {kib} KiB, and {counted:?} are counted: too many ({more} may be)"),
    )
}
