//! What is served: one file a resource, named as its path.
//!
//! Every request is parsed into types by extractors ([`caller`], [`client`], [`cookie`]) before its handler
//! runs.

pub mod authorization_server;
pub mod authorize;
pub mod caller;
mod client;
pub mod client_address;
pub mod clients;
pub mod cookie;
pub mod deletion;
pub mod form;
pub mod introspect;
pub mod jwks;
pub mod maintenance;
pub mod me;
pub mod oauth_error;
mod own_domain;
pub mod passkey_factor;
pub mod passkeys;
pub mod password;
mod proof;
pub mod recover;
pub mod recovery_codes;
pub mod revocations;
pub mod revoke;
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
        .route("/api/auth/clients", get(clients::list).post(clients::register))
        .route("/api/auth/clients/{id}", delete(clients::disconnect))
        .route("/api/auth/token", post(token::grant))
        .route("/api/auth/revoke", post(revoke::revoke))
        .route(
            "/.well-known/oauth-authorization-server",
            get(authorization_server::show),
        )
        // What others check tokens with
        .route("/api/auth/introspect", post(introspect::introspect))
        .route("/.well-known/jwks.json", get(jwks::show))
        .route("/api/auth/revocations", get(revocations::show))
        // For a scheduler
        .route("/api/auth/maintenance", post(maintenance::run))
        .merge(site_routes(app))
}

/// What the site alone does: its session, whose refresh token lives in a cookie, and asking a person what a program may do.
/// Pages of other sites must not use these routes.
fn site_routes(app: &App) -> Router<App> {
    Router::new()
        .route("/api/auth/session", post(session::sign_in).delete(session::sign_out))
        .route("/api/auth/session/refresh", post(session::refresh))
        .route("/api/auth/session/passkey", post(session_passkey::sign_in))
        .route("/api/auth/session/passkey/options", post(session_passkey::options))
        .route("/api/auth/authorize", post(authorize::decide))
        .route("/api/auth/authorize/request", post(authorize::ask))
        .route_layer(from_fn_with_state(app.clone(), same_site::refuse_other_sites))
}
