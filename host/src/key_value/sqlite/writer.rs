//! The thread that writes: many writes in one transaction.
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
    sync::{
        Arc,
        mpsc::{Receiver, TryRecvError},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use tokio::sync::oneshot;

use super::{GET, told::Told};
use crate::key_value::add;

/// How many writes share a transaction. It bounds how long the first one waits for the others, and what is told.
const BATCH: usize = 256;

/// How long a transaction stays open for further writes while nobody waits for its commit. Another process that writes to
/// the same file waits for it.
const OPEN_MAX: Duration = Duration::from_millis(5);

const SET: &str = "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3)
    ON CONFLICT (store, key) DO UPDATE SET value = excluded.value";
const DELETE: &str = "DELETE FROM spin_key_value WHERE store = ?1 AND key = ?2";

/// A write, and where its answer goes.
pub struct Write {
    pub store: Arc<str>,
    pub key: String,
    pub change: Change,
    pub done: oneshot::Sender<Result<i64>>,
}

/// What a write does.
pub enum Change {
    Set(Vec<u8>),
    Delete,
    /// By 0 it reads the counter when what it says is committed.
    Increment(i64),
}

/// Where so many writes shared the last transaction, the next one waits a little for others: this thread wakes with the
/// first of many that come at the same moment. Who writes alone waits for nobody.
const MANY: usize = 4;
/// A little is this part of what the last commit took.
const LITTLE: u32 = 8;

/// A write that waits for the commit, and what it will be answered.
type Waiting = (oneshot::Sender<Result<i64>>, Result<i64>);

/// Writes what comes through the queue, until nothing can come any more.
pub fn write_all(mut connection: Connection, queue: &Receiver<Write>, told: &Told) {
    let mut gathering = Duration::ZERO;
    while let Ok(first) = queue.recv() {
        let mut waiting = Vec::new();
        let committed = write_some(&mut connection, first, queue, told, &mut gathering, &mut waiting);
        // Before anybody hears of the commit: a later write must not be hidden by what was told earlier.
        if committed.is_ok() {
            told.clear();
        }
        let error = committed.err().map(|error| format!("{error:#}"));
        for (done, result) in waiting {
            // A receiver that is gone belongs to a request that has ended.
            let _ = done.send(match &error {
                None => result,
                Some(error) => Err(anyhow!(error.clone())),
            });
        }
    }
}

/// One transaction. A write that fails alone (a counter that is none) leaves the others be. `gathering` says how long to
/// wait for further writes once somebody waits for the commit, and is set for the next transaction.
fn write_some(
    connection: &mut Connection,
    first: Write,
    queue: &Receiver<Write>,
    told: &Told,
    gathering: &mut Duration,
    waiting: &mut Vec<Waiting>,
) -> Result<()> {
    let transaction = match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(transaction) => transaction,
        Err(error) => {
            waiting.push((first.done, Ok(0)));
            return Err(error.into());
        }
    };
    let mut commit_at = Instant::now() + OPEN_MAX;
    let owed = told.all();
    let mut next = Some(first);
    let mut count = 0;
    while let Some(write) = next {
        count += 1;
        let result = match count {
            1 => owe(&transaction, &owed).and_then(|()| apply(&transaction, &write)),
            _ => apply(&transaction, &write),
        };
        // Some errors (a full disk) make SQLite roll back by itself.
        let rolled_back = transaction.is_autocommit().then(|| cause(&result));
        match (result, write.change) {
            (Ok(value), Change::Increment(1.. | ..=-1)) if owed.is_empty() => {
                told.insert(&write.store, write.key, value);
                let _ = write.done.send(Ok(value));
            }
            (result, _) => {
                if waiting.is_empty() {
                    commit_at = Instant::now() + *gathering;
                }
                waiting.push((write.done, result));
            }
        }
        if let Some(error) = rolled_back {
            return Err(error);
        }
        next = (count < BATCH).then(|| next_write(queue, commit_at)).flatten();
    }
    let began = Instant::now();
    transaction.commit()?;
    *gathering = if count < MANY {
        Duration::ZERO
    } else {
        OPEN_MAX.min(began.elapsed() / LITTLE)
    };
    Ok(())
}

/// Why SQLite has rolled back.
fn cause(result: &Result<i64>) -> anyhow::Error {
    match result {
        Ok(_) => anyhow!("the transaction is gone"),
        Err(error) => anyhow!("{error:#}"),
    }
}

/// The next write for a transaction that is to be committed then.
fn next_write(queue: &Receiver<Write>, commit_at: Instant) -> Option<Write> {
    match queue.try_recv() {
        Err(TryRecvError::Empty) => queue
            .recv_timeout(commit_at.saturating_duration_since(Instant::now()))
            .ok(),
        next => next.ok(),
    }
}

/// Writes what was told in a transaction whose commit failed.
fn owe(connection: &Connection, owed: &[(Arc<str>, String, i64)]) -> Result<()> {
    for (store, key, value) in owed {
        set(connection, store, key, &value.to_le_bytes())?;
    }
    Ok(())
}

fn apply(connection: &Connection, write: &Write) -> Result<i64> {
    let Write { store, key, change, .. } = write;
    match change {
        Change::Set(value) => set(connection, store, key, value).map(|()| 0),
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
            if *delta != 0 {
                set(connection, store, key, &value.to_le_bytes())?;
            }
            Ok(value)
        }
    }
}

fn set(connection: &Connection, store: &str, key: &str, value: &[u8]) -> Result<()> {
    connection.prepare_cached(SET)?.execute(params![store, key, value])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A writer with a database that takes no more than a few small values.
    struct SmallDisk {
        told: Told,
        writes: mpsc::Sender<Write>,
        queue: Receiver<Write>,
        connection: Connection,
    }

    impl SmallDisk {
        fn new() -> Self {
            let connection = Connection::open_in_memory().unwrap();
            connection
                .execute_batch(
                    "CREATE TABLE spin_key_value (store TEXT, key TEXT, value BLOB, PRIMARY KEY (store, key));
                    PRAGMA max_page_count = 5",
                )
                .unwrap();
            let (writes, queue) = mpsc::channel();
            Self {
                told: Told::default(),
                writes,
                queue,
                connection,
            }
        }

        fn send(&self, key: &str, change: Change) -> oneshot::Receiver<Result<i64>> {
            let (done, answer) = oneshot::channel();
            let write = Write {
                store: "s".into(),
                key: key.to_owned(),
                change,
                done,
            };
            self.writes.send(write).unwrap();
            answer
        }

        /// One transaction with all that was sent.
        fn write(&mut self) -> Result<()> {
            let (mut gathering, mut waiting) = (Duration::ZERO, Vec::new());
            let first = self.queue.recv().unwrap();
            let committed = write_some(
                &mut self.connection,
                first,
                &self.queue,
                &self.told,
                &mut gathering,
                &mut waiting,
            );
            assert!(waiting.len() < 3);
            if committed.is_ok() {
                self.told.clear();
                waiting
                    .into_iter()
                    .for_each(|(done, result)| done.send(result).unwrap());
            }
            committed
        }

        fn stored(&self, key: &str) -> Option<i64> {
            let value: Option<Vec<u8>> = self
                .connection
                .query_row(GET, ["s", key], |row| row.get(0))
                .optional()
                .unwrap();
            value.map(|bytes| i64::from_le_bytes(bytes.try_into().unwrap()))
        }
    }

    fn told(answer: oneshot::Receiver<Result<i64>>) -> i64 {
        answer.blocking_recv().unwrap().unwrap()
    }

    const TOO_LARGE: usize = 1024 * 1024;

    #[test]
    fn a_number_is_told_once_even_where_its_commit_fails() {
        let mut disk = SmallDisk::new();
        let one = disk.send("n", Change::Increment(1));
        let lost = disk.send("large", Change::Set(vec![0; TOO_LARGE]));
        assert!(disk.write().is_err());
        assert_eq!(told(one), 1);
        assert!(lost.blocking_recv().is_err(), "it was acknowledged");
        assert_eq!((disk.stored("n"), disk.told.get("s", "n")), (None, Some(1)));

        // Nothing is told early until that is made good, and nothing is forgotten when that fails again.
        let unheard = disk.send("n", Change::Increment(1));
        let lost = disk.send("large", Change::Set(vec![0; TOO_LARGE]));
        assert!(disk.write().is_err());
        assert!(unheard.blocking_recv().is_err() && lost.blocking_recv().is_err());
        assert_eq!(disk.told.get("s", "n"), Some(1));

        let two = disk.send("n", Change::Increment(1));
        disk.write().unwrap();
        assert_eq!(told(two), 2);
        assert_eq!((disk.stored("n"), disk.told.get("s", "n")), (Some(2), None));
    }

    #[test]
    fn a_failing_commit_leaves_a_counter_at_what_was_told_last() {
        let mut disk = SmallDisk::new();
        let raised = disk.send("flag", Change::Increment(1));
        let _lowered = disk.send("flag", Change::Delete);
        let again = disk.send("flag", Change::Increment(1));
        let _lost = disk.send("large", Change::Set(vec![0; TOO_LARGE]));
        assert!(disk.write().is_err());
        assert_eq!((told(raised), told(again)), (1, 1));
        let read = disk.send("flag", Change::Increment(0));
        disk.write().unwrap();
        assert_eq!((told(read), disk.stored("flag")), (1, Some(1)));
    }

    #[test]
    fn a_write_in_the_same_transaction_counts() {
        let mut disk = SmallDisk::new();
        let one = disk.send("n", Change::Increment(5));
        let deleted = disk.send("n", Change::Delete);
        let _wrong = disk.send("text", Change::Set(b"text".to_vec()));
        let two = disk.send("n", Change::Increment(3));
        disk.write().unwrap();
        assert_eq!((told(one), told(deleted), told(two)), (5, 0, 3));
        let error = disk.send("text", Change::Increment(1));
        let set = disk.send("n", Change::Delete);
        disk.write().unwrap();
        assert!(error.blocking_recv().unwrap().is_err());
        assert_eq!((told(set), disk.stored("n")), (0, None));
    }
}
