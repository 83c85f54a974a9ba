//! What is served: one file a resource, named as its path.
//!
//! Every request is parsed into types by extractors ([`caller`], [`client_address`], [`cookie`]) before its handler
//! runs.

pub mod caller;
pub mod client_address;
pub mod cookie;
pub mod jwks;
pub mod me;
mod requested;
pub mod same_site;
pub mod session;
pub mod token;
pub mod users;

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};

use crate::App;

/// All routes of the service.
pub fn router(app: &App) -> Router<App> {
    Router::new()
        // Accounts
        .route("/api/auth/users", post(users::register))
        .route("/api/auth/me", get(me::show))
        // Tokens for programs
        .route("/api/auth/token", post(token::grant))
        // What others check tokens with
        .route("/.well-known/jwks.json", get(jwks::show))
        .merge(site_routes(app))
}

/// The site's session: its refresh token lives in a cookie, so pages of other sites must not use these routes.
fn site_routes(app: &App) -> Router<App> {
    Router::new()
        .route("/api/auth/session", post(session::sign_in).delete(session::sign_out))
        .route("/api/auth/session/refresh", post(session::refresh))
        .route_layer(from_fn_with_state(app.clone(), same_site::refuse_other_sites))
}
