//! What is served: one file a resource, named as its path.
//!
//! Every request is parsed into types by extractors ([`caller`], [`client`], [`cookie`]) before its handler
//! runs.

pub mod caller;
mod client;
pub mod client_address;
pub mod cookie;
pub mod deletion;
pub mod introspect;
pub mod jwks;
pub mod maintenance;
pub mod me;
mod own_domain;
pub mod passkey_factor;
pub mod passkeys;
pub mod password;
mod proof;
pub mod recover;
pub mod recovery_codes;
pub mod revocations;
pub mod same_site;
mod second_factor;
pub mod session;
pub mod session_passkey;
pub mod sessions;
mod signing_in;
pub mod token;
pub mod tokens;
pub mod totp;
pub mod users;

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{delete, get, post, put},
};

use crate::App;

/// All routes of the service.
pub fn router(app: &App) -> Router<App> {
    Router::new()
        // Accounts
        .route("/api/auth/users", post(users::register))
        .route("/api/auth/me", get(me::show).delete(deletion::delete))
        .route("/api/auth/me/password", put(password::change))
        .route(
            "/api/auth/totp",
            post(totp::begin).put(totp::activate).delete(totp::remove),
        )
        .route("/api/auth/passkeys", get(passkeys::list).post(passkeys::add))
        .route("/api/auth/passkeys/options", post(passkeys::begin))
        .route("/api/auth/me/passkey/options", post(passkey_factor::options))
        .route(
            "/api/auth/passkeys/second-factor",
            put(passkey_factor::turn_on).delete(passkey_factor::turn_off),
        )
        .route("/api/auth/passkeys/{id}", delete(passkeys::remove))
        .route("/api/auth/recovery-codes", post(recovery_codes::renew))
        .route("/api/auth/recover", post(recover::recover))
        .route("/api/auth/sessions", get(sessions::list).delete(sessions::end_others))
        .route("/api/auth/sessions/{id}", delete(sessions::end))
        // Tokens for programs
        .route("/api/auth/tokens", get(tokens::list).post(tokens::create))
        .route("/api/auth/tokens/{id}", delete(tokens::revoke))
        .route("/api/auth/token", post(token::grant))
        // What others check tokens with
        .route("/api/auth/introspect", post(introspect::introspect))
        .route("/.well-known/jwks.json", get(jwks::show))
        .route("/api/auth/revocations", get(revocations::show))
        // For a scheduler
        .route("/api/auth/maintenance", post(maintenance::run))
        .merge(site_routes(app))
}

/// The site's session: its refresh token lives in a cookie, so pages of other sites must not use these routes.
fn site_routes(app: &App) -> Router<App> {
    Router::new()
        .route("/api/auth/session", post(session::sign_in).delete(session::sign_out))
        .route("/api/auth/session/refresh", post(session::refresh))
        .route("/api/auth/session/passkey", post(session_passkey::sign_in))
        .route("/api/auth/session/passkey/options", post(session_passkey::options))
        .route_layer(from_fn_with_state(app.clone(), same_site::refuse_other_sites))
}
