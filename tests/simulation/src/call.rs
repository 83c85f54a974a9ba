//! Requests and answers, as HTTP has them and as the judge does.

use axum::{
    body::{Body, to_bytes},
    http::{Request, Response, header},
};
use serde::Deserialize;

use crate::world::Caller;

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
        let body = match &self.act {
            Act::Create(_) | Act::Replace(..) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(format!("{{\"text\":\"{}\"}}", self.text))
            }
            _ => Body::empty(),
        };
        request.body(body).expect("a request")
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

impl Answer {
    /// Reads a response.
    pub async fn read(response: Response<Body>) -> Self {
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        let is_page = body.starts_with(b"{\"items\"");
        match status {
            200 if is_page => {
                let page: PageBody = serde_json::from_slice(&body).expect("a page");
                let next = page.next_cursor.map(|next| next.parse().expect("a cursor is a number"));
                Self::Page(page.items.into_iter().map(Seen::from).collect(), next)
            }
            200 | 201 => Self::Memo(serde_json::from_slice::<MemoBody>(&body).expect("a memo").into()),
            204 => Self::Removed,
            _ => {
                let problem: ProblemBody = serde_json::from_slice(&body).expect("a problem");
                Self::Refused(status, problem.current_version)
            }
        }
    }
}
