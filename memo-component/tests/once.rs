//! Creates and changes that are cut off, late, or sent twice: what is left of them, and what a retry finds.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use common::{
    store::{
        claim::FRESH,
        kv::{Kv, KvError, MemoryKv},
    },
    testing::{EPOCH, HandClock, NoRandom, World, run, yield_now},
    token::UserId,
    world::{
        Ports,
        clock::Clock,
        random::{Random, RandomError},
    },
};
use memo_component::{
    catalog::{
        Catalog, Error,
        filter::Filter,
        once::{self, CreateKey, TAKEOVER_AFTER},
        quota::Limits,
        trash::Deleted,
    },
    memo::{Content, Edit, Memo, MemoId, Text, Version},
};
use serde_json::Value;

const MILLISECOND: Duration = Duration::from_millis(1);

/// Operations of a create with a key, counted from 0. It looks for the record, takes the id, enters the key into what is
/// due (two), claims the record (four), and writes it; then:
const TAKES_ID: usize = 1;
const WRITES_RECORD: usize = 8;
const LOWERS_FLAG: usize = 9;
const WRITES_MEMO: usize = 10;

/// What happens at an operation.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// It and all that come later are not done, and fail.
    CutBefore,
    /// It is done and its answer gets lost; all that come later fail.
    CutAfter,
    /// It takes this long.
    Takes(Duration),
}

/// A store in which something happens at one operation, counted from 0.
struct OddKv {
    store: MemoryKv,
    clock: Arc<HandClock>,
    fault: Mutex<Option<(usize, Fault)>>,
}

impl OddKv {
    /// The store, and the world around it.
    fn over(store: MemoryKv) -> (Arc<Self>, World) {
        let clock = Arc::new(HandClock::default());
        let kv = Arc::new(Self {
            store,
            clock: Arc::clone(&clock),
            fault: Mutex::default(),
        });
        let mut world = World::over(kv.clone());
        world.clock = clock;
        (kv, world)
    }

    fn new() -> (Arc<Self>, World) {
        Self::over(MemoryKv::default())
    }

    fn fault_at(&self, operation: usize, fault: Fault) {
        *self.fault.lock().unwrap() = Some((operation, fault));
    }

    fn mend(&self) {
        *self.fault.lock().unwrap() = None;
    }

    async fn operation<T>(&self, work: impl Future<Output = Result<T, KvError>>) -> Result<T, KvError> {
        yield_now().await;
        let lost = || Err(KvError::Unavailable("it was cut off".to_owned()));
        let now = {
            let mut fault = self.fault.lock().unwrap();
            match *fault {
                None => None,
                Some((0, now)) => {
                    // What is cut off stays cut off.
                    *fault = match now {
                        Fault::Takes(_) => None,
                        Fault::CutBefore | Fault::CutAfter => Some((0, Fault::CutBefore)),
                    };
                    Some(now)
                }
                Some((left, later)) => {
                    *fault = Some((left - 1, later));
                    None
                }
            }
        };
        match now {
            None => work.await,
            Some(Fault::CutBefore) => lost(),
            Some(Fault::CutAfter) => {
                work.await?;
                lost()
            }
            Some(Fault::Takes(time)) => {
                let done = work.await;
                self.clock.pass(time);
                done
            }
        }
    }
}

#[async_trait]
impl Kv for OddKv {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        self.operation(self.store.get(key)).await
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), KvError> {
        self.operation(self.store.set(key, value)).await
    }

    async fn delete(&self, key: &str) -> Result<(), KvError> {
        self.operation(self.store.delete(key)).await
    }

    async fn exists(&self, key: &str) -> Result<bool, KvError> {
        self.operation(self.store.exists(key)).await
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, KvError> {
        self.operation(self.store.keys(prefix)).await
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, KvError> {
        self.operation(self.store.increment(key, delta)).await
    }

    fn has_increment(&self) -> bool {
        self.store.has_increment()
    }
}

fn content(text: &str) -> Content {
    Content::new(Text::try_from(text.to_owned()).unwrap())
}

fn ann() -> UserId {
    UserId::try_from("ann".to_owned()).unwrap()
}

async fn create(world: &World) -> Result<(MemoId, Memo), Error> {
    let (ann, ports) = (ann(), world.ports());
    Catalog::of(&ann, &ports, &Limits::default())
        .create(content("a memo"))
        .await
}

async fn create_once(world: &World) -> Result<(MemoId, Memo), once::Error> {
    let (ann, ports) = (ann(), world.ports());
    let key = CreateKey::new("key");
    Catalog::of(&ann, &ports, &Limits::default())
        .create_once(&key, content("a memo"))
        .await
}

async fn replace(world: &World, id: MemoId, version: u64) -> Result<Memo, Error> {
    let (ann, ports) = (ann(), world.ports());
    let edit = Edit {
        text: Some(content("another").text),
        ..Edit::default()
    };
    Catalog::of(&ann, &ports, &Limits::default())
        .edit(id, Version(version), edit)
        .await
}

async fn remove(world: &World, id: MemoId, version: u64) -> Result<Deleted, Error> {
    let (ann, ports) = (ann(), world.ports());
    Catalog::of(&ann, &ports, &Limits::default())
        .delete(id, Version(version))
        .await
}

/// Whether a change was refused because the memo is at `version`.
fn is_stale<T>(changed: &Result<T, Error>, version: u64) -> bool {
    matches!(changed, Err(Error::Stale(now)) if now.version == Version(version))
}

/// The ids of all memos.
async fn all(world: &World) -> Vec<MemoId> {
    let (ann, ports) = (ann(), world.ports());
    let page = Catalog::of(&ann, &ports, &Limits::default())
        .page(&Filter::default(), None, 100)
        .await
        .unwrap();
    page.items.iter().map(|(id, _)| *id).collect()
}

/// The record of the key, or of its claim.
async fn record(world: &World) -> Option<Value> {
    let keys = world.kv.keys("memo/ann/idem/").await.unwrap();
    let key = keys.iter().find(|key| key.split('/').count() == 4)?;
    world.kv.get_json(key).await.unwrap()
}

#[test]
fn a_create_that_is_cut_off_anywhere_makes_one_memo_in_the_end() {
    run(async {
        for store in [MemoryKv::default, MemoryKv::without_increment] {
            for fault in [Fault::CutBefore, Fault::CutAfter] {
                for operation in 0.. {
                    let (kv, world) = OddKv::over(store());
                    kv.fault_at(operation, fault);
                    let first = create_once(&world).await;
                    kv.mend();
                    let case = format!("{fault:?} {operation}: {first:?}");
                    match create_once(&world).await {
                        Ok(_) => {}
                        Err(once::Error::UnderWay) => assert!(first.is_err(), "{case}"),
                        Err(error) => panic!("{case}: {error}"),
                    }
                    world.pass(TAKEOVER_AFTER);
                    let (id, _) = create_once(&world)
                        .await
                        .unwrap_or_else(|error| panic!("{case}: {error}"));
                    assert_eq!(all(&world).await, [id], "{case}");
                    assert_eq!(create_once(&world).await.unwrap().0, id, "{case}");
                    if let Ok((first, _)) = first {
                        assert_eq!(first, id);
                        // All operations are behind us, and none of them was cut off.
                        if record(&world).await.is_some_and(|record| record["done"] == true) {
                            break;
                        }
                    }
                }
            }
        }
    });
}

#[test]
fn a_key_is_taken_over_on_the_millisecond() {
    run(async {
        for (late, is_taken_over) in [(MILLISECOND, false), (Duration::ZERO, true)] {
            let (kv, world) = OddKv::new();
            kv.fault_at(WRITES_MEMO, Fault::CutBefore);
            create_once(&world).await.unwrap_err();
            kv.mend();
            let begun = record(&world).await.unwrap();
            assert_eq!(
                (&begun["id"], &begun["version"], &begun["done"]),
                (&1.into(), &1.into(), &false.into())
            );
            world.pass(TAKEOVER_AFTER - late);
            let again = create_once(&world).await;
            let now = record(&world).await.unwrap();
            if is_taken_over {
                assert_eq!(again.unwrap().0, MemoId(2));
                assert_eq!(
                    (&now["id"], &now["version"], &now["done"]),
                    (&2.into(), &2.into(), &true.into())
                );
                assert_eq!(now["started_at"], world.clock.now().0);
            } else {
                assert!(matches!(again, Err(once::Error::UnderWay)), "{again:?}");
                assert_eq!(now, begun);
            }
        }
    });
}

#[test]
fn a_create_that_takes_too_long_writes_no_memo() {
    run(async {
        // To take the id, or to take the key, or what lies between: it is the sum that counts.
        for (late, is_written) in [(MILLISECOND, true), (Duration::ZERO, false)] {
            let (kv, world) = OddKv::new();
            kv.fault_at(0, Fault::Takes(FRESH - late));
            assert_eq!(create(&world).await.is_ok(), is_written);
            assert_eq!(all(&world).await.len(), usize::from(is_written));

            for operation in [TAKES_ID, LOWERS_FLAG] {
                let (kv, world) = OddKv::new();
                kv.fault_at(operation, Fault::Takes(FRESH - late));
                let created = create_once(&world).await;
                assert_eq!(created.is_ok(), is_written, "{operation}: {created:?}");
                assert_eq!(all(&world).await.len(), usize::from(is_written), "{operation}");
                let is_done = record(&world).await.map(|record| record["done"] == true);
                assert_eq!(is_done, Some(is_written), "{operation}");
            }
        }
    });
}

#[test]
fn a_create_is_marked_as_done_only_while_nobody_can_have_taken_it_over() {
    run(async {
        for (late, is_done) in [(MILLISECOND, true), (Duration::ZERO, false)] {
            let (kv, world) = OddKv::new();
            kv.fault_at(WRITES_MEMO, Fault::Takes(FRESH - late));
            let (id, memo) = create_once(&world).await.unwrap();
            assert_eq!((id, memo.created_at), (MemoId(1), EPOCH));
            assert_eq!(record(&world).await.unwrap()["done"], is_done);
            assert_eq!(create_once(&world).await.unwrap().0, id);
        }
    });
}

#[test]
fn a_key_whose_claim_is_held_is_under_way() {
    run(async {
        let (kv, world) = OddKv::new();
        kv.fault_at(WRITES_RECORD, Fault::CutAfter);
        create_once(&world).await.unwrap_err();
        kv.mend();
        // Only its flag is left of the first one.
        let keys = world.kv.keys("memo/ann/idem/").await.unwrap();
        let key = keys.iter().find(|key| key.split('/').count() == 4).unwrap();
        world.kv.delete(key).await.unwrap();
        assert!(matches!(create_once(&world).await, Err(once::Error::UnderWay)));
        world.pass(TAKEOVER_AFTER);
        assert!(create_once(&world).await.is_ok());
    });
}

#[test]
fn creates_with_one_key_at_once_make_one_memo() {
    run(async {
        let (_, world) = OddKv::new();
        let ended = futures::future::join_all((0..5).map(|_| create_once(&world))).await;
        let made: Vec<MemoId> = ended
            .iter()
            .filter_map(|ended| ended.as_ref().ok())
            .map(|(id, _)| *id)
            .collect();
        assert_eq!(all(&world).await, made, "{ended:?}");
        assert_eq!(made.len(), 1);
        let under_way = |ended: &&Result<_, once::Error>| matches!(ended, Err(once::Error::UnderWay));
        assert_eq!(ended.iter().filter(under_way).count(), 4);
        // Of five ids that were taken four are given back: the newest id, the KiB and the memos lie beside each other.
        let seq = world.kv.increment("memo/ann/seq", 0).await.unwrap();
        assert_eq!((seq & 0x1ff_ffff, (seq >> 25) & 0xf_ffff, seq >> 45), (5, 1, 1));
    });
}

#[test]
fn a_deleted_memo_does_not_come_back_with_its_key() {
    run(async {
        let (_, world) = OddKv::new();
        let (id, _) = create_once(&world).await.unwrap();
        remove(&world, id, 1).await.unwrap();
        let (found, memo) = create_once(&world).await.unwrap();
        assert_eq!(
            (found, memo.version),
            (id, Version(2)),
            "it is in the trash, and is shown so"
        );
        remove(&world, id, 2).await.unwrap();
        for _ in 0..2 {
            assert!(matches!(create_once(&world).await, Err(once::Error::Deleted)));
            world.pass(TAKEOVER_AFTER);
        }
        let (ann, ports) = (ann(), world.ports());
        let key = CreateKey::new("key");
        let other = Catalog::of(&ann, &ports, &Limits::default())
            .create_once(&key, content("other"))
            .await;
        assert!(matches!(other, Err(once::Error::Reused)));
    });
}

#[test]
fn who_loses_a_claim_is_told_what_the_memo_is_by_now() {
    run(async {
        let (_, world) = OddKv::new();
        let (id, _) = create(&world).await.unwrap();
        for version in [0, 1, 7] {
            let flag = format!("memo/ann/1/claim/{version}/{}", EPOCH.0 / 30_000);
            world.kv.increment(&flag, 1).await.unwrap();
        }
        assert!(matches!(replace(&world, id, 1).await, Err(Error::Busy)));
        assert!(matches!(remove(&world, id, 1).await, Err(Error::Busy)));
        for past in [0, 7] {
            assert!(is_stale(&replace(&world, id, past).await, 1));
        }
        world.kv.delete("memo/ann/1").await.unwrap();
        assert!(matches!(replace(&world, id, 1).await, Err(Error::Absent)));
    });
}

#[test]
fn a_change_is_of_the_version_that_there_is() {
    run(async {
        for store in [MemoryKv::default, MemoryKv::without_increment] {
            let (_, world) = OddKv::over(store());
            for version in [0, 1] {
                assert!(matches!(replace(&world, MemoId(1), version).await, Err(Error::Absent)));
                assert!(matches!(remove(&world, MemoId(1), version).await, Err(Error::Absent)));
            }
            let (id, made) = create(&world).await.unwrap();
            world.pass(MILLISECOND);
            let changed = replace(&world, id, 1).await.unwrap();
            assert_eq!((changed.version, changed.created_at), (Version(2), made.created_at));
            assert_eq!(changed.updated_at, EPOCH + MILLISECOND);
            for wrong in [0, 1, 3] {
                assert!(is_stale(&replace(&world, id, wrong).await, 2));
                assert!(is_stale(&remove(&world, id, wrong).await, 2));
            }
            assert_eq!(all(&world).await, [id]);
            assert!(matches!(remove(&world, id, 2).await, Ok(Deleted::ToTrash(_))));
            assert_eq!(all(&world).await, []);
            for wrong in [0, 2, 4] {
                assert!(is_stale(&remove(&world, id, wrong).await, 3));
            }
            assert_eq!(remove(&world, id, 3).await.unwrap(), Deleted::ForGood);
            assert!(matches!(remove(&world, id, 3).await, Err(Error::Absent)));
        }
    });
}

#[test]
fn a_clock_that_is_behind_does_not_make_a_memo_younger() {
    run(async {
        let (_, world) = OddKv::new();
        world.pass_secs(5);
        let (id, made) = create(&world).await.unwrap();
        let behind = World::over(Arc::clone(&world.kv));
        let changed = replace(&behind, id, 1).await.unwrap();
        assert_eq!(changed.updated_at, made.updated_at);
    });
}

/// Randomness of ones, or of zeros.
struct All(u8);

impl Random for All {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        buffer.fill(self.0);
        Ok(())
    }
}

#[test]
fn without_a_counter_an_id_is_the_time_and_some_random_bits() {
    run(async {
        let world = World::over(Arc::new(MemoryKv::without_increment()));
        let id_with = async |random: Arc<dyn Random>| {
            let (ann, ports) = (
                ann(),
                Ports {
                    random,
                    ..world.ports()
                },
            );
            Catalog::of(&ann, &ports, &Limits::default())
                .create(content("a memo"))
                .await
                .map(|(id, _)| id.0)
        };
        assert_eq!(id_with(Arc::new(All(0))).await.unwrap(), EPOCH.0 << 21);
        assert_eq!(id_with(Arc::new(All(0xff))).await.unwrap(), ((EPOCH.0 + 1) << 21) - 1);
        assert!(matches!(id_with(Arc::new(NoRandom)).await, Err(Error::Random(_))));
    });
}
