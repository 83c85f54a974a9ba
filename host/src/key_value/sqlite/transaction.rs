//! The open transaction: what is written and not committed yet.
//!
//! A set or a deletion is answered when its transaction is committed. An increment is answered as soon as it is applied:
//! nothing needs it to be durable by itself, and what is written because of it is committed in the same transaction or in
//! a later one. Until the commit [`Told`] has what was told, because other connections do not see it yet.
//!
//! **A commit that fails** (a full disk) leaves in [`Told`] what the counters were said to be. The next transaction
//! begins with writing that, so that no number is told twice, and tells nothing early before it is committed. Of the other
//! writes of the failed transaction those that the last told value of a counter counted in have happened with it, all
//! others have not; they were answered with an error, which promises neither.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::oneshot;

use super::{BUSY_TIMEOUT, GET, told::Told};
use crate::key_value::add;

/// How long a transaction stays open for further writes while nobody waits for its commit. Another process that writes to
/// the same file waits for it.
const OPEN_MAX: Duration = Duration::from_millis(5);

/// Where so many writes shared the last transaction, the next one waits a little for others: the thread that commits wakes
/// with the first of many that come at the same moment.
const MANY: usize = 4;
/// A little is this part of what the last commit took.
const LITTLE: u32 = 8;

const SET: &str = "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3)
    ON CONFLICT (store, key) DO UPDATE SET value = excluded.value";
const DELETE: &str = "DELETE FROM spin_key_value WHERE store = ?1 AND key = ?2";

/// What a write does.
pub enum Change {
    Set(Vec<u8>),
    Delete,
    /// By 0 it reads the counter when what it says is committed.
    Increment(i64),
}

/// What became of a write.
pub enum Made {
    /// The counter's value, to be told at once.
    Told(i64),
    /// The answer comes with the commit.
    Waits(oneshot::Receiver<Result<i64>>),
}

/// A write that waits for the commit, and what it will be answered.
type Waiting = (oneshot::Sender<Result<i64>>, i64);

/// What to tell those who waited.
#[must_use]
pub struct Answers {
    waiting: Vec<Waiting>,
    error: Option<String>,
}

impl Answers {
    /// Tells them.
    pub fn send(self) {
        for (done, value) in self.waiting {
            // A receiver that is gone belongs to a request that has ended.
            let _ = done.send(match &self.error {
                None => Ok(value),
                Some(error) => Err(anyhow!(error.clone())),
            });
        }
    }
}

/// The open transaction, or the next one.
pub struct Transaction {
    connection: Connection,
    told: Arc<Told>,
    /// When to commit.
    commit_at: Option<Instant>,
    waiting: Vec<Waiting>,
    /// Whether it makes good what a failed one had told, so that it can't tell anything before it is committed.
    owes: bool,
    writes: usize,
    /// How long it waits for further writes once somebody waits for the commit.
    gathering: Duration,
}

impl Transaction {
    /// Writes through this connection.
    ///
    /// # Errors
    ///
    /// Those of SQLite.
    pub fn new(connection: Connection, told: Arc<Told>) -> rusqlite::Result<Self> {
        // Nobody waits for another process on a thread that serves requests.
        connection.busy_timeout(Duration::ZERO)?;
        Ok(Self {
            connection,
            told,
            commit_at: None,
            waiting: Vec::new(),
            owes: false,
            writes: 0,
            gathering: Duration::ZERO,
        })
    }

    /// Whether it takes writes.
    pub fn is_open(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// When to commit what is written; `None`: nothing is.
    pub fn commit_at(&self) -> Option<Instant> {
        self.commit_at
    }

    /// Opens it, at once or not at all.
    ///
    /// # Errors
    ///
    /// [`rusqlite::ErrorCode::DatabaseBusy`] while another process is writing; others of SQLite.
    pub fn begin(&mut self) -> rusqlite::Result<()> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let owed = self.told.all();
        for (store, key, value) in &owed {
            if let Err(error) = set(&self.connection, store, key, &value.to_le_bytes()) {
                self.roll_back();
                return Err(error);
            }
        }
        self.owes = !owed.is_empty();
        self.writes = 0;
        self.commit_at = Some(Instant::now() + OPEN_MAX);
        Ok(())
    }

    /// Opens it when another process has done writing.
    ///
    /// # Errors
    ///
    /// That takes too long; others of SQLite.
    pub fn begin_patiently(&mut self) -> rusqlite::Result<()> {
        self.connection.busy_timeout(BUSY_TIMEOUT)?;
        let begun = self.begin();
        self.connection.busy_timeout(Duration::ZERO)?;
        begun
    }

    /// Makes a write. One that fails alone (a counter that is none) leaves the others be.
    ///
    /// # Errors
    ///
    /// The write was not made. Where SQLite has rolled back, none of this transaction was.
    pub fn apply(&mut self, store: &Arc<str>, key: &str, change: &Change) -> Result<Made> {
        self.writes += 1;
        let result = apply(&self.connection, store, key, change);
        // Some errors (a full disk) make SQLite roll back by itself.
        if !self.is_open() {
            let error = result.err().unwrap_or_else(|| anyhow!("the transaction is gone"));
            self.answers(Some(format!("{error:#}"))).send();
            return Err(error);
        }
        let value = result?;
        if matches!(change, Change::Increment(1.. | ..=-1)) && !self.owes {
            self.told.insert(store, key.to_owned(), value);
            return Ok(Made::Told(value));
        }
        if self.waiting.is_empty() {
            self.commit_at = Some(Instant::now() + self.gathering);
        }
        let (done, committed) = oneshot::channel();
        self.waiting.push((done, value));
        Ok(Made::Waits(committed))
    }

    /// Commits what was written, if anything was.
    pub fn commit(&mut self) -> Answers {
        if !self.is_open() {
            return self.answers(None);
        }
        let began = Instant::now();
        let committed = (self.connection.prepare_cached("COMMIT")).and_then(|mut commit| commit.execute([]));
        if let Err(error) = committed {
            self.roll_back();
            return self.answers(Some(format!("{error:#}")));
        }
        self.gathering = if self.writes < MANY {
            Duration::ZERO
        } else {
            OPEN_MAX.min(began.elapsed() / LITTLE)
        };
        // Before anybody hears of the commit: a later write must not be hidden by what was told earlier.
        self.told.clear();
        self.answers(None)
    }

    /// It has ended.
    fn answers(&mut self, error: Option<String>) -> Answers {
        self.commit_at = None;
        let waiting = std::mem::take(&mut self.waiting);
        Answers { waiting, error }
    }

    fn roll_back(&self) {
        if self.is_open() {
            // Where even that fails the next write meets the same transaction, and fails with it.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }
}

fn apply(connection: &Connection, store: &str, key: &str, change: &Change) -> Result<i64> {
    match change {
        Change::Set(value) => set(connection, store, key, value)?,
        Change::Delete => drop(connection.prepare_cached(DELETE)?.execute(params![store, key])?),
        Change::Increment(delta) => {
            let stored: Option<Vec<u8>> = connection
                .prepare_cached(GET)?
                .query_row(params![store, key], |row| row.get(0))
                .optional()?;
            let value = add(stored.as_deref(), *delta)?;
            if *delta != 0 {
                set(connection, store, key, &value.to_le_bytes())?;
            }
            return Ok(value);
        }
    }
    Ok(0)
}

fn set(connection: &Connection, store: &str, key: &str, value: &[u8]) -> rusqlite::Result<()> {
    connection.prepare_cached(SET)?.execute(params![store, key, value])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A transaction on a database that takes no more than a few small values.
    struct SmallDisk(Transaction);

    impl SmallDisk {
        fn new() -> Self {
            let connection = Connection::open_in_memory().unwrap();
            connection
                .execute_batch(
                    "CREATE TABLE spin_key_value (store TEXT, key TEXT, value BLOB, PRIMARY KEY (store, key));
                    PRAGMA max_page_count = 5",
                )
                .unwrap();
            Self(Transaction::new(connection, Arc::default()).unwrap())
        }

        fn write(&mut self, key: &str, change: &Change) -> Result<Made> {
            if !self.0.is_open() {
                self.0.begin().unwrap();
            }
            self.0.apply(&"s".into(), key, change)
        }

        fn told_early(&mut self, key: &str, delta: i64) -> i64 {
            match self.write(key, &Change::Increment(delta)).unwrap() {
                Made::Told(value) => value,
                Made::Waits(_) => panic!("it waits for the commit"),
            }
        }

        fn waits(&mut self, key: &str, change: &Change) -> oneshot::Receiver<Result<i64>> {
            match self.write(key, change).unwrap() {
                Made::Told(value) => panic!("{value} was told before it is committed"),
                Made::Waits(committed) => committed,
            }
        }

        /// SQLite rolls back what is open.
        fn overflow(&mut self) {
            let change = Change::Set(vec![0; 1024 * 1024]);
            assert!(self.write("large", &change).is_err());
            assert!(!self.0.is_open() && self.0.commit_at().is_none());
        }

        fn told(&self, key: &str) -> Option<i64> {
            self.0.told.get("s", key)
        }

        fn stored(&self, key: &str) -> Option<i64> {
            let row = self.0.connection.query_row(GET, ["s", key], |row| row.get(0));
            let value: Option<Vec<u8>> = row.optional().unwrap();
            value.map(|bytes| i64::from_le_bytes(bytes.try_into().unwrap()))
        }
    }

    fn answer(committed: oneshot::Receiver<Result<i64>>) -> Result<i64> {
        committed.blocking_recv().unwrap()
    }

    #[test]
    fn a_number_is_told_once_even_where_its_commit_fails() {
        let mut disk = SmallDisk::new();
        assert_eq!(disk.told_early("n", 1), 1);
        let lost = disk.waits("small", &Change::Set(Vec::new()));
        disk.overflow();
        assert!(answer(lost).is_err(), "it was acknowledged");
        assert_eq!((disk.stored("n"), disk.told("n")), (None, Some(1)));

        // Nothing is told early until that is made good, and nothing is forgotten when that fails again.
        let unheard = disk.waits("n", &Change::Increment(1));
        disk.overflow();
        assert!(answer(unheard).is_err());
        assert_eq!(disk.told("n"), Some(1));

        let two = disk.waits("n", &Change::Increment(1));
        disk.0.commit().send();
        assert_eq!(answer(two).unwrap(), 2);
        assert_eq!((disk.stored("n"), disk.told("n")), (Some(2), None));
        assert_eq!(disk.told_early("n", 1), 3);
    }

    #[test]
    fn a_failing_commit_leaves_a_counter_at_what_was_told_last() {
        let mut disk = SmallDisk::new();
        assert_eq!(disk.told_early("flag", 1), 1);
        let _lowered = disk.waits("flag", &Change::Delete);
        assert_eq!(disk.told_early("flag", 1), 1);
        disk.overflow();
        let read = disk.waits("flag", &Change::Increment(0));
        disk.0.commit().send();
        assert_eq!((answer(read).unwrap(), disk.stored("flag")), (1, Some(1)));
    }

    #[test]
    fn a_write_in_the_same_transaction_counts() {
        let mut disk = SmallDisk::new();
        assert_eq!(disk.told_early("n", 5), 5);
        let deleted = disk.waits("n", &Change::Delete);
        let _text = disk.waits("text", &Change::Set(b"text".to_vec()));
        assert_eq!(disk.told_early("n", 3), 3);
        assert!(disk.write("text", &Change::Increment(1)).is_err(), "it is no counter");
        disk.0.commit().send();
        assert_eq!((answer(deleted).unwrap(), disk.stored("n")), (0, Some(3)));
    }
}
