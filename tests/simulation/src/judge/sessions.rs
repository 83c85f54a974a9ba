//! What must hold of one user's sessions.

use auth_component::{
    records::{revocation, session_list::SESSIONS_MAX},
    tokens::access_token,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::{End, accounts::TRIES, expect, may_be_busy};
use crate::{
    answer::Answer,
    call::{Act, Call, Moment},
    ledger::{Ledger, session_key},
    op::CallId,
    sessions::{LIST_AGE, Wish, session_of},
    world::{SKEW_MAX, millis},
};

/// A request that has ended, and what is known of everything.
struct Case<'a> {
    ledger: &'a Ledger,
    calls: &'a [Call],
    id: CallId,
    call: &'a Call,
    ended: &'a Moment,
}

/// Judges the answer of a request that has just ended.
pub fn answer(ledger: &Ledger, calls: &[Call], id: CallId, ended: &Moment, answer: &Answer) -> Result<(), String> {
    let case = Case {
        ledger,
        calls,
        id,
        call: &calls[id],
        ended,
    };
    case.judge(answer)
}

/// Whether the session must be over for a request that begins at `step`, because of an end that was acknowledged before.
pub fn must_be_over(calls: &[Call], session: &str, step: u64) -> bool {
    calls
        .iter()
        .any(|call| acknowledged(call).is_some_and(|ended| ended.step <= step) && ends(calls, call, session))
}

/// Whether somebody who began before `step` may have ended the session.
pub fn may_be_over(calls: &[Call], session: &str, step: u64) -> bool {
    calls
        .iter()
        .any(|call| call.began.step < step && may_end(call, session))
}

/// When a request that ends sessions was acknowledged.
fn acknowledged(call: &Call) -> Option<Moment> {
    match &call.ended {
        Some((ended, End::Answered(Answer::Removed))) => Some(*ended),
        _ => None,
    }
}

/// Whether the end of this session is what the request was for, for certain.
fn ends(calls: &[Call], call: &Call, session: &str) -> bool {
    match &call.act {
        Act::Account(_, Wish::End(ended)) => ended == session,
        Act::SignOut(token) => session_of(token) == session,
        Act::Account(access, Wish::EndOthers) => {
            session_of_access(access) != session && began_before(calls, session, call, None)
        }
        Act::Account(access, Wish::ChangePassword { current, .. }) => {
            session_of_access(access) != session && began_before(calls, session, call, Some(current))
        }
        _ => false,
    }
}

/// Whether the request may be the end of this session.
fn may_end(call: &Call, session: &str) -> bool {
    match &call.act {
        Act::Account(_, Wish::End(ended)) => ended == session,
        Act::SignOut(token) => session_of(token) == session,
        Act::Account(access, Wish::EndOthers | Wish::ChangePassword { .. }) => session_of_access(access) != session,
        _ => false,
    }
}

/// Whether the session was there before the request began, or began by this password at any time.
fn began_before(calls: &[Call], session: &str, call: &Call, password: Option<&String>) -> bool {
    calls.iter().any(|other| {
        let Some((ended, End::Answered(Answer::Entered(entry)))) = &other.ended else {
            return false;
        };
        let by_this = matches!(&other.act, Act::Enter(used) if Some(used) == password);
        session_of(&entry.refresh) == session && (by_this || ended.step <= call.began.step)
    })
}

/// Whether the request was given an access token of this session.
fn gives_token(call: &Call, session: &str) -> bool {
    match (&call.act, call.answer()) {
        (_, Some(Answer::Entered(entry))) => session_of(&entry.refresh) == session,
        (Act::Refresh(token), Some(Answer::Tokens(_))) => session_of(token) == session,
        _ => false,
    }
}

/// Whether a request ended before hosts would have ended it.
fn is_quick(call: &Call) -> bool {
    let ended = call.ended.as_ref().map(|(ended, _)| ended.time);
    ended.is_some_and(|ended| ended - call.began.time <= 30_000)
}

/// What an access token says of itself.
pub(super) fn claims(access: &str) -> Value {
    let claims = access.split('.').nth(1).unwrap_or_default();
    let claims = URL_SAFE_NO_PAD.decode(claims).expect("base64url");
    serde_json::from_slice(&claims).expect("claims")
}

pub(super) fn session_of_access(access: &str) -> String {
    claims(access)["sid"].as_str().expect("a session").to_owned()
}

impl Case<'_> {
    fn judge(&self, answer: &Answer) -> Result<(), String> {
        match (&self.call.act, answer) {
            (Act::Enter(password), Answer::Entered(_)) => expect(
                !self.was_replaced(password, self.call.began.step),
                "an old password was taken",
            ),
            (Act::Enter(password), Answer::Refused(401)) => {
                let reason = self.may_be_wrong(password) || self.may_meet_an_end();
                expect(reason, "the password was refused without a reason")
            }
            (Act::Account(access, wish), answer) => self.account(&session_of_access(access), access, wish, answer),
            (Act::Revocations, Answer::Ended(told)) => self.revocations(told),
            (_, Answer::Refused(429)) => self.put_off(),
            (Act::Enter(_) | Act::Revocations, Answer::Refused(503)) => self.unavailable(),
            (act, answer) => Err(format!("{act:?} was answered {answer:?}")),
        }
    }

    fn account(&self, own: &str, access: &str, wish: &Wish, answer: &Answer) -> Result<(), String> {
        let is_taken = matches!(answer, Answer::Sessions(_) | Answer::Removed);
        if is_taken && must_be_over(self.calls, own, self.call.began.step) {
            return Err("the token of a session that was ended is taken".to_owned());
        }
        match (wish, answer) {
            (Wish::List, Answer::Sessions(ids)) => self.list(ids),
            (Wish::End(id), Answer::Removed) => expect(!self.is_there(id), "a session outlives its end"),
            (Wish::EndOthers, Answer::Removed) => Ok(()),
            (Wish::ChangePassword { current, .. }, Answer::Removed) => expect(
                !self.was_replaced(current, self.call.began.step),
                "an old password was taken for a new one",
            ),
            (Wish::End(id), Answer::Refused(404)) => {
                let reason = !self.is_there(id) || self.may_be_over(id);
                expect(reason, "there is a session that can't be ended")
            }
            (_, Answer::Refused(401)) => {
                let expires = claims(access)["exp"].as_u64().expect("a time") * 1000;
                let has_expired = self.ended.time + SKEW_MAX as u64 >= expires;
                let reason = has_expired || !self.is_there(own) || self.may_be_over(own);
                expect(reason, "a good access token was refused")
            }
            (Wish::ChangePassword { current, .. }, Answer::Refused(422)) => {
                expect(self.may_be_wrong(current), "the current password was refused")
            }
            (Wish::ChangePassword { .. }, Answer::Refused(429)) => self.put_off(),
            (Wish::ChangePassword { .. } | Wish::EndOthers, Answer::Refused(409)) => {
                expect(self.may_be_busy(), "a change gave up without a reason")
            }
            (_, Answer::Refused(503)) => self.unavailable(),
            (wish, answer) => Err(format!("{wish:?} was answered {answer:?}")),
        }
    }

    /// No more than there may be, none that was ended, and all that were there all the time.
    fn list(&self, ids: &[String]) -> Result<(), String> {
        expect(ids.len() <= SESSIONS_MAX, "there are more sessions than may be")?;
        let ended = ids.iter().find(|id| must_be_over(self.calls, id, self.call.began.step));
        expect(ended.is_none(), || {
            format!("the session {ended:?} is listed and was ended")
        })?;
        for (entry, moment) in self.entries() {
            let id = session_of(&entry);
            let was_there = moment.step <= self.call.began.step && self.is_there(id);
            if was_there && !self.may_be_over(id) {
                expect(ids.iter().any(|listed| listed == id), || {
                    format!("the session {id} is not listed")
                })?;
            }
        }
        Ok(())
    }

    /// Whose end was acknowledged is told while a token of theirs may be good. Hosts end requests after 30 seconds, which the
    /// list relies on: where one took longer, nothing is promised.
    fn revocations(&self, told: &[String]) -> Result<(), String> {
        for (refresh, _) in self.entries() {
            let id = session_of(&refresh);
            let is_over = self.calls.iter().any(|call| {
                acknowledged(call).is_some_and(|ended| ended.time + LIST_AGE <= self.call.began.time)
                    && is_quick(call)
                    && ends(self.calls, call, id)
            });
            let tokens: Vec<&Call> = self.calls.iter().filter(|call| gives_token(call, id)).collect();
            let last = tokens.iter().map(|call| call.began.time).max().unwrap_or(0);
            let good_until = last + millis(access_token::TTL) - 2 * SKEW_MAX as u64;
            if is_over && self.ended.time < good_until && tokens.into_iter().all(is_quick) {
                expect(told.contains(&revocation::hash(id)), || {
                    format!("the end of the session {id} is not told")
                })?;
            }
        }
        Ok(())
    }

    /// First refresh tokens, and when they were given.
    fn entries(&self) -> impl Iterator<Item = (String, Moment)> {
        self.calls.iter().filter_map(|call| match &call.ended {
            Some((moment, End::Answered(Answer::Entered(entry)))) => Some((entry.refresh.clone(), *moment)),
            _ => None,
        })
    }

    fn changes(&self) -> impl Iterator<Item = (&Call, &String, &String)> {
        self.calls.iter().filter_map(|call| match &call.act {
            Act::Account(_, Wish::ChangePassword { current, new }) => Some((call, current, new)),
            _ => None,
        })
    }

    /// Whether the password was replaced by a change that was acknowledged before `step`.
    fn was_replaced(&self, password: &str, step: u64) -> bool {
        let mut changes = self.changes();
        changes
            .any(|(call, current, _)| current == password && acknowledged(call).is_some_and(|ended| ended.step <= step))
    }

    /// Whether somebody may have replaced the password, or may not have set it.
    fn may_be_wrong(&self, password: &str) -> bool {
        let mut changes = self.changes();
        changes.any(|(call, current, new)| {
            let is_replaced = current == password && call.began.step < self.ended.step;
            let is_set = acknowledged(call).is_some_and(|ended| ended.step <= self.call.began.step);
            (call.began.step != self.call.began.step && is_replaced) || (new == password && !is_set)
        })
    }

    /// Whether somebody may have ended all sessions while this one began.
    fn may_meet_an_end(&self) -> bool {
        self.calls.iter().any(|call| {
            let ends_all = matches!(
                &call.act,
                Act::Account(_, Wish::EndOthers | Wish::ChangePassword { .. })
            );
            let is_over = |ended: Moment| ended.step <= self.call.began.step;
            ends_all && call.began.step < self.ended.step && !acknowledged(call).is_some_and(is_over)
        })
    }

    fn may_be_over(&self, id: &str) -> bool {
        may_be_over(self.calls, id, self.ended.step)
    }

    fn is_there(&self, id: &str) -> bool {
        self.ledger.is_there(&session_key(id), self.ended.step)
    }

    fn may_be_busy(&self) -> bool {
        may_be_busy(self.calls, self.id, &self.call.act, self.ended, true)
    }

    fn unavailable(&self) -> Result<(), String> {
        expect(
            self.call.disturbed || self.may_be_busy(),
            "a request gave up without a reason",
        )
    }

    /// Right passwords are given back, unless their request died.
    fn put_off(&self) -> Result<(), String> {
        let is_try = |call: &&Call| matches!(call.act, Act::Enter(_) | Act::Account(_, Wish::ChangePassword { .. }));
        let tries = self.calls.iter().filter(is_try).count();
        expect(tries > TRIES, "somebody was put off after few tries")
    }
}
