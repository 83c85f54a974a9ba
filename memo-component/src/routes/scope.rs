//! What an access token has to be for, said where routes are: [`reads`], [`writes`] and [`erases`] around the handlers of a path.

use axum::{Extension, routing::MethodRouter};
use common::{
    http::problem::Problem,
    token::{AccessToken, insufficient_scope, scope},
};
use http::request::Parts;

use crate::App;

/// The scope that the handlers of a route need.
#[derive(Clone, Copy)]
pub struct Needed(&'static str);

/// These handlers read memos.
pub fn reads(handlers: MethodRouter<App>) -> MethodRouter<App> {
    handlers.route_layer(Extension(Needed::READ))
}

/// These handlers write memos.
pub fn writes(handlers: MethodRouter<App>) -> MethodRouter<App> {
    handlers.route_layer(Extension(Needed::WRITE))
}

/// These handlers remove everything that a person has.
pub fn erases(handlers: MethodRouter<App>) -> MethodRouter<App> {
    handlers.route_layer(Extension(Needed(scope::MEMOS_ERASE)))
}

impl Needed {
    /// To read memos.
    pub const READ: Self = Self(scope::MEMOS_READ);
    /// To write memos.
    pub const WRITE: Self = Self(scope::MEMOS_WRITE);

    /// What the route of a request needs.
    ///
    /// # Errors
    /// 500 for a route that does not say it: nobody gets in by what was forgotten.
    pub fn of(parts: &Parts) -> Result<Self, Problem> {
        let needed = parts.extensions.get::<Self>().copied();
        needed.ok_or_else(|| Problem::internal("the route does not say which scope it needs"))
    }

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
