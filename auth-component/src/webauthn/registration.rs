//! A new passkey (the standard's §7.1).

use common::token::UserId;
use serde::Deserialize;
use serde_json::json;

use super::{
    Base64Url, Refusal, RelyingParty, TIMEOUT_MILLIS,
    authenticator_data::{AuthenticatorData, Presence},
    cbor::Map,
    client_data::{self, Ceremony},
    public_key::{ALGORITHMS, PublicKey},
};

/// What the app is called where people see their passkeys.
const NAME: &str = "Memo";

/// What a browser is asked for (`PublicKeyCredentialCreationOptionsJSON`): a passkey that is found without a name, on a device
/// that verifies who uses it, and not one of those that there are. What made it is not asked.
pub fn options(
    party: &RelyingParty,
    (id, username): (&UserId, &str),
    challenge: Vec<u8>,
    existing: &[&Base64Url],
) -> serde_json::Value {
    let key_params = ALGORITHMS.map(|algorithm| json!({"type": "public-key", "alg": algorithm}));
    let existing = existing
        .iter()
        .map(|id| json!({"type": "public-key", "id": id.to_text()}));
    json!({
        "rp": {"id": party.id, "name": NAME},
        "user": {"id": user_handle(id), "name": username, "displayName": username},
        "challenge": Base64Url(challenge),
        "pubKeyCredParams": key_params,
        "timeout": TIMEOUT_MILLIS,
        "excludeCredentials": existing.collect::<Vec<_>>(),
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": true,
            "userVerification": "required",
        },
        "attestation": "none",
    })
}

/// What a passkey knows its user by: the id, which says nothing of the person.
fn user_handle(id: &UserId) -> Base64Url {
    Base64Url(id.as_str().as_bytes().to_vec())
}

/// What a browser answers (`RegistrationResponseJSON`). Members that are not needed are not looked at: browsers add to them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationResponse {
    raw_id: Base64Url,
    response: Attestation,
}

#[derive(Deserialize)]
struct Attestation {
    #[serde(rename = "clientDataJSON")]
    client_data: Base64Url,
    #[serde(rename = "attestationObject")]
    attestation_object: Base64Url,
}

/// A passkey that was made.
#[derive(Debug)]
pub struct Created {
    /// Its id.
    pub id: Base64Url,
    /// Its key.
    pub public_key: PublicKey,
    /// How often its authenticator has signed; 0 where it does not count.
    pub sign_count: u32,
}

impl RegistrationResponse {
    /// The challenge that this answers.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] and [`Refusal::OtherPage`].
    pub fn challenge(&self, party: &RelyingParty) -> Result<Vec<u8>, Refusal> {
        client_data::challenge(&self.response.client_data.0, Ceremony::Create, party)
    }

    /// The passkey, checked as far as it can be: that somebody has its secret is known when they sign in with it.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn created(&self, party: &RelyingParty) -> Result<Created, Refusal> {
        let object = Map::read(&mut self.response.attestation_object.0.as_slice())?;
        // The statement of what made the passkey is not looked at: none was asked for, and one that comes all the same proves
        // only what anybody may say of themselves.
        let data = object.bytes("authData").ok_or(Refusal::Malformed)?;
        let data = AuthenticatorData::read(data, party, Presence::Verified)?;
        let (id, public_key) = data.created.ok_or(Refusal::Malformed)?;
        if id != self.raw_id.0 {
            return Err(Refusal::Malformed);
        }
        Ok(Created {
            id: Base64Url(id),
            public_key,
            sign_count: data.sign_count,
        })
    }
}
