//! What is measured. A new workload is a line in [`WORKLOADS`] and a function that makes its requests.

use std::rc::Rc;

use http::Method;
use serde_json::json;

use crate::{
    contestants::Kind::{self, Hello, Limit, Ours, Peer, Spin},
    driver::{Answer, Call, Client},
    stage::{Stage, create, memo_text, sign_in_call, text},
};

/// One kind of work.
pub struct Workload {
    pub name: &'static str,
    pub connections: usize,
    pub on: &'static [Kind],
    /// The client of one connection.
    pub client: fn(Rc<Stage>, Lane) -> Client,
}

/// Which of how many connections.
#[derive(Clone, Copy)]
pub struct Lane {
    pub index: usize,
    pub of: usize,
}

const ALL: &[Kind] = &[Ours, Spin, Limit, Peer];
const SITE: &[Kind] = &[Ours, Spin, Limit];
const BARE: &[Kind] = &[Hello, Limit];

/// All of them, in the order of the tables.
pub const WORKLOADS: &[Workload] = &[
    work("hello", 16, BARE, |_, _| {
        forever(|| Call::new(Method::GET, "/hello", 200))
    }),
    work("floor", 16, &[Hello], |_, _| {
        // As long as a token.
        forever(|| Call::new(Method::GET, "/floor", 200).bearer(&"x".repeat(500)))
    }),
    work("static index", 16, SITE, |_, _| {
        forever(|| Call::new(Method::GET, "/", 200))
    }),
    work("GET memo", 16, ALL, |stage, _| read(stage, None)),
    work("GET memo, token never seen", 16, ALL, |stage, _| {
        read_with_fresh_tokens(stage)
    }),
    work("GET memo, 304", 16, ALL, |stage, _| read(stage, Some("\"1\""))),
    work("page of 50", 16, ALL, |stage, _| page(stage)),
    work("create", 16, ALL, |stage, lane| create_memos(stage, lane)),
    work("update with If-Match", 16, ALL, update),
    work("90/10 mix of 200 users", 64, ALL, mix),
    work("refresh", 16, ALL, refresh),
    work("sign-in", 4, ALL, sign_in),
];

/// What must not depend on how much others have stored.
pub const INDEPENDENT: &[&str] = &["GET memo", "create", "update with If-Match", "page of 50"];

/// The workload of that name.
pub fn named(name: &str) -> Option<&'static Workload> {
    WORKLOADS.iter().find(|workload| workload.name == name)
}

const fn work(
    name: &'static str,
    connections: usize,
    on: &'static [Kind],
    client: fn(Rc<Stage>, Lane) -> Client,
) -> Workload {
    Workload {
        name,
        connections,
        on,
        client,
    }
}

impl Workload {
    /// A client for each connection.
    pub fn clients(&self, stage: &Rc<Stage>) -> Vec<Client> {
        let of = self.connections;
        let client = |index| (self.client)(stage.clone(), Lane { index, of });
        (0..of).map(client).collect()
    }
}

fn forever(call: impl Fn() -> Call + 'static) -> Client {
    Box::new(move |_| Some(call()))
}

fn read(stage: Rc<Stage>, known: Option<&'static str>) -> Client {
    Box::new(move |_| {
        let user = stage.user(0)?;
        // Memos from the middle on are not among those that `update` changes.
        let path = &user.memos.last()?.path;
        let call = Call::new(Method::GET, path, if known.is_some() { 304 } else { 200 }).bearer(&user.token);
        Some(match known {
            Some(etag) => call.header("if-none-match", etag),
            None => call,
        })
    })
}

fn read_with_fresh_tokens(stage: Rc<Stage>) -> Client {
    let Some(user) = stage.user(0) else {
        return Box::new(|_| None);
    };
    let mut tokens: Vec<_> = (0..stage.fresh_tokens).map(|_| stage.mint.token(&user.id)).collect();
    let path = user.memos.last().map(|memo| memo.path.clone());
    Box::new(move |_| Some(Call::new(Method::GET, path.clone()?, 200).bearer(&tokens.pop()?)))
}

fn page(stage: Rc<Stage>) -> Client {
    Box::new(move |_| Some(Call::new(Method::GET, "/api/memos?limit=50", 200).bearer(&stage.user(0)?.token)))
}

/// By everybody but the first user, whose page it would push down.
fn create_memos(stage: Rc<Stage>, lane: Lane) -> Client {
    Box::new(move |_| Some(create(&stage.user(1 + lane.index)?.token)))
}

/// Each connection has a memo of its own and knows its version.
fn update(stage: Rc<Stage>, lane: Lane) -> Client {
    Box::new(move |answer| {
        let user = stage.user(0)?;
        let memo = user.memos.get(lane.index)?;
        if answer.is_some() {
            memo.version.set(memo.version.get() + 1);
        }
        Some(put(&memo.path, memo.version.get(), &user.token))
    })
}

fn put(path: &str, version: u64, token: &str) -> Call {
    Call::new(Method::PUT, path, 200)
        .bearer(token)
        .header("if-match", format!("\"{version}\""))
        .json(&json!({"text": memo_text()}))
}

/// 90 % reads, 5 % creates, 5 % updates, by one random user after the other. Each connection has its own users.
fn mix(stage: Rc<Stage>, lane: Lane) -> Client {
    let mine = stage.users.len().saturating_sub(1) / lane.of;
    let mut updated: Option<(usize, usize)> = None;
    Box::new(move |answer| {
        if let (Some((user, memo)), Some(_)) = (updated.take(), answer) {
            let version = &stage.user(user)?.memos.get(memo)?.version;
            version.set(version.get() + 1);
        }
        // The first user's many memos are for the pages.
        let index = 1 + lane.index + lane.of * fastrand::usize(..mine.max(1));
        let user = stage.user(index)?;
        let number = fastrand::usize(..user.memos.len().max(1));
        let memo = user.memos.get(number)?;
        Some(match fastrand::u8(..100) {
            0..5 => create(&user.token),
            5..10 => {
                updated = Some((index, number));
                put(&memo.path, memo.version.get(), &user.token)
            }
            _ => Call::new(Method::GET, &memo.path, 200).bearer(&user.token),
        })
    })
}

/// Each connection goes on with its own session.
fn refresh(stage: Rc<Stage>, lane: Lane) -> Client {
    Box::new(move |answer: Option<&Answer>| {
        let token = &stage.user(lane.index)?.refresh_token;
        if let Some(answer) = answer {
            *token.borrow_mut() = text(&answer.json().ok()?, "/refresh_token").ok()?;
        }
        let form = format!("grant_type=refresh_token&refresh_token={}", token.borrow());
        Some(Call::new(Method::POST, "/api/auth/token", 200).form(form))
    })
}

fn sign_in(stage: Rc<Stage>, lane: Lane) -> Client {
    Box::new(move |_| Some(sign_in_call(&stage.user(lane.index)?.name)))
}
