//! What the browser says of the page that asked (the standard's §5.8.1). It is signed along with the rest.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Base64Url, Refusal, RelyingParty};

/// Which ceremony an answer is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Ceremony {
    /// A new passkey.
    #[serde(rename = "webauthn.create")]
    Create,
    /// A sign-in.
    #[serde(rename = "webauthn.get")]
    Get,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    r#type: Ceremony,
    challenge: Base64Url,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    top_origin: Option<IgnoredAny>,
}

/// The challenge of an answer that was made for a page of ours, which nobody had framed.
///
/// # Errors
/// [`Refusal::Malformed`] and [`Refusal::OtherPage`].
pub fn challenge(json: &[u8], ceremony: Ceremony, party: &RelyingParty) -> Result<Vec<u8>, Refusal> {
    let data: ClientData = serde_json::from_slice(json).map_err(|_| Refusal::Malformed)?;
    let is_framed = data.cross_origin || data.top_origin.is_some();
    if data.r#type != ceremony || data.origin != party.origin || is_framed {
        return Err(Refusal::OtherPage);
    }
    Ok(data.challenge.0)
}
