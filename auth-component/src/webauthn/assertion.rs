//! What a passkey answers (the standard's §7.2): to sign in with it alone, or beside the password.

use common::token::UserId;
use hmac_sha256::Hash;
use serde::Deserialize;
use serde_json::json;

use super::{
    Base64Url, Refusal, RelyingParty, TIMEOUT_MILLIS,
    authenticator_data::AuthenticatorData,
    client_data::{self, Ceremony},
    public_key::PublicKey,
};

pub use super::authenticator_data::Presence;

/// What a browser is asked for (`PublicKeyCredentialRequestOptionsJSON`): any passkey for the app, of whomever it is, by
/// somebody whom the device verifies.
pub fn options(party: &RelyingParty, challenge: Vec<u8>) -> serde_json::Value {
    json!({
        "rpId": party.id,
        "challenge": Base64Url(challenge),
        "timeout": TIMEOUT_MILLIS,
        "allowCredentials": [],
        "userVerification": "required",
    })
}

/// The same for somebody who is known already, and so are their passkeys: one of these, on a device that verifies who uses it
/// if it can.
///
/// It is *preferred* and not *discouraged*, although a password was shown: keys on a ring may have been told when the passkey
/// was made not to find it without that.
pub fn options_for(party: &RelyingParty, challenge: Vec<u8>, passkeys: &[Base64Url]) -> serde_json::Value {
    let allowed = passkeys
        .iter()
        .map(|id| json!({"type": "public-key", "id": id.to_text()}));
    json!({
        "rpId": party.id,
        "challenge": Base64Url(challenge),
        "timeout": TIMEOUT_MILLIS,
        "allowCredentials": allowed.collect::<Vec<_>>(),
        "userVerification": "preferred",
    })
}

/// What a browser answers (`AuthenticationResponseJSON`). Members that are not needed are not looked at: browsers add to them.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticationResponse {
    /// The passkey's id.
    pub raw_id: Base64Url,
    response: Assertion,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assertion {
    #[serde(rename = "clientDataJSON")]
    client_data: Base64Url,
    authenticator_data: Base64Url,
    signature: Base64Url,
    user_handle: Option<Base64Url>,
}

impl AuthenticationResponse {
    /// The challenge that this answers.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] and [`Refusal::OtherPage`].
    pub fn challenge(&self, party: &RelyingParty) -> Result<Vec<u8>, Refusal> {
        client_data::challenge(&self.response.client_data.0, Ceremony::Get, party)
    }

    /// Whose passkey it says that it is. The signature has yet to show that.
    pub fn user_id(&self) -> Option<UserId> {
        let handle = self.response.user_handle.as_ref()?;
        UserId::try_from(String::from_utf8(handle.0.clone()).ok()?).ok()
    }

    /// Whether it says that it is this user's, or does not say whose it is (step 6).
    pub fn may_be_of(&self, user_id: &UserId) -> bool {
        let handle = self.response.user_handle.as_ref();
        handle.is_none_or(|handle| handle.0.is_empty() || handle.0 == user_id.as_str().as_bytes())
    }

    /// Checks the answer against the key of the passkey that it names. Tells how often its authenticator has signed.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn verify(&self, party: &RelyingParty, public_key: &PublicKey, presence: Presence) -> Result<u32, Refusal> {
        let Assertion {
            client_data,
            authenticator_data,
            signature,
            ..
        } = &self.response;
        let data = AuthenticatorData::read(&authenticator_data.0, party, presence)?;
        let mut signed = authenticator_data.0.clone();
        signed.extend(Hash::hash(&client_data.0));
        public_key.verify(&signed, &signature.0)?;
        Ok(data.sign_count)
    }
}
