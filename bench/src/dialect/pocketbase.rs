//! PocketBase's API for the collection and the view that `bench/pocketbase/migrations` makes.

use anyhow::{Context, Result};
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{Dialect, PASSWORD, Page, Query, Seen, Session, list, text};
use crate::{
    driver::{Answer, Call},
    stage::{Draft, Memo, User},
};

pub struct PocketBase;

const MEMOS: &str = "/api/collections/memos/records";

/// What a list is without: counting all that it would find on further pages.
const NO_TOTAL: &str = "skipTotal=1";

impl Dialect for PocketBase {
    fn sign_up(&self, name: &str) -> Call {
        let user = json!({"email": email(name), "password": PASSWORD, "passwordConfirm": PASSWORD});
        Call::new(Method::POST, "/api/collections/users/records", 200).json(&user)
    }

    fn user_id(&self, answer: &Answer) -> Result<String> {
        text(&answer.json()?, "/id")
    }

    fn sign_in(&self, name: &str) -> Call {
        let who = json!({"identity": email(name), "password": PASSWORD});
        Call::new(Method::POST, "/api/collections/users/auth-with-password", 200).json(&who)
    }

    /// It has one kind of token, which is good for five days and renews itself.
    fn refresh(&self, token: &str) -> Call {
        Call::new(Method::POST, "/api/collections/users/auth-refresh", 200).bearer(token)
    }

    fn session(&self, answer: &Answer) -> Result<Session> {
        let token = text(&answer.json()?, "/token")?;
        Ok(Session {
            access_token: token.clone(),
            refresh_token: token,
        })
    }

    fn keys(&self) -> Option<Call> {
        None
    }

    fn create(&self, who: &User, draft: &Draft) -> Call {
        call(Method::POST, MEMOS, who).json(&record(who, draft))
    }

    fn read(&self, who: &User, memo: &Memo) -> Call {
        call(Method::GET, &path(memo), who)
    }

    /// Without a condition: it has none.
    fn update(&self, who: &User, memo: &Memo, draft: &Draft) -> Call {
        call(Method::PATCH, &path(memo), who).json(&content(draft))
    }

    fn trash(&self, who: &User, memo: &Memo) -> Call {
        call(Method::PATCH, &path(memo), who).json(&json!({"trashed_at": "2026-11-22 09:00:00.000Z"}))
    }

    fn memo(&self, answer: &Answer) -> Result<Memo> {
        Ok(Memo::new(text(&answer.json()?, "/id")?))
    }

    fn create_all(&self, who: &User, drafts: &[Draft]) -> Call {
        let create = |draft| json!({"method": "POST", "url": MEMOS, "body": record(who, draft)});
        batch(who, drafts.iter().map(create).collect())
    }

    fn update_all(&self, who: &User, changes: &[(&Memo, Draft)]) -> Call {
        let update =
            |(memo, draft): &(&Memo, Draft)| json!({"method": "PATCH", "url": path(memo), "body": content(draft)});
        batch(who, changes.iter().map(update).collect())
    }

    fn memos(&self, answer: &Answer) -> Result<Vec<Memo>> {
        let answer = answer.json()?;
        let created = |result| Ok(Memo::new(text(result, "/body/id")?));
        list(&answer, "")?.iter().map(created).collect()
    }

    fn list(&self, who: &User, query: Query, limit: usize, from: Option<&str>) -> Call {
        let mut filter = if query.trashed {
            "trashed_at != ''".to_owned()
        } else {
            "trashed_at = ''".to_owned()
        };
        if let Some(word) = query.word {
            filter += &format!(" && text ~ '{word}'");
        }
        if let Some(tag) = query.tag {
            // The field is JSON, and its filter a search in that: the quotes make it one for the whole tag.
            filter += &format!(" && tags ~ '\"{tag}\"'");
        }
        let page = from.unwrap_or("1");
        let query = format!(
            "?page={page}&perPage={limit}&{NO_TOTAL}&sort=-created&filter={}",
            escaped(&filter)
        );
        call(Method::GET, &format!("{MEMOS}{query}"), who)
    }

    fn page(&self, answer: &Answer) -> Result<Page> {
        let answer = answer.json()?;
        let number = |name: &str| {
            let number = answer.get(name).and_then(Value::as_u64);
            number.with_context(|| format!("no {name}"))
        };
        let (page, limit) = (number("page")?, number("perPage")?);
        let items = list(&answer, "/items")?.len();
        // As its own client library does it: a page that is not full is the last.
        let next = (items as u64 == limit).then(|| (page + 1).to_string());
        Ok(Page { items, next })
    }

    fn tags(&self, who: &User) -> Call {
        let path = format!("/api/collections/tags/records?perPage=1000&{NO_TOTAL}&sort=tag");
        call(Method::GET, &path, who)
    }

    /// A client remembers the newest time that it has seen.
    fn changes(&self, who: &User, since: Option<&str>) -> Call {
        let filter = since.map_or_else(String::new, |since| escaped(&format!("updated > '{since}'")));
        let query = format!("?perPage=100&{NO_TOTAL}&sort=updated&filter={filter}");
        call(Method::GET, &format!("{MEMOS}{query}"), who)
    }

    fn seen(&self, answer: &Answer) -> Result<Seen> {
        let answer = answer.json()?;
        let items = list(&answer, "/items")?;
        Ok(Seen {
            next: text(items.last().context("nothing has changed")?, "/updated")?,
            more: items.len() == 100,
        })
    }

    fn listen(&self, who: &User) -> Call {
        call(Method::GET, "/api/realtime", who)
    }

    /// The stream says which client it is for, and the client then says what it wants to hear.
    fn subscribe(&self, who: &User, first: &str) -> Result<Option<Call>> {
        let data = first.lines().find_map(|line| line.strip_prefix("data:"));
        let data: Value = serde_json::from_str(data.context("no data in the first event")?)?;
        let wanted = json!({"clientId": text(&data, "/clientId")?, "subscriptions": ["memos/*"]});
        Ok(Some(
            call(Method::POST, "/api/realtime", who).expecting(204).json(&wanted),
        ))
    }
}

fn email(name: &str) -> String {
    format!("{name}@example.com")
}

fn path(memo: &Memo) -> String {
    format!("{MEMOS}/{}", memo.id)
}

fn call(method: Method, path: &str, who: &User) -> Call {
    Call::new(method, path, 200).bearer(&who.token)
}

fn batch(who: &User, requests: Vec<Value>) -> Call {
    call(Method::POST, "/api/batch", who).json(&json!({"requests": requests}))
}

/// A memo's fields. The client finds the tags, as PocketBase doesn't.
fn content(draft: &Draft) -> Value {
    json!({"text": draft.text, "tags": draft.tags})
}

fn record(who: &User, draft: &Draft) -> Value {
    json!({"text": draft.text, "tags": draft.tags, "owner": who.id})
}

fn escaped(filter: &str) -> String {
    utf8_percent_encode(filter, NON_ALPHANUMERIC).to_string()
}
