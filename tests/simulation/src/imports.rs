//! A random history of one person who imports a file from several devices, and again where it did not come to its end.

use fastrand::Rng;
use memo_component::catalog::import::LEASE;

use crate::{
    answer::Answer,
    call::Act,
    plan::{Conditions, Plan, Shape},
    services::INSTANCES,
    stage::{Stage, Violation},
    storm::{self, Source},
    world::millis,
};

/// Whose memos they are.
const USER: usize = 0;

/// The most memos that a file has: more than are made together.
const MEMOS_MAX: usize = 40;

/// A file of so many memos. Every second one says the same as the one before it.
pub fn file(count: usize) -> String {
    let memos = (0..count).map(|number| {
        format!(
            "{{\"text\":\"{}\",\"created_at\":\"2020-01-01T00:00:00.000Z\",\"updated_at\":\"2020-01-01T00:00:00.000Z\",\
             \"pinned\":false,\"archived\":false,\"trashed_at\":null}}\n",
            text(number)
        )
    });
    let memos: String = memos.collect();
    format!("{{\"format\":\"memo-export\",\"version\":1}}\n{memos}{{\"count\":{count}}}\n")
}

fn text(number: usize) -> String {
    format!("imported {}", number / 2)
}

/// Runs the history of a seed.
///
/// # Errors
/// The first thing that was promised and does not hold.
pub fn run(stage: &mut Stage, seed: u64, conditions: &Conditions) -> Result<(), Violation> {
    let mut rng = Rng::with_seed(seed);
    let (mut plan, mut setting) = Plan::draw(&mut rng, conditions);
    (setting.plain, setting.limited) = (false, false);
    plan.requests = rng.usize(2..=5);
    let count = match plan.shape {
        Shape::Short => rng.usize(1..=3),
        Shape::Long | Shape::Purged => rng.usize(4..=MEMOS_MAX),
    };
    stage.reset(setting);
    storm::rage(stage, &mut rng, &plan, &mut Imports(count))?;
    storm::calm_down(stage)?;
    settle(stage, &mut rng, count)
}

/// Whoever sends the file again once nobody else does has each memo once, however the others ended.
///
/// # Errors
/// When it is not so.
pub fn settle(stage: &mut Stage, rng: &mut Rng, count: usize) -> Result<(), Violation> {
    stage.state().pass(millis(LEASE));
    let answer = stage.perform(USER, rng.usize(..INSTANCES), Act::Import(count), "")?;
    let Answer::Imported(created, skipped, false) = answer else {
        return Err(Violation(format!("the last import was answered {answer:?}")));
    };
    if created + skipped != count as u64 {
        return Err(Violation(format!(
            "of {count} memos {created} were made and {skipped} there"
        )));
    }
    let mut wanted: Vec<String> = (0..count).map(text).collect();
    wanted.sort_unstable();
    let mut present: Vec<String> = stage
        .state()
        .journal
        .live(USER)
        .map(|(_, memo)| memo.text.clone())
        .collect();
    present.sort_unstable();
    if present != wanted {
        return Err(Violation(format!("imported are {wanted:?}, and there are {present:?}")));
    }
    Ok(())
}

/// Imports of a file of so many memos.
struct Imports(usize);

impl Source for Imports {
    fn next(&mut self, _: &mut Stage, _: &mut Rng) -> (usize, Act, String) {
        (USER, Act::Import(self.0), String::new())
    }
}
