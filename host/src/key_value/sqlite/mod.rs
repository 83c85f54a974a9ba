//! The default store: an SQLite file in Spin's own table layout, so that `spin up` goes on with the same data.
//!
//! Reads and writes run right where they are asked for: one takes a few microseconds, less than handing it to another
//! thread. Only the commit has a thread of its own, which makes one of all that was written meanwhile: with
//! `synchronous=FULL` it waits for the disk (about 1.5 ms), so an acknowledged write survives a power cut as it does in
//! Spin, and that wait is shared by all who write at the time and blocks no request that does not.
//!
//! Increments are answered before the commit ([`transaction`]): a guest's whole instance stands still until it has its
//! number.

mod told;
mod transaction;
mod writer;

use std::{
    fs::{DirBuilder, OpenOptions},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result};
use async_trait::async_trait;
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, params};

use self::{told::Told, transaction::Change, writer::Writer};
use super::{Store, add};

/// How long to wait for another process that is writing to the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

const GET: &str = "SELECT value FROM spin_key_value WHERE store = ?1 AND key = ?2";
const EXISTS: &str = "SELECT 1 FROM spin_key_value WHERE store = ?1 AND key = ?2";
const KEYS: &str = "SELECT key FROM spin_key_value WHERE store = ?1 ORDER BY key";

/// An SQLite file, which can hold many stores.
pub struct Database {
    reader: Mutex<Connection>,
    told: Arc<Told>,
    writer: Writer,
}

impl Database {
    /// Opens or creates the file, and the folder that it is in.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, or is no database.
    pub fn open(path: &Path) -> Result<Arc<Self>> {
        let open = || -> Result<_> {
            create_private(path)?;
            let writer = connect(path)?;
            writer.execute_batch(
                "CREATE TABLE IF NOT EXISTS spin_key_value (
                    store TEXT NOT NULL,
                    key   TEXT NOT NULL,
                    value BLOB NOT NULL,
                    PRIMARY KEY (store, key)
                )",
            )?;
            Ok((writer, connect(path)?))
        };
        let (writer, reader) = open().with_context(|| format!("cannot open the key-value store {}", path.display()))?;
        let told = Arc::new(Told::default());
        Ok(Arc::new(Self {
            reader: Mutex::new(reader),
            told: told.clone(),
            writer: Writer::new(writer, told)?,
        }))
    }

    /// The store with this label.
    pub fn store(self: &Arc<Self>, label: &str) -> Arc<dyn Store> {
        Arc::new(SqliteStore {
            database: self.clone(),
            label: label.into(),
        })
    }
}

/// Creates the file, and the folders that it is in, for this user alone: password hashes and keys may lie in it. What is
/// there already keeps its permissions. SQLite gives its other files those of this one.
fn create_private(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    Ok(())
}

fn connect(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

struct SqliteStore {
    database: Arc<Database>,
    label: Arc<str>,
}

impl SqliteStore {
    /// The counter's value, if it was told and is not committed yet.
    fn told(&self, key: &str) -> Option<i64> {
        self.database.told.get(&self.label, key)
    }

    fn committed(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let connection = self.database.reader.lock();
        let mut statement = connection.prepare_cached(GET)?;
        Ok(statement
            .query_row(params![self.label, key], |row| row.get(0))
            .optional()?)
    }

    async fn write(&self, key: &str, change: Change) -> Result<i64> {
        self.database.writer.write(&self.label, key, change).await
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        match self.told(key) {
            Some(value) => Ok(Some(value.to_le_bytes().to_vec())),
            None => self.committed(key),
        }
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<()> {
        self.write(key, Change::Set(value)).await.map(drop)
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.write(key, Change::Delete).await.map(drop)
    }

    async fn exists(&self, key: &str) -> Result<bool> {
        if self.told(key).is_some() {
            return Ok(true);
        }
        let connection = self.database.reader.lock();
        Ok(connection.prepare_cached(EXISTS)?.exists(params![self.label, key])?)
    }

    async fn keys(&self) -> Result<Vec<String>> {
        let told = self.database.told.keys(&self.label);
        let connection = self.database.reader.lock();
        let mut statement = connection.prepare_cached(KEYS)?;
        let keys = statement.query_map(params![self.label], |row| row.get(0))?;
        let mut keys: Vec<String> = keys.collect::<rusqlite::Result<_>>()?;
        if !told.is_empty() {
            keys.extend(told);
            keys.sort_unstable();
            keys.dedup();
        }
        Ok(keys)
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64> {
        // By 0 is how a counter is read. Who passes on what it says, in a cursor, relies on it after a crash as well; so
        // there what was told to others is waited for, and nothing else is.
        if delta == 0 && self.told(key).is_none() {
            return add(self.committed(key)?.as_deref(), 0);
        }
        self.write(key, Change::Increment(delta)).await
    }
}
