//! What a program asks a person for: the authorization request (RFC 6749 §4.1.1, with RFC 7636, RFC 8707 and RFC 9700).
//!
//! What is wrong with it is told to one of two. Before it is known that the request comes from a registered program and where
//! its answers may go, the person is told, and nothing is redirected anywhere. After that, the program is told.

use common::{store::kv::KvError, world::Ports};
use serde::Deserialize;

use crate::{
    bytes32::Bytes32,
    records::{
        client::{self, Client},
        program_scope::ProgramScope,
        redirect_uri::RedirectUri,
        session::grant::Binding,
    },
};

/// The parameters of a request, as the program wrote them into the address of the page `/authorize`. Others are passed over, as
/// RFC 6749 §3.1 wants it.
#[derive(Default, Deserialize)]
pub struct Parameters {
    response_type: Option<String>,
    client_id: Option<String>,
    redirect_uri: Option<String>,
    scope: Option<String>,
    state: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
    resource: Option<String>,
}

/// A request of a registered program, with an answer that may go where it says.
pub struct AuthorizationRequest {
    /// The program's id.
    pub client_id: String,
    /// The program.
    pub client: Client,
    /// Where the answer goes.
    pub redirect_uri: RedirectUri,
    /// What the program gets back as it was.
    pub state: Option<String>,
    /// What it asks for, or what the program did wrong.
    pub wanted: Result<Wanted, Refusal>,
}

/// What a program asks for.
pub struct Wanted {
    /// What it wants to do.
    pub scope: ProgramScope,
    /// What its code is to be bound to.
    pub binding: Binding,
}

/// Why a program does not get what it asks for, in the words of RFC 6749 §4.1.2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The error code.
    pub error: &'static str,
    /// For the program's developer.
    pub description: &'static str,
}

/// The person said no.
pub const DENIED: Refusal = Refusal {
    error: "access_denied",
    description: "the user did not allow it",
};

/// Why nothing goes back to a program.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No program has this id, or none any more.
    #[error("no program has this id")]
    UnknownClient,
    /// The program did not register that its answers may go there.
    #[error("the redirect URI is not registered")]
    UnknownRedirect,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] KvError),
}

/// Reads a request. `own_origin` is where this server and what it gives access to is reached. One read of the store.
///
/// # Errors
/// [`Error`].
pub async fn read(ports: &Ports, own_origin: &str, parameters: Parameters) -> Result<AuthorizationRequest, Error> {
    let client_id = given(&parameters.client_id).ok_or(Error::UnknownClient)?;
    let client = client::find(ports, client_id).await?.ok_or(Error::UnknownClient)?;
    let redirect_uri = given(&parameters.redirect_uri).and_then(|uri| RedirectUri::parse(uri).ok());
    let redirect_uri = redirect_uri.filter(|uri| client.redirects_to(uri));
    let redirect_uri = redirect_uri.ok_or(Error::UnknownRedirect)?;
    Ok(AuthorizationRequest {
        client_id: client_id.to_owned(),
        wanted: wanted(&parameters, own_origin, &redirect_uri),
        client,
        redirect_uri,
        state: parameters.state,
    })
}

/// A parameter; one without a value is as good as absent.
fn given(parameter: &Option<String>) -> Option<&str> {
    parameter.as_deref().filter(|value| !value.is_empty())
}

fn wanted(parameters: &Parameters, own_origin: &str, redirect_uri: &RedirectUri) -> Result<Wanted, Refusal> {
    let refuse = |error, description| Err(Refusal { error, description });
    match given(&parameters.response_type) {
        Some("code") => {}
        Some(_) => return refuse("unsupported_response_type", "response_type must be code"),
        None => return refuse("invalid_request", "response_type is missing"),
    }
    if given(&parameters.code_challenge_method) != Some("S256") {
        return refuse("invalid_request", "code_challenge_method must be S256");
    }
    let challenge = given(&parameters.code_challenge).and_then(Bytes32::from_text);
    let Some(challenge) = challenge else {
        return refuse("invalid_request", "code_challenge must be a SHA-256 in base64url");
    };
    if given(&parameters.resource).is_some_and(|resource| !is_own(resource, own_origin)) {
        return refuse("invalid_target", "resource must be at this origin");
    }
    let scope = match given(&parameters.scope) {
        Some(words) => ProgramScope::offered_of(words),
        None => Some(ProgramScope::all()),
    };
    let Some(scope) = scope else {
        return refuse("invalid_scope", "scope must have memos:read or memos:write in it");
    };
    let redirect_uri = redirect_uri.clone();
    Ok(Wanted {
        scope,
        binding: Binding {
            redirect_uri,
            challenge,
        },
    })
}

/// Whether a resource (RFC 8707 §2) is one that tokens of this server are for: they are for everything at its origin.
pub fn is_own(resource: &str, own_origin: &str) -> bool {
    let rest = resource.strip_prefix(own_origin);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?'])) && !resource.contains('#')
}

/// Whether a text can be a verifier (RFC 7636 §4.1).
pub fn is_verifier(text: &str) -> bool {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&text.len()) && text.bytes().all(is_unreserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_at_the_own_origin() {
        let own = "https://memo.example";
        for good in [
            "https://memo.example",
            "https://memo.example/",
            "https://memo.example/api/memos/mcp",
        ] {
            assert!(is_own(good, own), "{good}");
        }
        for wrong in [
            "",
            "https://memo.example.evil.example/",
            "https://memo.example@evil.example/",
            "https://memo.example:444/",
            "http://memo.example/",
            "https://memo.example/#part",
            "/api/memos",
        ] {
            assert!(!is_own(wrong, own), "{wrong}");
        }
    }

    #[test]
    fn a_verifier_has_43_to_128_unreserved_characters() {
        assert!(is_verifier(&"a".repeat(43)) && is_verifier(&"A-._~9".repeat(20)) && is_verifier(&"a".repeat(128)));
        for wrong in [
            String::new(),
            "a".repeat(42),
            "a".repeat(129),
            "=".repeat(43),
            "é".repeat(30),
        ] {
            assert!(!is_verifier(&wrong), "{wrong}");
        }
    }
}
