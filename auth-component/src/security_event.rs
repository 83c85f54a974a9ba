//! What the log says of what matters for security: one JSON line an event. Never a name, a password or a token: of people and
//! sessions it has ids alone.

use std::net::IpAddr;

use common::{token::UserId, world::Ports};
use serde::Serialize;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// Somebody wanted to sign in.
    SignIn,
    /// Somebody wanted to register.
    Registration,
    /// Somebody who is signed in wanted another password.
    PasswordChange,
    /// Somebody who is signed in wanted a second factor to be asked for from now on.
    SecondFactorOn,
    /// Somebody who is signed in wanted to take the second factor away.
    SecondFactorOff,
    /// A code of a second factor was wrong, of somebody whose password was right.
    SecondFactorCode,
    /// The answer of a passkey was wrong, of somebody whose password was right.
    SecondFactorPasskey,
    /// Somebody who is signed in wanted another passkey.
    PasskeyAdded,
    /// Somebody who is signed in wanted to remove a passkey.
    PasskeyRemoved,
    /// A passkey's authenticator has signed no more often than before, so somebody has a copy of it.
    PasskeyCopied,
    /// Somebody who is signed in wanted a personal token.
    TokenMade,
    /// Somebody who is signed in wanted to revoke a personal token.
    TokenRevoked,
    /// Somebody who is signed in wanted new recovery codes.
    RecoveryCodes,
    /// Somebody wanted another password for a recovery code.
    Recovery,
    /// Somebody who is signed in wanted the account to be deleted, or goes on with that.
    AccountDeletion,
    /// A session was ended: by its own user, whichever session they used for it.
    SessionEnd,
    /// Somebody wanted to go on with a session, where many refresh tokens came from that are nobody's. Only what is put off is
    /// an event.
    Refresh,
    /// A refresh token was used again long after it was replaced, which ended its session.
    RefreshTokenReuse,
    /// A program wanted to begin a session by a code, for which somebody had allowed it something.
    ProgramConnected,
    /// A program's sessions were ended: by their user, or one of them by the program itself.
    ProgramDisconnected,
    /// A code was used again, which ended the session that it had begun.
    CodeReuse,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// As it was wanted.
    Success,
    /// Not: something was wrong.
    Failure,
    /// Not yet: the password was right, and the second factor is missing; or a deletion has begun, and goes on.
    Incomplete,
    /// Not: there were too many tries.
    Throttled,
}

/// What somebody signed in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// A password, and a second factor where it needs one.
    Password,
    /// A passkey.
    Passkey,
}

/// An event as a line of the log.
#[derive(Serialize)]
pub struct SecurityEvent<'a> {
    /// What.
    pub event: Event,
    /// How it ended.
    pub outcome: Outcome,
    /// Of a sign-in: with what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// Whose account it is about, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<&'a UserId>,
    /// Which session it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<&'a str>,
    /// The session that asked for it, where that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_session_id: Option<&'a str>,
    /// Which personal token it is about: its id, which opens nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_id: Option<&'a str>,
    /// Which program it is about: its id, which is no secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<&'a str>,
    /// Where the request came from.
    pub client_address: Option<IpAddr>,
    /// The request.
    pub request_id: &'a str,
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    level: &'static str,
    component: &'static str,
    #[serde(flatten)]
    event: &'a SecurityEvent<'a>,
}

impl SecurityEvent<'_> {
    /// Writes the line.
    pub fn log(&self, ports: &Ports) {
        let line = Line {
            time: ports.clock.now().to_rfc3339(),
            level: match self.outcome {
                Outcome::Success | Outcome::Incomplete => "info",
                Outcome::Failure | Outcome::Throttled => "warn",
            },
            component: "auth",
            event: self,
        };
        (ports.log)(&serde_json::to_string(&line).unwrap_or_default());
    }
}
