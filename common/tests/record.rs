//! Records go from a version to the next one, and in no other way.

use crate::support::ScriptedKv;
use common::{
    store::{
        kv::{Kv, KvError, MemoryKv},
        record::{Change, Updated, Versioned, update},
    },
    testing::{EPOCH, run},
    world::Ports,
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    version: u64,
    text: String,
}

impl Versioned for Note {
    fn version(&self) -> u64 {
        self.version
    }
}

fn note(version: u64, text: &str) -> Note {
    Note {
        version,
        text: text.to_owned(),
    }
}

/// Moves the note on from `version` to one of `next`, and tells what was seen on the way.
async fn write(ports: &Ports, version: u64, next: u64) -> Result<Updated<Note, Option<Note>, &'static str>, KvError> {
    update(ports, "n", version, |current| Change::Write(note(next, "new"), current)).await
}

async fn stored(kv: &ScriptedKv) -> Option<Note> {
    Some(serde_json::from_slice(&kv.peek("n").await?).unwrap())
}

fn both_stores() -> [MemoryKv; 2] {
    [MemoryKv::default(), MemoryKv::without_increment()]
}

#[test]
fn a_record_is_made_changed_and_removed_version_by_version() {
    run(async {
        for store in both_stores() {
            let (kv, _, ports) = ScriptedKv::over(store);
            assert_eq!(write(&ports, 0, 1).await.unwrap(), Updated::Done(None));
            assert_eq!(stored(&kv).await, Some(note(1, "new")));
            assert_eq!(write(&ports, 1, 2).await.unwrap(), Updated::Done(Some(note(1, "new"))));
            assert_eq!(stored(&kv).await, Some(note(2, "new")));
            let removed = update(&ports, "n", 2, |_: Option<Note>| Change::<_, _, ()>::Delete("gone"));
            assert_eq!(removed.await.unwrap(), Updated::Done("gone"));
            assert_eq!(kv.all_keys().await, Vec::<String>::new());
        }
    });
}

#[test]
fn who_expects_another_version_learns_what_there_is() {
    run(async {
        for store in both_stores() {
            let (kv, _, ports) = ScriptedKv::over(store);
            assert_eq!(write(&ports, 1, 2).await.unwrap(), Updated::Stale(None));
            assert_eq!(kv.all_keys().await, Vec::<String>::new());
            let there = note(5, "there");
            ports.kv.set_json("n", &there).await.unwrap();
            for version in [0, 1, 4, 6, u64::MAX] {
                let ended = write(&ports, version, version.saturating_add(1)).await.unwrap();
                assert_eq!(ended, Updated::Stale(Some(there.clone())), "{version}");
            }
            assert_eq!(stored(&kv).await, Some(there));
            assert_eq!(kv.all_keys().await, ["n"]);
        }
    });
}

#[test]
fn a_record_that_is_left_stays_as_it_is() {
    run(async {
        for store in both_stores() {
            let (kv, _, ports) = ScriptedKv::over(store);
            ports.kv.set_json("n", &note(5, "there")).await.unwrap();
            let left = update(&ports, "n", 5, |current: Option<Note>| {
                Change::<_, (), _>::Leave(current)
            });
            assert_eq!(left.await.unwrap(), Updated::Left(Some(note(5, "there"))));
            assert_eq!(stored(&kv).await, Some(note(5, "there")));
            assert_eq!(kv.all_keys().await, ["n"]);
        }
    });
}

#[test]
fn a_version_can_be_neither_kept_nor_jumped_over() {
    run(async {
        for store in both_stores() {
            let (kv, _, ports) = ScriptedKv::over(store);
            ports.kv.set_json("n", &note(5, "there")).await.unwrap();
            for next in [0, 4, 5, 7] {
                let refused = write(&ports, 5, next).await;
                assert!(matches!(refused, Err(KvError::Refused(_))), "{next}: {refused:?}");
            }
            assert_eq!(stored(&kv).await, Some(note(5, "there")));
            assert_eq!(kv.all_keys().await, ["n"]);
            assert!(matches!(write(&ports, 5, 6).await, Ok(Updated::Done(_))));
        }
    });
}

#[test]
fn a_record_that_can_not_be_read_is_not_written_over() {
    run(async {
        for store in both_stores() {
            let (kv, _, ports) = ScriptedKv::over(store);
            kv.set("n", b"{\"version\":").await.unwrap();
            for version in [0, 1] {
                let refused = write(&ports, version, version + 1).await;
                let Err(KvError::Corrupt { key, .. }) = refused else {
                    unreachable!("{refused:?}")
                };
                assert_eq!(key, "n");
            }
            assert_eq!(kv.peek("n").await.unwrap(), b"{\"version\":");
            assert_eq!(kv.all_keys().await, ["n"], "no flag stays up");
        }
    });
}

#[test]
fn who_does_not_get_the_claim_is_told_so() {
    run(async {
        let (kv, _, ports) = ScriptedKv::new();
        kv.increment(&format!("n/claim/0/{}", EPOCH.0 / 30_000), 1)
            .await
            .unwrap();
        assert_eq!(write(&ports, 0, 1).await.unwrap(), Updated::Busy);
        assert_eq!(stored(&kv).await, None);
    });
}
