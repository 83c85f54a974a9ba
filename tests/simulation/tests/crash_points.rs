//! Each kind of request, alone: it crashes at every operation, and every operation fails, with the operation done, not
//! done, or done later. Nothing acknowledged is lost, and two windows later at the latest all is well.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use fastrand::Rng;
use simulation::{
    accounts,
    answer::Answer,
    call::{Act, Among},
    deletions::{self, Deed},
    follower::Follower,
    history, imports, judge, months, script,
    stage::{Effect, Fate, Stage, Violation},
    tokens::EPOCH,
    world::Setting,
};

const USER: usize = 0;
const WINDOW: u64 = common::store::claim::WINDOW.as_millis() as u64;
const DAY: u64 = 24 * 60 * 60 * 1000;

const LIST: Act = Act::list(Among::All, 10);

/// Three memos, one in the trash, and one that had another text.
const PREPARED: usize = 5;

fn kinds() -> Vec<Act> {
    let text = |text: &str| text.to_owned();
    vec![
        Act::Create(None),
        Act::Create(Some(text("key"))),
        Act::Read(2),
        LIST,
        Act::list(Among::Tagged("a"), 10),
        Act::list(Among::Saying("memo"), 10),
        Act::Replace(2, 1),
        Act::Replace(2, 7),
        Act::Replace(9, 1),
        Act::Replace(4, 2),
        Act::Archive(2, 1, true),
        Act::Remove(2, 1),
        Act::Remove(4, 2),
        Act::Restore(4, None),
        Act::Restore(4, Some(2)),
        Act::Versions(5),
        Act::Revert(5, 1),
        Act::EmptyTrash,
        Act::Changes { limit: 2, since: None },
        Act::Tags,
        Act::Batch(vec![
            (Act::Replace(2, 1), text("first #a")),
            (Act::Remove(2, 2), text("")),
            (Act::Create(Some(text("key"))), text("disturbed")),
            (Act::Restore(4, Some(2)), text("")),
        ]),
        Act::Maintain,
    ]
}

/// Whether it, or a part of it, is a create with the key.
fn is_keyed(act: &Act) -> bool {
    match act {
        Act::Create(key) => key.is_some(),
        Act::Batch(parts) => parts.iter().any(|(act, _)| is_keyed(act)),
        _ => false,
    }
}

fn fates() -> impl Iterator<Item = Fate> {
    let effects = [Effect::Done, Effect::Never, Effect::Late];
    effects
        .into_iter()
        .flat_map(|effect| [Fate::Crashed(effect), Fate::Failed(effect)])
}

/// Some memos, then the request; its operation number `at` has this fate. Tells whether it came that far.
fn disturbed(stage: &mut Stage, act: &Act, at: usize, fate: Fate) -> Result<bool, Violation> {
    stage.begin(USER, 0, act.clone(), "disturbed")?;
    let mut done = 0;
    while stage.under_way() > 0 {
        let fate = if done == at { fate } else { Fate::Granted };
        stage.grant(0, fate)?;
        done += 1;
    }
    Ok(done > at)
}

fn prepare(stage: &mut Stage, setting: Setting) -> Result<(), Violation> {
    stage.reset(setting);
    months::swept_until_now(stage);
    for id in 1..=PREPARED {
        stage.perform(USER, 0, Act::Create(None), &format!("memo {id} #a"))?;
    }
    stage.perform(USER, 0, Act::Remove(4, 1), "")?;
    stage.perform(USER, 0, Act::Replace(5, 1), "another text #b")?;
    Ok(())
}

/// Others come by at once; what was on its way arrives; two windows later everything works.
fn aftermath(stage: &mut Stage, act: &Act) -> Result<(), Violation> {
    let keyed = Act::Create(Some("key".to_owned()));
    stage.perform(USER, 1, LIST, "")?;
    stage.perform(USER, 1, Act::Replace(2, 1), "meanwhile")?;
    stage.perform(USER, 1, Act::Restore(4, None), "")?;
    if is_keyed(act) {
        stage.perform(USER, 1, keyed.clone(), "disturbed")?;
    }
    while !stage.state().ops.is_empty() {
        stage.grant(0, Fate::Granted)?;
    }
    stage.state().pass(2 * WINDOW);
    let live: Vec<(u64, u64, bool)> = stage
        .state()
        .journal
        .live(USER)
        .map(|(id, memo)| (id, memo.version, memo.trashed_at.is_some()))
        .collect();
    for (id, version, is_trashed) in live {
        let change = if is_trashed {
            Act::Restore(id, Some(version))
        } else {
            Act::Replace(id, version)
        };
        stage.perform(USER, 2, Act::Versions(id), "")?;
        let changed = stage.perform(USER, 2, change, &format!("later {id}"))?;
        assert!(matches!(changed, Answer::Memo(_)), "memo {id} is stuck: {changed:?}");
    }
    if is_keyed(act) {
        let retried = stage.perform(USER, 2, keyed, "disturbed")?;
        assert!(matches!(retried, Answer::Memo(_)), "the key is stuck: {retried:?}");
    }
    stage.perform(USER, 2, LIST, "")?;
    stage.perform(USER, 2, Act::list(Among::Saying("later"), 10), "")?;
    history::quota(stage, USER)?;
    history::tags(stage, &mut Rng::with_seed(0), USER)?;
    let state = stage.state();
    judge::history(&state.journal, &stage.calls).map_err(Violation)
}

#[test]
fn a_request_may_end_at_any_operation() {
    let mut stage = Stage::new();
    let mut cases = 0;
    for act in kinds() {
        for fate in fates() {
            // In the middle of a window, at its beginning and at its end.
            for into in [0, WINDOW / 2, WINDOW - 1] {
                for at in 0.. {
                    let start = EPOCH / WINDOW * WINDOW + into;
                    let setting = |traced| Setting {
                        start,
                        traced,
                        ..Setting::calm()
                    };
                    let mut run = |traced| {
                        let mut rng = Rng::with_seed(0);
                        prepare(&mut stage, setting(traced))?;
                        let mut follower = Follower::new(&mut rng, 1, false);
                        follower.settle(&mut stage, &mut rng)?;
                        let reached = disturbed(&mut stage, &act, at, fate)?;
                        aftermath(&mut stage, &act)?;
                        follower.settle(&mut stage, &mut rng)?;
                        Ok(reached)
                    };
                    match run(false) {
                        Ok(true) => cases += 1,
                        Ok(false) => break,
                        Err(Violation(what)) => {
                            let _ = run(true);
                            let trace = stage.state().trace.join("\n");
                            panic!("{trace}\n{act:?}, operation {at} {fate:?}, {into} ms into a window: {what}");
                        }
                    }
                }
            }
        }
    }
    eprintln!("{cases} cases");
    assert!(cases > 500, "only {cases} cases");
}

/// What is due goes, and nothing else, wherever maintenance ends; and what it began the next one finishes.
#[test]
fn maintenance_may_end_at_any_operation() {
    let mut stage = Stage::new();
    let mut cases = 0;
    for fate in fates() {
        for days in [8, 32] {
            for at in 0.. {
                match maintained(&mut stage, days, at, fate) {
                    Ok(true) => cases += 1,
                    Ok(false) => break,
                    Err(Violation(what)) => {
                        panic!("after {days} days, operation {at} {fate:?}: {what}")
                    }
                }
            }
        }
    }
    eprintln!("{cases} cases");
    assert!(cases > 100, "only {cases} cases");
}

fn maintained(stage: &mut Stage, days: u64, at: usize, fate: Fate) -> Result<bool, Violation> {
    prepare(stage, Setting::calm())?;
    stage.perform(USER, 0, Act::Create(Some("key".to_owned())), "keyed")?;
    stage.perform(USER, 0, Act::Remove(5, 2), "")?;
    stage.perform(USER, 0, Act::Restore(5, None), "")?;
    stage.perform(USER, 0, Act::Remove(3, 1), "")?;
    stage.state().pass(days * DAY);
    let reached = disturbed(stage, &Act::Maintain, at, fate)?;
    // Another one comes at once.
    months::sweep(stage, 1)?;
    while !stage.state().ops.is_empty() {
        stage.grant(0, Fate::Granted)?;
    }
    for _ in 0..2 {
        stage.state().pass(DAY);
        months::sweep(stage, 2)?;
    }
    months::judge(&stage.state()).map_err(Violation)?;
    let left = stage.state().journal.live(USER).count();
    let expected = if days > 30 { 4 } else { 6 };
    assert_eq!(left, expected, "memos are left after {days} days");
    assert_eq!(stage.state().journal.keys().count(), 0, "the key is still known");
    history::quota(stage, USER)?;
    let state = stage.state();
    judge::history(&state.journal, &stage.calls).map_err(Violation)?;
    Ok(reached)
}

/// The same for the auth service. A registration hashes a password, so it is tried in the middle of a window only.
#[test]
fn a_request_to_the_auth_service_may_end_at_any_operation() {
    let mut stage = Stage::new();
    let mut cases = 0;
    let kinds = |token: &str| {
        [
            Act::Register("ann".to_owned()),
            Act::Keys,
            Act::Refresh(token.to_owned()),
            Act::SignOut(token.to_owned()),
        ]
    };
    for kind in 0..4 {
        for fate in fates() {
            for at in 0.. {
                let setting = Setting {
                    start: EPOCH / WINDOW * WINDOW + WINDOW / 2,
                    ..Setting::calm()
                };
                stage.reset_auth(setting, kind != 1);
                let token = accounts::session(&stage);
                let act = kinds(&token)[kind].clone();
                match ending(&mut stage, &act, at, fate) {
                    Ok(true) => cases += 1,
                    Ok(false) => break,
                    Err(what) => panic!("{act:?}, operation {at} {fate:?}: {what:?}"),
                }
            }
        }
    }
    eprintln!("{cases} cases");
    assert!(cases > 100, "only {cases} cases");
}

/// A deletion, in both services: whoever stops it, and wherever, it is finished or has not begun.
#[test]
fn a_deletion_may_end_at_any_operation() {
    let mut stage = Stage::new();
    let mut cases = 0;
    for fate in fates() {
        for retries in [false, true] {
            for at in 0.. {
                match deleted(&mut stage, at, fate, retries) {
                    Ok(true) => cases += 1,
                    Ok(false) => break,
                    Err(what) => panic!("operation {at} {fate:?}, retries {retries}: {what:?}"),
                }
            }
        }
    }
    eprintln!("{cases} cases");
    assert!(cases > 500, "only {cases} cases");
}

/// The deletion ends, somebody signs in and writes at once, and perhaps asks again.
fn deleted(stage: &mut Stage, at: usize, fate: Fate, retries: bool) -> Result<bool, Violation> {
    let setting = Setting {
        start: EPOCH / WINDOW * WINDOW + WINDOW / 2,
        ..Setting::calm()
    };
    let id = deletions::begin(stage, setting);
    let deed = Act::Deletion;
    let Answer::Entered(entry) = stage.perform(USER, 0, deed(Deed::Enter), "")? else {
        panic!("nobody signs in");
    };
    for text in ["one", "two"] {
        stage.perform(USER, 0, deed(Deed::Write(entry.access.clone())), text)?;
    }
    let delete = deed(Deed::Delete(entry.access.clone()));
    let reached = disturbed(stage, &delete, at, fate)?;
    for meanwhile in [
        Deed::Write(entry.access.clone()),
        Deed::Refresh(entry.refresh.clone()),
        Deed::Enter,
    ] {
        stage.perform(USER, 1, deed(meanwhile), "meanwhile")?;
    }
    while !stage.state().ops.is_empty() {
        stage.grant(0, Fate::Granted)?;
    }
    stage.state().pass(2 * WINDOW);
    if retries {
        stage.perform(USER, 2, delete, "")?;
    }
    deletions::settle(stage, &mut Rng::with_seed(0), &id)?;
    Ok(reached)
}

/// An import, however it ended: another device sends the same at once, and again when the lease is over.
#[test]
fn an_import_may_end_at_any_operation() {
    let mut stage = Stage::new();
    let mut cases = 0;
    for fate in fates() {
        for at in 0.. {
            match imported(&mut stage, at, fate) {
                Ok(true) => cases += 1,
                Ok(false) => break,
                Err(what) => panic!("operation {at} {fate:?}: {what:?}"),
            }
        }
    }
    eprintln!("{cases} cases");
    assert!(cases > 100, "only {cases} cases");
}

fn imported(stage: &mut Stage, at: usize, fate: Fate) -> Result<bool, Violation> {
    const MEMOS: usize = 3;
    stage.reset(Setting::calm());
    stage.perform(USER, 0, LIST, "")?;
    let call = stage.begin(USER, 0, Act::Import(MEMOS), "")?;
    let mut done = 0;
    // What arrives late comes after the other's import.
    while let Some(own) = script::next(stage, call) {
        stage.grant(own, if done == at { fate } else { Fate::Granted })?;
        done += 1;
    }
    stage.perform(USER, 1, Act::Import(MEMOS), "")?;
    while !stage.state().ops.is_empty() {
        stage.grant(0, Fate::Granted)?;
    }
    stage.state().pass(2 * WINDOW);
    imports::settle(stage, &mut Rng::with_seed(0), MEMOS)?;
    Ok(done > at)
}

/// The request ends, somebody tries the same at once, and again after two windows: then it works, or is done.
fn ending(stage: &mut Stage, act: &Act, at: usize, fate: Fate) -> Result<bool, Violation> {
    stage.begin(USER, 0, act.clone(), "")?;
    let mut done = 0;
    while stage.under_way() > 0 {
        stage.grant(0, if done == at { fate } else { Fate::Granted })?;
        done += 1;
    }
    stage.perform(USER, 1, act.clone(), "")?;
    while !stage.state().ops.is_empty() {
        stage.grant(0, Fate::Granted)?;
    }
    stage.state().pass(2 * WINDOW);
    let retried = stage.perform(USER, 2, act.clone(), "")?;
    assert!(!matches!(retried, Answer::Refused(503)), "it is stuck: {retried:?}");
    if let Act::Register(name) = act {
        assert!(
            stage.state().ledger.owner(name).is_some(),
            "the name can't be had: {retried:?}"
        );
    }
    Ok(done > at)
}
