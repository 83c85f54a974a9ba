//! What must hold of a second factor, of recovery codes, of a passkey and of a personal token.

use auth_component::webauthn::challenge;

use super::{End, accounts::TRIES, expect, may_be_busy};
use crate::{
    answer::Answer,
    call::{Act, Call, Moment, PASSWORD},
    factors::Try,
    op::CallId,
    passkeys::Whose,
    world::millis,
};

/// Judges the answer of a request that has just ended.
///
/// # Errors
/// What is wrong with it.
pub fn answer(calls: &[Call], id: CallId, ended: &Moment, wanted: &Try, answer: &Answer) -> Result<(), String> {
    let call = &calls[id];
    let others = || {
        calls
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != id)
            .map(|(_, call)| call)
    };
    match (wanted, answer) {
        (Try::Enter { password, code }, Answer::Entered(_)) => {
            let is_same = |other: &&Call| {
                matches!(&other.act, Act::Factor(Try::Enter { code: used, .. } | Try::Change { code: used, .. }) if used == code)
                    && matches!(other.answer(), Some(Answer::Entered(_) | Answer::Removed))
            };
            // After a recovery nobody is asked for codes.
            let may_be_off = recoveries(calls).any(|(other, _)| other.began.step < ended.step);
            expect(
                may_be_off || !others().any(|other| is_same(&other)),
                "one code was good twice",
            )?;
            expect(
                !was_replaced(calls, password, call.began.step),
                "an old password was taken",
            )
        }
        (
            Try::EnterByPasskey {
                password,
                answer,
                whose,
            },
            Answer::Entered(_),
        ) => {
            let is_same = |other: &&Call| {
                let is_it =
                    matches!(&other.act, Act::Factor(Try::EnterByPasskey { answer: used, .. }) if used == answer);
                is_it && matches!(other.answer(), Some(Answer::Entered(_)))
            };
            // After a recovery nobody is asked for passkeys.
            let may_be_off = recoveries(calls).any(|(other, _)| other.began.step < ended.step);
            expect(
                may_be_off || !others().any(|other| is_same(&other)),
                "one answer beside the password was good twice",
            )?;
            expect(
                may_be_off || *whose == Whose::Own,
                "the passkey of another account was taken",
            )?;
            expect(
                !was_replaced(calls, password, call.began.step),
                "an old password was taken",
            )
        }
        (Try::Passkey { answer }, Answer::Entered(_)) => {
            let is_same = |other: &&Call| {
                let is_it = matches!(&other.act, Act::Factor(Try::Passkey { answer: used }) if used == answer);
                is_it && matches!(other.answer(), Some(Answer::Entered(_)))
            };
            expect(
                !others().any(|other| is_same(&other)),
                "one answer of a passkey was good twice",
            )?;
            let mut recovered = recoveries(calls).filter_map(|(other, _)| acknowledged(other));
            expect(
                !recovered.any(|recovered| recovered.step <= call.began.step),
                "a passkey outlived a recovery",
            )
        }
        (Try::Passkey { .. }, Answer::Refused(401)) => {
            // One that is used makes what was asked for before too old; a change of the password ends what is under way.
            let is_rival = |other: &Call| {
                let is_it = matches!(&other.act, Act::Factor(wanted) if !matches!(wanted, Try::Enter { .. } | Try::Introspect { .. } | Try::Revoke { .. }));
                is_it && other.began.step < ended.step
            };
            let is_late =
                ended.time - call.began.time >= millis(challenge::LIFETIME) - 2 * crate::world::SKEW_MAX as u64;
            expect(
                is_late || others().any(is_rival),
                "a good answer of a passkey was refused",
            )
        }
        (Try::Recover { code, .. }, Answer::Removed) => {
            let is_same = |(other, used): (&Call, &String)| used == code && acknowledged(other).is_some();
            let twice = recoveries(calls).filter(|(other, used)| is_same((other, used))).count() > 1;
            expect(!twice, "one recovery code was good twice")
        }
        (Try::Recover { code, .. }, Answer::Refused(401)) => {
            let mut rivals = others().filter_map(recovery);
            let is_rival = |(other, used): (&Call, &String)| used == code && other.began.step < ended.step;
            expect(rivals.any(is_rival), "a good recovery code was refused")
        }
        (Try::Change { access, current, .. }, Answer::Removed) => {
            expect(
                !was_replaced(calls, current, call.began.step),
                "an old password was taken for a new one",
            )?;
            expect(
                !is_over(calls, access, call.began.step),
                "the token of a session that was ended is taken",
            )
        }
        (Try::Change { .. } | Try::Revoke { .. }, Answer::Refused(401)) => {
            // Tokens expire while the clock goes on.
            let is_ended = others().any(|other| sets(other).is_some() && other.began.step < ended.step);
            let has_expired = ended.time >= first_entry(calls);
            expect(is_ended || has_expired, "a good access token was refused")
        }
        (Try::Introspect { .. }, Answer::Active(true)) => {
            let mut ended = calls.iter().filter(|call| ends_token(call)).filter_map(acknowledged);
            expect(
                !ended.any(|ended| ended.step <= call.began.step),
                "a personal token outlived its end",
            )
        }
        (Try::Introspect { .. }, Answer::Active(false)) | (Try::Revoke { .. }, Answer::Refused(404)) => {
            let is_rival = |other: &Call| ends_token(other) && other.began.step < ended.step;
            expect(others().any(is_rival), "a personal token ended by itself")
        }
        (Try::Revoke { access }, Answer::Removed) => expect(
            !is_over(calls, access, call.began.step),
            "the token of a session that was ended is taken",
        ),
        // A code is good for a minute and a half, which a slow request misses, and the use of a passkey makes its other answers too
        // old; the last of all requests are none of those.
        (Try::Enter { .. } | Try::EnterByPasskey { .. }, Answer::Refused(401))
        | (Try::Change { .. }, Answer::Refused(422)) => Ok(()),
        (_, Answer::Refused(429)) => expect(calls.len() > TRIES / 2, "somebody was put off after few tries"),
        (_, Answer::Refused(409 | 503)) => {
            let is_rival = |other: &Call| other.began.step < ended.step;
            let reason = call.disturbed || may_be_busy(calls, id, &call.act, ended, true) || others().any(is_rival);
            expect(reason, "a request gave up without a reason")
        }
        (wanted, answer) => Err(format!("{wanted:?} was answered {answer:?}")),
    }
}

fn acknowledged(call: &Call) -> Option<Moment> {
    match &call.ended {
        Some((ended, End::Answered(Answer::Removed))) => Some(*ended),
        _ => None,
    }
}

/// Whether a request is to end the personal token.
fn ends_token(call: &Call) -> bool {
    matches!(call.act, Act::Factor(Try::Revoke { .. } | Try::Recover { .. }))
}

fn recovery(call: &Call) -> Option<(&Call, &String)> {
    match &call.act {
        Act::Factor(Try::Recover { code, .. }) => Some((call, code)),
        _ => None,
    }
}

fn recoveries(calls: &[Call]) -> impl Iterator<Item = (&Call, &String)> {
    calls.iter().filter_map(recovery)
}

/// The password that a request sets.
fn sets(call: &Call) -> Option<&String> {
    match &call.act {
        Act::Factor(Try::Recover { new, .. } | Try::Change { new, .. }) => Some(new),
        _ => None,
    }
}

/// Whether the password had been set before another one took its place, which was acknowledged before `step`.
fn was_replaced(calls: &[Call], password: &str, step: u64) -> bool {
    let set_by = |began: u64| {
        password == PASSWORD
            || calls.iter().any(|call| {
                let is_it = sets(call).is_some_and(|new| new == password);
                is_it && acknowledged(call).is_some_and(|ended| ended.step <= began)
            })
    };
    calls.iter().any(|call| {
        let is_another = sets(call).is_some_and(|new| new != password);
        is_another && acknowledged(call).is_some_and(|ended| ended.step <= step) && set_by(call.began.step)
    })
}

/// Whether the session of an access token was there before a recovery that was acknowledged before `step`.
fn is_over(calls: &[Call], access: &str, step: u64) -> bool {
    let entered = calls.iter().find_map(|call| match &call.ended {
        Some((ended, End::Answered(Answer::Entered(entry)))) if entry.access == access => Some(*ended),
        _ => None,
    });
    let Some(entered) = entered else { return false };
    recoveries(calls)
        .any(|(call, _)| call.began.step >= entered.step && acknowledged(call).is_some_and(|ended| ended.step <= step))
}

/// When the first access token may have expired.
fn first_entry(calls: &[Call]) -> u64 {
    let entered = calls
        .iter()
        .filter(|call| matches!(call.answer(), Some(Answer::Entered(_))));
    let first = entered.map(|call| call.began.time).min().unwrap_or(0);
    first + 600_000 - 2 * crate::world::SKEW_MAX as u64
}
