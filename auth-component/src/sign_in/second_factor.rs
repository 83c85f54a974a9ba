//! What somebody shows besides the right password: a code of their app, or a passkey.

use common::{
    store::record::{Change, Versioned},
    token::UserId,
    world::{Ports, clock::Timestamp},
};
use futures::FutureExt;

use super::{
    Error,
    throttle::{self, Action},
};
use crate::{
    records::{
        challenge_key::ChallengeKey,
        insist::Insisted,
        passkey::{Unusable, Use},
        session,
        totp::TotpCode,
        user::{self, User, second_factor::Factor},
    },
    webauthn::{
        Base64Url, RelyingParty,
        assertion::{AuthenticationResponse, Presence},
        challenge::{self, Occasion, Purpose},
    },
};

/// What somebody shows besides the password.
pub enum Shown<'a> {
    /// A code, as it was typed.
    Code(String),
    /// What a passkey answered.
    Passkey(PasskeyAnswer<'a>),
}

/// What a passkey answered, and what it has to be an answer to.
pub struct PasskeyAnswer<'a> {
    /// The answer.
    pub answer: AuthenticationResponse,
    /// The app, as passkeys know it; `None` at an address where browsers have none.
    pub party: Option<&'a RelyingParty>,
    /// What challenges are sealed with.
    pub key: &'a ChallengeKey,
    /// What it is shown for.
    pub occasion: Occasion<'a>,
}

/// What is asked for where a second factor is missing or wrong. It is told only to who knows the password.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Of whom.
    pub user_id: UserId,
    /// Whether it can be a code.
    pub has_totp: bool,
    /// The passkeys that it can be.
    pub passkeys: Vec<Base64Url>,
}

impl Asked {
    fn of(user_id: &UserId, user: &User) -> Self {
        Self {
            user_id: user_id.clone(),
            has_totp: user.active_totp().is_some(),
            passkeys: user.passkeys().iter().map(|passkey| passkey.id.clone()).collect(),
        }
    }
}

/// Checks what somebody showed together with the right password of this user, and uses it up. Where the user has turned no second
/// factor on there is nothing to check.
///
/// # Errors
/// [`Error::SecondFactorMissing`], and those of [`use_up`].
pub async fn check(ports: &Ports, id: &UserId, seen: &User, shown: Option<&Shown<'_>>) -> Result<(), Error> {
    if seen.second_factors().is_empty() {
        return Ok(());
    }
    let shown = shown.ok_or_else(|| Error::SecondFactorMissing(Asked::of(id, seen)))?;
    use_up(ports, id, seen, shown).await
}

/// Checks what somebody showed, and uses it up: of two requests with one code, or with one answer of a passkey, one wins.
///
/// # Errors
/// [`Error::WrongSecondFactor`], [`Error::PasskeyCopied`], [`Error::Throttled`], [`Error::WrongCredentials`] when the password was
/// changed meanwhile, and what fails on the way.
pub async fn use_up(ports: &Ports, id: &UserId, seen: &User, shown: &Shown<'_>) -> Result<(), Error> {
    let refusal = |reason| match reason {
        Unusable::Copied => Error::PasskeyCopied(id.clone()),
        Unusable::Absent | Unusable::UsedSince => Error::WrongSecondFactor(Asked::of(id, seen), shown.factor()),
    };
    let admission = throttle::admit(ports, Action::SecondFactor, seen.username.as_str(), None).await?;
    let good = shown.read(ports, id, seen).await?;
    let good = good.ok_or_else(|| refusal(Unusable::Absent))?;
    // Most wrong ones are found out without a claim.
    good.used_by(seen.clone(), ports.clock.now()).map_err(refusal)?;
    let version = seen.version();
    let used = user::change(ports, id, |user| {
        let change = match user.filter(|user| user.admits_since(version)) {
            Some(user) => match good.used_by(user, ports.clock.now()) {
                Ok(next) => Change::Write(next.clone(), next),
                Err(reason) => Change::Leave(refusal(reason)),
            },
            None => Change::Leave(Error::WrongCredentials(Some(id.clone()))),
        };
        async move { Ok(change) }.boxed()
    });
    match used.await? {
        Insisted::Done(_) => {}
        Insisted::Left(reason) => return Err(reason),
        Insisted::Busy => return Err(Error::Session(session::Error::Busy)),
    }
    admission.give_back(ports).await;
    Ok(())
}

/// What was shown, once it is known to be good at this time, as far as it was not used before.
enum Good<'a> {
    Code(TotpCode),
    Passkey(&'a Base64Url, Use),
}

impl Good<'_> {
    /// The next version of a user who has used it.
    fn used_by(&self, user: User, now: Timestamp) -> Result<User, Unusable> {
        match self {
            // The code of an app that is not active yet proves nothing: any session can ask for the secret of one.
            Self::Code(_) if user.active_totp().is_none() => Err(Unusable::Absent),
            Self::Code(code) => user.with_totp_code_used(*code, now).ok_or(Unusable::UsedSince),
            Self::Passkey(id, by) => user.with_passkey_used(id, *by, now),
        }
    }
}

impl Shown<'_> {
    fn factor(&self) -> Factor {
        match self {
            Self::Code(_) => Factor::Totp,
            Self::Passkey(_) => Factor::Passkey,
        }
    }

    /// Reads it; `None` where it is not good.
    async fn read(&self, ports: &Ports, id: &UserId, seen: &User) -> Result<Option<Good<'_>>, Error> {
        Ok(match self {
            Self::Code(code) => TotpCode::parse(code).map(Good::Code),
            Self::Passkey(shown) => shown.read(ports, id, seen).await?,
        })
    }
}

impl PasskeyAnswer<'_> {
    async fn read(&self, ports: &Ports, id: &UserId, seen: &User) -> Result<Option<Good<'_>>, Error> {
        let key = self.key.get(ports).await?;
        let purpose = Purpose::SecondFactor {
            user_id: id,
            occasion: self.occasion,
        };
        let (answer, now) = (&self.answer, ports.clock.now());
        let read = || {
            let party = self.party?;
            let challenge = answer.challenge(party).ok()?;
            let challenged_at = challenge::open(key, purpose, &challenge, now).ok()?;
            let passkey = seen.passkey(&answer.raw_id).ok()?;
            // Beside a password it is enough that somebody was there who has it.
            let sign_count = answer.verify(party, passkey.public_key(), Presence::Somebody).ok()?;
            let by = Use {
                challenged_at,
                sign_count,
            };
            answer.may_be_of(id).then_some(Good::Passkey(&answer.raw_id, by))
        };
        Ok(read())
    }
}
