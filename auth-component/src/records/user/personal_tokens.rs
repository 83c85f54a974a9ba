//! What the user's record says of personal tokens. Each change makes the record's next version of it, or says that it can't be
//! had. What ends the account or gives it back to its owner ends the tokens by the same change, because they are in one record.

use common::world::clock::Timestamp;

use super::User;
use crate::records::personal_token::{PersonalToken, TOKENS_MAX};

impl User {
    /// The user's personal tokens that have not expired, oldest first; none while the account is being deleted.
    pub fn personal_tokens(&self, now: Timestamp) -> impl Iterator<Item = &PersonalToken> {
        let is_there = !self.is_being_deleted();
        let tokens = self.personal_tokens.iter();
        tokens.filter(move |token| is_there && token.is_good(now))
    }

    /// The good personal token of this id.
    pub fn personal_token(&self, id: &str, now: Timestamp) -> Option<&PersonalToken> {
        self.personal_tokens(now).find(|token| token.id == id)
    }

    /// Whether there is room for another personal token. Those that have expired take none.
    pub fn has_room_for_personal_token(&self, now: Timestamp) -> bool {
        self.personal_tokens(now).count() < TOKENS_MAX
    }

    /// Whether a token is from before the password was last changed. Such a token goes on: who changes the password may have
    /// programs at work.
    pub fn is_older_than_password(&self, token: &PersonalToken) -> bool {
        self.password_changed_at.is_some_and(|at| token.created_at < at)
    }

    /// The next version of this user, who has one more personal token, and none that has expired; `None` where there is no room.
    #[must_use]
    pub fn with_personal_token(mut self, token: PersonalToken, now: Timestamp) -> Option<Self> {
        if !self.has_room_for_personal_token(now) {
            return None;
        }
        self.personal_tokens.retain(|token| token.is_good(now));
        self.personal_tokens.push(token);
        Some(self.next())
    }

    /// The next version of this user, without this personal token; `None` where there is none such.
    #[must_use]
    pub fn without_personal_token(mut self, id: &str) -> Option<Self> {
        let before = self.personal_tokens.len();
        self.personal_tokens.retain(|token| token.id != id);
        (self.personal_tokens.len() < before).then(|| self.next())
    }

    /// The next version of this user, whose personal token is used; `None` where that is no news, or the token is gone.
    #[must_use]
    pub fn with_personal_token_used(mut self, id: &str, now: Timestamp) -> Option<Self> {
        let mut tokens = self.personal_tokens.iter_mut();
        let token = tokens.find(|token| token.id == id && token.is_use_news(now))?;
        token.last_used_at = Some(now);
        Some(self.next())
    }
}
