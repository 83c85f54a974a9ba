//! Each kind of request, alone: it crashes at every operation, and every operation fails, with the operation done, not
//! done, or done later. Nothing acknowledged is lost, and two windows later at the latest all is well.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use simulation::{
    accounts,
    call::{Act, Answer},
    judge,
    stage::{Effect, Fate, Stage, Violation},
    tokens::EPOCH,
    world::Setting,
};

const USER: usize = 0;
const WINDOW: u64 = common::store::claim::WINDOW.as_millis() as u64;

const LIST: Act = Act::List {
    limit: 10,
    before: None,
};

fn kinds() -> Vec<Act> {
    vec![
        Act::Create(None),
        Act::Create(Some("key".to_owned())),
        Act::Read(2),
        LIST,
        Act::Replace(2, 1),
        Act::Replace(2, 7),
        Act::Replace(9, 1),
        Act::Remove(2, 1),
    ]
}

fn fates() -> impl Iterator<Item = Fate> {
    let effects = [Effect::Done, Effect::Never, Effect::Late];
    effects
        .into_iter()
        .flat_map(|effect| [Fate::Crashed(effect), Fate::Failed(effect)])
}

/// Three memos, then the request; its operation number `at` has this fate. Tells whether it came that far.
fn disturbed(stage: &mut Stage, setting: Setting, act: &Act, at: usize, fate: Fate) -> Result<bool, Violation> {
    stage.reset(setting);
    for text in ["one", "two", "three"] {
        stage.perform(USER, 0, Act::Create(None), text)?;
    }
    stage.begin(USER, 0, act.clone(), "disturbed")?;
    let mut done = 0;
    while stage.under_way() > 0 {
        let fate = if done == at { fate } else { Fate::Granted };
        stage.grant(0, fate)?;
        done += 1;
    }
    Ok(done > at)
}

/// Others come by at once; what was on its way arrives; two windows later everything works.
fn aftermath(stage: &mut Stage, act: &Act) -> Result<(), Violation> {
    stage.perform(USER, 1, LIST, "")?;
    stage.perform(USER, 1, Act::Replace(2, 1), "meanwhile")?;
    if let Act::Create(Some(_)) = act {
        stage.perform(USER, 1, act.clone(), "disturbed")?;
    }
    while !stage.state().ops.is_empty() {
        stage.grant(0, Fate::Granted)?;
    }
    stage.state().pass(2 * WINDOW);
    let live: Vec<(u64, u64)> = stage
        .state()
        .journal
        .live(USER)
        .map(|(id, memo)| (id, memo.version))
        .collect();
    for (id, version) in live {
        let changed = stage.perform(USER, 2, Act::Replace(id, version), &format!("later {id}"))?;
        assert!(matches!(changed, Answer::Memo(_)), "memo {id} is stuck: {changed:?}");
    }
    if let Act::Create(Some(_)) = act {
        let retried = stage.perform(USER, 2, act.clone(), "disturbed")?;
        assert!(matches!(retried, Answer::Memo(_)), "the key is stuck: {retried:?}");
    }
    stage.perform(USER, 2, LIST, "")?;
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
                        let reached = disturbed(&mut stage, setting(traced), &act, at, fate)?;
                        aftermath(&mut stage, &act)?;
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
    assert!(!matches!(retried, Answer::Refused(503, _)), "it is stuck: {retried:?}");
    if let Act::Register(name) = act {
        assert!(
            stage.state().ledger.owner(name).is_some(),
            "the name can't be had: {retried:?}"
        );
    }
    Ok(done > at)
}
