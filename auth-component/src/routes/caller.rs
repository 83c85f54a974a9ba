//! Who asks, as extractors.

use axum::extract::FromRequestParts;
use common::{
    http::problem::Problem,
    token::{TokenError, UserId, bearer, insufficient_scope, scope},
};
use http::request::Parts;

use crate::{
    App,
    records::{session::Session, user::User},
    sessions,
};

/// Who asks: the user and the session of the request's access token. Here, where sessions are kept, a token is good for as
/// long as its session is, and not until it expires. Three reads.
pub struct Caller {
    /// The user's id.
    pub id: UserId,
    /// The user.
    pub user: User,
    /// The session.
    pub session: Session,
    /// What the token may be used for.
    scope: Scope,
}

/// Whether a token may be used for the account.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Account,
    Else,
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Self::leaving(parts, app).await?;
        if caller.user.admits(&caller.session) {
            return Ok(caller);
        }
        Err(TokenError::Ended.into())
    }
}

impl Caller {
    /// Also who has asked for the deletion of the account.
    async fn leaving(parts: &Parts, app: &App) -> Result<Self, Problem> {
        let token = bearer(&parts.headers)?;
        let now = app.ports.clock.now();
        let keys = app.keys.current(now).await?;
        let token = app.profile.verify(token, keys.public(), now)?;
        if token.long_lived.is_some() {
            // A personal token. None is for the account, and there is no session to look for.
            return Err(insufficient_scope(scope::ACCOUNT));
        }
        let claims = token.claims;
        let found = sessions::find_leaving(&app.ports, &claims.sub, &claims.sid).await?;
        let (session, user) = found.ok_or(TokenError::Ended)?;
        let scope = if claims.allows(scope::ACCOUNT) {
            Scope::Account
        } else {
            Scope::Else
        };
        Ok(Self {
            id: claims.sub,
            user,
            session,
            scope,
        })
    }

    /// With a token that may be used for the account.
    fn for_account(self) -> Result<Self, Problem> {
        if self.scope == Scope::Account {
            return Ok(self);
        }
        Err(insufficient_scope(scope::ACCOUNT))
    }
}

/// The same, with a token that may be used for the account.
pub struct AccountCaller(pub Caller);

impl FromRequestParts<App> for AccountCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        caller.for_account().map(Self)
    }
}

/// The same, also where the account is being deleted because this session asked for it.
pub struct LeavingCaller(pub Caller);

impl FromRequestParts<App> for LeavingCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Caller::leaving(parts, app).await?;
        caller.for_account().map(Self)
    }
}
