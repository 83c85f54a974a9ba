//! A random history of the auth service: registrations of one name, the first signing key, and sessions.

use auth_component::{credentials::Person, sessions, users::Username};
use common::token::UserId;
use fastrand::Rng;
use futures::FutureExt;

use crate::{
    call::{Act, Answer},
    plan::{Conditions, Plan, Shape},
    ports,
    services::INSTANCES,
    stage::{Stage, Violation},
    storm::{self, Source},
};

/// What a history is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Registrations. Each of them hashes a password, which takes as long as hundreds of other requests.
    Names,
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
        (Kind::Keys | Kind::Sessions, Shape::Short) => plan.requests,
        (Kind::Keys | Kind::Sessions, Shape::Long | Shape::Purged) => rng.usize(10..=20),
    };
    stage.reset_auth(setting, kind != Kind::Keys);
    let mut accounts = Accounts {
        kind,
        tokens: Vec::new(),
    };
    if kind == Kind::Sessions {
        let token = session(stage);
        accounts.tokens.push(token);
    }
    storm::rage(stage, &mut rng, &plan, &mut accounts)?;
    storm::calm_down(stage)?;
    accounts.settle(stage, &mut rng)?;
    Ok(())
}

/// Begins a session, without the password that a login asks for. Tells its refresh token.
pub fn session(stage: &Stage) -> String {
    stage.state().direct = true;
    let person = Person {
        id: UserId::try_from("ann-id".to_owned()).expect("an id"),
        username: Username::try_from("ann".to_owned()).expect("a name"),
    };
    let ports = ports::of(stage.world(), 0);
    let started = sessions::start(&ports, person, "simulation")
        .now_or_never()
        .expect("it does not wait");
    stage.state().direct = false;
    started.expect("a session").1.to_text()
}

struct Accounts {
    kind: Kind,
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
            Kind::Sessions => self.tokens.iter().rev().cloned().map(Act::Refresh).take(1).collect(),
        };
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
