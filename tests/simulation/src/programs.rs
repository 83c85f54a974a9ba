//! A random history of a program and the user who allows it something: codes, their uses, by the program and by somebody else,
//! refreshes, and the end of all that the program has.

use auth_component::{
    bytes32::Bytes32,
    records::{
        client::{self, Program},
        label::Label,
        redirect_uri::RedirectUri,
        session::{Session, grant::Binding},
    },
    sessions::{self, Place},
    tokens::{access_token, keyring::Keyring},
};
use common::token::TokenProfile;
use fastrand::Rng;
use serde_json::{Value, json};

use crate::{
    accounts::{at_once, register},
    answer::Answer,
    call::Act,
    plan::{Conditions, Plan, Shape},
    ports,
    services::{INSTANCES, SEED},
    sessions::session_of,
    stage::{Stage, Violation},
    storm::{self, Source},
    tokens::{AUDIENCE, ISSUER},
};

/// The program's id.
pub const ID: &str = "program000000000000000";

/// The user of all of it.
const FAY: &str = "fay";

const REDIRECT_URI: &str = "https://program.example/cb";

/// What the program made up for its request, and what somebody else makes up.
const VERIFIERS: [&str; 2] = [
    "the-verifier-of-the-program-that-nobody-else-has",
    "the-verifier-of-somebody-who-has-found-the-code",
];

/// SHA-256 of the first of them.
const CHALLENGE: &str = "OSDVgxU_XP5sIF87zTG3mScXGqfIWSA6z08sX6CXX_k";

/// What is asked of the issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The user says yes.
    Allow {
        /// Who asks: an access token.
        access: String,
    },
    /// Somebody shows a code.
    Redeem {
        /// The code.
        code: String,
        /// Whether they have the program's verifier.
        is_theirs: bool,
    },
    /// The program goes on.
    Refresh {
        /// By this refresh token.
        token: String,
    },
    /// The user disconnects the program.
    Disconnect {
        /// Who asks: an access token.
        access: String,
    },
}

/// What the user says yes to.
pub fn allowed() -> Value {
    json!({
        "response_type": "code", "client_id": ID, "redirect_uri": REDIRECT_URI, "scope": "memos:read", "approve": true,
        "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    })
}

/// What the codes are bound to.
pub fn binding() -> Binding {
    Binding {
        redirect_uri: RedirectUri::parse(REDIRECT_URI).expect("a redirect URI"),
        challenge: Bytes32::from_text(CHALLENGE).expect("a SHA-256"),
    }
}

/// The form that shows a code.
pub fn redemption(code: &str, is_theirs: bool) -> String {
    let verifier = VERIFIERS[usize::from(!is_theirs)];
    format!("grant_type=authorization_code&client_id={ID}&code={code}&code_verifier={verifier}")
}

/// The form that shows a refresh token.
pub fn refresh(token: &str) -> String {
    format!("grant_type=refresh_token&client_id={ID}&refresh_token={token}")
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
        Shape::Short => rng.usize(3..=8),
        Shape::Long | Shape::Purged => rng.usize(9..=16),
    };
    stage.reset_auth(setting, true);
    let mut programs = Programs {
        session: prepare(stage),
    };
    storm::rage(stage, &mut rng, &plan, &mut programs)?;
    storm::calm_down(stage)?;
    programs.settle(stage, &mut rng)
}

/// The program is registered, and the user signed in.
fn prepare(stage: &Stage) -> Session {
    let who = register(stage, FAY);
    let ports = ports::of(stage.world(), 0);
    let program = Program {
        name: Label::try_from("A program".to_owned()).expect("a name"),
        uri: None,
    };
    let uris = vec![binding().redirect_uri];
    at_once(stage, client::create(&ports, ID, program, uris)).expect("a program");
    let place = Place {
        client_id: "memo-web",
        user_agent: None,
        tells_notices: false,
    };
    let begun = at_once(stage, sessions::begin(&ports, &who, place));
    begun.expect("a session").0
}

struct Programs {
    /// The user's own session.
    session: Session,
}

impl Programs {
    /// An access token of the user, made now.
    fn access(&self, stage: &Stage) -> String {
        let ports = ports::of(stage.world(), 0);
        let keys = Keyring::new(ports.clone(), Keyring::given(SEED).expect("a key"));
        let profile = TokenProfile {
            issuer: ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
        };
        let scope = access_token::scope_of(&self.session);
        let token = access_token::issue(&ports, &keys, &profile, &self.session, &scope);
        at_once(stage, token).expect("a token")
    }

    /// What the program holds goes on unless something has ended it; and when the user has disconnected it, nothing does, nor
    /// does any code begin anything.
    fn settle(&self, stage: &mut Stage, rng: &mut Rng) -> Result<(), Violation> {
        for disconnects in [false, true] {
            if disconnects {
                let access = self.access(stage);
                perform(stage, rng, Step::Disconnect { access })?;
            }
            for token in newest(stage) {
                perform(stage, rng, Step::Refresh { token })?;
            }
        }
        for code in codes(stage) {
            perform(stage, rng, Step::Redeem { code, is_theirs: true })?;
        }
        Ok(())
    }
}

fn perform(stage: &mut Stage, rng: &mut Rng, step: Step) -> Result<Answer, Violation> {
    stage.perform(0, rng.usize(..INSTANCES), Act::Program(step), "")
}

/// The codes that the program was given.
fn codes(stage: &Stage) -> Vec<String> {
    let code = |call: &crate::call::Call| match call.answer() {
        Some(Answer::Code(code)) => Some(code.clone()),
        _ => None,
    };
    stage.calls.iter().filter_map(code).collect()
}

/// The newest refresh token of each session that the program was given.
fn newest(stage: &Stage) -> Vec<String> {
    let mut newest: Vec<String> = Vec::new();
    for call in &stage.calls {
        if let Some(Answer::Tokens(Some(token))) = call.answer() {
            newest.retain(|other| session_of(other) != session_of(token));
            newest.push(token.clone());
        }
    }
    newest
}

impl Source for Programs {
    fn next(&mut self, stage: &mut Stage, rng: &mut Rng) -> (usize, Act, String) {
        let (codes, tokens) = (codes(stage), newest(stage));
        let access = || self.access(stage);
        let step = match rng.u32(..100) {
            0..50 if !codes.is_empty() => Step::Redeem {
                // The last one most often, so that it meets others.
                code: codes[if rng.u32(..100) < 70 {
                    codes.len() - 1
                } else {
                    rng.usize(..codes.len())
                }]
                .clone(),
                is_theirs: rng.u32(..100) < 85,
            },
            50..72 if !tokens.is_empty() => Step::Refresh {
                token: tokens[rng.usize(..tokens.len())].clone(),
            },
            72..80 => Step::Disconnect { access: access() },
            _ => Step::Allow { access: access() },
        };
        (0, Act::Program(step), String::new())
    }
}
