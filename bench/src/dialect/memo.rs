//! The memo app's own API, which the Worker serves as well.

use std::fmt::Write;

use anyhow::{Context, Result};
use http::Method;
use serde_json::{Value, json};

use super::{Dialect, PASSWORD, Page, Query, Seen, Session, list, text};
use crate::{
    driver::{Answer, Call},
    stage::{Draft, Memo, User},
};

pub struct MemoApi;

impl Dialect for MemoApi {
    fn sign_up(&self, name: &str) -> Call {
        Call::new(Method::POST, "/api/auth/users", 201).json(&json!({"username": name, "password": PASSWORD}))
    }

    fn user_id(&self, answer: &Answer) -> Result<String> {
        text(&answer.json()?, "/id")
    }

    fn sign_in(&self, name: &str) -> Call {
        let credentials = json!({"username": name, "password": PASSWORD});
        Call::new(Method::POST, "/api/auth/session", 200).json(&credentials)
    }

    fn refresh(&self, refresh_token: &str) -> Call {
        let call = Call::new(Method::POST, "/api/auth/session/refresh", 200);
        call.header("cookie", format!("memo_refresh={refresh_token}"))
    }

    fn session(&self, answer: &Answer) -> Result<Session> {
        Ok(Session {
            access_token: text(&answer.json()?, "/access_token")?,
            refresh_token: answer.cookie().context("no cookie")?.to_owned(),
        })
    }

    fn keys(&self) -> Option<Call> {
        Some(Call::new(Method::GET, "/.well-known/jwks.json", 200))
    }

    fn create(&self, who: &User, draft: &Draft) -> Call {
        memos(Method::POST, "", 201, who).json(&content(draft))
    }

    fn read(&self, who: &User, memo: &Memo) -> Call {
        memos(Method::GET, &format!("/{}", memo.id), 200, who)
    }

    fn update(&self, who: &User, memo: &Memo, draft: &Draft) -> Call {
        let call = memos(Method::PUT, &format!("/{}", memo.id), 200, who);
        call.header("if-match", etag(memo)).json(&content(draft))
    }

    fn trash(&self, who: &User, memo: &Memo) -> Call {
        memos(Method::DELETE, &format!("/{}", memo.id), 204, who).header("if-match", etag(memo))
    }

    fn memo(&self, answer: &Answer) -> Result<Memo> {
        Ok(Memo::new(text(&answer.json()?, "/id")?))
    }

    fn create_all(&self, who: &User, drafts: &[Draft]) -> Call {
        let create = |draft| json!({"method": "POST", "body": content(draft)});
        batch(who, drafts.iter().map(create).collect())
    }

    fn update_all(&self, who: &User, changes: &[(&Memo, Draft)]) -> Call {
        let update = |(memo, draft): &(&Memo, Draft)| {
            let version = memo.version.get();
            json!({"method": "PATCH", "id": memo.id, "if_match": version, "body": content(draft)})
        };
        batch(who, changes.iter().map(update).collect())
    }

    fn memos(&self, answer: &Answer) -> Result<Vec<Memo>> {
        let answer = answer.json()?;
        let created = |result| Ok(Memo::new(text(result, "/memo/id")?));
        list(&answer, "/results")?.iter().map(created).collect()
    }

    fn list(&self, who: &User, query: Query, limit: usize, from: Option<&str>) -> Call {
        let mut path = format!("?limit={limit}");
        if let Some(word) = query.word {
            let _ = write!(path, "&q={word}");
        }
        if let Some(tag) = query.tag {
            let _ = write!(path, "&tag={tag}");
        }
        if query.trashed {
            path += "&state=trashed";
        }
        if let Some(cursor) = from {
            let _ = write!(path, "&cursor={cursor}");
        }
        memos(Method::GET, &path, 200, who)
    }

    fn page(&self, answer: &Answer) -> Result<Page> {
        let answer = answer.json()?;
        let more = answer.pointer("/more").and_then(Value::as_bool).unwrap_or_default();
        Ok(Page {
            items: list(&answer, "/items")?.len(),
            next: text(&answer, "/next_cursor").ok().or(more.then(String::new)),
        })
    }

    fn tags(&self, who: &User) -> Call {
        memos(Method::GET, "/tags", 200, who)
    }

    fn changes(&self, who: &User, since: Option<&str>) -> Call {
        let since = since.map_or_else(String::new, |since| format!("&since={since}"));
        memos(Method::GET, &format!("/changes?limit=100{since}"), 200, who)
    }

    fn seen(&self, answer: &Answer) -> Result<Seen> {
        let answer = answer.json()?;
        Ok(Seen {
            next: text(&answer, "/next")?,
            more: answer.pointer("/more").and_then(Value::as_bool).unwrap_or_default(),
        })
    }

    fn listen(&self, who: &User) -> Call {
        memos(Method::GET, "/events", 200, who)
    }

    fn subscribe(&self, _: &User, _: &str) -> Result<Option<Call>> {
        Ok(None)
    }
}

fn memos(method: Method, rest: &str, expect: u16, who: &User) -> Call {
    Call::new(method, format!("/api/memos{rest}"), expect).bearer(&who.token)
}

fn batch(who: &User, operations: Vec<Value>) -> Call {
    memos(Method::POST, "/batch", 200, who).json(&json!({"operations": operations}))
}

/// Its tags are read from its text.
fn content(draft: &Draft) -> Value {
    json!({"text": draft.text})
}

fn etag(memo: &Memo) -> String {
    format!("\"{}\"", memo.version.get())
}
