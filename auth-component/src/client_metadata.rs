//! What a program says of itself when it registers (RFC 7591 §2).

use serde::Deserialize;

use crate::records::{
    client::{Program, REDIRECT_URIS_MAX},
    label::Label,
    redirect_uri::RedirectUri,
};

/// What is kept of it.
pub struct ClientMetadata {
    /// What a person is shown.
    pub program: Program,
    /// Where codes may go.
    pub redirect_uris: Vec<RedirectUri>,
}

/// Why a program is not registered, in the words of RFC 7591 §3.2.2.
#[derive(Debug)]
pub struct Refused {
    /// The error code.
    pub error: &'static str,
    /// For the program's developer.
    pub description: String,
}

impl Refused {
    fn metadata(description: impl Into<String>) -> Self {
        Self {
            error: "invalid_client_metadata",
            description: description.into(),
        }
    }
}

/// The members that are looked at. Others are passed over, as the RFC wants it.
#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    redirect_uris: Vec<String>,
    client_name: Option<String>,
    client_uri: Option<String>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
}

impl ClientMetadata {
    /// Reads the body of a registration.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn parse(body: &[u8]) -> Result<Self, Refused> {
        // A derived type would take a list of its fields' values as well.
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(Refused::metadata("the body is not a JSON object"));
        }
        let body: Body = serde_json::from_slice(body).map_err(|error| Refused::metadata(error.to_string()))?;
        let method = body.token_endpoint_auth_method.as_deref();
        if method.is_some_and(|method| method != "none") {
            let description = "token_endpoint_auth_method must be none: programs get no secret";
            return Err(Refused::metadata(description));
        }
        let lacks = |given: &Option<Vec<String>>, needed: &str| {
            let given = given.as_ref();
            given.is_some_and(|given| !given.iter().any(|word| word == needed))
        };
        if lacks(&body.grant_types, "authorization_code") {
            return Err(Refused::metadata("grant_types must have authorization_code"));
        }
        if lacks(&body.response_types, "code") {
            return Err(Refused::metadata("response_types must have code"));
        }
        let redirect_uris = redirect_uris(&body.redirect_uris)?;
        let host = redirect_uris.first().map(RedirectUri::host).unwrap_or_default();
        let program = Program {
            name: name(body.client_name, host)?,
            uri: body.client_uri.map(page).transpose()?,
        };
        Ok(Self { program, redirect_uris })
    }
}

fn redirect_uris(given: &[String]) -> Result<Vec<RedirectUri>, Refused> {
    let refuse = |description: &str| Refused {
        error: "invalid_redirect_uri",
        description: description.to_owned(),
    };
    if !(1..=REDIRECT_URIS_MAX).contains(&given.len()) {
        return Err(refuse("redirect_uris must have 1 to 10 URIs"));
    }
    let parsed = given.iter().map(|uri| RedirectUri::parse(uri).map_err(refuse));
    parsed.collect()
}

/// The name that a person is shown: the given one, or the host that answers go to.
fn name(given: Option<String>, host: String) -> Result<Label, Refused> {
    let given = given.filter(|name| !name.trim().is_empty());
    if given.as_deref().is_some_and(|name| name.chars().any(is_unseen)) {
        return Err(Refused::metadata("client_name has characters that can't be seen"));
    }
    let host = host.chars().take(64).collect();
    Label::try_from(given.unwrap_or(host)).map_err(|detail| Refused::metadata(format!("client_name: {detail}")))
}

/// Characters that show nothing, or show what follows in another order: a name could pass for another one by them.
fn is_unseen(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
    )
}

/// The program's page, which has to be one by https.
fn page(given: String) -> Result<String, Refused> {
    let parsed = RedirectUri::parse(&given).ok();
    let is_page = parsed.is_some_and(|uri| uri.as_str().starts_with("https://"));
    is_page
        .then_some(given)
        .ok_or_else(|| Refused::metadata("client_uri must be an address by https"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(metadata: &Value) -> Result<ClientMetadata, &'static str> {
        ClientMetadata::parse(metadata.to_string().as_bytes()).map_err(|refused| refused.error)
    }

    #[test]
    fn a_program_needs_no_more_than_a_place_for_its_answers() {
        let parsed = parse(&json!({"redirect_uris": ["http://127.0.0.1/cb"]})).unwrap();
        assert_eq!(
            serde_json::to_value(parsed.program).unwrap(),
            json!({"name": "127.0.0.1"})
        );
        let parsed = parse(&json!({
            "redirect_uris": ["https://app.example/cb", "com.example.app:/cb"],
            "client_name": " 내 앱 ", "client_uri": "https://app.example", "token_endpoint_auth_method": "none",
            "grant_types": ["refresh_token", "authorization_code"], "response_types": ["code"],
            "scope": "memos:read", "contacts": ["ann@app.example"], "jwks": {"keys": []},
        }));
        let parsed = parsed.unwrap();
        let expected = json!({"name": "내 앱", "uri": "https://app.example"});
        assert_eq!(
            (
                serde_json::to_value(parsed.program).unwrap(),
                parsed.redirect_uris.len()
            ),
            (expected, 2)
        );
    }

    #[test]
    fn what_can_not_be_had_is_refused_in_the_rfcs_words() {
        let uris = json!(["https://app.example/cb"]);
        for (metadata, error) in [
            (json!({}), "invalid_redirect_uri"),
            (json!({"redirect_uris": []}), "invalid_redirect_uri"),
            (
                json!({"redirect_uris": ["http://app.example/cb"]}),
                "invalid_redirect_uri",
            ),
            (
                json!({"redirect_uris": vec!["https://app.example/cb"; 11]}),
                "invalid_redirect_uri",
            ),
            (
                json!({"redirect_uris": "https://app.example/cb"}),
                "invalid_client_metadata",
            ),
            (json!({"redirect_uris": [7]}), "invalid_client_metadata"),
            (json!([["https://app.example/cb"]]), "invalid_client_metadata"),
            (json!("x"), "invalid_client_metadata"),
            (
                json!({"redirect_uris": uris, "token_endpoint_auth_method": "client_secret_basic"}),
                "invalid_client_metadata",
            ),
            (
                json!({"redirect_uris": uris, "grant_types": ["password"]}),
                "invalid_client_metadata",
            ),
            (
                json!({"redirect_uris": uris, "response_types": ["token"]}),
                "invalid_client_metadata",
            ),
            (
                json!({"redirect_uris": uris, "client_name": "a".repeat(65)}),
                "invalid_client_metadata",
            ),
            (
                json!({"redirect_uris": uris, "client_name": "a\nb"}),
                "invalid_client_metadata",
            ),
            (
                json!({"redirect_uris": uris, "client_name": "Memo\u{202e}kcatta"}),
                "invalid_client_metadata",
            ),
            (
                json!({"redirect_uris": uris, "client_uri": "javascript:alert(1)"}),
                "invalid_client_metadata",
            ),
            (
                json!({"redirect_uris": uris, "client_uri": "http://app.example"}),
                "invalid_client_metadata",
            ),
        ] {
            assert_eq!(parse(&metadata).err(), Some(error), "{metadata}");
        }
        assert!(ClientMetadata::parse(b"").is_err() && ClientMetadata::parse(b"{").is_err());
        assert!(ClientMetadata::parse(b"{} {}").is_err() && ClientMetadata::parse(b"\xff").is_err());
    }
}
