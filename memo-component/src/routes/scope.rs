//! What an access token has to be for.

use common::{
    http::problem::Problem,
    token::{AccessToken, insufficient_scope, scope},
};

/// The scope that is needed.
#[derive(Clone, Copy)]
pub struct Needed(&'static str);

impl Needed {
    /// To read memos.
    pub const READ: Self = Self(scope::MEMOS_READ);
    /// To write memos.
    pub const WRITE: Self = Self(scope::MEMOS_WRITE);
    /// To remove everything that a person has.
    pub const ERASE: Self = Self(scope::MEMOS_ERASE);

    /// Lets tokens pass that are for it.
    ///
    /// # Errors
    /// 403 for others.
    pub fn check(self, token: &AccessToken) -> Result<(), Problem> {
        if token.claims.allows(self.0) {
            Ok(())
        } else {
            Err(insufficient_scope(self.0))
        }
    }
}
