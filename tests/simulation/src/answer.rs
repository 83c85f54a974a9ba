//! Answers, as HTTP has them and as the judge does.

use axum::{
    body::{Body, to_bytes},
    http::{HeaderValue, Response, header},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use common::world::clock::{Timestamp, rfc3339};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    call::Act,
    deletions::Deed,
    factors::Try,
    sessions::{Entry, Wish},
};

/// A memo as an answer shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its id.
    pub id: u64,
    /// Its version.
    pub version: u64,
    /// Its text.
    pub text: String,
    /// Whether it is put away.
    pub archived: bool,
    /// Whether it is in the trash.
    pub trashed: bool,
}

/// What the feed tells of a memo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its id.
    pub id: u64,
    /// Its version.
    pub version: u64,
    /// The memo; `None` when it is gone for good.
    pub memo: Option<Seen>,
}

/// A link to a memo, as its owner was told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What opens it.
    pub token: String,
    /// Its name.
    pub id: String,
    /// The memo.
    pub memo: u64,
    /// Until when it is good.
    pub expires_at: u64,
}

#[derive(Deserialize)]
struct LinkBody {
    token: String,
    id: String,
    memo_id: String,
    #[serde(with = "rfc3339")]
    expires_at: Timestamp,
}

impl From<LinkBody> for Link {
    fn from(body: LinkBody) -> Self {
        Self {
            token: body.token,
            id: body.id,
            memo: body.memo_id.parse().expect("an id is a number"),
            expires_at: body.expires_at.0,
        }
    }
}

#[derive(Deserialize)]
struct ShownBody {
    text: String,
}

/// What a request was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A memo, with 200 or 201.
    Memo(Seen),
    /// A page, and the cursor of the next one.
    Page(Vec<Seen>, Option<String>),
    /// 204 with an entity tag: the memo is in the trash, at this version.
    Trashed(u64),
    /// 204: it is gone.
    Removed,
    /// Earlier texts and their versions, newest first.
    Versions(Vec<(u64, String)>),
    /// News, the cursor of the next, and whether there are more.
    News(Vec<Told>, String, bool),
    /// Tags, how often they occur, and whether not all memos were looked at.
    Tags(Vec<(String, u64)>, bool),
    /// Of each part of a batch.
    Results(Vec<Answer>),
    /// How many memos were made, how many were there already, and whether there is more to do.
    Imported(u64, u64, bool),
    /// Some things are gone; whether others are still to go.
    Swept(bool),
    /// A user's id.
    User(String),
    /// A JWK Set.
    Keys(String),
    /// A refresh token, or none where the one that was sent stays good.
    Tokens(Option<String>),
    /// An access token and a refresh token.
    Entered(Entry),
    /// A code for a program.
    Code(String),
    /// Whether a token is good.
    Active(bool),
    /// The ids of sessions.
    Sessions(Vec<String>),
    /// Hashes of the ids of sessions that have ended.
    Ended(Vec<String>),
    /// A new link to a memo.
    Link(Link),
    /// What a link shows.
    Shown(String),
    /// 412: the memo is at another version by now, and is this.
    Stale(Seen),
    /// 409: the memo is in the trash.
    InTrash,
    /// 403: the quota is used up.
    OverQuota,
    /// Another status that is none of success.
    Refused(u16),
}

#[derive(Deserialize)]
struct MemoBody {
    id: String,
    version: u64,
    text: String,
    archived: bool,
    trashed_at: Option<String>,
}

impl From<MemoBody> for Seen {
    fn from(body: MemoBody) -> Self {
        Self {
            id: body.id.parse().expect("an id is a number"),
            version: body.version,
            text: body.text,
            archived: body.archived,
            trashed: body.trashed_at.is_some(),
        }
    }
}

#[derive(Deserialize)]
struct PageBody {
    items: Vec<MemoBody>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct VersionsBody {
    items: Vec<VersionBody>,
}

#[derive(Deserialize)]
struct VersionBody {
    version: u64,
    text: String,
}

#[derive(Deserialize)]
struct ChangesBody {
    items: Vec<ChangeBody>,
    next: String,
    more: bool,
}

#[derive(Deserialize)]
struct ChangeBody {
    id: String,
    version: u64,
    deleted: bool,
    memo: Option<MemoBody>,
}

#[derive(Deserialize)]
struct TagsBody {
    items: Vec<TagBody>,
    more: bool,
}

#[derive(Deserialize)]
struct TagBody {
    tag: String,
    count: u64,
}

#[derive(Deserialize)]
struct ResultsBody {
    results: Vec<ResultBody>,
}

#[derive(Deserialize)]
struct ResultBody {
    status: u16,
    memo: Option<MemoBody>,
    problem: Option<ProblemBody>,
}

#[derive(Deserialize)]
struct ProblemBody {
    r#type: String,
    current_version: Option<u64>,
    current: Option<MemoBody>,
}

#[derive(Deserialize)]
struct ImportedBody {
    created: u64,
    skipped: u64,
    more: bool,
}

#[derive(Deserialize)]
struct SweptBody {
    more: bool,
}

#[derive(Deserialize)]
struct UserBody {
    id: String,
}

#[derive(Deserialize)]
struct AccessBody {
    access_token: String,
}

/// The refresh token in a cookie.
fn refresh_token(cookie: &HeaderValue) -> String {
    let cookie = cookie.to_str().expect("a cookie");
    let value = cookie.split(['=', ';']).nth(1);
    value.expect("a cookie has a value").to_owned()
}

#[derive(Deserialize)]
struct IdsBody {
    items: Vec<IdBody>,
}

#[derive(Deserialize)]
struct IdBody {
    id: String,
}

impl IdsBody {
    fn ids(self) -> Vec<String> {
        self.items.into_iter().map(|item| item.id).collect()
    }
}

#[derive(Deserialize)]
struct ActiveBody {
    active: bool,
}

#[derive(Deserialize)]
struct RedirectBody {
    redirect_to: String,
}

/// The code in an address that a browser is sent to.
fn code_in(address: &str) -> String {
    let (_, query) = address.split_once('?').expect("parameters");
    let code = query.split('&').find_map(|pair| pair.strip_prefix("code="));
    code.expect("a code").to_owned()
}

#[derive(Deserialize)]
struct TokensBody {
    refresh_token: Option<String>,
}

impl Answer {
    /// Reads the response to a request.
    pub async fn read(act: &Act, response: Response<Body>) -> Self {
        let status = response.status().as_u16();
        let tag = response.headers().get(header::ETAG).cloned();
        let cookie = response.headers().get(header::SET_COOKIE).map(refresh_token);
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        match (status, act) {
            (200, Act::List { .. }) => {
                let page: PageBody = parse(&body);
                Self::Page(page.items.into_iter().map(Seen::from).collect(), page.next_cursor)
            }
            (200, Act::Versions(_)) => {
                let texts = parse::<VersionsBody>(&body).items.into_iter();
                Self::Versions(texts.map(|text| (text.version, text.text)).collect())
            }
            (200, Act::Changes { .. }) => {
                let news: ChangesBody = parse(&body);
                Self::News(news.items.into_iter().map(Told::from).collect(), news.next, news.more)
            }
            (200, Act::Tags) => {
                let tags: TagsBody = parse(&body);
                Self::Tags(
                    tags.items.into_iter().map(|item| (item.tag, item.count)).collect(),
                    tags.more,
                )
            }
            (200, Act::Batch(_)) => {
                let results = parse::<ResultsBody>(&body).results.into_iter();
                Self::Results(results.map(Self::from).collect())
            }
            (200, Act::Import(_)) => {
                let imported: ImportedBody = parse(&body);
                Self::Imported(imported.created, imported.skipped, imported.more)
            }
            (200, Act::EmptyTrash | Act::Maintain | Act::Deletion(Deed::Maintain | Deed::MaintainMemos)) => {
                Self::Swept(parse::<SweptBody>(&body).more)
            }
            (201, Act::Register(_)) => Self::User(parse::<UserBody>(&body).id),
            (200, Act::Keys) => Self::Keys(String::from_utf8_lossy(&body).into_owned()),
            (200, Act::Refresh(_) | Act::SignIn { .. } | Act::Deletion(Deed::Refresh(_))) => Self::Tokens(cookie),
            (200, Act::Program(_)) => Self::Tokens(parse::<TokensBody>(&body).refresh_token),
            (201, Act::Program(_)) => Self::Code(code_in(&parse::<RedirectBody>(&body).redirect_to)),
            (200, Act::Factor(Try::Introspect { .. })) => Self::Active(parse::<ActiveBody>(&body).active),
            (200, Act::Enter(_) | Act::Factor(_) | Act::Deletion(Deed::Enter)) => Self::Entered(Entry {
                access: parse::<AccessBody>(&body).access_token,
                refresh: cookie.expect("a cookie"),
            }),
            (200, Act::Account(_, Wish::List)) => Self::Sessions(parse::<IdsBody>(&body).ids()),
            (200, Act::Revocations) => Self::Ended(parse::<IdsBody>(&body).ids()),
            (201, Act::Share(_)) => Self::Link(parse::<LinkBody>(&body).into()),
            (200, Act::Share(_)) => Self::Shown(parse::<ShownBody>(&body).text),
            (200 | 201, _) => Self::Memo(parse::<MemoBody>(&body).into()),
            (204, _) => match tag {
                None => Self::Removed,
                Some(tag) => {
                    let version = tag.to_str().expect("a tag").trim_matches('"');
                    Self::Trashed(version.parse().expect("a tag is a version"))
                }
            },
            (_, act) if act.is_for_auth() => Self::Refused(status),
            _ => Self::problem(status, parse(&body)),
        }
    }

    fn problem(status: u16, problem: ProblemBody) -> Self {
        match (status, problem.current) {
            (403, _) if problem.r#type.ends_with("quota-exceeded") => Self::OverQuota,
            (409, _) if problem.r#type.ends_with("in-trash") => Self::InTrash,
            (412, Some(memo)) => {
                let seen = Seen::from(memo);
                assert_eq!(
                    problem.current_version,
                    Some(seen.version),
                    "a problem contradicts itself"
                );
                Self::Stale(seen)
            }
            _ => Self::Refused(status),
        }
    }

    /// Whether it says that nothing was changed.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Stale(_) | Self::InTrash | Self::OverQuota => true,
            Self::Refused(status) => *status != 503,
            _ => false,
        }
    }

    /// What it is, in a word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Memo(_) => "memos",
            Self::Page(..) => "pages",
            Self::Trashed(_) => "trashings",
            Self::Removed => "removals",
            Self::Versions(_) => "histories of memos",
            Self::News(..) => "news",
            Self::Tags(..) => "tags",
            Self::Results(_) => "batches",
            Self::Imported(..) => "imports",
            Self::Swept(_) => "sweeps",
            Self::User(_) => "users",
            Self::Keys(_) => "keys",
            Self::Tokens(_) => "tokens",
            Self::Entered(_) => "entries",
            Self::Code(_) => "codes",
            Self::Active(true) => "active tokens",
            Self::Active(false) => "inactive tokens",
            Self::Sessions(_) => "lists of sessions",
            Self::Ended(_) => "lists of ended sessions",
            Self::Link(_) => "links",
            Self::Shown(_) => "opened links",
            Self::Stale(_) => "412",
            Self::InTrash => "409 in trash",
            Self::OverQuota => "403 over quota",
            Self::Refused(400) => "400",
            Self::Refused(401) => "401",
            Self::Refused(404) => "404",
            Self::Refused(409) => "409",
            Self::Refused(422) => "422",
            Self::Refused(429) => "429",
            Self::Refused(503) => "503",
            Self::Refused(_) => "other refusals",
        }
    }
}

impl From<ChangeBody> for Told {
    fn from(body: ChangeBody) -> Self {
        assert_eq!(body.deleted, body.memo.is_none(), "news contradict themselves");
        Self {
            id: body.id.parse().expect("an id is a number"),
            version: body.version,
            memo: body.memo.map(Seen::from),
        }
    }
}

impl From<ResultBody> for Answer {
    fn from(result: ResultBody) -> Self {
        match (result.status, result.memo, result.problem) {
            (200 | 201, Some(memo), None) => Self::Memo(memo.into()),
            (204, Some(memo), None) => Self::Trashed(memo.version),
            (204, None, None) => Self::Removed,
            (status, None, Some(problem)) => Self::problem(status, problem),
            (status, ..) => Self::Refused(status),
        }
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> T {
    serde_json::from_slice(body).expect("the body that the status promises")
}

/// What a sealed cursor holds, without its seal.
pub fn unsealed(cursor: &str) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).expect("a cursor is base64url");
    // The seal has 16 bytes.
    serde_json::from_slice(&bytes[..bytes.len() - 16]).expect("a cursor is JSON")
}

/// The id below which a listing goes on.
pub fn below(cursor: &str) -> u64 {
    unsealed(cursor).as_u64().expect("a listing's cursor is an id")
}
