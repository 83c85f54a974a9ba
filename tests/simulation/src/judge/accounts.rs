//! What must hold of the auth service's answers.

use std::time::Duration;

use auth_component::{records::session::chain::GRACE, sign_in::throttle::WINDOW};

use super::{
    expect, may_be_busy,
    sessions::{may_be_over, must_be_over},
};
use crate::{
    answer::Answer,
    call::{Act, Call, Moment},
    ledger::{Ledger, name_key, session_key},
    op::CallId,
    sessions::session_of,
    world::{SKEW_MAX, millis},
};

/// Judges the answer of a request that has just ended.
pub fn answer(ledger: &Ledger, calls: &[Call], id: CallId, ended: &Moment, answer: &Answer) -> Result<(), String> {
    let call = &calls[id];
    match (&call.act, answer) {
        (Act::Register(name), Answer::User(user)) => expect(
            ledger.owner(name).as_ref() == Some(user),
            "the name is not the registered user's",
        ),
        (Act::Register(name), Answer::Refused(409)) => {
            let is_taken = ledger.is_there(&name_key(name), ended.step);
            expect(
                is_taken || may_be_busy(calls, id, &call.act, ended, true),
                "a free name was refused",
            )
        }
        (Act::SignIn { right, .. }, Answer::Tokens(Some(_))) => expect(*right, "a wrong password was taken"),
        (Act::SignIn { right, .. }, Answer::Refused(401)) => expect(!right, "the right password was refused"),
        (Act::SignIn { .. }, Answer::Refused(429)) => {
            let tries = calls
                .iter()
                .filter(|call| matches!(call.act, Act::SignIn { .. }))
                .count();
            expect(tries > TRIES, "somebody was put off after few tries")
        }
        (Act::Keys, Answer::Keys(keys)) => {
            let same = |call: &Call| !matches!(call.answer(), Some(Answer::Keys(other)) if other != keys);
            expect(calls.iter().all(same), "instances have different signing keys")
        }
        (Act::Keys, Answer::Refused(503)) => expect(
            call.disturbed || may_be_busy(calls, id, &call.act, ended, true),
            "there are no keys, without a reason",
        ),
        (Act::Refresh(token), Answer::Tokens(_)) if !ledger.is_there(&session_key(token), call.began.step) => {
            Err("a session goes on that had ended".to_owned())
        }
        (Act::Refresh(token), Answer::Tokens(_)) if must_be_over(calls, session_of(token), call.began.step) => {
            Err("a session goes on that was ended".to_owned())
        }
        (Act::Refresh(token), Answer::Tokens(Some(next))) => {
            let same = |other: &Call| {
                other.act != call.act || !matches!(other.answer(), Some(Answer::Tokens(Some(other))) if other != next)
            };
            expect(calls.iter().all(same), || format!("{token} has two successors"))
        }
        (Act::Refresh(_), Answer::Tokens(None)) => expect(
            may_be_busy(calls, id, &call.act, ended, true),
            "a refresh gave no new token, without a reason",
        ),
        (Act::Refresh(token), Answer::Refused(401)) => {
            let is_gone = !ledger.is_there(&session_key(token), ended.step);
            expect(
                is_gone || may_be_stale(calls, token, ended) || may_be_over(calls, session_of(token), ended.step),
                "a good refresh token was refused",
            )
        }
        (Act::SignOut(token), Answer::Removed) => {
            let is_gone = !ledger.is_there(&session_key(token), ended.step);
            expect(is_gone, "a session outlives its end")
        }
        (Act::Register(_) | Act::SignIn { .. } | Act::Refresh(_) | Act::SignOut(_), Answer::Refused(503))
            if call.disturbed =>
        {
            Ok(())
        }
        (Act::SignIn { .. }, Answer::Refused(503)) => expect(
            may_be_busy(calls, id, &call.act, ended, true),
            "a sign-in gave up without a reason",
        ),
        (act, answer) => Err(format!("{act:?} was answered {answer:?}")),
    }
}

/// How many wrong passwords somebody may try in a window.
pub const TRIES: usize = 10;

/// Judges when passwords were hashed: of wrong ones, no more than the throttle lets in. Two windows, as clocks differ, may
/// fall into the length of one.
pub fn hashes(computed: &[(u64, CallId)], calls: &[Call]) -> Result<(), String> {
    let is_guess = |call: &CallId| matches!(calls[*call].act, Act::SignIn { right: false, .. });
    let guesses: Vec<u64> = computed
        .iter()
        .filter(|(_, call)| is_guess(call))
        .map(|(at, _)| *at)
        .collect();
    let length = millis(WINDOW) - 2 * SKEW_MAX as u64;
    let crowded = guesses
        .windows(2 * TRIES + 1)
        .any(|crowd| crowd[2 * TRIES] - crowd[0] < length);
    expect(!crowded, "too many guesses were hashed in a window")
}

/// Whether the token may have been replaced for longer than others may lag behind, or its successor too.
fn may_be_stale(calls: &[Call], token: &str, now: &Moment) -> bool {
    let lag = GRACE.saturating_sub(Duration::from_millis(2 * SKEW_MAX as u64));
    let uses = |call: &&Call| matches!(&call.act, Act::Refresh(used) if used == token);
    let mut used = calls.iter().filter(uses);
    used.any(|call| {
        let long_ago = Duration::from_millis(now.time - call.began.time) >= lag;
        let successor_used = match call.answer() {
            Some(Answer::Tokens(Some(next))) => calls
                .iter()
                .any(|call| matches!(&call.act, Act::Refresh(used) if used == next)),
            _ => false,
        };
        long_ago || successor_used
    })
}
