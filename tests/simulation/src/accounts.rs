//! A random history of the auth service: registrations of one name, sign-ins, the first signing key, and sessions.

use auth_component::{
    records::{recovery_code::RecoveryCodeHash, user, username::Username},
    sessions::{self, Place},
    sign_in::{
        AuthenticatedUser,
        password::{Cost, Hasher, Password},
        throttle,
    },
};
use fastrand::Rng;
use futures::FutureExt;

use crate::{
    answer::Answer,
    call::{Act, PASSWORD},
    plan::{Conditions, Plan, Shape},
    ports,
    services::{COST, INSTANCES},
    stage::{Stage, Violation},
    storm::{self, Source},
    world::millis,
};

/// What a history is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Registrations.
    Names,
    /// Sign-ins of one user, with the right password and with wrong ones. The first right one renews the hash.
    SignIns,
    /// The first signing key.
    Keys,
    /// Refreshes and sign-outs of one session.
    Sessions,
}

/// How many names people want to have.
const NAMES: usize = 2;

/// Runs the history of a seed.
///
/// # Errors
/// The first thing that was promised and does not hold.
pub fn run(stage: &mut Stage, seed: u64, kind: Kind, conditions: &Conditions) -> Result<(), Violation> {
    let mut rng = Rng::with_seed(seed);
    let (mut plan, mut setting) = Plan::draw(&mut rng, conditions);
    setting.plain = false;
    plan.requests = match (kind, plan.shape) {
        (Kind::Names, _) => rng.usize(2..=3),
        (Kind::SignIns, Shape::Short) => rng.usize(2..=8),
        (Kind::SignIns, Shape::Long | Shape::Purged) => rng.usize(10..=60),
        (Kind::Keys | Kind::Sessions, Shape::Short) => plan.requests,
        (Kind::Keys | Kind::Sessions, Shape::Long | Shape::Purged) => rng.usize(10..=20),
    };
    stage.reset_auth(setting, kind != Kind::Keys);
    let mut accounts = Accounts {
        kind,
        right_percent: [0, 30, 90][rng.usize(..3)],
        tokens: Vec::new(),
    };
    match kind {
        Kind::Sessions => {
            let token = session(stage);
            accounts.tokens.push(token);
        }
        Kind::SignIns => old_user(stage),
        Kind::Names | Kind::Keys => {}
    }
    storm::rage(stage, &mut rng, &plan, &mut accounts)?;
    storm::calm_down(stage)?;
    accounts.settle(stage, &mut rng)?;
    Ok(())
}

/// The user of all sign-ins.
const ANN: &str = "ann";

/// Does something of the service's at once, without a request.
pub fn at_once<T>(stage: &Stage, work: impl Future<Output = T>) -> T {
    stage.state().direct = true;
    let done = work.now_or_never().expect("it does not wait");
    stage.state().direct = false;
    done
}

/// Registers a user.
pub fn register(stage: &Stage, name: &str) -> AuthenticatedUser {
    register_with(stage, name, Vec::new())
}

/// Registers a user with recovery codes.
pub fn register_with(stage: &Stage, name: &str, recovery_codes: Vec<RecoveryCodeHash>) -> AuthenticatedUser {
    register_at(stage, name, COST, recovery_codes)
}

fn register_at(stage: &Stage, name: &str, cost: Cost, recovery_codes: Vec<RecoveryCodeHash>) -> AuthenticatedUser {
    let ports = ports::of(stage.world(), 0);
    let name = Username::try_from(name.to_owned()).expect("a name");
    let password = Password::new(PASSWORD.to_owned()).expect("a password");
    let hash = at_once(stage, Hasher::new(cost).hash(&ports, &password)).expect("a hash");
    let (id, user) = at_once(stage, user::register(&ports, name, hash, recovery_codes)).expect("a user");
    AuthenticatedUser { id, user }
}

/// Begins a session of a new user, without the password that a sign-in asks for. Tells its refresh token.
pub fn session(stage: &Stage) -> String {
    let who = register(stage, ANN);
    let ports = ports::of(stage.world(), 0);
    let place = Place {
        client_id: "memo-web",
        user_agent: None,
        tells_notices: false,
    };
    let begun = at_once(stage, sessions::begin(&ports, &who, place));
    begun.expect("a session").1.to_text()
}

/// Registers a user whose password was hashed when hashes still had another cost.
fn old_user(stage: &Stage) {
    register_at(stage, ANN, Cost { passes: 2, ..COST }, Vec::new());
}

struct Accounts {
    kind: Kind,
    /// How many of a hundred sign-ins have the right password.
    right_percent: u32,
    /// Refresh tokens that somebody was given, oldest first.
    tokens: Vec<String>,
}

impl Accounts {
    fn learn(&mut self, stage: &Stage) {
        for call in &stage.calls {
            if let Some(Answer::Tokens(Some(token))) = call.answer()
                && !self.tokens.contains(token)
            {
                self.tokens.push(token.clone());
            }
        }
    }

    /// Every name belongs to somebody or can be had, keys can be had, and the newest token is good if its session is.
    fn settle(&mut self, stage: &mut Stage, rng: &mut Rng) -> Result<(), Violation> {
        self.learn(stage);
        let acts = match self.kind {
            Kind::Names => (0..NAMES).map(|name| Act::Register(format!("name{name}"))).collect(),
            Kind::Keys => vec![Act::Keys; INSTANCES],
            Kind::SignIns => Vec::new(),
            Kind::Sessions => self.tokens.iter().rev().cloned().map(Act::Refresh).take(1).collect(),
        };
        if self.kind == Kind::SignIns {
            // However many guessed: in the next window the right password is right.
            stage.state().pass(2 * millis(throttle::WINDOW));
            let right = Act::SignIn {
                name: ANN.to_owned(),
                right: true,
            };
            let answer = stage.perform(0, rng.usize(..INSTANCES), right, "")?;
            if !matches!(answer, Answer::Tokens(_)) {
                return Err(Violation(format!("the right password was answered {answer:?}")));
            }
        }
        for act in acts {
            if self.kind == Kind::Keys || stage.calls.iter().any(|call| call.act == act) || self.tokens.len() > 1 {
                stage.perform(0, rng.usize(..INSTANCES), act, "")?;
            }
        }
        Ok(())
    }
}

impl Source for Accounts {
    fn next(&mut self, stage: &mut Stage, rng: &mut Rng) -> (usize, Act, String) {
        self.learn(stage);
        let act = match self.kind {
            Kind::Names => Act::Register(format!("name{}", if rng.u32(..100) < 80 { 0 } else { 1 })),
            Kind::Keys => Act::Keys,
            Kind::SignIns => Act::SignIn {
                name: ANN.to_owned(),
                right: rng.u32(..100) < self.right_percent,
            },
            Kind::Sessions => {
                let newest = self.tokens.len() - 1;
                let index = if rng.u32(..100) < 80 {
                    newest
                } else {
                    rng.usize(..=newest)
                };
                let token = self.tokens[index].clone();
                if rng.u32(..100) < 85 {
                    Act::Refresh(token)
                } else {
                    Act::SignOut(token)
                }
            }
        };
        (0, act, String::new())
    }
}
