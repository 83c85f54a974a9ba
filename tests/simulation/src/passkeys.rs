//! The passkey of the user of [`crate::factors`], and what its device answers.

use auth_component::{
    records::{challenge_key::ChallengeKey, label::Label, passkey::Passkey},
    sign_in::passkey,
    webauthn::{RelyingParty, assertion, challenge::Purpose, registration},
};
use authenticator::{Algorithm, Authenticator};
use common::{token::UserId, world::clock::Timestamp};

use crate::{accounts::at_once, ports, stage::Stage};

/// Where the app is, as [`crate::services`] says.
const ORIGIN: &str = "http://localhost";

fn party() -> RelyingParty {
    RelyingParty::at(ORIGIN).expect("a domain")
}

fn device() -> Authenticator {
    Authenticator::new(Algorithm::EdDsa, "Cy's", ORIGIN)
}

/// The passkey as it was added, long ago.
pub fn kept() -> Passkey {
    let nobody = UserId::try_from("nobody".to_owned()).expect("an id");
    let options = registration::options(&party(), (&nobody, "nobody"), Vec::new(), &[]);
    let answer: registration::RegistrationResponse =
        serde_json::from_value(device().create(&options)).expect("an answer");
    let created = answer.created(&party()).expect("a passkey");
    let name = Label::try_from("Cy's".to_owned()).expect("a name");
    Passkey::new(created, name, Timestamp(1))
}

/// What the device answers to a challenge that an instance makes now.
pub fn answer(stage: &Stage, instance: usize, user_id: &UserId) -> String {
    let ports = ports::of(stage.world(), instance);
    let challenge = at_once(stage, passkey::challenge(&ports, &ChallengeKey::default(), Purpose::SignIn));
    let options = assertion::options(&party(), challenge.expect("a challenge"));
    let mut device = device();
    device.user_handle = user_id.as_str().as_bytes().to_vec();
    device.get(&options).to_string()
}
