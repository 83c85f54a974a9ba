//! The personal token of the user of [`crate::factors`].

use auth_component::{
    records::{label::Label, personal_token::PersonalToken, program_scope::ProgramScope},
    tokens::{access_token, keyring::Keyring},
};
use common::{
    token::{TokenProfile, UserId},
    world::clock::Timestamp,
};

use crate::{
    accounts::at_once,
    ports,
    services::SEED,
    stage::Stage,
    tokens::{AUDIENCE, EPOCH, ISSUER},
};

/// The token's id.
pub const ID: &str = "personal";

/// What the user's record has of it: made when simulated time begins, for longer than any history lasts.
pub fn kept() -> PersonalToken {
    PersonalToken {
        id: ID.to_owned(),
        name: Label::try_from("Cy's".to_owned()).expect("a name"),
        scope: ProgramScope::try_from("memos:read").expect("a scope"),
        created_at: Timestamp(EPOCH),
        expires_at: Timestamp(EPOCH + 366 * 24 * 60 * 60 * 1000),
        last_used_at: None,
    }
}

/// The token itself.
pub fn token(stage: &Stage, user_id: &UserId) -> String {
    let ports = ports::of(stage.world(), 0);
    let keys = Keyring::new(ports.clone(), Keyring::given(SEED).expect("a key"));
    let profile = TokenProfile {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
    };
    let token = at_once(
        stage,
        access_token::issue_personal(&ports, &keys, &profile, user_id, &kept()),
    );
    token.expect("a token")
}
