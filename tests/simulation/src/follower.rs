//! A client that knows somebody's memos from the feed alone.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::Value;

use crate::{
    answer::{Answer, Told, unsealed},
    call::Act,
    mutant::Mutant,
    op::CallId,
    services::INSTANCES,
    stage::{Stage, Violation},
};

/// A client that follows the feed.
#[derive(Debug)]
pub struct Follower {
    user: usize,
    limit: usize,
    /// The cursor of the last answer.
    since: Option<String>,
    known: BTreeMap<u64, Told>,
    /// The request under way.
    call: Option<CallId>,
}

impl Follower {
    /// One that knows nothing yet.
    pub fn new(rng: &mut Rng, users: usize, plain: bool) -> Self {
        Self {
            user: rng.usize(..users),
            // Without increment, what is young must fit into one answer.
            limit: if plain { 100 } else { [1, 2, 3, 100][rng.usize(..4)] },
            since: None,
            known: BTreeMap::new(),
            call: None,
        }
    }

    /// Its next request, if it waits for no answer. The request must begin at once.
    pub fn next(&mut self, stage: &mut Stage) -> Option<(usize, Act)> {
        self.learn(stage);
        if self.call.is_some() {
            return None;
        }
        self.call = Some(stage.calls.len());
        Some((self.user, self.act()))
    }

    fn act(&self) -> Act {
        Act::Changes {
            limit: self.limit,
            since: self.since.clone(),
        }
    }

    /// Takes in the answer, where there is one by now. Of a request that failed nothing is known; it is sent again.
    fn learn(&mut self, stage: &mut Stage) {
        let Some(call) = self.call.map(|call| &stage.calls[call]) else {
            return;
        };
        if call.ended.is_none() {
            return;
        }
        let answer = call.answer().cloned();
        self.call = None;
        if let Some(Answer::News(news, next, _)) = answer {
            self.take_in(stage, news, next);
        }
    }

    fn take_in(&mut self, stage: &mut Stage, news: Vec<Told>, next: String) {
        for told in news {
            let known = self.known.get(&told.id).map_or(0, |known| known.version);
            if known <= told.version {
                self.known.insert(told.id, told);
            }
        }
        if unsealed(&next)
            .get("open_ids")
            .or(unsealed(&next).get("open_log"))
            .is_some()
        {
            stage.count("open news");
        }
        let is_broken = stage.state().setting.mutant == Mutant::OpenIsForgotten;
        self.since = Some(if is_broken {
            self.without_open(stage, &next)
        } else {
            next
        });
    }

    /// A cursor without what is open, sealed as the service does.
    fn without_open(&self, stage: &Stage, cursor: &str) -> String {
        let mut place: Value = unsealed(cursor);
        if let Some(place) = place.as_object_mut() {
            place.remove("open_ids");
            place.remove("open_log");
        }
        stage.seal(self.user, "changes", &place)
    }

    /// Reads on to the end; then what it knows is what there is.
    ///
    /// # Errors
    /// When it is not.
    pub fn settle(&mut self, stage: &mut Stage, rng: &mut Rng) -> Result<(), Violation> {
        self.learn(stage);
        for _ in 0..500 {
            let answer = stage.perform(self.user, rng.usize(..INSTANCES), self.act(), "")?;
            let Answer::News(news, next, more) = answer else {
                return Err(Violation(format!("the feed answers {answer:?}")));
            };
            self.take_in(stage, news, next);
            if !more {
                return self.judge(stage);
            }
        }
        Err(Violation("the feed has no end".to_owned()))
    }

    fn judge(&self, stage: &Stage) -> Result<(), Violation> {
        let state = stage.state();
        if !state.journal.is_strict() {
            return Ok(());
        }
        let user = self.user;
        for (id, memo) in state.journal.live(user) {
            let known = self.known.get(&id).and_then(|told| told.memo.as_ref());
            if !known.is_some_and(|known| memo.is(known)) {
                return Err(Violation(format!(
                    "the feed does not tell that memo {user}/{id} is {memo:?}: known is {:?}",
                    self.known.get(&id)
                )));
            }
        }
        for (id, told) in &self.known {
            if told.memo.is_some() && state.journal.current(user, *id).is_none() {
                return Err(Violation(format!(
                    "the feed does not tell that memo {user}/{id} is gone"
                )));
            }
        }
        Ok(())
    }
}
