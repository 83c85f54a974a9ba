//! Requests.

use axum::{
    body::Body,
    http::{Request, header, request::Builder},
};
use serde_json::{Value, json};

use crate::{
    answer::Answer,
    deletions::{DEE, Deed},
    factors::{CY, Try},
    imports,
    op::{CallId, Caller},
    personal,
    programs::{self, Step},
    services::MAINTENANCE_TOKEN,
    sessions::{BEA, Wish},
    shares::Deal,
};

/// Everybody's password.
pub const PASSWORD: &str = "correct-horse";

/// Which memos a listing is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Among {
    /// Neither archived nor in the trash.
    Active,
    /// In the trash.
    Trashed,
    /// All.
    All,
    /// Active ones with this tag or one below it.
    Tagged(&'static str),
    /// All that have this word.
    Saying(&'static str),
}

impl Among {
    /// Whether a memo belongs to the listing.
    pub fn holds(self, text: &str, archived: bool, trashed: bool) -> bool {
        let active = !archived && !trashed;
        match self {
            Self::Active => active,
            Self::Trashed => trashed,
            Self::All => true,
            Self::Tagged(wanted) => {
                let mut tags = text.split(' ').filter_map(|word| word.strip_prefix('#'));
                active && tags.any(|tag| tag == wanted || tag.starts_with(&format!("{wanted}/")))
            }
            Self::Saying(word) => text.contains(word),
        }
    }

    fn query(self) -> String {
        match self {
            Self::Active => "state=active".to_owned(),
            Self::Trashed => "state=trashed".to_owned(),
            Self::All => "state=all".to_owned(),
            Self::Tagged(tag) => format!("tag={tag}"),
            Self::Saying(word) => format!("state=all&q={word}"),
        }
    }
}

/// What a request wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// A new memo, under an idempotency key or none.
    Create(Option<String>),
    /// One memo.
    Read(u64),
    /// A page.
    List {
        /// Of which memos.
        among: Among,
        /// How many.
        limit: usize,
        /// The cursor.
        cursor: Option<String>,
    },
    /// Another text for a memo at a version.
    Replace(u64, u64),
    /// A memo at a version put away, or not any more.
    Archive(u64, u64, bool),
    /// A memo at a version deleted: into the trash, and from there for good.
    Remove(u64, u64),
    /// A memo taken out of the trash, at a version or at any.
    Restore(u64, Option<u64>),
    /// A memo's earlier texts.
    Versions(u64),
    /// One of a memo's earlier texts for the memo, whichever version it is at.
    Revert(u64, u64),
    /// Everything in the trash gone for good.
    EmptyTrash,
    /// News since a cursor.
    Changes {
        /// How many.
        limit: usize,
        /// The cursor.
        since: Option<String>,
    },
    /// The tags.
    Tags,
    /// Several of these in one request, each with its text.
    Batch(Vec<(Act, String)>),
    /// So many memos from a file, always the same ones.
    Import(usize),
    /// What is due removed.
    Maintain,
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
    /// A new session by this password, for an access token as well.
    Enter(String),
    /// Something of the account of whoever has this access token.
    Account(String, Wish),
    /// The sessions that ended lately.
    Revocations,
    /// Something for a code of the user of [`crate::factors`].
    Factor(Try),
    /// Something of the user of [`crate::deletions`].
    Deletion(Deed),
    /// Something of the program of [`crate::programs`], or about it.
    Program(Step),
    /// Something of links to memos.
    Share(Deal),
}

impl Act {
    /// The first page of a listing.
    pub const fn list(among: Among, limit: usize) -> Self {
        Self::List {
            among,
            limit,
            cursor: None,
        }
    }

    /// Whether it is the auth service's.
    pub fn is_for_auth(&self) -> bool {
        matches!(
            self,
            Self::Register(_)
                | Self::SignIn { .. }
                | Self::Keys
                | Self::Refresh(_)
                | Self::SignOut(_)
                | Self::Factor(_)
                | Self::Deletion(_)
                | Self::Program(_)
        ) || self.is_about_sessions()
    }

    /// Whether it is one of [`crate::sessions`] alone.
    pub fn is_about_sessions(&self) -> bool {
        matches!(self, Self::Enter(_) | Self::Account(..) | Self::Revocations)
    }

    /// The memo that it changes, and the version that it must have for that.
    pub fn step(&self) -> Option<(u64, Option<u64>)> {
        match self {
            Self::Replace(id, version) | Self::Archive(id, version, _) | Self::Remove(id, version) => {
                Some((*id, Some(*version)))
            }
            Self::Restore(id, expected) => Some((*id, *expected)),
            Self::Revert(id, _) => Some((*id, None)),
            _ => None,
        }
    }

    fn method_and_path(&self) -> (&'static str, String) {
        let memo = |id: &u64| format!("/api/memos/{id}");
        match self {
            Self::Create(_) => ("POST", "/api/memos".to_owned()),
            Self::Read(id) => ("GET", memo(id)),
            Self::List { among, limit, cursor } => {
                let query = among.query();
                let cursor = cursor.as_ref().map(|cursor| format!("&cursor={cursor}"));
                let cursor = cursor.unwrap_or_default();
                ("GET", format!("/api/memos?limit={limit}&{query}{cursor}"))
            }
            Self::Replace(id, _) => ("PUT", memo(id)),
            Self::Archive(id, ..) => ("PATCH", memo(id)),
            Self::Remove(id, _) => ("DELETE", memo(id)),
            Self::Restore(id, _) => ("POST", format!("/api/memos/{id}/restore")),
            Self::Versions(id) => ("GET", format!("/api/memos/{id}/versions")),
            Self::Revert(id, version) => ("POST", format!("/api/memos/{id}/versions/{version}/restore")),
            Self::EmptyTrash => ("DELETE", "/api/memos/trash".to_owned()),
            Self::Changes { limit, since } => {
                let since = since.as_ref().map(|since| format!("&since={since}"));
                (
                    "GET",
                    format!("/api/memos/changes?limit={limit}{}", since.unwrap_or_default()),
                )
            }
            Self::Tags => ("GET", "/api/memos/tags".to_owned()),
            Self::Batch(_) => ("POST", "/api/memos/batch".to_owned()),
            Self::Import(_) => ("POST", "/api/memos/import".to_owned()),
            Self::Maintain => ("POST", "/api/memos/maintenance".to_owned()),
            Self::Register(_) => ("POST", "/api/auth/users".to_owned()),
            Self::Keys => ("GET", "/.well-known/jwks.json".to_owned()),
            Self::SignIn { .. } | Self::Enter(_) => ("POST", "/api/auth/session".to_owned()),
            Self::Refresh(_) => ("POST", "/api/auth/session/refresh".to_owned()),
            Self::Account(_, wish) => match wish {
                Wish::List => ("GET", "/api/auth/sessions".to_owned()),
                Wish::End(id) => ("DELETE", format!("/api/auth/sessions/{id}")),
                Wish::EndOthers => ("DELETE", "/api/auth/sessions".to_owned()),
                Wish::ChangePassword { .. } => ("PUT", "/api/auth/me/password".to_owned()),
            },
            Self::Factor(wanted) => match wanted {
                Try::Enter { .. } | Try::EnterByPasskey { .. } => ("POST", "/api/auth/session".to_owned()),
                Try::Passkey { .. } => ("POST", "/api/auth/session/passkey".to_owned()),
                Try::Recover { .. } => ("POST", "/api/auth/recover".to_owned()),
                Try::Change { .. } => ("PUT", "/api/auth/me/password".to_owned()),
                Try::Introspect { .. } => ("POST", "/api/auth/introspect".to_owned()),
                Try::Revoke { .. } => ("DELETE", format!("/api/auth/tokens/{}", personal::ID)),
            },
            Self::Program(step) => match step {
                Step::Allow { .. } => ("POST", "/api/auth/authorize".to_owned()),
                Step::Redeem { .. } | Step::Refresh { .. } => ("POST", "/api/auth/token".to_owned()),
                Step::Disconnect { .. } => ("DELETE", format!("/api/auth/clients/{}", programs::ID)),
            },
            Self::Deletion(deed) => match deed {
                Deed::Enter => ("POST", "/api/auth/session".to_owned()),
                Deed::Refresh(_) => ("POST", "/api/auth/session/refresh".to_owned()),
                Deed::Write(_) => ("POST", "/api/memos".to_owned()),
                Deed::Delete(_) => ("DELETE", "/api/auth/me".to_owned()),
                Deed::Maintain => ("POST", "/api/auth/maintenance".to_owned()),
                Deed::MaintainMemos => ("POST", "/api/memos/maintenance".to_owned()),
            },
            Self::Share(deal) => match deal {
                Deal::Make(id) => ("POST", format!("/api/memos/{id}/shares")),
                Deal::Open(token) => ("GET", format!("/api/shares/{token}")),
                Deal::End(id) => ("DELETE", format!("/api/memos/shares/{id}")),
            },
            Self::Revocations => ("GET", "/api/auth/revocations".to_owned()),
            Self::SignOut(_) => ("DELETE", "/api/auth/session".to_owned()),
        }
    }

    /// The body of the request, as JSON.
    fn json(&self, text: &str) -> Option<Value> {
        Some(match self {
            Self::Create(_) | Self::Replace(..) | Self::Deletion(Deed::Write(_)) => json!({ "text": text }),
            Self::Deletion(Deed::Delete(_)) => json!({ "password": PASSWORD }),
            Self::Deletion(Deed::Enter) => json!({ "username": DEE, "password": PASSWORD }),
            Self::SignIn { name, right } => {
                json!({ "username": name, "password": if *right { PASSWORD } else { "wrong-horse" } })
            }
            Self::Enter(password) => json!({ "username": BEA, "password": password }),
            Self::Factor(Try::Enter { password, code }) => {
                json!({ "username": CY, "password": password, "code": code })
            }
            Self::Program(Step::Allow { .. }) => programs::allowed(),
            Self::Share(Deal::Make(_)) => json!({ "expires_in_days": 1 }),
            Self::Archive(_, _, on) => json!({ "archived": on }),
            Self::Register(name) => json!({ "username": name, "password": PASSWORD }),
            Self::Account(_, Wish::ChangePassword { current, new }) => {
                json!({ "current_password": current, "new_password": new })
            }
            Self::Factor(Try::Passkey { answer }) => serde_json::from_str(answer).expect("JSON"),
            Self::Factor(Try::EnterByPasskey { password, answer, .. }) => {
                let answer: Value = serde_json::from_str(answer).expect("JSON");
                json!({ "username": CY, "password": password, "passkey": answer })
            }
            Self::Factor(Try::Recover { code, new }) => {
                json!({ "username": CY, "recovery_code": code, "new_password": new })
            }
            Self::Factor(Try::Change { current, new, code, .. }) => {
                json!({ "current_password": current, "new_password": new, "code": code })
            }
            Self::Batch(parts) => {
                let operations = parts.iter().map(|(act, text)| act.operation(text));
                json!({ "operations": operations.collect::<Vec<_>>() })
            }
            _ => return None,
        })
    }

    /// The same as a part of a batch.
    fn operation(&self, text: &str) -> Value {
        if let Self::Create(key) = self {
            return json!({ "method": "POST", "body": { "text": text }, "idempotency_key": key });
        }
        let (id, version) = self.step().expect("a batch changes memos");
        let mut operation = json!({ "id": id.to_string(), "if_match": version.expect("at a version") });
        let (method, body) = match self {
            Self::Restore(..) => ("PATCH", json!({ "trashed_at": null })),
            act => (act.method_and_path().0, act.json(text).unwrap_or_default()),
        };
        operation["method"] = method.into();
        operation["body"] = body;
        operation
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

/// What a request asks for and gets, or one of the many things of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// For what.
    pub act: &'a Act,
    /// With this text.
    pub text: &'a str,
    /// The answer, where there was one.
    pub answer: Option<&'a Answer>,
}

impl Part<'_> {
    /// Whether it was told that nothing was changed.
    pub fn was_refused(&self) -> bool {
        self.answer.is_some_and(Answer::is_refusal)
    }
}

impl Call {
    /// The request.
    pub fn request(&self, name: usize, token: &str) -> Request<Body> {
        let (method, path) = self.act.method_and_path();
        let token = match &self.act {
            Act::Maintain | Act::Deletion(Deed::Maintain | Deed::MaintainMemos) => MAINTENANCE_TOKEN,
            Act::Deletion(Deed::Write(access) | Deed::Delete(access)) => access,
            Act::Account(access, _) | Act::Factor(Try::Change { access, .. } | Try::Revoke { access }) => access,
            Act::Program(Step::Allow { access } | Step::Disconnect { access }) => access,
            _ => token,
        };
        // Programs show no token where they get one.
        let is_by_program = matches!(self.act, Act::Program(Step::Redeem { .. } | Step::Refresh { .. }));
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-request-id", format!("r{name}"));
        if !is_by_program {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Act::Create(Some(key)) = &self.act {
            request = request.header("idempotency-key", key);
        }
        if let Some((_, Some(version))) = self.act.step() {
            request = request.header(header::IF_MATCH, format!("\"{version}\""));
        }
        if let Act::Share(_) = &self.act {
            request = request.header(header::ACCEPT, "application/json");
        }
        if let Act::SignOut(token) | Act::Refresh(token) | Act::Deletion(Deed::Refresh(token)) = &self.act {
            request = request.header(header::COOKIE, format!("memo_refresh={token}"));
        }
        let form = |request: Builder, form: String| {
            let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            request.body(Body::from(form)).expect("a request")
        };
        match &self.act {
            Act::Factor(Try::Introspect { token }) => form(request, format!("token={token}")),
            Act::Program(Step::Redeem { code, is_theirs }) => form(request, programs::redemption(code, *is_theirs)),
            Act::Program(Step::Refresh { token }) => form(request, programs::refresh(token)),
            Act::Import(count) => request
                .header(header::CONTENT_TYPE, "application/x-ndjson")
                .body(Body::from(imports::file(*count)))
                .expect("a request"),
            act => match act.json(&self.text) {
                None => request.body(Body::empty()).expect("a request"),
                Some(json) => request
                    .header(header::CONTENT_TYPE, "application/json")
                    .body(Body::from(json.to_string()))
                    .expect("a request"),
            },
        }
    }

    /// What the world should know of it while it runs.
    pub fn caller(&self, call: CallId) -> Caller {
        Caller {
            call,
            began: self.began.time,
            lists: matches!(self.act, Act::List { .. }),
            follows: matches!(self.act, Act::Changes { .. }),
            sweeps: self.act == Act::Maintain,
            batches: matches!(self.act, Act::Batch(_)),
            opens: matches!(self.act, Act::Share(Deal::Open(_))),
            ends: matches!(self.act, Act::Share(Deal::End(_))),
            expects: self.act.step().and_then(|(_, version)| version),
        }
    }

    /// The answer, where there was one.
    pub fn answer(&self) -> Option<&Answer> {
        match &self.ended {
            Some((_, End::Answered(answer))) => Some(answer),
            _ => None,
        }
    }

    /// What it asks for: one thing, or the many of a batch.
    pub fn parts(&self) -> Vec<Part<'_>> {
        let Act::Batch(parts) = &self.act else {
            return vec![Part {
                act: &self.act,
                text: &self.text,
                answer: self.answer(),
            }];
        };
        let answer = |index: usize| match self.answer() {
            Some(Answer::Results(answers)) => answers.get(index),
            answer => answer,
        };
        let part = |(index, (act, text))| Part {
            act,
            text,
            answer: answer(index),
        };
        parts
            .iter()
            .map(|(act, text)| (act, text.as_str()))
            .enumerate()
            .map(part)
            .collect()
    }
}
