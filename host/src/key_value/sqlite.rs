//! The default store: an SQLite file in Spin's own table layout, so that `spin up` goes on with the same data.
//!
//! Reads run right where they are asked for: one takes a few microseconds, less than handing it to another
//! thread. Writes go to one thread that commits whatever has queued up as a single transaction: with
//! `synchronous=FULL` a commit waits for the disk (about 1.5 ms), so an acknowledged write survives a power cut
//! as it does in Spin, and that wait is shared by all who write at the time and blocks no request that does not.

use std::{
    fs::{DirBuilder, OpenOptions},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    sync::{Arc, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use anyhow::{Context, Result, anyhow};
use async_trait::async_trait;
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use tokio::sync::oneshot;

use super::{Store, add};

/// How long to wait for another process that is writing to the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Bounds how long the first write of a batch waits for the others.
const BATCH: usize = 256;

const GET: &str = "SELECT value FROM spin_key_value WHERE store = ?1 AND key = ?2";
const SET: &str = "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3)
    ON CONFLICT (store, key) DO UPDATE SET value = excluded.value";
const DELETE: &str = "DELETE FROM spin_key_value WHERE store = ?1 AND key = ?2";
const EXISTS: &str = "SELECT 1 FROM spin_key_value WHERE store = ?1 AND key = ?2";
const KEYS: &str = "SELECT key FROM spin_key_value WHERE store = ?1 ORDER BY key";

/// An SQLite file, which can hold many stores.
pub struct Database {
    reader: Mutex<Connection>,
    /// `None` only while dropping.
    writes: Option<mpsc::Sender<Write>>,
    writer: Option<JoinHandle<()>>,
}

struct Write {
    store: Arc<str>,
    key: String,
    change: Change,
    done: oneshot::Sender<Result<i64>>,
}

enum Change {
    Set(Vec<u8>),
    Delete,
    Increment(i64),
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
        let (writes, queue) = mpsc::channel();
        let writer = std::thread::Builder::new()
            .name("sqlite".into())
            .spawn(move || write_all(writer, &queue))?;
        Ok(Arc::new(Self {
            reader: Mutex::new(reader),
            writes: Some(writes),
            writer: Some(writer),
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

impl Drop for Database {
    fn drop(&mut self) {
        // Ends the queue; the last connection to close folds the write-ahead log into the file.
        self.writes = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has said so on stderr.
            let _ = writer.join();
        }
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

fn write_all(mut connection: Connection, queue: &mpsc::Receiver<Write>) {
    while let Ok(first) = queue.recv() {
        let batch: Vec<Write> = std::iter::once(first).chain(queue.try_iter().take(BATCH - 1)).collect();
        match commit(&mut connection, &batch) {
            // A receiver that is gone belongs to a request that has ended.
            Ok(results) => batch
                .into_iter()
                .zip(results)
                .for_each(|(write, result)| drop(write.done.send(result))),
            Err(error) => {
                let error = format!("{error:#}");
                batch
                    .into_iter()
                    .for_each(|write| drop(write.done.send(Err(anyhow!(error.clone())))));
            }
        }
    }
}

/// Applies a batch in one transaction. A write that fails alone (a counter that is none) leaves the others be.
fn commit(connection: &mut Connection, batch: &[Write]) -> Result<Vec<Result<i64>>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut results = Vec::with_capacity(batch.len());
    for write in batch {
        let result = apply(&transaction, write);
        // Some errors (a full disk) make SQLite roll back by itself.
        if transaction.is_autocommit() {
            result?;
        } else {
            results.push(result);
        }
    }
    transaction.commit()?;
    Ok(results)
}

fn apply(connection: &Connection, write: &Write) -> Result<i64> {
    let Write { store, key, change, .. } = write;
    match change {
        Change::Set(value) => {
            connection.prepare_cached(SET)?.execute(params![store, key, value])?;
            Ok(0)
        }
        Change::Delete => {
            connection.prepare_cached(DELETE)?.execute(params![store, key])?;
            Ok(0)
        }
        Change::Increment(delta) => {
            let stored: Option<Vec<u8>> = connection
                .prepare_cached(GET)?
                .query_row(params![store, key], |row| row.get(0))
                .optional()?;
            let value = add(stored.as_deref(), *delta)?;
            connection
                .prepare_cached(SET)?
                .execute(params![store, key, value.to_le_bytes()])?;
            Ok(value)
        }
    }
}

struct SqliteStore {
    database: Arc<Database>,
    label: Arc<str>,
}

impl SqliteStore {
    async fn write(&self, key: &str, change: Change) -> Result<i64> {
        let (done, result) = oneshot::channel();
        let write = Write {
            store: self.label.clone(),
            key: key.to_owned(),
            change,
            done,
        };
        let queue = self.database.writes.as_ref().context("the key-value store is closed")?;
        queue
            .send(write)
            .map_err(|_| anyhow!("the key-value store is closed"))?;
        result.await.context("the key-value store is closed")?
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let connection = self.database.reader.lock();
        let mut statement = connection.prepare_cached(GET)?;
        Ok(statement
            .query_row(params![self.label, key], |row| row.get(0))
            .optional()?)
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<()> {
        self.write(key, Change::Set(value)).await.map(drop)
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.write(key, Change::Delete).await.map(drop)
    }

    async fn exists(&self, key: &str) -> Result<bool> {
        let connection = self.database.reader.lock();
        Ok(connection.prepare_cached(EXISTS)?.exists(params![self.label, key])?)
    }

    async fn keys(&self) -> Result<Vec<String>> {
        let connection = self.database.reader.lock();
        let mut statement = connection.prepare_cached(KEYS)?;
        let keys = statement.query_map(params![self.label], |row| row.get(0))?;
        Ok(keys.collect::<rusqlite::Result<_>>()?)
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64> {
        if delta == 0 {
            // This is how a counter is read. Nothing changes, so nothing has to wait for the disk.
            return add(self.get(key).await?.as_deref(), 0);
        }
        self.write(key, Change::Increment(delta)).await
    }
}
