//! `POST /api/memos/batch`: many requests in one, each on its own.
//!
//! Operations on one memo happen in the order in which they were sent. Those on different memos may happen at the same
//! time, a few at once. An answer is bounded in bytes: beyond that, results name a memo's version and leave out the memo.

use std::collections::BTreeSet;

use axum::{Json as Answer, extract::State};
use common::{
    http::{
        extract::{Json, parse_value},
        problem::{FieldError, Problem},
    },
    world::clock::Timestamp,
};
use futures::stream::{self, StreamExt};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    answer::{MemoBody, refusal},
    body::{CreateBody, PatchBody, ReplaceBody},
    caller::Writer,
    conditions::{IfMatch, expected_version},
    idempotency_key::IdempotencyKey,
    memos::make,
};
use crate::{
    App,
    catalog::{Catalog, Error, page::PAGE_MAX_BYTES, trash::Deleted},
    memo::{Edit, Memo, MemoId, Version},
};

/// How many operations a batch has at most.
const OPERATIONS_MAX: usize = 100;

/// How many of them happen at the same time.
const AT_ONCE: usize = 8;

/// A batch.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchBody {
    operations: Vec<Operation>,
}

/// What one operation does.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
enum Method {
    Post,
    Put,
    Patch,
    Delete,
}

impl TryFrom<String> for Method {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "POST" => Ok(Self::Post),
            "PUT" => Ok(Self::Put),
            "PATCH" => Ok(Self::Patch),
            "DELETE" => Ok(Self::Delete),
            _ => Err("It must be POST, PUT, PATCH or DELETE."),
        }
    }
}

/// One request: what would be its method, path, headers and body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    method: Method,
    id: Option<String>,
    if_match: Option<Expected>,
    #[serde(default)]
    body: Value,
    idempotency_key: Option<String>,
}

impl Operation {
    /// Whether it creates a memo, and has nothing to do with what others do.
    fn is_plain_create(&self) -> bool {
        self.method == Method::Post && self.id.is_none() && self.idempotency_key.is_none()
    }
}

/// The version that a change is meant for: its number, or what `If-Match` would say.
#[derive(Deserialize)]
#[serde(untagged)]
enum Expected {
    Version(u64),
    Header(String),
}

/// What became of an operation.
#[derive(Serialize)]
pub struct ResultBody {
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Version>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memo: Option<MemoBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Value>,
}

/// What became of all of them, in their order.
#[derive(Serialize)]
pub struct ResultsBody {
    results: Vec<ResultBody>,
}

/// Does what a batch asks for.
pub async fn run(
    State(app): State<App>,
    Writer(user): Writer,
    Json(batch): Json<BatchBody>,
) -> Result<Answer<ResultsBody>, Problem> {
    if batch.operations.len() > OPERATIONS_MAX {
        let detail = format!("There may be at most {OPERATIONS_MAX}.");
        return Err(Problem::invalid_request(vec![FieldError::new("operations", detail)]));
    }
    let catalog = app.catalog(&user);
    let now = app.ports.clock.now();
    let mut results = Results::default();
    for group in groups(batch.operations) {
        let done = if group.iter().all(Operation::is_plain_create) {
            create_all(&catalog, now, group).await
        } else {
            let attempts = group.into_iter().map(|operation| attempt(&catalog, now, operation));
            stream::iter(attempts).buffered(AT_ONCE).collect().await
        };
        done.into_iter().for_each(|done| results.add(done));
    }
    Ok(Answer(ResultsBody {
        results: results.bodies,
    }))
}

/// Results that are being collected.
#[derive(Default)]
struct Results {
    bytes: usize,
    bodies: Vec<ResultBody>,
}

impl Results {
    fn add(&mut self, done: Result<Done, Problem>) {
        let body = match done {
            Ok((status, memo)) => ResultBody {
                status: status.as_u16(),
                id: memo.as_ref().map(|(id, _)| id.to_string()),
                version: memo.as_ref().map(|(_, memo)| memo.version),
                memo: memo
                    .filter(|(_, memo)| self.has_room_for(&memo.text))
                    .map(|(id, memo)| MemoBody::new(id, memo)),
                problem: None,
            },
            Err(problem) => {
                let mut body = problem.to_json();
                if let Some(members) = body.as_object_mut()
                    && !members.get("current").is_none_or(|current| self.has_room_for(current))
                {
                    members.remove("current");
                }
                ResultBody {
                    status: problem.status().as_u16(),
                    id: None,
                    version: None,
                    memo: None,
                    problem: Some(body),
                }
            }
        };
        self.bodies.push(body);
    }

    /// Whether something as large as this still fits, which counts it then.
    fn has_room_for(&mut self, part: &impl Serialize) -> bool {
        let bytes = serde_json::to_vec(part).map_or(usize::MAX, |json| json.len());
        let all = self.bytes.saturating_add(bytes);
        let fits = all <= PAGE_MAX_BYTES;
        if fits {
            self.bytes = all;
        }
        fits
    }
}

/// Cuts the operations into groups of those that may happen at the same time: no two of a group are about one memo, or
/// come with one idempotency key. Plain creates are among themselves, however many they are.
fn groups(operations: Vec<Operation>) -> Vec<Vec<Operation>> {
    let mut groups: Vec<Vec<Operation>> = Vec::new();
    let mut targets: BTreeSet<String> = BTreeSet::new();
    for operation in operations {
        let target = match (&operation.id, &operation.idempotency_key) {
            (Some(id), _) => Some(format!("id {id}")),
            (None, Some(key)) => Some(format!("key {key}")),
            (None, None) => None,
        };
        let is_new = target.is_none_or(|target| targets.insert(target));
        let is_create = operation.is_plain_create();
        match groups.last_mut() {
            Some(group) if is_new && group.first().is_some_and(|first| first.is_plain_create() == is_create) => {
                group.push(operation);
            }
            _ => {
                targets.clear();
                targets.extend(operation.id.as_ref().map(|id| format!("id {id}")));
                targets.extend(operation.idempotency_key.as_ref().map(|key| format!("key {key}")));
                groups.push(vec![operation]);
            }
        }
    }
    groups
}

type Done = (StatusCode, Option<(MemoId, Memo)>);

/// Plain creates, whose ids are taken together. Where that can't be, each is tried on its own: some may fit.
async fn create_all(catalog: &Catalog<'_>, now: Timestamp, operations: Vec<Operation>) -> Vec<Result<Done, Problem>> {
    let mut contents = Vec::with_capacity(operations.len());
    let mut refused = Vec::with_capacity(operations.len());
    for operation in operations {
        match parse_value::<CreateBody>(operation.body).and_then(|body| body.into_content(now)) {
            Ok(content) => {
                contents.push(content);
                refused.push(None);
            }
            Err(problem) => refused.push(Some(problem)),
        }
    }
    let created = match catalog.create_all(&contents).await {
        Ok(created) => created,
        Err(_) => {
            let mut one_by_one = Vec::with_capacity(contents.len());
            for content in contents {
                one_by_one.push(catalog.create(content).await);
            }
            one_by_one
        }
    };
    let mut created = created.into_iter();
    let result = |refused: Option<Problem>| match refused {
        Some(problem) => Err(problem),
        None => {
            let made = created.next().ok_or_else(|| Problem::internal("a memo is missing"))?;
            Ok((StatusCode::CREATED, Some(made?)))
        }
    };
    refused.into_iter().map(result).collect()
}

async fn attempt(catalog: &Catalog<'_>, now: Timestamp, operation: Operation) -> Result<Done, Problem> {
    let Operation {
        method,
        id,
        if_match,
        body,
        idempotency_key,
    } = operation;
    if method == Method::Post {
        if id.is_some() {
            let detail = "A new memo gets its id from the service.";
            return Err(Problem::invalid_request(vec![FieldError::new("id", detail)]));
        }
        let key = idempotency_key.as_deref().map(IdempotencyKey::parse).transpose()?;
        let content = parse_value::<CreateBody>(body)?.into_content(now)?;
        let made = make(catalog, key.as_ref(), content).await?;
        return Ok((StatusCode::CREATED, Some(made)));
    }
    let id: MemoId = id
        .as_deref()
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| Problem::from(Error::Absent))?;
    let condition = match if_match {
        None => return Err(IfMatch::missing()),
        Some(Expected::Version(version)) => IfMatch::parse(&format!("\"{version}\""))?,
        Some(Expected::Header(header)) => IfMatch::parse(&header)?,
    };
    let edit: Edit = match method {
        Method::Put => parse_value::<ReplaceBody>(body)?.into(),
        Method::Patch => parse_value::<PatchBody>(body)?.into(),
        Method::Post | Method::Delete => Edit::default(),
    };
    let version = expected_version(catalog, id, &condition).await?;
    let refused = |error| refusal(id, error);
    if method == Method::Delete {
        return Ok(match catalog.delete(id, version).await.map_err(refused)? {
            Deleted::ToTrash(memo) => (StatusCode::NO_CONTENT, Some((id, memo))),
            Deleted::ForGood => (StatusCode::NO_CONTENT, None),
        });
    }
    let memo = catalog.edit(id, version, edit).await.map_err(refused)?;
    Ok((StatusCode::OK, Some((id, memo))))
}
