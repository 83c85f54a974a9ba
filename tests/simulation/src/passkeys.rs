//! The passkey of the user of [`crate::factors`], what its device answers, and what a thief's does.

use auth_component::{
    records::{challenge_key::ChallengeKey, label::Label, passkey::Passkey},
    sign_in::passkey,
    webauthn::{
        RelyingParty, assertion,
        challenge::{Occasion, Purpose},
        registration,
    },
};
use authenticator::{Algorithm, Authenticator};
use common::{token::UserId, world::clock::Timestamp};

use crate::{accounts::at_once, ports, stage::Stage};

/// Where the app is, as [`crate::services`] says.
const ORIGIN: &str = "http://localhost";

fn party() -> RelyingParty {
    RelyingParty::at(ORIGIN).expect("a domain")
}

/// Whose device it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The user's.
    Own,
    /// Of another account.
    Anothers,
}

fn device(whose: Whose) -> Authenticator {
    let seed = match whose {
        Whose::Own => "Cy's",
        Whose::Anothers => "a thief's",
    };
    Authenticator::new(Algorithm::EdDsa, seed, ORIGIN)
}

/// The passkey of a device as it was added, long ago.
pub fn kept(whose: Whose) -> Passkey {
    let nobody = UserId::try_from("nobody".to_owned()).expect("an id");
    let options = registration::options(&party(), (&nobody, "nobody"), Vec::new(), &[]);
    let answer: registration::RegistrationResponse =
        serde_json::from_value(device(whose).create(&options)).expect("an answer");
    let created = answer.created(&party()).expect("a passkey");
    let name = Label::try_from("Cy's".to_owned()).expect("a name");
    Passkey::new(created, name, Timestamp(1))
}

/// What the device answers to a challenge that an instance makes now.
pub fn answer(stage: &Stage, instance: usize, user_id: &UserId) -> String {
    let options = assertion::options(&party(), challenge(stage, instance, Purpose::SignIn));
    let mut device = device(Whose::Own);
    device.user_handle = user_id.as_str().as_bytes().to_vec();
    device.get(&options).to_string()
}

/// What somebody's device answers to what an instance asks of this user now, after the password.
pub fn second_factor(stage: &Stage, instance: usize, user_id: &UserId, whose: Whose) -> String {
    let occasion = Occasion::SignIn;
    let challenge = challenge(stage, instance, Purpose::SecondFactor { user_id, occasion });
    device(whose)
        .get(&assertion::options_for(&party(), challenge, &[]))
        .to_string()
}

fn challenge(stage: &Stage, instance: usize, purpose: Purpose<'_>) -> Vec<u8> {
    let ports = ports::of(stage.world(), instance);
    let challenge = at_once(stage, passkey::challenge(&ports, &ChallengeKey::default(), purpose));
    challenge.expect("a challenge")
}
