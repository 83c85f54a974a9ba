//! `/.well-known/oauth-protected-resource`: where tokens for this service come from (RFC 9728), and the challenge that leads
//! there.

use axum::{
    Json as Answer,
    extract::State,
    response::{IntoResponse, Response},
};
use common::{http::problem::Problem, token::scope};
use http::{HeaderMap, HeaderValue, Uri, header};
use serde::Serialize;

use crate::{App, addresses::Addresses};

/// Where assistants find the service.
pub const MCP_PATH: &str = "/mcp";

/// Where its metadata is (RFC 9728 §3.1: between host and path).
pub const MCP_METADATA_PATH: &str = "/.well-known/oauth-protected-resource/mcp";

/// RFC 9728 §2.
#[derive(Serialize)]
struct Metadata {
    resource: String,
    authorization_servers: [String; 1],
    scopes_supported: [&'static str; 2],
    bearer_methods_supported: [&'static str; 1],
    resource_name: &'static str,
}

/// Shows what programs need to know to get a token for the whole app.
pub async fn show_app(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    show(&app.addresses, &headers, &uri, "")
}

/// Shows the same to assistants.
pub async fn show_mcp(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    show(&app.addresses, &headers, &uri, MCP_PATH)
}

fn show(addresses: &Addresses, headers: &HeaderMap, uri: &Uri, path: &str) -> Result<Response, Problem> {
    let origin = addresses.own_origin(headers, uri)?;
    let metadata = Metadata {
        resource: format!("{origin}{path}"),
        authorization_servers: [addresses.authorization_server(&origin).to_owned()],
        scopes_supported: [scope::MEMOS_READ, scope::MEMOS_WRITE],
        bearer_methods_supported: ["header"],
        resource_name: "Memo",
    };
    // Where the request says the host, the answer is not for others.
    Ok(([(header::CACHE_CONTROL, "private, max-age=300")], Answer(metadata)).into_response())
}

/// Adds to a challenge where the metadata is (RFC 9728 §5.1). An answer without a challenge stays as it is.
pub fn lead_to_metadata(mut response: Response, own_origin: &str) -> Response {
    let challenge = response.headers().get(header::WWW_AUTHENTICATE);
    if let Some(challenge) = challenge.and_then(|challenge| challenge.to_str().ok()) {
        let led = format!("{challenge}, resource_metadata=\"{own_origin}{MCP_METADATA_PATH}\"");
        if let Ok(led) = HeaderValue::try_from(led) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, led);
        }
    }
    response
}
