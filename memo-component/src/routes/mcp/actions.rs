//! What tools do: the same that the API's routes do, with arguments of their own.

use common::{
    http::{
        extract::parse_value,
        problem::{FieldError, Problem},
    },
    token::UserId,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    App,
    catalog::Error,
    memo::{Content, Edit, Memo, MemoId, Text, Version},
    routes::{
        answer::{MemoBody, refusal},
        body,
        idempotency_key::IdempotencyKey,
        list::{self, ListQuery},
        memos::make,
        tags::TagsBody,
    },
};

/// How many memos a search shows where nothing is said.
pub const FOUND_DEFAULT: usize = 20;

/// How many characters of each memo a search shows. Whole texts would fill what a model can read.
pub const EXCERPT_CHARS: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    q: Option<String>,
    tag: Option<String>,
    state: Option<String>,
    limit: Option<u64>,
    cursor: Option<String>,
}

/// Finds memos, as `GET /api/memos` does, and shows how they begin.
pub async fn search(app: &App, user: &UserId, arguments: Value) -> Result<Value, Problem> {
    let Search {
        q,
        tag,
        state,
        limit,
        cursor,
    } = parse_value(arguments)?;
    let query = ListQuery {
        limit: limit.map(|limit| limit.to_string()),
        cursor,
        q,
        tag,
        state,
    };
    let (memos, next_cursor) = list::find(app, user, &query, FOUND_DEFAULT).await?;
    let found: Vec<Value> = memos.into_iter().map(|(id, memo)| excerpt(id, memo)).collect();
    Ok(json!({"items": found, "next_cursor": next_cursor}))
}

/// A memo with the beginning of its text in the text's place.
fn excerpt(id: MemoId, memo: Memo) -> Value {
    let text = memo.text.as_str();
    let end = text.char_indices().nth(EXCERPT_CHARS).map(|(end, _)| end);
    let beginning = end.and_then(|end| text.get(..end)).unwrap_or(text).to_owned();
    let mut shown = MemoBody::value(id, memo);
    if let Some(members) = shown.as_object_mut() {
        members.remove("text");
        members.insert("excerpt".to_owned(), beginning.into());
        members.insert("is_whole".to_owned(), end.is_none().into());
    }
    shown
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    id: String,
}

/// Reads a memo.
pub async fn read(app: &App, user: &UserId, arguments: Value) -> Result<Value, Problem> {
    let Read { id } = parse_value(arguments)?;
    let id = memo_id(&id)?;
    let memo = app.catalog(user).read(id).await?;
    Ok(MemoBody::value(id, memo))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Says which tags there are.
pub async fn tags(app: &App, user: &UserId, arguments: Value) -> Result<Value, Problem> {
    let Nothing {} = parse_value(arguments)?;
    let tags: TagsBody = app.catalog(user).tags().await?.into();
    serde_json::to_value(tags).map_err(Problem::internal)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    #[serde(deserialize_with = "body::text")]
    text: Text,
    pinned: Option<bool>,
    idempotency_key: Option<String>,
}

/// Creates a memo; with a key, once.
pub async fn create(app: &App, user: &UserId, arguments: Value) -> Result<Value, Problem> {
    let Create {
        text,
        pinned,
        idempotency_key,
    } = parse_value(arguments)?;
    let key = idempotency_key.as_deref().map(IdempotencyKey::parse).transpose()?;
    let content = Content {
        pinned: pinned.unwrap_or_default(),
        ..Content::new(text)
    };
    let (id, memo) = make(&app.catalog(user), key.as_ref(), content).await?;
    Ok(MemoBody::value(id, memo))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Update {
    id: String,
    version: Version,
    #[serde(default, deserialize_with = "body::optional_text")]
    text: Option<Text>,
    pinned: Option<bool>,
    archived: Option<bool>,
}

/// Changes a memo that is at the version that was read.
pub async fn update(app: &App, user: &UserId, arguments: Value) -> Result<Value, Problem> {
    let Update {
        id,
        version,
        text,
        pinned,
        archived,
    } = parse_value(arguments)?;
    let edit = Edit {
        text,
        pinned,
        archived,
        trashed: None,
    };
    if edit == Edit::default() {
        let refused = FieldError::new(".", "Say what is to change: text, pinned or archived.");
        return Err(Problem::invalid_request(vec![refused]));
    }
    let id = memo_id(&id)?;
    let changed = app.catalog(user).edit(id, version, edit).await;
    let memo = changed.map_err(|error| refusal(id, error))?;
    Ok(MemoBody::value(id, memo))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trash {
    id: String,
    version: Version,
}

/// Puts a memo into the trash. One that is there already stays there: it is the API's `DELETE` that would remove it for good.
pub async fn trash(app: &App, user: &UserId, arguments: Value) -> Result<Value, Problem> {
    let Trash { id, version } = parse_value(arguments)?;
    let id = memo_id(&id)?;
    let discarded = app.catalog(user).discard(id, version).await;
    let memo = discarded.map_err(|error| refusal(id, error))?;
    Ok(MemoBody::value(id, memo))
}

/// What can't be an id names nothing.
fn memo_id(text: &str) -> Result<MemoId, Problem> {
    text.parse().map_err(|_| Error::Absent.into())
}
