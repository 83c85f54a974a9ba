//! The SQLite file that a host keeps its data in, as somebody sees it who runs the host.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, params};

/// The file, which a host may have open meanwhile.
pub struct StoreFile(PathBuf);

impl StoreFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    fn open(&self) -> Connection {
        let file = Connection::open(&self.0).unwrap_or_else(|why| panic!("{}: {why}", self.0.display()));
        file.busy_timeout(std::time::Duration::from_secs(60)).expect("a time");
        file
    }

    /// Runs statements on the file, as `sqlite3 FILE STATEMENTS` does.
    pub fn run(&self, statements: &str) {
        let run = self.open().execute_batch(statements);
        run.unwrap_or_else(|why| panic!("{}: {why}", self.0.display()));
    }

    /// Makes the file of what was put down as statements: one that is not there yet, in Spin's own layout.
    pub fn create(&self, rows: &str) {
        std::fs::create_dir_all(self.0.parent().expect("a file is in a folder")).expect("the folder is made");
        self.run(
            "CREATE TABLE spin_key_value (store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (store, key))",
        );
        self.run(rows);
    }

    /// Takes the file of another place for the own one.
    pub fn restore(&self, copy: &Path) {
        std::fs::create_dir_all(self.0.parent().expect("a file is in a folder")).expect("the folder is made");
        std::fs::copy(copy, &self.0).expect("the copy is read");
    }

    /// All keys with their values, in their order.
    pub fn rows(&self) -> Vec<(String, Vec<u8>)> {
        let file = self.open();
        let mut rows = file
            .prepare("SELECT key, value FROM spin_key_value ORDER BY key")
            .expect("the table is there");
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.expect("rows").collect::<Result<_, _>>().expect("keys and values")
    }

    /// The value at a key.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        let select = "SELECT value FROM spin_key_value WHERE key = ?1";
        self.open()
            .query_row(select, [key], |row| row.get(0))
            .optional()
            .expect("the table is there")
    }

    /// Puts a value at a key.
    pub fn set(&self, key: &str, value: &[u8]) {
        let replace = "INSERT OR REPLACE INTO spin_key_value VALUES ('default', ?1, ?2)";
        self.open()
            .execute(replace, params![key, value])
            .expect("the table is there");
    }
}
