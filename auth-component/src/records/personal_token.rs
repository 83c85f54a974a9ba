//! A personal token, as the user's record has it: an access token for a program of the user's own, good for up to a year.
//!
//! The token itself is stored nowhere. It is signed and shown once; what is kept is by which id it is known, and what is
//! known of it. A token whose id is not there any more is no longer good.

use std::time::Duration;

use common::world::clock::Timestamp;
use serde::{Deserialize, Serialize};

use super::{label::Label, program_scope::ProgramScope};

/// The most personal tokens that a user has.
pub const TOKENS_MAX: usize = 20;

/// For how many days a token is good at most.
pub const DAYS_MAX: u64 = 366;

/// How often it is noted at most that a token was used: the user's record is not to be written for each request.
pub const USE_NOTED_EVERY: Duration = Duration::from_secs(60 * 60);

/// A personal token: all but the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonalToken {
    /// Its id: `sid` and `jti` of the token.
    pub id: String,
    /// What the user calls it.
    pub name: Label,
    /// What it may be used for.
    pub scope: ProgramScope,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was last used, to the hour; never, where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

impl PersonalToken {
    /// Whether it has not expired.
    pub fn is_good(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Whether it has to be noted that it is used now.
    pub fn is_use_news(&self, now: Timestamp) -> bool {
        self.last_used_at.is_none_or(|at| now.since(at) >= USE_NOTED_EVERY)
    }
}
