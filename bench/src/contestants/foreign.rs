//! What others have in the store: memos, and sessions that have just ended. It is written past the API, and only ours can
//! take so much: the Worker would write for a quarter of an hour.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rusqlite::{Connection as Database, OptionalExtension};
use serde_json::{Value, json};

use super::{Contestant, Kind};
use crate::{driver::Connection, text::memo_text, workloads::reading};

const PUT: &str = "INSERT OR REPLACE INTO spin_key_value (store, key, value) VALUES ('default', ?1, ?2)";
const GET: &str = "SELECT value FROM spin_key_value WHERE store = 'default' AND key = ?1";

impl Contestant {
    /// Puts so many memos of others beside its own.
    pub fn add_foreign(&self, count: usize) -> Result<()> {
        const PEOPLE: usize = 1000;
        let mut database = self.database()?;
        let transaction = database.transaction()?;
        for number in 0..count {
            let (person, memo) = (number % PEOPLE, number / PEOPLE + 1);
            let key = format!("memo/{person:022}/{memo}");
            let at = 1_790_000_000_000_u64;
            let memo = json!({"text": memo_text(), "created_at": at, "updated_at": at, "version": 1});
            let mut put = transaction.prepare_cached(PUT)?;
            put.execute((key, memo.to_string().into_bytes()))?;
        }
        Ok(transaction.commit()?)
    }

    /// Lets so many sessions of others have ended just now, and waits until the memo service knows.
    pub async fn end_foreign_sessions(&self, count: usize) -> Result<()> {
        /// Of one person, all of them at once.
        const TOGETHER: usize = 20;
        /// An access token and a minute.
        const MATTERS_FOR: Duration = Duration::from_secs(11 * 60);
        let until = SystemTime::now().duration_since(UNIX_EPOCH)? + MATTERS_FOR;
        let until = u64::try_from(until.as_millis())?;
        let mut database = self.database()?;
        let transaction = database.transaction()?;
        let entries = count / TOGETHER;
        for number in 1..=entries {
            let hash = || URL_SAFE_NO_PAD.encode(fastrand::u128(..).to_le_bytes());
            let sessions: Vec<_> = std::iter::repeat_with(hash).take(TOGETHER).collect();
            let entry = json!({"number": number, "sessions": sessions, "until": until});
            let mut put = transaction.prepare_cached(PUT)?;
            put.execute((format!("auth/revoked/{number}"), entry.to_string().into_bytes()))?;
        }
        let newest = i64::try_from(entries)?.to_le_bytes();
        transaction.execute(PUT, ("auth/revoked", newest.as_slice()))?;
        transaction.commit()?;
        self.follow_list_of(entries * TOGETHER).await
    }

    /// Asks for a memo again and again, so that the memo service looks for a newer list, until it has that many sessions.
    async fn follow_list_of(&self, count: usize) -> Result<()> {
        let began = Instant::now();
        let mut connection = Connection::open(self.server.port).await?;
        loop {
            connection.expect(reading::get(&self.stage)?).await?;
            let query = |row: &rusqlite::Row| row.get::<_, Vec<u8>>(0);
            let list = self
                .database()?
                .query_row(GET, ["memo/revocations"], query)
                .optional()?;
            let list: Value = list.map_or(Ok(Value::Null), |list| serde_json::from_slice(&list))?;
            let ended = list.get("ended").and_then(Value::as_array).map_or(0, Vec::len);
            if ended >= count {
                return Ok(());
            }
            let patience = Duration::from_secs(60);
            ensure!(
                began.elapsed() < patience,
                "the memo service knows of {ended} of {count} ended sessions"
            );
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    fn database(&self) -> Result<Database> {
        ensure!(self.kind == Kind::Ours, "{} takes no foreign records", self.kind.name());
        let database = Database::open(self.state.path().join("sqlite_key_value.db"))?;
        database.busy_timeout(Duration::from_secs(10))?;
        Ok(database)
    }
}
