//! Store operations under way.

use std::task::Waker;

use common::store::kv::{Kv, KvError, MemoryKv};

/// Names a request of a history.
pub type CallId = usize;

/// What a store operation asks for.
#[derive(Clone, Debug)]
pub enum Ask {
    /// [`Kv::get`].
    Get(String),
    /// [`Kv::set`].
    Set(String, Vec<u8>),
    /// [`Kv::delete`].
    Delete(String),
    /// [`Kv::exists`].
    Exists(String),
    /// [`Kv::keys`].
    Keys(String),
    /// [`Kv::increment`].
    Increment(String, i64),
    /// Nothing of the store: a request sleeps until this moment.
    Sleep(u64),
}

impl Ask {
    /// The key, or the prefix of keys.
    pub fn key(&self) -> &str {
        match self {
            Self::Get(key) | Self::Set(key, _) | Self::Delete(key) => key,
            Self::Exists(key) | Self::Keys(key) | Self::Increment(key, _) => key,
            Self::Sleep(_) => "",
        }
    }

    /// Whether it changes anything.
    pub fn writes(&self) -> bool {
        matches!(self, Self::Set(..) | Self::Delete(_) | Self::Increment(..))
    }

    /// Whether it changes a record, and so must not come later than the lease allows. Flags may, and caches, entries of
    /// lists, whose link to a memo it is, what the throttle notes, and who has signed out.
    pub fn is_leased(&self) -> bool {
        let key = self.key();
        let is_free = key.contains("/claim/")
            || key.contains("/change/")
            || key.contains("/signatures/")
            || ["/skip", "/overview", "/tag-counts", "/log-start"]
                .iter()
                .any(|end| key.ends_with(end))
            || key.starts_with("memo/share/")
            || key.starts_with("memo/due/")
            || key.starts_with("auth/due/")
            || key.starts_with("auth/throttle/")
            || key.starts_with("auth/revoked");
        matches!(self, Self::Set(..) | Self::Delete(_)) && !is_free
    }
}

/// What a store operation gives.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Of a get.
    Value(Option<Vec<u8>>),
    /// Of a set or a delete, or of having slept.
    Done,
    /// Of an exists.
    Found(bool),
    /// Of keys.
    Keys(Vec<String>),
    /// Of an increment.
    Sum(i64),
}

/// How an operation ended.
pub type Response = Result<Reply, KvError>;

/// The request on whose behalf something happens.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// Its name.
    pub call: CallId,
    /// When it began.
    pub began: u64,
    /// Whether it is a listing.
    pub lists: bool,
    /// Whether it reads the feed.
    pub follows: bool,
    /// Whether it is maintenance.
    pub sweeps: bool,
    /// Whether it is a batch.
    pub batches: bool,
    /// Whether it opens a link to a memo.
    pub opens: bool,
    /// Whether it ends one.
    pub ends: bool,
    /// The version that it wants to change.
    pub expects: Option<u64>,
}

/// Where an operation is.
#[derive(Debug)]
pub enum Phase {
    /// On its way to the store.
    Asked,
    /// Done; the answer is on its way back.
    Done(Response),
    /// The answer is there, to be picked up by the future.
    Arrived(Response),
}

/// An operation under way.
#[derive(Debug)]
pub struct Op {
    /// Its name; later operations have larger ones.
    pub id: u64,
    /// Whose it is; `None` once its request is gone, and it comes to the store all the same.
    pub caller: Option<Caller>,
    /// What it asks for.
    pub ask: Ask,
    /// Where it is.
    pub phase: Phase,
    /// The latest moment at which it may be done.
    pub deadline: Option<u64>,
    /// Wakes its future.
    pub waker: Waker,
}

/// Does to the store what is asked.
///
/// # Errors
/// Those of the store.
pub async fn perform(store: &MemoryKv, ask: &Ask) -> Response {
    Ok(match ask {
        Ask::Get(key) => Reply::Value(store.get(key).await?),
        Ask::Set(key, value) => store.set(key, value).await.map(|()| Reply::Done)?,
        Ask::Delete(key) => store.delete(key).await.map(|()| Reply::Done)?,
        Ask::Exists(key) => Reply::Found(store.exists(key).await?),
        Ask::Keys(prefix) => Reply::Keys(store.keys(prefix).await?),
        Ask::Increment(key, delta) => Reply::Sum(store.increment(key, *delta).await?),
        Ask::Sleep(_) => Reply::Done,
    })
}

/// An operation, for people.
pub fn show(ask: &Ask) -> String {
    match ask {
        Ask::Get(key) => format!("get {key}"),
        Ask::Set(key, value) => format!("set {key} = {}", String::from_utf8_lossy(value)),
        Ask::Delete(key) => format!("delete {key}"),
        Ask::Exists(key) => format!("exists {key}"),
        Ask::Keys(prefix) => format!("keys {prefix}*"),
        Ask::Increment(key, delta) => format!("increment {key} by {delta}"),
        Ask::Sleep(until) => format!("sleep until {until}"),
    }
}
