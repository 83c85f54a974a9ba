//! The limits of a page, each from both sides: memos, bytes, ids looked at, and memos read at once.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use common::{
    store::kv::{Kv, KvError, MemoryKv},
    testing::{EPOCH, World, run, yield_now},
    token::UserId,
};
use memo_component::{
    catalog::{
        Catalog, Error,
        filter::Filter,
        page::{PAGE_MAX_BYTES, Page, WALK_MAX},
        quota::Limits,
        skip::SETTLED,
    },
    memo::{Content, MemoId, Text},
};
use serde_json::{Value, json};

fn ann() -> UserId {
    UserId::try_from("ann".to_owned()).unwrap()
}

fn both_stores() -> [World; 2] {
    [World::new(), World::over(Arc::new(MemoryKv::without_increment()))]
}

/// Puts a memo of so many bytes at an id, as if it had been created. Spaces after the JSON are a part of the record.
async fn put(world: &World, id: u64, bytes: usize) {
    let memo = json!({"text": "a memo", "created_at": EPOCH, "updated_at": EPOCH, "version": 1}).to_string();
    let record = format!("{memo}{}", " ".repeat(bytes - memo.len()));
    assert_eq!(record.len(), bytes);
    world
        .kv
        .set(&format!("memo/ann/{id}"), record.as_bytes())
        .await
        .unwrap();
}

/// Sets the newest id that was given out, where the store knows one.
async fn give_out(world: &World, head: u64) {
    if world.kv.has_increment() {
        let delta = i64::try_from(head).unwrap();
        world.kv.increment("memo/ann/seq", delta).await.unwrap();
    }
}

async fn page(world: &World, before: Option<u64>, limit: usize) -> Page {
    let (ann, ports) = (ann(), world.ports());
    Catalog::of(&ann, &ports, &Limits::default())
        .page(&Filter::default(), before.map(MemoId), limit)
        .await
        .unwrap()
}

/// The ids of a page, and where it goes on.
fn shown(page: &Page) -> (Vec<u64>, Option<u64>) {
    let ids = page.items.iter().map(|(id, _)| id.0).collect();
    (ids, page.next.map(|next| next.0))
}

#[test]
fn a_page_may_be_full_to_the_last_byte() {
    run(async {
        for (bytes, fits) in [(PAGE_MAX_BYTES, true), (PAGE_MAX_BYTES + 1, false)] {
            for world in both_stores() {
                give_out(&world, 4).await;
                for (id, bytes) in [(4, 500_000), (3, 400_000), (2, bytes - 900_000), (1, 200)] {
                    put(&world, id, bytes).await;
                }
                let (first, second) = if fits {
                    (vec![4, 3, 2], vec![1])
                } else {
                    (vec![4, 3], vec![2, 1])
                };
                let next = *first.last().unwrap();
                let page_one = page(&world, None, 10).await;
                assert_eq!(shown(&page_one), (first, Some(next)), "{bytes}");
                assert_eq!(shown(&page(&world, Some(next), 10).await), (second, None), "{bytes}");
            }
        }
    });
}

#[test]
fn a_memo_that_did_not_fit_is_not_lost_behind_an_unreadable_or_missing_one() {
    run(async {
        for world in both_stores() {
            give_out(&world, 5).await;
            for (id, bytes) in [(5, 900_000), (2, 900_000), (1, 200)] {
                put(&world, id, bytes).await;
            }
            world.kv.set("memo/ann/4", b"no memo").await.unwrap();
            let first = shown(&page(&world, None, 10).await);
            assert_eq!(first.0, [5]);
            assert_eq!(shown(&page(&world, first.1, 10).await), (vec![2, 1], None));
        }
    });
}

#[test]
fn a_page_has_as_many_memos_as_were_asked_for_and_says_whether_there_are_more() {
    run(async {
        for world in both_stores() {
            give_out(&world, 20).await;
            for id in 1..=20 {
                put(&world, id, 200).await;
            }
            let down = |from: u64, to: u64| (to..=from).rev().collect::<Vec<_>>();
            for (before, limit, expected) in [
                (None, 20, (down(20, 1), None)),
                (None, 21, (down(20, 1), None)),
                (None, 19, (down(20, 2), Some(2))),
                (None, 1, (vec![20], Some(20))),
                (None, 8, (down(20, 13), Some(13))),
                (None, 9, (down(20, 12), Some(12))),
                (Some(u64::MAX), 2, (vec![20, 19], Some(19))),
                (Some(21), 2, (vec![20, 19], Some(19))),
                (Some(20), 2, (vec![19, 18], Some(18))),
                (Some(3), 2, (vec![2, 1], None)),
                (Some(3), 1, (vec![2], Some(2))),
                (Some(2), 5, (vec![1], None)),
                (Some(1), 5, (vec![], None)),
            ] {
                assert_eq!(
                    shown(&page(&world, before, limit).await),
                    expected,
                    "{before:?} {limit}"
                );
            }
        }
    });
}

#[test]
fn a_listing_of_nothing_is_empty() {
    run(async {
        for world in both_stores() {
            for before in [None, Some(1), Some(7)] {
                assert_eq!(shown(&page(&world, before, 10).await), (vec![], None));
            }
        }
    });
}

#[test]
fn a_page_looks_at_so_many_ids_and_no_more() {
    run(async {
        let most = u64::try_from(WALK_MAX).unwrap();
        for (holes, found) in [(most - 1, true), (most, false)] {
            // Pages of one look at one id at a time.
            for limit in [1, 8, 100] {
                let world = World::new();
                give_out(&world, holes + 1).await;
                put(&world, 1, 200).await;
                let expected = if found { (vec![1], None) } else { (vec![], Some(2)) };
                assert_eq!(shown(&page(&world, None, limit).await), expected, "{holes} {limit}");
            }
        }
    });
}

#[test]
fn a_later_listing_jumps_over_what_an_earlier_one_has_settled() {
    run(async {
        let world = World::new();
        give_out(&world, 10_000).await;
        put(&world, 1, 200).await;
        // The first listing notes the head, and one that comes after it has settled notes the holes it meets.
        assert_eq!(shown(&page(&world, None, 10).await), (vec![], Some(8001)));
        let skip: Value = world.kv.get_json("memo/ann/skip").await.unwrap().unwrap();
        assert_eq!((&skip["head"], &skip["runs"]), (&json!(10_000), &json!([])));
        world.pass(SETTLED);
        assert_eq!(shown(&page(&world, None, 10).await), (vec![], Some(8001)));
        let skip: Value = world.kv.get_json("memo/ann/skip").await.unwrap().unwrap();
        assert_eq!(skip["runs"], json!([{"high": 10_000, "low": 8001}]));
        // 16 holes are met before the note is read, so those come on top.
        let (items, next) = shown(&page(&world, None, 100).await);
        assert!(items.is_empty() && (6001..6100).contains(&next.unwrap()), "{next:?}");
    });
}

#[test]
fn a_note_that_can_not_be_written_makes_a_listing_no_worse() {
    run(async {
        let world = World::over(Arc::new(Odd::default()));
        world.kv.increment("memo/ann/seq", 100).await.unwrap();
        put(&world, 1, 200).await;
        assert_eq!(shown(&page(&world, None, 10).await), (vec![1], None));
        assert!(world.kv.get("memo/ann/skip").await.unwrap().is_none());
    });
}

#[test]
fn at_most_eight_memos_are_read_at_once() {
    run(async {
        let store = Arc::new(Odd::default());
        let world = World::over(store.clone());
        give_out(&world, 100).await;
        for id in 1..=100 {
            put(&world, id, 200).await;
        }
        let page = page(&world, None, 50).await;
        assert_eq!(page.items.len(), 50);
        assert_eq!(store.reading_most.load(Ordering::SeqCst), 8);
        assert_eq!(store.read.load(Ordering::SeqCst), 50);
    });
}

#[test]
fn ids_end_before_they_reach_the_number_beside_them() {
    run(async {
        let world = World::new();
        let last = (1 << 23) - 1;
        world.kv.increment("memo/ann/seq", last - 1).await.unwrap();
        let (ann, ports, limits) = (ann(), world.ports(), Limits::default());
        let catalog = Catalog::of(&ann, &ports, &limits);
        let create = async || {
            let text = Text::try_from("a memo".to_owned()).unwrap();
            catalog.create(Content::new(text)).await
        };
        assert_eq!(create().await.unwrap().0, MemoId((1 << 23) - 1));
        let before = world.kv.increment("memo/ann/seq", 0).await.unwrap();
        for _ in 0..3 {
            let refused = create().await;
            assert!(matches!(refused, Err(Error::Closed)), "{refused:?}");
        }
        assert_eq!(world.kv.increment("memo/ann/seq", 0).await.unwrap(), before);
        assert_eq!(shown(&page(&world, None, 1).await).0, [(1 << 23) - 1]);
    });
}

/// A store that counts how many reads are under way, and that takes no note.
#[derive(Default)]
struct Odd {
    store: MemoryKv,
    read: AtomicUsize,
    reading: AtomicUsize,
    reading_most: AtomicUsize,
}

#[async_trait]
impl Kv for Odd {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        let reading = self.reading.fetch_add(1, Ordering::SeqCst) + 1;
        self.reading_most.fetch_max(reading, Ordering::SeqCst);
        self.read.fetch_add(1, Ordering::SeqCst);
        yield_now().await;
        self.reading.fetch_sub(1, Ordering::SeqCst);
        self.store.get(key).await
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), KvError> {
        if key.ends_with("/skip") {
            return Err(KvError::Unavailable("no notes here".to_owned()));
        }
        self.store.set(key, value).await
    }

    async fn delete(&self, key: &str) -> Result<(), KvError> {
        self.store.delete(key).await
    }

    async fn exists(&self, key: &str) -> Result<bool, KvError> {
        self.store.exists(key).await
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, KvError> {
        self.store.keys(prefix).await
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, KvError> {
        self.store.increment(key, delta).await
    }

    fn has_increment(&self) -> bool {
        true
    }
}
