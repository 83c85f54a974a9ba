//! The data that every contestant starts from, made through its own API.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use anyhow::{Context, Result};

use crate::{
    dialect::{Dialect, Query},
    driver::{Call, Connection, spread},
    text::{WORD, memo_text, searched_text, tag},
    tokens::Mint,
};

/// Memos of the first user: more than a page.
pub const FIRST_USERS_MEMOS: usize = 60;
/// Memos of everybody else.
const MEMOS: usize = 3;
/// As many as PocketBase takes at once by default.
pub const BATCH: usize = 50;
/// Of an organiser, in the trash and out of it.
pub const TRASHED: usize = 50;
pub const TAGGED: usize = 1000;
/// Of as many memos one has the word: about one percent, and never a whole number of pages. PocketBase would then be asked
/// for an empty page, and it waits up to half a second with an answer that has nothing, against guessing.
const WORD_IN: usize = 101;
/// Memos of the follower, and how many changes the client has not seen.
const FOLLOWED: usize = 60;
pub const BEHIND: usize = 10;

/// How much data there is.
#[derive(Clone, Copy)]
pub struct Size {
    pub users: usize,
    /// How many of them are signed in.
    pub sessions: usize,
    pub fresh_tokens: usize,
    /// Memos of the searcher; 0: nobody searches.
    pub searched: usize,
    /// People with many tags.
    pub organisers: usize,
    /// Whether somebody follows the changes of a store.
    pub follower: bool,
}

/// A contestant's data.
pub struct Stage {
    pub dialect: &'static dyn Dialect,
    /// Makes access tokens, where they can be made outside.
    pub mint: Option<Mint>,
    pub users: Vec<User>,
    /// Has many long memos.
    pub searcher: Option<User>,
    /// Have many tags, and memos in the trash.
    pub organisers: Vec<User>,
    /// Has a client that is some changes behind.
    pub follower: Option<User>,
    pub size: Size,
}

pub struct User {
    pub name: String,
    pub id: String,
    /// An access token.
    pub token: String,
    /// The newest refresh token; empty for who is not signed in.
    pub refresh_token: RefCell<String>,
    pub memos: Vec<Memo>,
    /// How far the follower's client has seen the changes.
    pub seen: String,
}

/// A memo and its newest version.
pub struct Memo {
    pub id: String,
    pub version: Cell<u64>,
}

impl Memo {
    pub fn new(id: String) -> Self {
        Self {
            id,
            version: Cell::new(1),
        }
    }

    /// One of our changes was accepted.
    pub fn changed(&self) {
        self.version.set(self.version.get() + 1);
    }
}

/// A memo to be written. Its tags are in its text as well.
pub struct Draft {
    pub text: String,
    pub tags: Vec<String>,
}

impl Draft {
    /// A memo of a length that memos have, without tags.
    pub fn plain() -> Self {
        Self {
            text: memo_text(),
            tags: Vec::new(),
        }
    }

    pub fn tagged(tags: Vec<String>) -> Self {
        let mut text = memo_text();
        for tag in &tags {
            text += &format!(" #{tag}");
        }
        Self { text, tags }
    }

    /// The two tags of an organiser's memo: each is on as many memos.
    pub fn organised(number: usize) -> Self {
        Self::tagged(vec![tag(number), tag(number + 20)])
    }
}

fn has_word(number: usize) -> bool {
    number % WORD_IN == WORD_IN / 2
}

impl Stage {
    /// No data, for who serves none.
    pub fn empty(dialect: &'static dyn Dialect, size: Size) -> Self {
        Self {
            dialect,
            mint: None,
            users: Vec::new(),
            searcher: None,
            organisers: Vec::new(),
            follower: None,
            size,
        }
    }

    /// Registers people, signs some in, writes their memos.
    pub async fn set(port: u16, dialect: &'static dyn Dialect, size: Size) -> Result<Self> {
        let mut stage = Self::empty(dialect, size);
        if let Some(keys) = dialect.keys() {
            let mut connection = Connection::open(port).await?;
            let keys = connection.expect(keys).await?.json()?;
            let id = keys.pointer("/keys/0/kid").and_then(serde_json::Value::as_str);
            stage.mint = Some(Mint::new(id.context("the key has no kid")?));
        }
        stage.users = stage.people(port, "user", size.users, size.sessions).await?;
        stage.fill_users(port).await?;
        stage.organisers = stage.people(port, "organiser", size.organisers, 0).await?;
        for index in 0..size.organisers {
            let memos = stage.organise(port, index).await?;
            stage.organisers.get_mut(index).context("no such organiser")?.memos = memos;
        }
        if size.searched > 0 {
            let mut searcher = stage.people(port, "searcher", 1, 0).await?.remove(0);
            let drafts = (0..size.searched).map(|number| Draft {
                text: searched_text(has_word(number).then_some(WORD)),
                tags: Vec::new(),
            });
            searcher.memos = stage.write(port, &searcher, drafts.collect()).await?;
            stage.searcher = Some(searcher);
        }
        if size.follower {
            let mut follower = stage.people(port, "follower", 1, 0).await?.remove(0);
            let drafts = (0..FOLLOWED).map(|_| Draft::plain());
            follower.memos = stage.write(port, &follower, drafts.collect()).await?;
            follower.seen = stage.follow(port, &follower).await?;
            stage.follower = Some(follower);
        }
        Ok(stage)
    }

    /// A user; numbers beyond the last begin anew.
    pub fn user(&self, index: usize) -> Result<&User> {
        let user = self.users.get(index % self.users.len().max(1));
        user.context("there are no users")
    }

    /// An organiser; likewise.
    pub fn organiser(&self, index: usize) -> Result<&User> {
        let user = self.organisers.get(index % self.organisers.len().max(1));
        user.context("there are no organisers")
    }

    /// How many of the searcher's memos have the word.
    pub fn word_found(&self) -> usize {
        (0..self.size.searched).filter(|number| has_word(*number)).count()
    }

    async fn people(&self, port: u16, name: &str, count: usize, sessions: usize) -> Result<Vec<User>> {
        let register = async |connection: &mut Connection, index| {
            let name = format!("{name}{index}");
            self.register(connection, name, index < sessions).await
        };
        spread(port, 0..count, register).await
    }

    async fn register(&self, connection: &mut Connection, name: String, sign_in: bool) -> Result<User> {
        let answer = connection.expect(self.dialect.sign_up(&name)).await?;
        let id = self.dialect.user_id(&answer)?;
        let mut token = self.mint.as_ref().map(|mint| mint.token(&id));
        let mut refresh_token = String::new();
        if sign_in || token.is_none() {
            let answer = connection.expect(self.dialect.sign_in(&name)).await?;
            let session = self.dialect.session(&answer)?;
            token.get_or_insert(session.access_token);
            refresh_token = session.refresh_token;
        }
        Ok(User {
            name,
            id,
            token: token.unwrap_or_default(),
            refresh_token: RefCell::new(refresh_token),
            memos: Vec::new(),
            seen: String::new(),
        })
    }

    /// One by one: a contestant may know no batches.
    async fn fill_users(&mut self, port: u16) -> Result<()> {
        let write = |index: usize| if index == 0 { FIRST_USERS_MEMOS } else { MEMOS };
        let jobs = (0..self.users.len()).flat_map(|index| vec![index; write(index)]);
        let memos = spread(port, jobs, async |connection, index| {
            let answer = connection.expect(self.create(self.user(index)?)).await?;
            Ok((index, self.dialect.memo(&answer)?))
        });
        for (index, memo) in memos.await? {
            self.users.get_mut(index).context("no such user")?.memos.push(memo);
        }
        // The first page that goes on makes the key of cursors, and others that come at that moment are told to come again.
        let page = self.dialect.list(self.user(0)?, Query::default(), BATCH, None);
        Connection::open(port).await?.expect(page).await?;
        Ok(())
    }

    /// A new memo.
    pub fn create(&self, who: &User) -> Call {
        self.dialect.create(who, &Draft::plain())
    }

    /// Writes memos, many at a time.
    async fn write(&self, port: u16, who: &User, drafts: Vec<Draft>) -> Result<Vec<Memo>> {
        let written = spread(port, drafts.chunks(BATCH), async |connection, drafts| {
            let answer = connection.expect(self.dialect.create_all(who, drafts)).await?;
            let memos = self.dialect.memos(&answer)?;
            anyhow::ensure!(memos.len() == drafts.len(), "{} memos were made", memos.len());
            Ok(memos)
        });
        Ok(written.await?.into_iter().flatten().collect())
    }

    /// Memos with tags, and among them such that lie in the trash.
    async fn organise(&self, port: u16, index: usize) -> Result<Vec<Memo>> {
        const ALL: usize = TAGGED + TRASHED;
        let who = self.organiser(index)?;
        let is_trash = |number: usize| number.is_multiple_of(ALL / TRASHED);
        let mut kept = 0;
        let drafts = (0..ALL).map(|number| {
            let draft = Draft::organised(kept);
            kept += usize::from(!is_trash(number));
            draft
        });
        let memos = self.write(port, who, drafts.collect()).await?;
        let numbered = memos.into_iter().enumerate();
        let (trash, kept): (Vec<_>, Vec<_>) = numbered.partition(|(number, _)| is_trash(*number));
        spread(port, &trash, async |connection, (_, memo)| {
            connection.expect(self.dialect.trash(who, memo)).await
        })
        .await?;
        Ok(kept.into_iter().map(|(_, memo)| memo).collect())
    }

    /// Follows all changes, and then makes some more; returns how far it followed.
    async fn follow(&self, port: u16, who: &User) -> Result<String> {
        let mut connection = Connection::open(port).await?;
        let mut since: Option<String> = None;
        loop {
            let answer = connection.expect(self.dialect.changes(who, since.as_deref())).await?;
            let seen = self.dialect.seen(&answer)?;
            since = Some(seen.next);
            if !seen.more {
                break;
            }
        }
        // Whoever goes by the time must see a later one.
        tokio::time::sleep(Duration::from_millis(20)).await;
        for memo in who.memos.iter().take(BEHIND) {
            connection
                .expect(self.dialect.update(who, memo, &Draft::plain()))
                .await?;
            memo.changed();
        }
        since.context("nothing was followed")
    }
}
