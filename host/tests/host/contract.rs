//! The contract of key-value stores, held against every backend.

use std::sync::Arc;

use host::key_value::{Database, Memory, Redis as RedisStore, Store};
use rusqlite::Connection;

use crate::redis::{Redis, free_port};

/// The contract, on an empty store. How a counter is stored is each backend's own affair.
pub async fn keep_the_contract(store: Arc<dyn Store>) {
    assert_eq!(store.get("k").await.unwrap(), None);
    assert!(!store.exists("k").await.unwrap());
    store.delete("k").await.unwrap();

    store.set("k", b"one".to_vec()).await.unwrap();
    store.set("k", b"two".to_vec()).await.unwrap();
    store.set("empty", Vec::new()).await.unwrap();
    store.set("한글/\0\u{1F600}", vec![0, 255]).await.unwrap();
    assert_eq!(store.get("k").await.unwrap().as_deref(), Some(&b"two"[..]));
    assert_eq!(store.get("empty").await.unwrap().as_deref(), Some(&b""[..]));
    assert_eq!(store.get("한글/\0\u{1F600}").await.unwrap(), Some(vec![0, 255]));
    assert!(store.exists("empty").await.unwrap());
    assert_eq!(store.keys().await.unwrap(), ["empty", "k", "한글/\0\u{1F600}"]);
    store.delete("k").await.unwrap();
    assert_eq!(store.get("k").await.unwrap(), None);

    assert_eq!(store.increment("n", 0).await.unwrap(), 0);
    assert_eq!(store.increment("n", 3).await.unwrap(), 3);
    assert_eq!(store.increment("n", -5).await.unwrap(), -2);
    assert!(store.increment("empty", 1).await.is_err());
    assert_eq!(store.increment("most", i64::MAX).await.unwrap(), i64::MAX);
    assert!(store.increment("most", 1).await.is_err());
    assert_eq!(store.increment("most", 0).await.unwrap(), i64::MAX);

    // Whoever has a number may rely on it that others see it, as the flags of a claim do: each raises its own and then looks
    // at the other's.
    for round in 0..100 {
        let (mine, other) = (format!("flag/{round}/mine"), format!("flag/{round}/other"));
        assert_eq!(store.increment(&mine, 1).await.unwrap(), 1);
        assert!(store.exists(&mine).await.unwrap(), "{mine} was not seen");
        assert!(store.get(&mine).await.unwrap().is_some(), "{mine} was not seen");
        assert!(store.keys().await.unwrap().contains(&mine), "{mine} was not seen");
        assert!(!store.exists(&other).await.unwrap());
        assert_eq!(store.increment(&mine, 0).await.unwrap(), 1);
        store.delete(&mine).await.unwrap();
        assert!(!store.exists(&mine).await.unwrap(), "{mine} was seen again");
        assert_eq!(store.increment(&mine, 1).await.unwrap(), 1);
    }

    let tasks = (0..32).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.increment("together", 1).await.unwrap() })
    });
    let mut seen: Vec<_> = futures::future::join_all(tasks)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, (1..=32).collect::<Vec<_>>());
}

/// As 8 little-endian bytes, like Spin's own.
async fn counters_are_bytes(store: &dyn Store) {
    assert_eq!(store.get("n").await.unwrap(), Some((-2_i64).to_le_bytes().to_vec()));
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_keeps_the_contract() {
    let store = Arc::new(Memory::default());
    keep_the_contract(store.clone()).await;
    counters_are_bytes(&*store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_the_contract_for_each_label() {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::open(&dir.path().join("new/folder/kv.db")).unwrap();
    for label in ["one", "two"] {
        keep_the_contract(database.store(label)).await;
        counters_are_bytes(&*database.store(label)).await;
    }
}

/// Another process sees what is committed, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn what_follows_an_increment_is_not_stored_without_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("kv.db");
    let store = Database::open(&file).unwrap().store("default");
    let committed = Connection::open(&file).unwrap();
    let counter = |key: &str| -> i64 {
        let query = "SELECT value FROM spin_key_value WHERE store = 'default' AND key = ?1";
        let value: Vec<u8> = committed.query_row(query, [key], |row| row.get(0)).unwrap();
        i64::from_le_bytes(value.try_into().unwrap())
    };
    for number in 1..=50 {
        assert_eq!(store.increment("read", 1).await.unwrap(), number);
        assert_eq!(store.increment("read", 0).await.unwrap(), number);
        assert_eq!(counter("read"), number, "it was not stored when it was read");
        assert_eq!(store.increment("followed", 1).await.unwrap(), number);
        store.set("after it", Vec::new()).await.unwrap();
        assert_eq!(counter("followed"), number, "it was not stored before what followed it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_keeps_the_contract() {
    let port = free_port();
    let Some(_redis) = Redis::start(port) else { return };
    let store = Arc::new(RedisStore::new(&format!("redis://127.0.0.1:{port}")).unwrap());
    keep_the_contract(store.clone()).await;
    // In decimal, like Spin's own.
    assert_eq!(store.get("n").await.unwrap(), Some(b"-2".to_vec()));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_may_use_one_sqlite_file() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Database::open(&dir.path().join("kv.db")).unwrap().store("default");
    let (one, two) = (open(), open());
    let count = |store: Arc<dyn Store>| async move {
        for _ in 0..20 {
            store.increment("n", 1).await.unwrap();
        }
    };
    let (first, second) = (tokio::spawn(count(one.clone())), tokio::spawn(count(two)));
    first.await.unwrap();
    second.await.unwrap();
    assert_eq!(one.increment("n", 0).await.unwrap(), 40);
}
