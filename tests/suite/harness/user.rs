//! People.

use std::ops::Deref;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::app::TestApp;
use super::client::Client;
use super::memo::{Change, Feed, Memo, Page};
use super::response::Response;

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery staple";

/// How long something may take to get to the server.
const PATIENCE: Duration = Duration::from_secs(30);

/// A name that nobody had before, on a server that may have seen earlier runs: at most 14 characters of
/// `name`, the time of the run, and a number.
pub fn unique(name: &str) -> String {
    static RUN: LazyLock<u128> = LazyLock::new(|| {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |now| now.as_millis())
    });
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name: String = name.chars().take(14).collect();
    format!(
        "{name}-{:x}-{}",
        *RUN & 0xff_ffff_ffff,
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}

/// Somebody who has signed in. Requests are made as them.
pub struct User {
    pub id: String,
    pub username: String,
    /// The cookie of the session, as a browser sends it: `name=token`.
    pub cookie: String,
    client: Client,
}

impl Deref for User {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl User {
    pub(super) async fn sign_up(app: &TestApp, username: &str) -> Self {
        let nobody = app.anonymous();
        let credentials = json!({ "username": username, "password": PASSWORD });
        let user = nobody.post("/api/auth/users", &credentials).await.expect(201).value();
        let id = user["id"].as_str().expect("a user has an id").to_owned();
        Self::sign_in(app, username, id).await
    }

    async fn sign_in(app: &TestApp, username: &str, id: String) -> Self {
        let nobody = app.anonymous();
        let entered = nobody.enter(username, PASSWORD).await.expect(200);
        let token = entered.value()["access_token"].as_str().expect("a token").to_owned();
        Self {
            id,
            username: username.to_owned(),
            cookie: entered.cookie().to_owned(),
            client: nobody.with_token(token),
        }
    }

    /// The same person on another host, or after a restart of this one, by their password.
    pub async fn sign_in_again(&self, app: &TestApp) -> Self {
        Self::sign_in(app, &self.username, self.id.clone()).await
    }

    /// The same person on another host, with the token they have.
    pub fn on(&self, app: &TestApp) -> Client {
        app.anonymous().with_token(self.token())
    }
}

/// Sessions, as the site begins them and goes on with them.
impl Client {
    pub async fn enter(&self, username: &str, password: &str) -> Response {
        let credentials = json!({ "username": username, "password": password });
        self.post("/api/auth/session", &credentials).await
    }

    /// Goes on with the session of this cookie.
    pub async fn refresh(&self, cookie: &str) -> Response {
        let refresh = self.call(Method::POST, "/api/auth/session/refresh");
        refresh.header("cookie", cookie).send().await
    }
}

/// What tests do all the time with memos, and must succeed.
impl Client {
    pub async fn write(&self, text: &str) -> Memo {
        Memo::of(&self.post("/api/memos", &json!({ "text": text })).await.expect(201))
    }

    pub async fn read(&self, memo: &Memo) -> Memo {
        Memo::of(&self.get(&memo.path()).await.expect(200))
    }

    /// Waits until the memo has this text.
    pub async fn comes_to(&self, memo: &Memo, text: &str) {
        let end = Instant::now() + PATIENCE;
        while self.read(memo).await.text != text {
            assert!(Instant::now() < end, "never {text:?}: {:?}", self.read(memo).await);
            sleep(Duration::from_millis(100)).await;
        }
    }

    pub async fn edit(&self, memo: &Memo, text: &str) -> Memo {
        Memo::of(
            &self
                .put(&memo.path(), &memo.etag(), &json!({ "text": text }))
                .await
                .expect(200),
        )
    }

    /// Changes parts of a memo.
    pub async fn change(&self, memo: &Memo, patch: Value) -> Memo {
        Memo::of(&self.patch(&memo.path(), &memo.etag(), &patch).await.expect(200))
    }

    /// Puts a memo into the trash.
    pub async fn trash(&self, memo: &Memo) -> Memo {
        let deleted = self.delete(&memo.path(), &memo.etag()).await.expect_empty(204);
        let trashed = self.read(memo).await;
        assert_eq!(deleted.header("etag"), trashed.etag());
        assert!(trashed.trashed_at.is_some(), "{trashed:?}");
        trashed
    }

    /// Removes a memo for good, by way of the trash.
    pub async fn remove(&self, memo: &Memo) {
        let trashed = self.trash(memo).await;
        self.delete(&trashed.path(), &trashed.etag()).await.expect_empty(204);
    }

    /// Takes a memo out of the trash, or leaves it where it is.
    pub async fn restore(&self, memo: &Memo) -> Memo {
        let restored = self
            .call(Method::POST, &format!("{}/restore", memo.path()))
            .send()
            .await;
        Memo::of(&restored.expect(200))
    }

    /// A page, by the query after `?`.
    pub async fn page(&self, query: &str) -> Page {
        self.get(&format!("/api/memos?{query}")).await.expect(200).json()
    }

    /// Every memo that is not put away, newest first, by walking all pages.
    pub async fn all_memos(&self) -> Vec<Memo> {
        self.found("limit=100").await
    }

    /// Every memo that a query finds, newest first, by walking all pages.
    pub async fn found(&self, query: &str) -> Vec<Memo> {
        let mut page = self.page(query).await;
        let mut memos = page.items;
        while let Some(cursor) = page.next_cursor {
            page = self.page(&format!("{query}&cursor={cursor}")).await;
            memos.append(&mut page.items);
        }
        memos
    }

    /// Goes through the feed of changes from `since` on, as long as there is more at once: what it told, in its order, and
    /// where it goes on.
    pub async fn changes(&self, since: Option<&str>, limit: usize) -> (Vec<Change>, String) {
        let mut since = since.map(str::to_owned);
        let mut told = Vec::new();
        for _ in 0..1000 {
            let query = since.map_or(String::new(), |since| format!("&since={since}"));
            let answer = self
                .get(&format!("/api/memos/changes?limit={limit}{query}"))
                .await
                .expect(200);
            let mut feed: Feed = answer.json();
            assert!(feed.items.len() <= limit, "{answer:?}");
            told.append(&mut feed.items);
            if !feed.more {
                return (told, feed.next);
            }
            since = Some(feed.next);
        }
        panic!("the feed leads nowhere")
    }
}
