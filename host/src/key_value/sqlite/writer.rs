//! Makes writes where they are asked for, and commits many at a time on a thread of its own.
//!
//! Whoever writes applies it to the open [`Transaction`], which takes a few microseconds: less than waking another thread
//! and being woken by it. The thread commits when the transaction says that it is time, because a commit waits for the disk.

use std::{sync::Arc, thread::JoinHandle, time::Instant};

use anyhow::{Context, Result};
use parking_lot::{Condvar, Mutex};
use rusqlite::{Connection, ErrorCode};
use tokio::{sync::Notify, task::spawn_blocking};

use super::{
    told::Told,
    transaction::{Change, Made, Transaction},
};

/// The only way to write to the file.
pub struct Writer {
    shared: Arc<Shared>,
    /// `None` only while dropping.
    committer: Option<JoinHandle<()>>,
}

struct Shared {
    /// `None` while it is being committed, or begun after waiting for another process.
    ///
    /// Nobody has this lock longer than a write takes, so it may be waited for on a thread that serves requests. It is not
    /// one that is handed to who waits for it, as tokio's is: that may be a future of an instance that stands still until
    /// another write of its own is made.
    transaction: Mutex<Option<Transaction>>,
    /// Tells all who wait for the transaction that it is here again.
    is_back: Notify,
    agenda: Agenda,
}

/// What became of a write at its first try.
enum Tried {
    Made(Made),
    /// The transaction is elsewhere; try again when it is back.
    Away,
    /// Another process is writing; try again after this.
    Begins(tokio::task::JoinHandle<rusqlite::Result<()>>),
}

impl Writer {
    /// Writes through this connection.
    ///
    /// # Errors
    ///
    /// There is no thread to be had.
    pub fn new(connection: Connection, told: Arc<Told>) -> Result<Self> {
        let shared = Arc::new(Shared {
            transaction: Mutex::new(Some(Transaction::new(connection, told)?)),
            is_back: Notify::new(),
            agenda: Agenda::default(),
        });
        let committing = shared.clone();
        let committer = std::thread::Builder::new()
            .name("sqlite".into())
            .spawn(move || committing.commit_all())?;
        Ok(Self {
            shared,
            committer: Some(committer),
        })
    }

    /// Makes a write, and waits for the commit unless it is an increment.
    ///
    /// # Errors
    ///
    /// The write was not made, or it is not known whether.
    pub async fn write(&self, store: &Arc<str>, key: &str, change: Change) -> Result<i64> {
        loop {
            // Before looking, so that a return in between is not missed.
            let is_back = self.shared.is_back.notified();
            match self.shared.try_write(store, key, &change)? {
                Tried::Made(Made::Told(value)) => return Ok(value),
                Tried::Made(Made::Waits(committed)) => {
                    return committed.await.context("the key-value store is closed")?;
                }
                Tried::Away => is_back.await,
                Tried::Begins(begun) => begun.await??,
            }
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.agenda.close();
        if let Some(committer) = self.committer.take() {
            // A thread that panicked has said so on stderr.
            let _ = committer.join();
        }
    }
}

impl Shared {
    fn try_write(self: &Arc<Self>, store: &Arc<str>, key: &str, change: &Change) -> Result<Tried> {
        let mut slot = self.transaction.lock();
        let Some(transaction) = slot.as_mut() else {
            return Ok(Tried::Away);
        };
        let was_due_at = transaction.commit_at();
        if !transaction.is_open() {
            match transaction.begin() {
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                    let taken = slot.take();
                    let shared = self.clone();
                    return Ok(Tried::Begins(spawn_blocking(move || shared.begin(taken))));
                }
                begun => begun?,
            }
        }
        let made = transaction.apply(store, key, change);
        if transaction.commit_at() != was_due_at {
            self.agenda.note(transaction.commit_at());
        }
        made.map(Tried::Made)
    }

    /// Begins what was taken as soon as no other process is writing.
    fn begin(&self, mut taken: Option<Transaction>) -> rusqlite::Result<()> {
        let begun = taken.as_mut().map_or(Ok(()), Transaction::begin_patiently);
        self.agenda.note(taken.as_ref().and_then(Transaction::commit_at));
        self.bring_back(taken);
        begun
    }

    /// Commits whenever it is time, until the agenda is closed.
    fn commit_all(&self) {
        while self.agenda.wait() {
            let taken = self.transaction.lock().take();
            // One that is being begun comes back with a time of its own.
            let Some(mut transaction) = taken else { continue };
            let answers = transaction.commit();
            self.bring_back(Some(transaction));
            answers.send();
        }
    }

    fn bring_back(&self, taken: Option<Transaction>) {
        *self.transaction.lock() = taken;
        self.is_back.notify_waiters();
    }
}

/// When to commit. It has a lock of its own, so that the thread that commits gets in nobody's way before it does.
#[derive(Default)]
struct Agenda {
    next: Mutex<Next>,
    changed: Condvar,
}

#[derive(Default)]
struct Next {
    at: Option<Instant>,
    is_closed: bool,
}

impl Agenda {
    /// Has the next commit made at that moment. Noted by who has the transaction, so that it is never a former one's.
    fn note(&self, at: Option<Instant>) {
        self.next.lock().at = at;
        self.changed.notify_one();
    }

    /// Has what is noted committed at once, and nothing after it.
    fn close(&self) {
        self.next.lock().is_closed = true;
        self.changed.notify_one();
    }

    /// Waits until it is time to commit; `false` when there will be no more time for that.
    fn wait(&self) -> bool {
        let mut next = self.next.lock();
        loop {
            match next.at {
                Some(at) if next.is_closed || at <= Instant::now() => {
                    next.at = None;
                    return true;
                }
                Some(at) => drop(self.changed.wait_until(&mut next, at)),
                None if next.is_closed => return false,
                None => self.changed.wait(&mut next),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::Future,
        pin::pin,
        task::{Context as TaskContext, Waker},
        time::Duration,
    };

    use super::*;
    use crate::key_value::sqlite::connect;

    const TABLE: &str = "CREATE TABLE spin_key_value (store TEXT, key TEXT, value BLOB, PRIMARY KEY (store, key))";

    /// A file, a connection to it as another process would have one, and a writer.
    fn file() -> (tempfile::TempDir, Connection, Writer) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kv.db");
        let other = connect(&path).unwrap();
        other.execute_batch(TABLE).unwrap();
        let writer = Writer::new(connect(&path).unwrap(), Arc::default()).unwrap();
        (folder, other, writer)
    }

    fn count(connection: &Connection) -> i64 {
        let count = "SELECT count(*) FROM spin_key_value";
        connection.query_row(count, [], |row| row.get(0)).unwrap()
    }

    #[tokio::test]
    async fn who_is_told_and_does_not_go_on_keeps_nobody_else_waiting() {
        let (_folder, _other, writer) = file();
        let store: Arc<str> = "s".into();
        let taken = writer.shared.transaction.lock().take();
        let mut stands_still = pin!(writer.write(&store, "a", Change::Increment(1)));
        let goes_on = writer.write(&store, "b", Change::Increment(1));
        let mut nobody = TaskContext::from_waker(Waker::noop());
        assert!(stands_still.as_mut().poll(&mut nobody).is_pending());
        writer.shared.bring_back(taken);
        let deadline = Duration::from_secs(10);
        assert_eq!(tokio::time::timeout(deadline, goes_on).await.unwrap().unwrap(), 1);
        assert_eq!(stands_still.await.unwrap(), 1);
    }

    #[tokio::test]
    async fn another_process_that_writes_is_waited_for_and_nothing_else_stands_still() {
        let (_folder, other, writer) = file();
        let store: Arc<str> = "s".into();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let mut waits = pin!(writer.write(&store, "a", Change::Set(b"1".to_vec())));
        // This test has one thread, so the timer rings only if that one is free.
        let rings = tokio::time::timeout(Duration::from_millis(50), waits.as_mut()).await;
        assert!(rings.is_err(), "two wrote at once");
        other.execute_batch("COMMIT").unwrap();
        assert_eq!(waits.await.unwrap(), 0);
        assert_eq!(count(&other), 1);
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_committed_soon_and_at_the_end() {
        let (_folder, other, writer) = file();
        let store: Arc<str> = "s".into();
        writer.write(&store, "a", Change::Increment(1)).await.unwrap();
        while count(&other) < 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        writer.write(&store, "b", Change::Increment(1)).await.unwrap();
        drop(writer);
        assert_eq!(count(&other), 2);
    }
}
