//! Runs requests against real services in a simulated world, one store operation at a time.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use axum::Router;
use common::{store::kv::KvError, token::UserId};
use futures::FutureExt;
use memo_component::routes::cursor::CursorSeal;
use tower::ServiceExt;

use crate::{
    answer::Answer,
    call::{Act, Among, Call, End, Moment},
    judge,
    op::{CallId, Phase, show},
    ports,
    services::{self, INSTANCES, LITTLE},
    tokens::{TOKENS, USERS},
    world::{Setting, State, World},
};

/// What was promised and does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation(pub String);

/// What a fault leaves of the operation that it hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It was done.
    Done,
    /// It was not and never will be.
    Never,
    /// It is still on its way, and will be done later.
    Late,
}

/// What happens to an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is done, and its request goes on.
    Granted,
    /// It is done, and the answer takes its time.
    Delayed,
    /// It fails, as far as its request can tell.
    Failed(Effect),
    /// Its request ends here.
    Crashed(Effect),
}

type Task = Pin<Box<dyn Future<Output = Answer>>>;

/// The services, the world and the requests of a history.
pub struct Stage {
    world: Arc<World>,
    memo: Vec<Router>,
    /// Those of [`Setting::limited`].
    limited: Vec<Router>,
    auth: Vec<Router>,
    /// Of the memo service, those that take the auth service's tokens.
    trusting: Vec<Router>,
    /// Whether to write down what happens from the next history on.
    pub traced: bool,
    seal: CursorSeal,
    tasks: BTreeMap<CallId, Task>,
    /// The requests so far.
    pub calls: Vec<Call>,
    /// Counts what came to pass, to see that nothing is left out.
    pub tally: BTreeMap<&'static str, u64>,
}

impl Stage {
    /// Starts the services. They serve any number of histories, one after another: all that they remember is whose
    /// tokens are good and how cursors are sealed, and they know all of that from the start.
    pub fn new() -> Self {
        let world = Arc::new(World::new(State::new(Setting::calm())));
        let mut stage = Self {
            memo: services::memo(&world, services::usual()),
            limited: services::memo(&world, LITTLE),
            auth: Vec::new(),
            trusting: Vec::new(),
            seal: CursorSeal::default(),
            traced: false,
            world,
            tasks: BTreeMap::new(),
            calls: Vec::new(),
            tally: BTreeMap::new(),
        };
        for text in ["one", "two"] {
            stage.perform(0, 0, Act::Create(None), text).expect("a memo");
        }
        for (limited, instance) in [false, true]
            .into_iter()
            .flat_map(|limited| (0..INSTANCES).map(move |of| (limited, of)))
        {
            stage.state().setting.limited = limited;
            for user in 0..USERS {
                let warm = stage.perform(user, instance, Act::list(Among::All, 1), "");
                let is_sealed = matches!(&warm, Ok(Answer::Page(_, cursor)) if cursor.is_some() == (user == 0));
                assert!(is_sealed, "a token is not good: {warm:?}");
            }
        }
        stage.state().direct = true;
        stage.seal(0, "", &serde_json::Value::Null);
        stage
    }

    /// Begins a new history in a new world.
    pub fn reset(&mut self, mut setting: Setting) {
        self.tasks.clear();
        self.calls.clear();
        setting.traced |= self.traced;
        *self.world.state() = State::new(setting);
    }

    /// Begins a new history of memo services that have just been started: whose tokens are good is all that they know.
    pub fn reset_memo(&mut self, setting: Setting) {
        let setting = Setting {
            unsealed: true,
            ..setting
        };
        self.reset(setting.clone());
        self.memo = services::memo(&self.world, services::usual());
        for (user, instance) in (0..USERS).flat_map(|user| (0..INSTANCES).map(move |instance| (user, instance))) {
            let warm = self.perform(user, instance, Act::Read(1), "");
            assert_eq!(warm, Ok(Answer::Refused(404)), "a token is not good");
        }
        self.reset(setting);
    }

    /// Begins a new history of the auth service, whose instances remember their keys and so must be new ones too.
    /// The signing key is given to them, or must be made.
    pub fn reset_auth(&mut self, setting: Setting, key_given: bool) {
        self.reset(setting);
        self.auth = services::auth(&self.world, key_given);
    }

    /// Begins a new history of both services together.
    pub fn reset_both(&mut self, setting: Setting) {
        self.reset(setting);
        (self.auth, self.trusting) = services::both(&self.world);
    }

    /// A cursor as the services seal it.
    pub fn seal(&self, user: usize, list: &str, place: &serde_json::Value) -> String {
        let user = UserId::try_from(format!("u{user}")).expect("a user id");
        let ports = ports::of(&self.world, 0);
        let sealed = self.seal.close(&ports, &user, list, place).now_or_never();
        sealed.expect("it does not wait").expect("a cursor")
    }

    /// The world, for ports of one's own.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// The world's state. Not to be held across calls of other methods.
    pub fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.world.state()
    }

    /// Counts something.
    pub fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    /// How many requests are under way.
    pub fn under_way(&self) -> usize {
        self.tasks.len()
    }

    /// A request that meets nobody and no fault.
    ///
    /// # Errors
    /// A wrong answer.
    pub fn perform(&mut self, user: usize, instance: usize, act: Act, text: &str) -> Result<Answer, Violation> {
        self.state().direct = true;
        let call = self.begin(user, instance, act, text)?;
        self.state().direct = false;
        let answer = self.calls[call].answer().cloned();
        answer.ok_or_else(|| Violation("a request waits for nothing".to_owned()))
    }

    /// Begins a request: it runs until it needs the store.
    ///
    /// # Errors
    /// A wrong answer, where it needs no store.
    pub fn begin(&mut self, user: usize, instance: usize, act: Act, text: &str) -> Result<CallId, Violation> {
        let id = self.calls.len();
        let call = Call {
            user,
            instance,
            act,
            text: text.to_owned(),
            began: self.moment(),
            ended: None,
            disturbed: false,
        };
        self.note(id, || {
            format!("begins at instance {instance} for user {user}: {:?} {text:?}", call.act)
        });
        let request = call.request(id, &TOKENS.1[user]);
        let instances = match &call.act {
            Act::Deletion(deed) if deed.is_for_memos() => &self.trusting,
            act if act.is_for_auth() => &self.auth,
            _ if self.state().setting.limited => &self.limited,
            _ => &self.memo,
        };
        let (router, act) = (instances[instance].clone(), call.act.clone());
        let task = async move {
            let response = router.oneshot(request).await.unwrap_or_else(|never| match never {});
            Answer::read(&act, response).await
        };
        self.calls.push(call);
        self.tasks.insert(id, Box::pin(task));
        self.poll(id)?;
        Ok(id)
    }

    /// Lets the operation at `index` of [`State::ops`] have its fate.
    ///
    /// # Errors
    /// What was promised and does not hold, as soon as that is known.
    pub fn grant(&mut self, index: usize, fate: Fate) -> Result<(), Violation> {
        let mut state = self.world.state();
        let op = &mut state.ops[index];
        let (caller, ask, id) = (op.caller, op.ask.clone(), op.id);
        let done = match std::mem::replace(&mut op.phase, Phase::Asked) {
            Phase::Done(response) => Some(response),
            Phase::Asked | Phase::Arrived(_) => None,
        };
        let Some(caller) = caller else {
            state.ops.remove(index);
            state.apply(None, &ask).ok();
            drop(state);
            self.count("late effects");
            return self.check();
        };
        let response = match (done, fate) {
            (Some(response), _) => Some(response),
            (None, Fate::Granted | Fate::Delayed | Fate::Failed(Effect::Done) | Fate::Crashed(Effect::Done)) => {
                Some(state.apply(Some(caller), &ask))
            }
            (None, _) => None,
        };
        let late = response.is_none() && matches!(fate, Fate::Failed(Effect::Late) | Fate::Crashed(Effect::Late));
        if late && ask.writes() {
            let deadline = state.ops[index].deadline;
            state.ask(ask.clone(), Waker::noop().clone());
            if let Some(orphan) = state.ops.last_mut() {
                (orphan.caller, orphan.deadline) = (None, deadline);
            }
        }
        let index = state.op(id).expect("it is still there");
        let arrived = match (fate, response) {
            (Fate::Granted, Some(response)) => {
                drop(state);
                response
            }
            (Fate::Delayed, Some(response)) => {
                state.ops[index].phase = Phase::Done(response);
                drop(state);
                return self.check();
            }
            (Fate::Crashed(effect), _) => {
                state.note(Some(caller.call), &format!("CRASHES; {} {effect:?}", show(&ask)));
                state.ops.remove(index);
                drop(state);
                return self.crash(caller.call);
            }
            (_, response) => {
                state.note(
                    Some(caller.call),
                    &format!("FAILS: {} ({fate:?}, {})", show(&ask), response.is_some()),
                );
                drop(state);
                self.calls[caller.call].disturbed = true;
                self.count("failures");
                Err(KvError::Unavailable("simulated".to_owned()))
            }
        };
        let mut state = self.world.state();
        state.ops[index].phase = Phase::Arrived(arrived);
        let waker = state.ops[index].waker.clone();
        drop(state);
        waker.wake();
        self.poll(caller.call)
    }

    /// Lets a request run on as far as it can.
    fn poll(&mut self, id: CallId) -> Result<(), Violation> {
        let Some(task) = self.tasks.get_mut(&id) else {
            return Ok(());
        };
        self.world.state().running = Some(self.calls[id].caller(id));
        let polled = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        self.world.state().running = None;
        if let Poll::Ready(answer) = polled {
            self.tasks.remove(&id);
            self.note(id, || format!("ends: {answer:?}"));
            self.count(answer.kind());
            if let Answer::Results(results) = &answer {
                for part in results {
                    self.count(part.kind());
                }
            }
            self.calls[id].ended = Some((self.moment(), End::Answered(answer)));
            let state = self.world.state();
            judge::answer(&state.journal, &state.ledger, &self.calls, id)
                .and_then(|()| judge::accounts::hashes(&state.computed, &self.calls))
                .map_err(|wrong| Violation(format!("#{id}: {wrong}")))?;
        }
        self.check()
    }

    fn crash(&mut self, id: CallId) -> Result<(), Violation> {
        self.count("crashes");
        // What else it asked for goes with it, or comes to the store all the same.
        self.tasks.remove(&id);
        self.calls[id].ended = Some((self.moment(), End::Crashed));
        self.check()
    }

    fn check(&self) -> Result<(), Violation> {
        let state = self.world.state();
        let violation = state
            .journal
            .violation
            .clone()
            .or_else(|| state.ledger.violation.clone());
        violation.map_or(Ok(()), |violation| Err(Violation(violation)))
    }

    fn moment(&self) -> Moment {
        let mut state = self.world.state();
        state.step += 1;
        Moment {
            step: state.step,
            time: state.now,
        }
    }

    fn note(&self, call: CallId, what: impl FnOnce() -> String) {
        let mut state = self.world.state();
        if state.setting.traced {
            state.note(Some(call), &what());
        }
    }
}

impl Default for Stage {
    fn default() -> Self {
        Self::new()
    }
}
