//! The way in with a passkey, which is two factors at once: the device that has it, and whom the device verifies.

use std::net::IpAddr;

use common::{
    store::{kv::KvError, record::Change},
    token::UserId,
    world::Ports,
};
use futures::FutureExt;

use super::{
    AuthenticatedUser, Error,
    throttle::{self, Action},
};
use crate::{
    records::{
        challenge_key::ChallengeKey,
        insist::Insisted,
        passkey::{Unusable, Use},
        session, user,
    },
    webauthn::{
        Base64Url, RelyingParty,
        assertion::{AuthenticationResponse, Presence},
        challenge::{self, Purpose},
    },
};

/// A challenge for a passkey. Nothing is stored.
///
/// # Errors
/// Those of the store, which has the key, and of randomness.
pub async fn challenge(ports: &Ports, key: &ChallengeKey, purpose: Purpose<'_>) -> Result<Vec<u8>, KvError> {
    let random = ports.random.bytes();
    let random = random.map_err(|error| KvError::Unavailable(error.to_string()))?;
    let key = key.get(ports).await?;
    Ok(challenge::make(key, purpose, random, ports.clock.now()))
}

/// Finds out who answered, and uses the answer up: of two requests with one answer, one wins.
///
/// What is not an answer to a challenge of ours costs no operation of the store. Nobody can guess a signature, so tries are
/// counted for the network alone.
///
/// # Errors
/// [`Error::WrongPasskey`], [`Error::PasskeyCopied`], [`Error::Throttled`], and what fails on the way.
pub async fn authenticate(
    ports: &Ports,
    key: &ChallengeKey,
    party: &RelyingParty,
    answer: &AuthenticationResponse,
    network: Option<IpAddr>,
) -> Result<AuthenticatedUser, Error> {
    let nobody = || Error::WrongPasskey(None);
    let key = key.get(ports).await?;
    let challenge = answer.challenge(party).map_err(|_| nobody())?;
    let challenged_at = challenge::open(key, Purpose::SignIn, &challenge, ports.clock.now());
    let challenged_at = challenged_at.map_err(|_| nobody())?;
    let id = answer.user_id().ok_or_else(nobody)?;
    let admission = throttle::admit(ports, Action::Passkey, id.as_str(), network).await?;
    let user = user::read(ports, &id).await?.ok_or_else(nobody)?;
    let wrong = || Error::WrongPasskey(Some(id.clone()));
    let passkey = user.passkey(&answer.raw_id).map_err(|_| wrong())?;
    let sign_count = answer.verify(party, passkey.public_key(), Presence::Verified);
    let sign_count = sign_count.map_err(|_| wrong())?;
    if user.is_being_deleted() {
        admission.give_back(ports).await;
        return Err(Error::BeingDeleted(id));
    }
    let by = Use {
        challenged_at,
        sign_count,
    };
    use_up(ports, &id, &answer.raw_id, by).await?;
    admission.give_back(ports).await;
    Ok(AuthenticatedUser { id, user })
}

/// Notes in the user's record that the passkey was used. Whether all sessions were ended meanwhile is looked at by the session
/// that begins.
async fn use_up(ports: &Ports, id: &UserId, passkey: &Base64Url, by: Use) -> Result<(), Error> {
    let used = user::change(ports, id, |user| {
        let used = user
            .ok_or(Unusable::Absent)
            .and_then(|user| user.with_passkey_used(passkey, by, ports.clock.now()));
        let change = match used {
            Ok(next) => Change::Write(next.clone(), next),
            Err(reason) => Change::Leave(reason),
        };
        async move { Ok(change) }.boxed()
    });
    match used.await? {
        Insisted::Done(_) => Ok(()),
        Insisted::Left(Unusable::Copied) => Err(Error::PasskeyCopied(id.clone())),
        Insisted::Left(Unusable::Absent | Unusable::UsedSince) => Err(Error::WrongPasskey(Some(id.clone()))),
        Insisted::Busy => Err(Error::Session(session::Error::Busy)),
    }
}
