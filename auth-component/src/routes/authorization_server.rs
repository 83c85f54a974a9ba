//! `/.well-known/oauth-authorization-server`: what programs need to know of this server (RFC 8414), and by which name it is
//! known, as an extractor.

use axum::{Json as Answer, extract::FromRequestParts, response::IntoResponse};
use common::http::{problem::Problem, requested};
use http::{header, request::Parts};
use serde::Serialize;

use crate::{App, records::program_scope::ProgramScope};

/// The server, as programs and browsers know it.
pub struct AuthorizationServer {
    /// Its identifier (RFC 8414 §2): the variable `issuer` where that is an address; otherwise its origin.
    pub issuer: String,
    /// Where it is reached: the variable `public_origin`, or else where the request was sent to.
    pub origin: String,
    /// Where its site is, which asks people.
    site: String,
}

impl FromRequestParts<App> for AuthorizationServer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let origin = requested::origin(&app.public_origin, &parts.headers, &parts.uri);
        let origin = origin.ok_or_else(|| Problem::bad_request("The request says no host."))?;
        let named = Some(&app.profile.issuer).filter(|issuer| issuer.starts_with("https://"));
        let issuer = named.unwrap_or(&origin).clone();
        let site = app.site_origin.get().and_then(|site| site.to_str().ok());
        let site = site.unwrap_or(&origin).to_owned();
        Ok(Self { issuer, origin, site })
    }
}

/// RFC 8414 §2, and RFC 9207 §3.
#[derive(Serialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    registration_endpoint: String,
    revocation_endpoint: String,
    introspection_endpoint: String,
    jwks_uri: String,
    scopes_supported: Vec<String>,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: [&'static str; 2],
    token_endpoint_auth_methods_supported: [&'static str; 1],
    revocation_endpoint_auth_methods_supported: [&'static str; 1],
    introspection_endpoint_auth_methods_supported: [&'static str; 1],
    code_challenge_methods_supported: [&'static str; 1],
    authorization_response_iss_parameter_supported: bool,
}

/// Shows what programs need to know.
pub async fn show(AuthorizationServer { issuer, origin, site }: AuthorizationServer) -> impl IntoResponse {
    let at = |path: &str| format!("{origin}{path}");
    let metadata = Metadata {
        authorization_endpoint: format!("{site}/authorize"),
        token_endpoint: at("/api/auth/token"),
        registration_endpoint: at("/api/auth/clients"),
        revocation_endpoint: at("/api/auth/revoke"),
        introspection_endpoint: at("/api/auth/introspect"),
        jwks_uri: at("/.well-known/jwks.json"),
        scopes_supported: ProgramScope::all().as_str().split(' ').map(str::to_owned).collect(),
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: ["authorization_code", "refresh_token"],
        token_endpoint_auth_methods_supported: ["none"],
        revocation_endpoint_auth_methods_supported: ["none"],
        introspection_endpoint_auth_methods_supported: ["none"],
        code_challenge_methods_supported: ["S256"],
        authorization_response_iss_parameter_supported: true,
        issuer,
    };
    // Where the request says the host, the answer is not for others.
    ([(header::CACHE_CONTROL, "private, max-age=300")], Answer(metadata))
}
