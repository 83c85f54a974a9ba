//! Requests and answers, as HTTP has them and as the judge does.

use axum::{
    body::{Body, to_bytes},
    http::{Request, Response, header},
};
use serde::{Deserialize, de::DeserializeOwned};

use crate::op::Caller;

/// Everybody's password.
pub const PASSWORD: &str = "correct-horse";

/// What a request wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// A new memo, under an idempotency key or none.
    Create(Option<String>),
    /// One memo.
    Read(u64),
    /// A page.
    List {
        /// How many.
        limit: usize,
        /// The cursor.
        before: Option<u64>,
    },
    /// Another text for a memo at a version.
    Replace(u64, u64),
    /// A memo at a version gone.
    Remove(u64, u64),
    /// A new user of this name.
    Register(String),
    /// A new session of the user of this name.
    SignIn {
        /// The name.
        name: String,
        /// Whether the password is the right one.
        right: bool,
    },
    /// The public keys.
    Keys,
    /// A new refresh token for this one.
    Refresh(String),
    /// The end of the session of this refresh token.
    SignOut(String),
}

impl Act {
    /// Whether it is the auth service's.
    pub fn is_for_auth(&self) -> bool {
        matches!(
            self,
            Self::Register(_) | Self::SignIn { .. } | Self::Keys | Self::Refresh(_) | Self::SignOut(_)
        )
    }
}

/// A moment: the order of events, and the time of day.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// [`crate::world::State::step`].
    pub step: u64,
    /// [`crate::world::State::now`].
    pub time: u64,
}

/// A memo as an answer shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its id.
    pub id: u64,
    /// Its version.
    pub version: u64,
    /// Its text.
    pub text: String,
}

/// What a request was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A memo, with 200 or 201.
    Memo(Seen),
    /// A page.
    Page(Vec<Seen>, Option<u64>),
    /// 204.
    Removed,
    /// A user's id.
    User(String),
    /// A JWK Set.
    Keys(String),
    /// A refresh token, or none where the one that was sent stays good.
    Tokens(Option<String>),
    /// A status that is none of success, and the current version where it was told.
    Refused(u16, Option<u64>),
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With an answer.
    Answered(Answer),
    /// Without one: its instance died.
    Crashed,
}

/// A request and what came of it.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who asks.
    pub user: usize,
    /// Whom.
    pub instance: usize,
    /// For what.
    pub act: Act,
    /// The text of a create or a replace: of this request alone, or of this idempotency key.
    pub text: String,
    /// When it began.
    pub began: Moment,
    /// When and how it ended.
    pub ended: Option<(Moment, End)>,
    /// Whether one of its operations failed.
    pub disturbed: bool,
}

impl Call {
    /// The request.
    pub fn request(&self, name: usize, token: &str) -> Request<Body> {
        let (method, path) = match &self.act {
            Act::Create(_) => ("POST", "/api/memos".to_owned()),
            Act::Read(id) => ("GET", format!("/api/memos/{id}")),
            Act::List { limit, before: None } => ("GET", format!("/api/memos?limit={limit}")),
            Act::List {
                limit,
                before: Some(before),
            } => ("GET", format!("/api/memos?limit={limit}&cursor={before}")),
            Act::Replace(id, _) => ("PUT", format!("/api/memos/{id}")),
            Act::Remove(id, _) => ("DELETE", format!("/api/memos/{id}")),
            Act::Register(_) => ("POST", "/api/auth/users".to_owned()),
            Act::Keys => ("GET", "/.well-known/jwks.json".to_owned()),
            Act::Refresh(_) | Act::SignIn { .. } => ("POST", "/api/auth/token".to_owned()),
            Act::SignOut(_) => ("DELETE", "/api/auth/session".to_owned()),
        };
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header("x-request-id", format!("r{name}"));
        if let Act::Create(Some(key)) = &self.act {
            request = request.header("idempotency-key", key);
        }
        if let Act::Replace(_, version) | Act::Remove(_, version) = &self.act {
            request = request.header(header::IF_MATCH, format!("\"{version}\""));
        }
        if let Act::SignOut(token) = &self.act {
            request = request.header(header::COOKIE, format!("memo_refresh={token}"));
        }
        let (json, form) = ("application/json", "application/x-www-form-urlencoded");
        let (content_type, body) = match &self.act {
            Act::Create(_) | Act::Replace(..) => (json, format!("{{\"text\":\"{}\"}}", self.text)),
            Act::Register(name) => (json, format!("{{\"username\":\"{name}\",\"password\":\"{PASSWORD}\"}}")),
            Act::Refresh(token) => (form, format!("grant_type=refresh_token&refresh_token={token}")),
            Act::SignIn { name, right } => {
                let password = if *right { PASSWORD } else { "wrong-horse" };
                (form, format!("grant_type=password&username={name}&password={password}"))
            }
            _ => return request.body(Body::empty()).expect("a request"),
        };
        let request = request.header(header::CONTENT_TYPE, content_type);
        request.body(Body::from(body)).expect("a request")
    }

    /// What the world should know of it while it runs.
    pub fn caller(&self, call: usize) -> Caller {
        Caller {
            call,
            began: self.began.time,
            lists: matches!(self.act, Act::List { .. }),
            expects: match self.act {
                Act::Replace(_, version) | Act::Remove(_, version) => Some(version),
                _ => None,
            },
        }
    }

    /// The answer, where there was one.
    pub fn answer(&self) -> Option<&Answer> {
        match &self.ended {
            Some((_, End::Answered(answer))) => Some(answer),
            _ => None,
        }
    }

    /// Whether it was told that nothing was changed.
    pub fn was_refused(&self) -> bool {
        matches!(self.answer(), Some(Answer::Refused(status, _)) if *status != 503)
    }
}

#[derive(Deserialize)]
struct MemoBody {
    id: String,
    version: u64,
    text: String,
}

impl From<MemoBody> for Seen {
    fn from(body: MemoBody) -> Self {
        Self {
            id: body.id.parse().expect("an id is a number"),
            version: body.version,
            text: body.text,
        }
    }
}

#[derive(Deserialize)]
struct PageBody {
    items: Vec<MemoBody>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct ProblemBody {
    current_version: Option<u64>,
}

#[derive(Deserialize)]
struct UserBody {
    id: String,
}

#[derive(Deserialize)]
struct TokensBody {
    refresh_token: Option<String>,
}

impl Answer {
    /// Reads the response to a request.
    pub async fn read(act: &Act, response: Response<Body>) -> Self {
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        match (status, act) {
            (200, Act::List { .. }) => {
                let page: PageBody = parse(&body);
                let next = page.next_cursor.map(|next| next.parse().expect("a cursor is a number"));
                Self::Page(page.items.into_iter().map(Seen::from).collect(), next)
            }
            (201, Act::Register(_)) => Self::User(parse::<UserBody>(&body).id),
            (200, Act::Keys) => Self::Keys(String::from_utf8_lossy(&body).into_owned()),
            (200, Act::Refresh(_) | Act::SignIn { .. }) => Self::Tokens(parse::<TokensBody>(&body).refresh_token),
            (200 | 201, _) => Self::Memo(parse::<MemoBody>(&body).into()),
            (204, _) => Self::Removed,
            _ => Self::Refused(status, parse::<ProblemBody>(&body).current_version),
        }
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> T {
    serde_json::from_slice(body).expect("the body that the status promises")
}
