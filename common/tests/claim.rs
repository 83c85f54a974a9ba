//! One winner per version: who gets a claim, what a failure leaves behind, and for how long it is in the way.

use std::{sync::Arc, time::Duration};

use crate::support::{Fault, ScriptedKv, warnings};
use common::{
    store::{
        claim::{Claimed, FRESH, Step, WINDOW, advance},
        kv::{Kv, KvError, MemoryKv},
    },
    testing::{EPOCH, HandClock, run},
    world::{Ports, clock::Clock},
};
use futures::future::join_all;

type Ended = Result<Claimed, KvError>;

/// Writes `new` over whatever is there.
async fn write(ports: &Ports) -> Ended {
    advance(ports, "r", 3, &mut |_: Option<Vec<u8>>| Step::Write(b"new".to_vec())).await
}

async fn delete(ports: &Ports) -> Ended {
    advance(ports, "r", 3, &mut |_: Option<Vec<u8>>| Step::Delete).await
}

async fn leave(ports: &Ports) -> Ended {
    advance(ports, "r", 3, &mut |_: Option<Vec<u8>>| Step::Leave).await
}

/// The window that `EPOCH` is in.
fn window() -> u64 {
    EPOCH.0 / 30_000
}

fn flag(window: u64) -> String {
    format!("r/claim/3/{window}")
}

/// The time until the next window begins.
fn until_next_window() -> Duration {
    Duration::from_millis(30_000 - EPOCH.0 % 30_000)
}

const MILLISECOND: Duration = Duration::from_millis(1);

#[test]
fn only_who_changed_nothing_waits_for_the_flag_to_be_lowered() {
    run(async {
        let (kv, _, mut ports) = ScriptedKv::new();
        // As in an instance that is ended with its answer: what was to be done afterwards is never done.
        ports.afterwards = |_| Box::pin(std::future::ready(()));
        kv.set("r", b"old").await.unwrap();
        assert_eq!(leave(&ports).await.unwrap(), Claimed::Left);
        assert!(!kv.exists(&flag(window())).await.unwrap());
        assert_eq!(write(&ports).await.unwrap(), Claimed::Done);
        assert!(kv.exists(&flag(window())).await.unwrap());
        // Nobody needs it: the next step has another flag.
        let mut next = |_: Option<Vec<u8>>| Step::Write(b"newer".to_vec());
        assert_eq!(advance(&ports, "r", 4, &mut next).await.unwrap(), Claimed::Done);
    });
}

#[test]
fn a_claim_costs_three_reads_and_three_writes_and_leaves_nothing() {
    run(async {
        let (kv, _, ports) = ScriptedKv::new();
        kv.set("r", b"old").await.unwrap();
        kv.operations();
        let (before, own, after) = (flag(window() - 1), flag(window()), flag(window() + 1));
        let raised = [
            format!("increment {own}"),
            format!("exists {before}"),
            format!("exists {after}"),
            "get r".to_owned(),
        ];
        let lowered = format!("delete {own}");
        let mut seen = None;
        let mut take_step = |stored: Option<Vec<u8>>| {
            seen = stored;
            Step::Write(b"new".to_vec())
        };
        let claimed = advance(&ports, "r", 3, &mut take_step).await.unwrap();
        assert_eq!((claimed, seen), (Claimed::Done, Some(b"old".to_vec())));
        assert_eq!(
            kv.operations(),
            [&raised[..], &["set r".to_owned(), lowered.clone()]].concat()
        );
        assert_eq!(kv.peek("r").await.unwrap(), b"new");

        assert_eq!(leave(&ports).await.unwrap(), Claimed::Left);
        assert_eq!(kv.operations(), [&raised[..], std::slice::from_ref(&lowered)].concat());
        assert_eq!(kv.peek("r").await.unwrap(), b"new");

        assert_eq!(delete(&ports).await.unwrap(), Claimed::Done);
        assert_eq!(
            kv.operations(),
            [&raised[..], &["delete r".to_owned(), lowered]].concat()
        );
        assert_eq!(kv.all_keys().await, Vec::<String>::new());
        assert_eq!(warnings(), 0);
    });
}

#[test]
fn a_holder_may_sleep_for_twenty_seconds_as_the_docs_say() {
    assert_eq!((WINDOW.as_secs(), FRESH.as_secs()), (30, 10));
}

#[test]
fn a_window_begins_at_its_first_millisecond() {
    run(async {
        let (kv, world, ports) = ScriptedKv::new();
        world.pass(until_next_window() - MILLISECOND);
        for expected in [window(), window() + 1] {
            write(&ports).await.unwrap();
            assert_eq!(kv.operations()[0], format!("increment {}", flag(expected)));
            world.pass(MILLISECOND);
        }
        world.pass(WINDOW - MILLISECOND);
        write(&ports).await.unwrap();
        assert_eq!(kv.operations()[0], format!("increment {}", flag(window() + 2)));
    });
}

#[test]
fn who_comes_second_in_a_window_loses_and_leaves_the_winners_flag_up() {
    run(async {
        let (kv, _, ports) = ScriptedKv::new();
        kv.increment(&flag(window()), 1).await.unwrap();
        kv.operations();
        for _ in 0..2 {
            assert_eq!(write(&ports).await.unwrap(), Claimed::Busy);
            assert_eq!(kv.operations(), [format!("increment {}", flag(window()))]);
        }
        assert_eq!(kv.all_keys().await, [flag(window())]);
    });
}

#[test]
fn who_sees_a_flag_in_a_neighbouring_window_loses_and_lowers_only_its_own() {
    run(async {
        for other in [window() - 1, window() + 1] {
            let (kv, _, ports) = ScriptedKv::new();
            kv.increment(&flag(other), 1).await.unwrap();
            assert_eq!(write(&ports).await.unwrap(), Claimed::Busy);
            assert_eq!(kv.all_keys().await, [flag(other)]);
        }
        for far in [window() - 2, window() + 2] {
            let (kv, _, ports) = ScriptedKv::new();
            kv.increment(&flag(far), 1).await.unwrap();
            assert_eq!(write(&ports).await.unwrap(), Claimed::Done);
        }
    });
}

#[test]
fn a_claim_is_of_one_version_of_one_record() {
    run(async {
        let (kv, _, ports) = ScriptedKv::new();
        for other in ["r/claim/2", "r/claim/4", "s/claim/3"] {
            kv.increment(&format!("{other}/{}", window()), 1).await.unwrap();
        }
        assert_eq!(write(&ports).await.unwrap(), Claimed::Done);
        assert_eq!(kv.all_keys().await.len(), 4);
    });
}

#[test]
fn a_dead_claim_is_in_the_way_for_two_windows_and_no_longer() {
    run(async {
        let (kv, world, ports) = ScriptedKv::new();
        world.pass(until_next_window());
        // Its holder dies before it writes.
        kv.fault_at(4, Fault::Before);
        write(&ports).await.unwrap_err();
        for _ in 0..2 {
            assert_eq!(write(&ports).await.unwrap(), Claimed::Busy);
            world.pass(WINDOW - MILLISECOND);
            assert_eq!(write(&ports).await.unwrap(), Claimed::Busy);
            world.pass(MILLISECOND);
        }
        assert_eq!(write(&ports).await.unwrap(), Claimed::Done);
    });
}

#[test]
fn a_holder_that_was_held_up_changes_nothing() {
    run(async {
        // Whether it was held up before it raised the flag, looked at the others or read again.
        for operation in 0..4 {
            let (kv, _, ports) = ScriptedKv::new();
            kv.set("r", b"old").await.unwrap();
            for (late, done) in [(MILLISECOND, true), (Duration::ZERO, false)] {
                kv.fault_at(operation, Fault::Takes(FRESH - late));
                let expected = if done { Claimed::Done } else { Claimed::Busy };
                assert_eq!(write(&ports).await.unwrap(), expected, "{operation}");
                let stored: &[u8] = if done { b"new" } else { b"old" };
                assert_eq!(kv.peek("r").await.unwrap(), stored);
                assert_eq!(kv.all_keys().await, ["r"], "the flag is down");
                kv.set("r", b"old").await.unwrap();
            }
            kv.fault_at(operation, Fault::Takes(FRESH));
            assert_eq!(delete(&ports).await.unwrap(), Claimed::Busy);
            assert_eq!(kv.peek("r").await.unwrap(), b"old");
            // It is not asked any more, because it might write something beforehand.
            kv.fault_at(operation, Fault::Takes(FRESH));
            assert_eq!(leave(&ports).await.unwrap(), Claimed::Busy);
        }
    });
}

/// What a failure leaves: whether the change is told as made, whether it was made, and whether the flag is up.
struct Left {
    is_done: bool,
    is_changed: bool,
    flag_is_up: bool,
}

#[test]
fn a_failure_leaves_what_the_docs_say() {
    let left = |is_done, is_changed, flag_is_up| Left {
        is_done,
        is_changed,
        flag_is_up,
    };
    run(async {
        for (operation, fault, expected) in [
            (0, Fault::Before, left(false, false, false)),
            (0, Fault::After, left(false, false, true)),
            // Nothing was sent, so the flag is lowered.
            (1, Fault::Before, left(false, false, false)),
            (2, Fault::Before, left(false, false, false)),
            (3, Fault::Before, left(false, false, false)),
            // The write may still arrive, so the flag stays up.
            (4, Fault::Before, left(false, false, true)),
            (4, Fault::After, left(false, true, true)),
            // Only the flag is left to lower: the change was made.
            (5, Fault::Before, left(true, true, true)),
            (5, Fault::After, left(true, true, false)),
        ] {
            for deletes in [false, true] {
                let (kv, _, ports) = ScriptedKv::new();
                kv.set("r", b"old").await.unwrap();
                kv.fault_at(operation, fault.clone());
                warnings();
                let ended = if deletes {
                    delete(&ports).await
                } else {
                    write(&ports).await
                };
                let stored = kv.peek("r").await;
                let is_changed = stored.as_deref() == if deletes { None } else { Some(b"new") };
                let flag_is_up = kv.peek(&flag(window())).await.is_some();
                let case = format!("{fault:?} at {operation}: {ended:?}");
                assert_eq!(ended.is_ok(), expected.is_done, "{case}");
                assert_eq!(is_changed, expected.is_changed, "{case}");
                assert_eq!(flag_is_up, expected.flag_is_up, "{case}");
                assert!(is_changed || stored.as_deref() == Some(b"old"), "{case}");
                assert_eq!(warnings(), usize::from(operation == 5), "{case}");
            }
        }
    });
}

#[test]
fn a_flag_that_can_not_be_lowered_does_not_hide_why() {
    run(async {
        // Somebody's flag is up next door, and our own can't be lowered: the answer is still the same.
        let (kv, _, ports) = ScriptedKv::new();
        kv.increment(&flag(window() + 1), 1).await.unwrap();
        kv.fault_at(3, Fault::Before);
        assert_eq!(write(&ports).await.unwrap(), Claimed::Busy);
        assert_eq!((kv.all_keys().await.len(), warnings()), (2, 1));
    });
}

#[test]
fn of_writers_around_an_edge_at_most_one_wins() {
    run(async {
        let (mut winners_in_all, mut without_winner) = (0, 0);
        for seed in 1..3000 {
            let (kv, _, ports) = ScriptedKv::new();
            kv.shuffle(seed);
            let mut rng = fastrand::Rng::with_seed(seed);
            let writers = (0..3).map(|_| {
                let clock = HandClock::default();
                // Clocks a little apart, so that some are in this window and some in the next.
                clock.pass(until_next_window() - Duration::from_secs(1) + Duration::from_millis(rng.u64(0..2000)));
                Ports {
                    clock: Arc::new(clock) as Arc<dyn Clock>,
                    ..ports.clone()
                }
            });
            let writers: Vec<Ports> = writers.collect();
            // The record's first version is there for one only: who wins writes it.
            let first = writers.iter().map(async |ports| {
                let mut take_step = |stored: Option<Vec<u8>>| match stored {
                    None => Step::Write(b"1".to_vec()),
                    Some(_) => Step::Leave,
                };
                advance(ports, "r", 0, &mut take_step).await
            });
            let ended = join_all(first).await;
            let winners = ended.iter().filter(|ended| matches!(ended, Ok(Claimed::Done))).count();
            assert!(winners <= 1, "seed {seed}: {ended:?}");
            assert_eq!(winners == 1, kv.peek("r").await.is_some(), "seed {seed}");
            winners_in_all += winners;
            without_winner += usize::from(winners == 0);
            let flags = kv.all_keys().await.len() - winners;
            assert!(
                flags <= 1,
                "seed {seed}: flags stay up only where the last one came after the winner's deletion"
            );
        }
        assert!(
            winners_in_all > 1000 && without_winner > 0,
            "{winners_in_all}, {without_winner}"
        );
    });
}

#[test]
fn without_increment_a_change_is_written_and_read_again() {
    run(async {
        let (kv, _, ports) = ScriptedKv::over(MemoryKv::without_increment());
        assert_eq!(write(&ports).await.unwrap(), Claimed::Done);
        assert_eq!(kv.operations(), ["get r", "set r", "get r"]);
        assert_eq!(leave(&ports).await.unwrap(), Claimed::Left);
        assert_eq!(kv.operations(), ["get r"]);
        assert_eq!(delete(&ports).await.unwrap(), Claimed::Done);
        assert_eq!(kv.operations(), ["get r", "delete r"]);
        assert_eq!(kv.all_keys().await, Vec::<String>::new());
    });
}

#[test]
fn without_increment_who_is_overwritten_has_not_won() {
    run(async {
        for (fault, expected) in [
            (Fault::Overwritten(b"theirs"), Claimed::Busy),
            (Fault::Overwritten(b"new"), Claimed::Done),
            (Fault::Deleted, Claimed::Busy),
        ] {
            let (kv, _, ports) = ScriptedKv::over(MemoryKv::without_increment());
            kv.fault_at(1, fault.clone());
            assert_eq!(write(&ports).await.unwrap(), expected, "{fault:?}");
        }
        for operation in 0..3 {
            let (kv, _, ports) = ScriptedKv::over(MemoryKv::without_increment());
            kv.fault_at(operation, Fault::Before);
            assert!(write(&ports).await.is_err(), "{operation}");
            assert_eq!(kv.peek("r").await.is_some(), operation == 2);
        }
    });
}
