//! The data that every contestant starts from, made through its own API.

use std::cell::{Cell, RefCell};

use anyhow::{Context, Result};
use http::Method;
use serde_json::json;

use crate::{
    driver::{Answer, Call, Connection, spread},
    tokens::Mint,
};

/// Memos of the first user: more than a page.
pub const FIRST_USERS_MEMOS: usize = 60;
/// Memos of everybody else.
const MEMOS: usize = 3;
const PASSWORD: &str = "correct horse battery staple";

/// How many users there are, and how many of them are signed in.
#[derive(Clone, Copy)]
pub struct Size {
    pub users: usize,
    pub sessions: usize,
    pub fresh_tokens: usize,
}

/// A contestant's data.
pub struct Stage {
    pub mint: Mint,
    pub users: Vec<User>,
    /// How many unseen tokens a connection gets for one round.
    pub fresh_tokens: usize,
}

pub struct User {
    pub name: String,
    pub id: String,
    /// An access token.
    pub token: String,
    /// The newest refresh token; empty for who is not signed in.
    pub refresh_token: RefCell<String>,
    pub memos: Vec<Memo>,
}

/// A memo and its newest version.
pub struct Memo {
    pub path: String,
    pub version: Cell<u64>,
}

impl Stage {
    /// Registers users, signs some in, writes their memos.
    pub async fn set(port: u16, size: Size) -> Result<Self> {
        let mut connection = Connection::open(port).await?;
        let jwks = connection
            .expect(Call::new(Method::GET, "/.well-known/jwks.json", 200))
            .await?
            .json()?;
        let key_id = text(&jwks, "/keys/0/kid")?;
        let mint = Mint::new(&key_id);
        let users = spread(port, 0..size.users, async |connection, index| {
            register(connection, index, index < size.sessions, &mint).await
        });
        let mut users = users.await?;
        let write = |index: usize| if index == 0 { FIRST_USERS_MEMOS } else { MEMOS };
        let jobs: Vec<usize> = (0..size.users).flat_map(|index| vec![index; write(index)]).collect();
        let memos = spread(port, jobs, async |connection, index| {
            let token = users.get(index).map_or("", |user: &User| user.token.as_str());
            let answer = connection.expect(create(token)).await?;
            Ok((index, memo(&answer)?))
        });
        for (index, memo) in memos.await? {
            if let Some(user) = users.get_mut(index) {
                user.memos.push(memo);
            }
        }
        Ok(Self {
            mint,
            users,
            fresh_tokens: size.fresh_tokens,
        })
    }

    /// No data, for who serves none.
    pub fn empty() -> Self {
        Self {
            mint: Mint::new(""),
            users: Vec::new(),
            fresh_tokens: 0,
        }
    }

    /// A user; numbers beyond the last begin anew.
    pub fn user(&self, index: usize) -> Option<&User> {
        self.users.get(index % self.users.len().max(1))
    }
}

async fn register(connection: &mut Connection, index: usize, sign_in: bool, mint: &Mint) -> Result<User> {
    let name = format!("user{index}");
    let call = Call::new(Method::POST, "/api/auth/users", 201);
    let call = call.json(&json!({"username": name, "password": PASSWORD}));
    let id = text(&connection.expect(call).await?.json()?, "/id")?;
    let mut refresh_token = String::new();
    if sign_in {
        let answer = connection.expect(sign_in_call(&name)).await?;
        refresh_token = text(&answer.json()?, "/refresh_token")?;
    }
    Ok(User {
        token: mint.token(&id),
        name,
        id,
        refresh_token: RefCell::new(refresh_token),
        memos: Vec::new(),
    })
}

/// A sign-in with name and password.
pub fn sign_in_call(name: &str) -> Call {
    let form = format!(
        "grant_type=password&username={name}&password={}",
        PASSWORD.replace(' ', "+")
    );
    Call::new(Method::POST, "/api/auth/token", 200).form(form)
}

/// A new memo, of a length that memos have.
pub fn create(token: &str) -> Call {
    Call::new(Method::POST, "/api/memos", 201)
        .bearer(token)
        .json(&json!({"text": memo_text()}))
}

/// About 200 bytes that no compression can guess.
pub fn memo_text() -> String {
    format!("{:0200x}", fastrand::u128(..))
}

fn memo(answer: &Answer) -> Result<Memo> {
    let id = text(&answer.json()?, "/id")?;
    Ok(Memo {
        path: format!("/api/memos/{id}"),
        version: Cell::new(1),
    })
}

/// The text at a JSON pointer.
pub fn text(value: &serde_json::Value, pointer: &str) -> Result<String> {
    let found = value.pointer(pointer).and_then(serde_json::Value::as_str);
    Ok(found.with_context(|| format!("no {pointer} in {value}"))?.to_owned())
}
