//! What is noted, what is jumped over, and the limits of both.

use super::*;

const LONG_AGO: Timestamp = Timestamp(0);
const NOW: Timestamp = Timestamp(1_000_000);

fn walk(from: u64, memos: &[u64], memo_created_at: Timestamp) -> Walk {
    let mut walk = Walk::down_from(from);
    for id in walk.next_ids(1000, None) {
        if memos.contains(&id.0) {
            walk.saw_memo(id, memo_created_at)
        } else {
            walk.saw_hole(id)
        }
    }
    walk
}

#[test]
fn holes_below_an_old_memo_are_noted_and_jumped_over() {
    let skip = walk(100, &[100, 3], LONG_AGO)
        .learn(Skip::default(), MemoId(100), NOW)
        .unwrap();
    assert_eq!(
        skip.runs,
        [Run {
            high: MemoId(99),
            low: MemoId(4)
        }]
    );
    let mut second = Walk::down_from(100);
    assert_eq!(second.next_ids(3, Some(&skip)), [MemoId(100), MemoId(3), MemoId(2)]);
    assert_eq!(second.position(), Some(MemoId(1)));
}

#[test]
fn a_hole_whose_create_may_still_be_under_way_is_not_noted() {
    let young = Timestamp(NOW.0 - 1000);
    let skip = walk(100, &[100], young)
        .learn(Skip::default(), MemoId(100), NOW)
        .unwrap();
    assert!(skip.runs.is_empty());
    assert_eq!((skip.head, skip.head_at), (Some(MemoId(100)), Some(NOW)));
    // A second later that head is still young: nothing new, and it must not be put off again.
    assert_eq!(
        walk(100, &[100], young).learn(skip.clone(), MemoId(100), NOW + Duration::from_secs(1)),
        None
    );
    let later = walk(100, &[], young).learn(skip, MemoId(100), NOW + SETTLED).unwrap();
    assert_eq!(
        later.runs,
        [Run {
            high: MemoId(100),
            low: MemoId(1)
        }]
    );
}

#[test]
fn a_walk_that_ends_in_a_run_has_no_more() {
    let skip = Skip {
        runs: vec![Run {
            high: MemoId(50),
            low: MemoId(1),
        }],
        ..Skip::default()
    };
    let mut walk = Walk::down_from(52);
    assert_eq!(walk.next_ids(2, Some(&skip)), [MemoId(52), MemoId(51)]);
    assert!(walk.next_ids(5, Some(&skip)).is_empty());
    assert_eq!(walk.position(), None);
}

#[test]
fn runs_that_touch_become_one_and_short_ones_are_dropped() {
    let run = |high, low| Run {
        high: MemoId(high),
        low: MemoId(low),
    };
    assert_eq!(merge(vec![run(10, 5), run(30, 20), run(19, 11)]), [run(30, 5)]);
    assert_eq!(longest(vec![run(100, 50), run(10, 5)]), [run(100, 50)]);
    let many: Vec<Run> = (0..500_u64).rev().map(|i| run(i * 100 + 40 + i % 2, i * 100)).collect();
    assert_eq!(longest(many).len(), RUNS_MAX);
}

fn run(high: u64, low: u64) -> Run {
    Run {
        high: MemoId(high),
        low: MemoId(low),
    }
}

fn noted(runs: &[Run]) -> Skip {
    Skip {
        runs: runs.to_vec(),
        ..Skip::default()
    }
}

/// What a walk down from `from` adds to an empty note, where these ids have memos that are old.
fn learnt(from: u64, memos: &[u64]) -> Option<Skip> {
    walk(from, memos, LONG_AGO).learn(Skip::default(), MemoId(from), NOW)
}

#[test]
fn a_run_is_noted_from_its_shortest_length_on() {
    assert_eq!(RUN_MIN, 32);
    assert_eq!(learnt(33, &[33, 1]), None, "31 holes");
    assert_eq!(learnt(34, &[34, 1]), Some(noted(&[run(33, 2)])), "32 holes");
    assert_eq!(learnt(33, &[33]), Some(noted(&[run(32, 1)])), "down to the first id");
    // A memo in the middle makes two runs of them.
    assert_eq!(learnt(64, &[64, 32]), None);
    assert_eq!(learnt(66, &[66, 33]), Some(noted(&[run(65, 34), run(32, 1)])));
}

#[test]
fn a_head_is_noted_only_for_a_run_that_is_worth_it() {
    let young = Timestamp(NOW.0 - 1);
    for (from, is_noted) in [(32, false), (33, true)] {
        let learnt = walk(from, &[from], young).learn(Skip::default(), MemoId(from), NOW);
        assert_eq!(learnt.is_some(), is_noted, "{from}");
    }
}

#[test]
fn a_memo_settles_the_holes_below_it_on_the_millisecond() {
    let settled = u64::try_from(SETTLED.as_millis()).unwrap();
    for (age, is_settled) in [(settled - 1, false), (settled, true)] {
        let learnt = walk(100, &[100], Timestamp(NOW.0 - age)).learn(Skip::default(), MemoId(100), NOW);
        assert_eq!(!learnt.unwrap().runs.is_empty(), is_settled, "{age} ms");
    }
    // The newest of the old memos counts, wherever the young ones are.
    let mut walk = Walk::down_from(200);
    for id in walk.next_ids(200, None) {
        match id.0 {
            200 => walk.saw_memo(id, NOW),
            150 | 50 => walk.saw_memo(id, LONG_AGO),
            _ => walk.saw_hole(id),
        }
    }
    let learnt = walk.learn(Skip::default(), MemoId(200), NOW).unwrap();
    assert_eq!(learnt.runs, [run(149, 51), run(49, 1)]);
    assert_eq!(
        learnt.head,
        Some(MemoId(200)),
        "the holes above the old memo are for later"
    );
}

#[test]
fn a_memo_of_the_future_settles_nothing() {
    let learnt = walk(100, &[100], NOW + SETTLED * 2).learn(Skip::default(), MemoId(100), NOW);
    assert!(learnt.unwrap().runs.is_empty());
}

#[test]
fn a_noted_head_settles_itself_and_all_below_on_the_millisecond() {
    let skip = Skip {
        head: Some(MemoId(100)),
        head_at: Some(NOW),
        ..Skip::default()
    };
    let holes = walk(150, &[], NOW);
    assert_eq!(
        holes.learn(skip.clone(), MemoId(150), NOW + (SETTLED - Duration::from_millis(1))),
        None
    );
    let now = NOW + SETTLED;
    let learnt = holes.learn(skip, MemoId(150), now).unwrap();
    assert_eq!(learnt.runs, [run(100, 1)]);
    // The old head is used up, and the holes above it wait for the new one.
    assert_eq!((learnt.head, learnt.head_at), (Some(MemoId(150)), Some(now)));
}

#[test]
fn a_head_whose_time_is_not_known_settles_nothing() {
    for skip in [
        Skip {
            head: Some(MemoId(100)),
            ..Skip::default()
        },
        Skip {
            head_at: Some(LONG_AGO),
            ..Skip::default()
        },
    ] {
        let learnt = walk(100, &[], NOW).learn(skip, MemoId(100), NOW).unwrap();
        assert!(learnt.runs.is_empty());
        assert_eq!((learnt.head, learnt.head_at), (Some(MemoId(100)), Some(NOW)));
    }
}

#[test]
fn the_higher_of_memo_and_head_settles() {
    let skip = Skip {
        head: Some(MemoId(40)),
        head_at: Some(LONG_AGO),
        ..Skip::default()
    };
    let learnt = walk(100, &[80], LONG_AGO)
        .learn(skip.clone(), MemoId(100), NOW)
        .unwrap();
    assert_eq!(learnt.runs, [run(79, 1)]);
    let learnt = walk(100, &[20], LONG_AGO).learn(skip, MemoId(100), NOW).unwrap();
    assert_eq!(learnt.runs, [], "40 to 21 are too few, and 19 to 1");
    assert_eq!(learnt.head, Some(MemoId(100)));
}

#[test]
fn a_walk_that_saw_nothing_new_writes_nothing() {
    let skip = noted(&[run(99, 1)]);
    let mut walk = Walk::down_from(100);
    assert_eq!(walk.next_ids(10, Some(&skip)), [MemoId(100)]);
    walk.saw_memo(MemoId(100), LONG_AGO);
    assert_eq!(walk.learn(skip, MemoId(100), NOW), None);
    assert_eq!(Walk::down_from(0).learn(Skip::default(), MemoId(0), NOW), None);
}

#[test]
fn a_run_that_grows_is_noted_as_one() {
    let learnt = walk(150, &[150], LONG_AGO).learn(noted(&[run(100, 1)]), MemoId(150), NOW);
    assert_eq!(learnt.unwrap().runs, [run(149, 1)]);
}

#[test]
fn an_id_is_in_a_run_with_both_its_ends() {
    let skip = noted(&[run(80, 60), run(40, 10)]);
    for (id, below) in [
        (81, Some(81)),
        (80, Some(59)),
        (60, Some(59)),
        (59, Some(59)),
        (41, Some(41)),
        (40, Some(9)),
        (10, Some(9)),
        (9, Some(9)),
        (1, Some(1)),
        (0, None),
    ] {
        assert_eq!(skip.below(id), below, "{id}");
    }
    let to_the_end = noted(&[run(40, 1)]);
    assert_eq!(
        (to_the_end.below(41), to_the_end.below(40), to_the_end.below(1)),
        (Some(41), None, None)
    );
}

#[test]
fn a_walk_ends_at_the_first_id_and_counts_what_it_looked_at() {
    let mut walk = Walk::down_from(3);
    assert_eq!((walk.position(), walk.looked_at()), (Some(MemoId(3)), 0));
    assert_eq!(walk.next_ids(0, None), []);
    assert_eq!((walk.position(), walk.looked_at()), (Some(MemoId(3)), 0));
    assert_eq!(walk.next_ids(2, None), [MemoId(3), MemoId(2)]);
    assert_eq!((walk.position(), walk.looked_at()), (Some(MemoId(1)), 2));
    assert_eq!(walk.next_ids(2, None), [MemoId(1)]);
    assert_eq!((walk.position(), walk.looked_at()), (None, 3));
    assert_eq!(walk.next_ids(2, None), []);
    assert_eq!((walk.position(), walk.looked_at()), (None, 3));
    assert_eq!(Walk::down_from(0).position(), None);
}

#[test]
fn a_walk_that_went_back_looks_again() {
    let mut walk = Walk::down_from(10);
    walk.next_ids(4, None);
    walk.go_back_to(MemoId(8));
    assert_eq!(walk.position(), Some(MemoId(8)));
    assert_eq!(walk.next_ids(2, None), [MemoId(8), MemoId(7)]);
    walk.next_ids(10, None);
    walk.go_back_to(MemoId(1));
    assert_eq!(walk.position(), Some(MemoId(1)), "also from the end");
}

#[test]
fn a_walk_looks_for_the_note_when_half_a_page_is_holes() {
    for (limit, holes) in [
        (1, 1),
        (2, 1),
        (3, 1),
        (4, 2),
        (10, 5),
        (31, 15),
        (32, 16),
        (33, 16),
        (100, 16),
    ] {
        let mut walk = Walk::down_from(100);
        for id in walk.next_ids(holes - 1, None) {
            walk.saw_hole(id);
        }
        assert!(!walk.is_full_of_holes(limit), "{limit}");
        for id in walk.next_ids(1, None) {
            walk.saw_hole(id);
        }
        assert!(walk.is_full_of_holes(limit), "{limit}");
    }
}

#[test]
fn a_run_has_its_length() {
    assert_eq!((run(7, 7).len(), run(8, 7).len(), run(40, 9).len()), (1, 2, 32));
}

#[test]
fn runs_are_split_where_an_id_is_missing() {
    let ids: Vec<MemoId> = [9, 8, 6, 5, 4, 2].map(MemoId).to_vec();
    assert_eq!(runs(&ids).collect::<Vec<_>>(), [run(9, 8), run(6, 4), run(2, 2)]);
    assert_eq!(runs(&[]).count(), 0);
}

#[test]
fn runs_are_merged_where_they_touch_and_not_across_a_memo() {
    assert_eq!(merge(vec![run(10, 5), run(20, 11)]), [run(20, 5)]);
    assert_eq!(merge(vec![run(10, 5), run(20, 12)]), [run(20, 12), run(10, 5)]);
    assert_eq!(
        merge(vec![run(20, 5), run(10, 7)]),
        [run(20, 5)],
        "one inside the other"
    );
    assert_eq!(merge(vec![run(20, 8), run(10, 3)]), [run(20, 3)], "overlapping");
    assert_eq!(merge(vec![]), []);
}

#[test]
fn of_too_many_runs_the_shortest_go() {
    let long = |number: u64| run(number * 100 + 50, number * 100);
    let kept: Vec<Run> = (0..256).rev().map(long).collect();
    assert_eq!(longest(kept.clone()), kept);
    // Wherever the short one stands.
    for at in [0, 128, 256] {
        let mut runs: Vec<Run> = (0..257).rev().map(long).collect();
        let short = &mut runs[at];
        short.high = MemoId(short.low.0 + 40);
        let mut expected = runs.clone();
        expected.remove(at);
        assert_eq!(longest(runs), expected, "{at}");
    }
    // Of equals the lowest goes.
    let equal: Vec<Run> = (0..257).rev().map(long).collect();
    assert_eq!(longest(equal.clone()), equal[..256]);
    assert_eq!(longest(vec![run(31, 1), run(32, 1)]), [run(32, 1)]);
}

#[test]
fn many_short_runs_do_not_push_out_a_long_one() {
    let mut runs: Vec<Run> = (1..=400).rev().map(|number| run(number * 100, number * 100)).collect();
    runs.push(run(50, 1));
    assert_eq!(longest(runs), [run(50, 1)]);
}
