//! How contestants are asked. Workloads say what a person wants; a dialect knows which request that is, and what its
//! answer says.

mod memo;
mod pocketbase;

use anyhow::{Context, Result};
use serde_json::Value;

pub use memo::MemoApi;
pub use pocketbase::PocketBase;

use crate::{
    driver::{Answer, Call},
    stage::{Draft, Memo, User},
};

/// Everybody's.
pub const PASSWORD: &str = "correct horse battery staple";

/// Which memos a list is of. The default: all that are not in the trash.
#[derive(Clone, Copy, Default)]
pub struct Query {
    pub word: Option<&'static str>,
    pub tag: Option<&'static str>,
    pub trashed: bool,
}

/// What a sign-in gives.
pub struct Session {
    pub access_token: String,
    /// What the next refresh is made with.
    pub refresh_token: String,
}

/// What matters of a page of memos, or of tags.
pub struct Page {
    pub items: usize,
    /// Where the next page begins, if this is not the last. Tags have no pages: it is there while some are lacking.
    pub next: Option<String>,
}

/// How far a client has followed the changes.
pub struct Seen {
    pub next: String,
    pub more: bool,
}

/// One contestant's requests, and how to read its answers.
pub trait Dialect {
    fn sign_up(&self, name: &str) -> Call;
    /// The id in the answer to a sign-up.
    fn user_id(&self, answer: &Answer) -> Result<String>;
    fn sign_in(&self, name: &str) -> Call;
    fn refresh(&self, token: &str) -> Call;
    /// What is in the answer to a sign-in or a refresh.
    fn session(&self, answer: &Answer) -> Result<Session>;
    /// Where the keys are, where the bench can make access tokens with a key of its own. Elsewhere everybody signs in.
    fn keys(&self) -> Option<Call>;

    fn create(&self, who: &User, draft: &Draft) -> Call;
    fn read(&self, who: &User, memo: &Memo) -> Call;
    fn update(&self, who: &User, memo: &Memo, draft: &Draft) -> Call;
    fn trash(&self, who: &User, memo: &Memo) -> Call;
    /// The memo in the answer to its creation.
    fn memo(&self, answer: &Answer) -> Result<Memo>;

    fn create_all(&self, who: &User, drafts: &[Draft]) -> Call;
    fn update_all(&self, who: &User, changes: &[(&Memo, Draft)]) -> Call;
    /// The memos in the answer to `create_all`, in its order.
    fn memos(&self, answer: &Answer) -> Result<Vec<Memo>>;

    /// A page of a list, newest first; `from` is where the page before it ended.
    fn list(&self, who: &User, query: Query, limit: usize, from: Option<&str>) -> Call;
    fn page(&self, answer: &Answer) -> Result<Page>;
    /// All tags of somebody's memos, and how many memos each has.
    fn tags(&self, who: &User) -> Call;
    /// What has changed since a client last looked, oldest first; everything for a new client.
    fn changes(&self, who: &User, since: Option<&str>) -> Call;
    fn seen(&self, answer: &Answer) -> Result<Seen>;
    /// A stream of events that tells of changes.
    fn listen(&self, who: &User) -> Call;
    /// What is to be sent beside it before it tells any; `first` is the stream's first event.
    fn subscribe(&self, who: &User, first: &str) -> Result<Option<Call>>;
}

/// The text at a JSON pointer.
fn text(value: &Value, pointer: &str) -> Result<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    Ok(found.with_context(|| format!("no {pointer} in {value}"))?.to_owned())
}

/// The list at a JSON pointer.
fn list<'a>(value: &'a Value, pointer: &str) -> Result<&'a Vec<Value>> {
    let found = value.pointer(pointer).and_then(Value::as_array);
    found.with_context(|| format!("no list {pointer} in {value}"))
}
