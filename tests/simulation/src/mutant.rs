//! Services with a part taken out, as seen from outside: the store or the clock lies to the real ones just so that
//! the part has no effect. A simulator that does not notice proves nothing.

use std::time::Duration;

use memo_component::catalog::{
    overview::Overview,
    signatures::{Block, Signed},
    skip::SETTLED,
};

use crate::{
    op::{Ask, CallId, Caller, Reply, Response},
    passkeys::Whose,
    world::millis,
};

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// Nothing.
    None,
    /// A claim that does not look at what `increment` says: every claimant is the first.
    EverybodyIsFirst,
    /// A claim that does not look at the windows before and after.
    NeighboursUnseen,
    /// A claim that does not read the record again: it sees what the claimant expects.
    NoSecondRead,
    /// A claim, and a create, that does not look at its own age: a request's clock stands still.
    NoFreshness,
    /// No claims at all on keys that contain this.
    Unclaimed(&'static str),
    /// A throttle that does not look at what `increment` says: every try is the first.
    TriesUncounted,
    /// Listings that take every hole for a settled one: by their clock, each of them is more than
    /// [`SETTLED`] later than the one before.
    NothingIsUnsettled,
    /// The same of those who read the feed, so that they drop what is open.
    FeedIsSettled,
    /// Cursors of the feed without what is open. [`crate::follower`] sees to it.
    OpenIsForgotten,
    /// Values are never written at keys that contain this.
    Unwritten(&'static str),
    /// Values at keys that contain this are written after the memo, before the claim's flag is lowered.
    WrittenLast(&'static str),
    /// A memo that goes into the trash is not written.
    TrashUnwritten,
    /// What a batch writes of memos is not written.
    BatchUnwritten,
    /// Quotas that do not look at what their counters say.
    QuotaUnseen,
    /// Bytes and memos that are gone are counted on.
    NothingIsGivenBack,
    /// What is there is taken off twice when it goes.
    GivenBackTwice,
    /// The overview, and the counts of tags, say that they have seen one change more than they have.
    OverviewAhead,
    /// A signature that is taken for one of the memo's next version.
    SignedAhead,
    /// Maintenance by a clock that is so many days ahead.
    SweepsAhead(u64),
    /// Maintenance that finds nothing to do in the lists.
    NothingIsDue,
    /// Sessions for which the user's record says nothing of their end.
    UserUnheeded,
    /// Records of sessions that are never removed.
    SessionsStay,
    /// A second factor that forgets which codes were used.
    CodesUsedUnseen,
    /// Recovery codes that are there again after they were spent.
    SpentCodesReturn,
    /// The counter of ids of a person whose memos are erased is not closed.
    NothingIsClosed,
    /// A passkey that forgets when it was used.
    PasskeyUsesUnseen,
    /// A passkey of another account that is among the user's own.
    PasskeysMixedUp,
    /// A passkey that is there again after a recovery.
    PasskeysReturn,
    /// A personal token that is there again after its end.
    TokensReturn,
    /// Codes that are as good as new after they were used.
    UsedCodesReturn,
    /// The end of a link to a memo that is not written.
    LinksStay,
    /// Links that open what is in the trash.
    TrashIsOpen,
}

/// What happens to an operation instead of being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twist {
    /// It is done.
    None,
    /// It is not done.
    Dropped,
    /// It is done when this request lowers its flag.
    Postponed(CallId),
    /// The increment is this one.
    Instead(i64),
}

/// A day, in milliseconds.
const DAY: u64 = 24 * 60 * 60 * 1000;

/// Whether a key is a memo's.
fn is_memo(key: &str) -> bool {
    let mut parts = key.split('/').skip(2);
    let id = parts.next().is_some_and(|id| id.parse::<u64>().is_ok());
    id && parts.next().is_none() && key.starts_with("memo/u")
}

impl Mutant {
    /// What happens to an operation.
    pub fn fate(self, caller: Option<Caller>, ask: &Ask) -> Twist {
        if self == Self::None {
            return Twist::None;
        }
        let key = ask.key();
        match (self, ask, caller) {
            (Self::Unwritten(part), Ask::Set(..), _) if key.contains(part) => Twist::Dropped,
            (Self::WrittenLast(part), Ask::Set(..), Some(caller)) if key.contains(part) => {
                Twist::Postponed(caller.call)
            }
            (Self::TrashUnwritten, Ask::Set(_, value), _)
                if is_memo(key) && value.windows(12).any(|part| part == b"\"trashed_at\"") =>
            {
                Twist::Dropped
            }
            (Self::LinksStay, Ask::Delete(_) | Ask::Set(..), Some(caller)) if caller.ends && key.contains("/share") => {
                Twist::Dropped
            }
            (Self::SessionsStay, Ask::Delete(_), _) if is_session(key) => Twist::Dropped,
            (Self::BatchUnwritten, Ask::Set(..), Some(caller)) if is_memo(key) && caller.batches => Twist::Dropped,
            // No create takes so many ids.
            (Self::NothingIsClosed, Ask::Increment(_, delta), _) if key.ends_with("/seq") && *delta == 1 << 23 => {
                Twist::Instead(0)
            }
            (Self::NothingIsGivenBack, Ask::Increment(_, delta), _) if is_taken_off(key, *delta) => Twist::Instead(0),
            (Self::GivenBackTwice, Ask::Increment(_, delta), _) if is_taken_off(key, *delta) => {
                Twist::Instead(2 * delta)
            }
            _ => Twist::None,
        }
    }

    /// What the service gets to see instead of `response`.
    pub fn twist(self, caller: Option<Caller>, ask: &Ask, response: Response) -> Response {
        let is_flag = ask.key().contains("/claim/");
        match (self, ask, response) {
            (Self::EverybodyIsFirst, Ask::Increment(..), Ok(_)) if is_flag => Ok(Reply::Sum(1)),
            (Self::NeighboursUnseen, Ask::Exists(_), Ok(_)) if is_flag => Ok(Reply::Found(false)),
            (Self::Unclaimed(part), Ask::Increment(key, _), Ok(_)) if is_flag && key.contains(part) => {
                Ok(Reply::Sum(1))
            }
            (Self::Unclaimed(part), Ask::Exists(key), Ok(_)) if is_flag && key.contains(part) => {
                Ok(Reply::Found(false))
            }
            (Self::TriesUncounted, Ask::Increment(key, _), Ok(_)) if key.starts_with("auth/throttle/") => {
                Ok(Reply::Sum(1))
            }
            (Self::QuotaUnseen, Ask::Increment(key, _), Ok(Reply::Sum(sum))) if key.ends_with("/seq") => {
                // The id alone.
                Ok(Reply::Sum(sum & 0x1FF_FFFF))
            }
            (Self::QuotaUnseen, Ask::Increment(key, _), Ok(Reply::Sum(sum))) if key.ends_with("/changes") => {
                Ok(Reply::Sum(sum >> 24 << 24))
            }
            (Self::OverviewAhead, Ask::Get(key), Ok(Reply::Value(Some(value)))) if key.ends_with("/overview") => {
                Ok(Reply::Value(Some(overview_ahead(&value))))
            }
            (Self::SignedAhead, Ask::Get(key), Ok(Reply::Value(Some(value)))) if key.contains("/signatures/") => {
                Ok(Reply::Value(Some(signed_ahead(&value))))
            }
            (Self::UserUnheeded, Ask::Get(key), Ok(Reply::Value(Some(value)))) if key.starts_with("auth/user/") => {
                Ok(Reply::Value(Some(valid_for_ever(&value))))
            }
            (Self::CodesUsedUnseen, Ask::Get(key), Ok(Reply::Value(Some(value)))) if key.starts_with("auth/user/") => {
                Ok(Reply::Value(Some(with_no_code_used(&value))))
            }
            (Self::SpentCodesReturn, Ask::Get(key), Ok(Reply::Value(Some(value)))) if key.starts_with("auth/user/") => {
                Ok(Reply::Value(Some(with_all_recovery_codes(&value))))
            }
            (Self::PasskeyUsesUnseen, Ask::Get(key), Ok(Reply::Value(Some(value))))
                if key.starts_with("auth/user/") =>
            {
                Ok(Reply::Value(Some(with_passkey_unused(&value))))
            }
            (Self::PasskeysMixedUp, Ask::Get(key), Ok(Reply::Value(Some(value)))) if key.starts_with("auth/user/") => {
                Ok(Reply::Value(Some(with_anothers_passkey(&value))))
            }
            (Self::PasskeysReturn, Ask::Get(key), Ok(Reply::Value(Some(value)))) if key.starts_with("auth/user/") => {
                Ok(Reply::Value(Some(with_passkey(&value))))
            }
            (Self::TokensReturn, Ask::Get(key), Ok(Reply::Value(Some(value)))) if key.starts_with("auth/user/") => {
                Ok(Reply::Value(Some(with_personal_token(&value))))
            }
            (Self::UsedCodesReturn, Ask::Get(key), Ok(Reply::Value(Some(value)))) if is_session(key) => {
                Ok(Reply::Value(Some(with_code_unused(&value))))
            }
            (Self::TrashIsOpen, Ask::Get(key), Ok(Reply::Value(Some(value))))
                if is_memo(key) && caller.is_some_and(|caller| caller.opens) =>
            {
                Ok(Reply::Value(Some(out_of_the_trash(&value))))
            }
            (Self::NothingIsDue, Ask::Exists(key), Ok(_)) if key.starts_with("memo/due/") => Ok(Reply::Found(false)),
            (_, _, response) => response,
        }
    }

    /// The time that the service gets to see.
    pub fn now(self, caller: Option<Caller>, now: u64) -> u64 {
        let Some(caller) = caller else { return now };
        let later = now + (caller.call as u64 + 2) * millis(SETTLED + Duration::from_secs(10));
        match self {
            Self::NoFreshness => caller.began,
            Self::NothingIsUnsettled if caller.lists => later,
            Self::FeedIsSettled if caller.follows => later,
            Self::SweepsAhead(days) if caller.sweeps => now + days * DAY,
            _ => now,
        }
    }
}

/// Whether a key is a session's record.
fn is_session(key: &str) -> bool {
    key.strip_prefix("auth/session/")
        .is_some_and(|rest| !rest.contains('/'))
}

/// The record of a user who has never ended a session.
fn valid_for_ever(stored: &[u8]) -> Vec<u8> {
    let mut user: serde_json::Value = serde_json::from_slice(stored).expect("a user or a list");
    if user.get("sessions_valid_from").is_some() {
        user["sessions_valid_from"] = 0.into();
    }
    serde_json::to_vec(&user).expect("a record")
}

/// The record of a user whose app has shown no code for long.
fn with_no_code_used(stored: &[u8]) -> Vec<u8> {
    let mut user: serde_json::Value = serde_json::from_slice(stored).expect("a user or a list");
    if let Some(last_step) = user.get_mut("totp").and_then(|totp| totp.get_mut("last_step")) {
        *last_step = 1.into();
    }
    serde_json::to_vec(&user).expect("a record")
}

/// The record of a user who has spent no recovery code.
fn with_all_recovery_codes(stored: &[u8]) -> Vec<u8> {
    let mut user: serde_json::Value = serde_json::from_slice(stored).expect("a user or a list");
    if user.get("recovery_codes").is_some() {
        user["recovery_codes"] = crate::factors::kept_codes();
    }
    serde_json::to_vec(&user).expect("a record")
}

/// The record of a user who has never used the passkey.
fn with_passkey_unused(stored: &[u8]) -> Vec<u8> {
    let mut user: serde_json::Value = serde_json::from_slice(stored).expect("a user or a list");
    if let Some(passkey) = user
        .pointer_mut("/passkeys/0")
        .and_then(|passkey| passkey.as_object_mut())
    {
        passkey.remove("last_used_at");
    }
    serde_json::to_vec(&user).expect("a record")
}

/// The record of a user whose passkeys have another account's among them.
fn with_anothers_passkey(stored: &[u8]) -> Vec<u8> {
    let mut user: serde_json::Value = serde_json::from_slice(stored).expect("a user or a list");
    let anothers = serde_json::to_value(crate::passkeys::kept(Whose::Anothers)).expect("a passkey");
    if let Some(passkeys) = user.get_mut("passkeys").and_then(|passkeys| passkeys.as_array_mut())
        && !passkeys.iter().any(|passkey| passkey["id"] == anothers["id"])
    {
        passkeys.push(anothers);
    }
    serde_json::to_vec(&user).expect("a record")
}

/// The record of a user who has the passkey again, if it is gone.
fn with_passkey(stored: &[u8]) -> Vec<u8> {
    let mut user: serde_json::Value = serde_json::from_slice(stored).expect("a user or a list");
    if user.get("recovery_codes").is_some() && user.get("passkeys").is_none() {
        user["passkeys"] = serde_json::json!([crate::passkeys::kept(Whose::Own)]);
    }
    serde_json::to_vec(&user).expect("a record")
}

/// The record of a user who has the personal token again, if it is gone.
fn with_personal_token(stored: &[u8]) -> Vec<u8> {
    let mut user: serde_json::Value = serde_json::from_slice(stored).expect("a user or a list");
    if user.get("recovery_codes").is_some() && user.get("personal_tokens").is_none() {
        user["personal_tokens"] = serde_json::json!([crate::personal::kept()]);
    }
    serde_json::to_vec(&user).expect("a record")
}

/// The session of a program whose code was not used.
fn with_code_unused(stored: &[u8]) -> Vec<u8> {
    let mut session: serde_json::Value = serde_json::from_slice(stored).expect("a session");
    if let Some(grant) = session.get_mut("grant") {
        grant["binding"] = serde_json::to_value(crate::programs::binding()).expect("what the code is bound to");
    }
    serde_json::to_vec(&session).expect("a record")
}

/// The record of a memo that is not in the trash.
fn out_of_the_trash(stored: &[u8]) -> Vec<u8> {
    let mut memo: serde_json::Value = serde_json::from_slice(stored).expect("a memo");
    if let Some(memo) = memo.as_object_mut() {
        memo.remove("trashed_at");
    }
    serde_json::to_vec(&memo).expect("a record")
}

/// Whether this takes something off what somebody has.
fn is_taken_off(key: &str, delta: i64) -> bool {
    (key.ends_with("/changes") || key.ends_with("/seq")) && delta < 0
}

/// The overview one change further.
fn overview_ahead(stored: &[u8]) -> Vec<u8> {
    let mut overview = Overview::decode(stored).expect("an overview");
    let mut position = serde_json::to_value(&overview.position).expect("a position");
    if let Some(log) = position.get_mut("log") {
        *log = (log.as_u64().unwrap_or(0) + 1).into();
    }
    overview.position = serde_json::from_value(position).expect("a position");
    overview.encode().expect("a record")
}

/// The signatures, each of the next version.
fn signed_ahead(stored: &[u8]) -> Vec<u8> {
    let mut ahead = Block::default();
    for signed in Block::decode(stored).signed() {
        ahead.put(Signed {
            version: signed.version.next(),
            ..*signed
        });
    }
    ahead.encode().expect("a record")
}
