//! A random history of one user's second factor, recovery codes, passkey and personal token: sign-ins with codes and with the
//! passkey, recoveries, changes of the password, and the end of the token.

use auth_component::{
    records::{
        recovery_code::RecoveryCode,
        totp::{STEP_MILLIS, Totp, TotpCode, TotpSecret},
        user::{self, User},
        username::Username,
    },
    sign_in::throttle,
};
use common::{store::record::Change, token::UserId, world::clock::Timestamp};
use fastrand::Rng;
use futures::FutureExt;

use crate::{
    accounts::{at_once, register_with},
    answer::Answer,
    call::{Act, Call, PASSWORD},
    passkeys::{self, Whose},
    personal,
    plan::{Conditions, Plan, Shape},
    ports,
    services::INSTANCES,
    stage::{Stage, Violation},
    storm::{self, Source},
    tokens::EPOCH,
    world::millis,
};

/// The user of all of it.
pub const CY: &str = "cyd";

/// The secret that Cy's app has.
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// Cy's recovery codes.
const RECOVERY_CODES: [&str; 3] = ["0000-0000-0000-0001", "0000-0000-0000-0002", "0000-0000-0000-0003"];

/// What somebody wants who may have to show a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Try {
    /// A new session, for a password and a code of the app.
    Enter {
        /// The password.
        password: String,
        /// The code.
        code: String,
    },
    /// A new session, for what the device of the passkey answered.
    Passkey {
        /// The answer, as JSON.
        answer: String,
    },
    /// A new session, for a password and what a device answered.
    EnterByPasskey {
        /// The password.
        password: String,
        /// The answer, as JSON.
        answer: String,
        /// Whose device it is.
        whose: Whose,
    },
    /// Another password, for a recovery code.
    Recover {
        /// The code.
        code: String,
        /// The password after.
        new: String,
    },
    /// Whether this personal token is good.
    Introspect {
        /// The token.
        token: String,
    },
    /// The end of the personal token.
    Revoke {
        /// Who asks: an access token.
        access: String,
    },
    /// Another password, for the one before and a code of the app.
    Change {
        /// Who asks: an access token.
        access: String,
        /// The password before.
        current: String,
        /// The password after.
        new: String,
        /// The code.
        code: String,
    },
}

fn username() -> Username {
    Username::try_from(CY.to_owned()).expect("a name")
}

/// What is kept of Cy's recovery codes before one is spent, as the record has it.
pub fn kept_codes() -> serde_json::Value {
    let codes = RECOVERY_CODES.iter().map(|code| {
        let code = RecoveryCode::parse(code).expect("a code");
        serde_json::to_value(code.hash(&username())).expect("a hash")
    });
    codes.collect()
}

fn code_at(step: u64) -> TotpCode {
    let secret = TotpSecret::try_from(SECRET.to_owned()).expect("a secret");
    secret.code_at(step)
}

/// Runs the history of a seed.
///
/// # Errors
/// The first thing that was promised and does not hold.
pub fn run(stage: &mut Stage, seed: u64, conditions: &Conditions) -> Result<(), Violation> {
    let mut rng = Rng::with_seed(seed);
    let (mut plan, mut setting) = Plan::draw(&mut rng, conditions);
    setting.plain = false;
    plan.requests = match plan.shape {
        Shape::Short => rng.usize(3..=9),
        Shape::Long | Shape::Purged => rng.usize(10..=20),
    };
    stage.reset_auth(setting, true);
    let cy = prepare(stage);
    let token = personal::token(stage, &cy);
    let mut factors = Factors { cy, token };
    storm::rage(stage, &mut rng, &plan, &mut factors)?;
    storm::calm_down(stage)?;
    settle(stage, &mut rng, &factors)
}

/// Cy is registered, with recovery codes, a second factor, a passkey and a personal token.
fn prepare(stage: &Stage) -> UserId {
    let hashes = serde_json::from_value(kept_codes()).expect("hashes");
    let cy = register_with(stage, CY, hashes);
    let ports = ports::of(stage.world(), 0);
    let secret = TotpSecret::try_from(SECRET.to_owned()).expect("a secret");
    // Active since long ago.
    let totp = Totp::new(secret).after(code_at(1), Timestamp(STEP_MILLIS));
    let totp = totp.expect("a second factor");
    let change = |next: fn(User, &Totp) -> Option<User>| {
        let changed = user::change(&ports, &cy.id, |user| {
            let next = user.and_then(|user| next(user, &totp));
            let change = next.map_or(Change::Leave(()), |next| Change::Write(next.clone(), next));
            async move { Ok(change) }.boxed()
        });
        assert!(at_once(stage, changed).is_ok(), "a change of the user");
    };
    change(|user, totp| user.with_new_totp(totp.clone()));
    change(|user, _| user.with_passkey(passkeys::kept(Whose::Own)).ok());
    change(|user, _| user.with_personal_token(personal::kept(), Timestamp(EPOCH)));
    // The key of challenges is there from now on.
    passkeys::answer(stage, 0, &cy.id);
    cy.id
}

/// The code that the app shows now.
fn code_now(stage: &Stage) -> String {
    let now = stage.state().now;
    code_at(now / STEP_MILLIS).to_text()
}

/// The passwords that may be Cy's by now, the likeliest last.
fn passwords(stage: &Stage) -> Vec<String> {
    let mut certain = PASSWORD.to_owned();
    let mut passwords = Vec::new();
    for call in &stage.calls {
        let Act::Factor(Try::Recover { new, .. } | Try::Change { new, .. }) = &call.act else {
            continue;
        };
        match call.answer() {
            Some(Answer::Removed) => passwords.push(std::mem::replace(&mut certain, new.clone())),
            Some(Answer::Refused(status)) if *status != 503 => {}
            _ => passwords.push(new.clone()),
        }
    }
    passwords.push(certain);
    passwords
}

/// Somebody knows the password, and a new code is good; so is the passkey, unless the account may have been recovered.
fn settle(stage: &mut Stage, rng: &mut Rng, Factors { cy, token }: &Factors) -> Result<(), Violation> {
    stage.state().pass(2 * millis(throttle::WINDOW));
    let instance = rng.usize(..INSTANCES);
    let introspect = Act::Factor(Try::Introspect { token: token.clone() });
    stage.perform(0, instance, introspect, "")?;
    let answer = passkeys::answer(stage, instance, cy);
    let by_passkey = stage.perform(0, instance, Act::Factor(Try::Passkey { answer }), "")?;
    let is_recovery = |call: &Call| matches!(call.act, Act::Factor(Try::Recover { .. }));
    if !stage.calls.iter().any(is_recovery) && !matches!(by_passkey, Answer::Entered(_)) {
        return Err(Violation(format!("a good passkey was answered {by_passkey:?}")));
    }
    for password in passwords(stage).into_iter().rev() {
        // Right passwords with wrong codes count as well.
        stage.state().pass(2 * millis(throttle::WINDOW));
        let code = code_now(stage);
        let enter = Act::Factor(Try::Enter {
            password: password.clone(),
            code,
        });
        if let Answer::Entered(_) = stage.perform(0, rng.usize(..INSTANCES), enter, "")? {
            return settle_by_passkey(stage, instance, cy, password);
        }
    }
    Err(Violation("nobody knows the password".to_owned()))
}

/// The passkey is as good as the code, beside the same password.
fn settle_by_passkey(stage: &mut Stage, instance: usize, cy: &UserId, password: String) -> Result<(), Violation> {
    let whose = Whose::Own;
    let answer = passkeys::second_factor(stage, instance, cy, whose);
    let enter = Act::Factor(Try::EnterByPasskey {
        password,
        answer,
        whose,
    });
    match stage.perform(0, instance, enter, "")? {
        Answer::Entered(_) => Ok(()),
        answer => Err(Violation(format!(
            "a good passkey beside the password was answered {answer:?}"
        ))),
    }
}

struct Factors {
    cy: UserId,
    /// Cy's personal token.
    token: String,
}

impl Factors {
    /// What the device answers now, or once more what it answered before.
    fn passkey(&self, stage: &Stage, rng: &mut Rng) -> Try {
        let before: Vec<&String> = stage
            .calls
            .iter()
            .filter_map(|call| match &call.act {
                Act::Factor(Try::Passkey { answer }) => Some(answer),
                _ => None,
            })
            .collect();
        let answer = if !before.is_empty() && rng.u32(..100) < 50 {
            before[rng.usize(..before.len())].clone()
        } else {
            passkeys::answer(stage, rng.usize(..INSTANCES), &self.cy)
        };
        Try::Passkey { answer }
    }
}

/// A passkey beside a password: one's own or another's, and what it answers now or answered before.
fn enter_by_passkey(cy: &UserId, password: String, stage: &Stage, rng: &mut Rng) -> Try {
    let before = stage.calls.iter().filter_map(|call| match &call.act {
        Act::Factor(Try::EnterByPasskey { answer, whose, .. }) => Some((answer.clone(), *whose)),
        _ => None,
    });
    let before: Vec<(String, Whose)> = before.collect();
    let (answer, whose) = if !before.is_empty() && rng.u32(..100) < 50 {
        before[rng.usize(..before.len())].clone()
    } else {
        let whose = if rng.u32(..100) < 25 {
            Whose::Anothers
        } else {
            Whose::Own
        };
        let instance = rng.usize(..INSTANCES);
        (passkeys::second_factor(stage, instance, cy, whose), whose)
    };
    Try::EnterByPasskey {
        password,
        answer,
        whose,
    }
}

impl Source for Factors {
    fn next(&mut self, stage: &mut Stage, rng: &mut Rng) -> (usize, Act, String) {
        let mut passwords = passwords(stage);
        let password = passwords.pop().unwrap_or_default();
        let password = match passwords.len() {
            0 => password,
            count if rng.u32(..100) < 20 => passwords[rng.usize(..count)].clone(),
            _ => password,
        };
        let code = code_now(stage);
        let new = format!("another horse {}", stage.calls.len());
        let sessions: Vec<String> = stage
            .calls
            .iter()
            .filter_map(|call| match call.answer() {
                Some(Answer::Entered(entry)) => Some(entry.access.clone()),
                _ => None,
            })
            .collect();
        let wanted = match rng.u32(..100) {
            0..20 => Try::Recover {
                code: RECOVERY_CODES[rng.usize(..RECOVERY_CODES.len())].to_owned(),
                new,
            },
            20..45 if !sessions.is_empty() => Try::Change {
                access: sessions[rng.usize(..sessions.len())].clone(),
                current: password,
                new,
                code,
            },
            45..60 => self.passkey(stage, rng),
            60..68 => Try::Introspect {
                token: self.token.clone(),
            },
            68..72 if !sessions.is_empty() => Try::Revoke {
                access: sessions[rng.usize(..sessions.len())].clone(),
            },
            72..88 => enter_by_passkey(&self.cy, password, stage, rng),
            _ => Try::Enter { password, code },
        };
        (0, Act::Factor(wanted), String::new())
    }
}
