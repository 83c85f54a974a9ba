//! One history, from a new account to the end, when all has come together.

use fastrand::Rng;
use serde_json::json;
use tokio::time::{Duration, sleep};

use crate::harness::{Memo, Mishap, Target, User};

use super::device::{Card, Device};
use super::judge::Judge;
use super::program::{self, Deed};
use super::trace::Trace;
use super::world::World;

/// How much happens before all is to come together.
const STEPS: usize = 12;
const DAY: i64 = 24 * 60 * 60;

pub struct History<'a> {
    pub(super) world: &'a mut World,
    pub(super) judge: Judge,
    pub(super) user: User,
    rng: Rng,
    words: usize,
    trace: Trace,
}

impl<'a> History<'a> {
    /// Two devices of a new account that has two memos.
    pub async fn begin(world: &'a mut World, seed: u64) -> Self {
        let user = world.app.user("model").await;
        let mut history = Self {
            world,
            rng: Rng::with_seed(seed),
            judge: Judge::default(),
            user,
            words: 0,
            trace: Trace::of(seed),
        };
        for _ in 0..2 {
            let text = history.text();
            program::create(&history.user, &mut history.judge, &text).await;
        }
        for device in &history.world.devices {
            device.sign_in(&history.user.username).await;
            device.browser.is_synced().await;
        }
        history
    }

    pub async fn live(mut self) {
        for _ in 0..STEPS {
            let device = self.rng.usize(..2);
            match self.rng.u32(..31) {
                0..3 => self.create(device).await,
                3..9 => self.edit(device).await,
                9..12 => self.put_elsewhere(device).await,
                12..17 => self.program().await,
                17..21 => self.plan(device),
                21..23 => self.connect(device).await,
                23..25 => self.reload(device).await,
                25..27 => self.turn_host(),
                27 => self.cut(device),
                28 => self.skew(device).await,
                29 => drop(self.decide(device).await),
                _ => self.end_session(device).await,
            }
        }
        self.come_together().await;
        self.leave().await;
    }

    pub(super) fn tell(&mut self, what: String) {
        self.trace.tell(what);
    }

    fn tell_of(&mut self, device: usize, what: &str) {
        let name = self.device(device).name;
        self.tell(format!("{name} {what}"));
    }

    /// All memos that the server has, in whatever state.
    pub(super) async fn memos(&self) -> Vec<Memo> {
        self.user.found("state=all&limit=100").await
    }

    fn device(&self, index: usize) -> &Device {
        &self.world.devices[index]
    }

    /// A word that is nowhere else.
    fn word(&mut self) -> String {
        self.words += 1;
        format!("w{}", self.words)
    }

    fn text(&mut self) -> String {
        let lines = 1 + self.rng.usize(..3);
        let lines: Vec<_> = (0..lines).map(|_| format!("{} {}", self.word(), self.word())).collect();
        lines.join("\n")
    }

    /// What a device shows. Of what it calls saved, nothing may be missing on the server.
    async fn look(&mut self, device: usize) -> Vec<Card> {
        let cards = self.device(device).look().await;
        if self.world.is_up() {
            let memos = self.memos().await;
            for card in cards.iter().filter(|card| card.status == "saved") {
                let missing = self.judge.missing_of(&card.text, memos.iter().map(|memo| &*memo.text));
                assert!(
                    missing.is_empty(),
                    "{missing:?} is not on the server, and shown as saved: {card:?}"
                );
            }
        }
        cards
    }

    /// A memo that fits, among those that a device shows.
    async fn card(&mut self, device: usize, fits: impl Fn(&Card) -> bool) -> Option<Card> {
        let mut cards = self.look(device).await;
        cards.retain(fits);
        self.rng.choice(cards)
    }

    async fn create(&mut self, device: usize) {
        let text = self.text();
        if self.rng.u32(..3) == 0 {
            // A browser sends a request again by itself that gets no byte of an answer on a connection it has used before.
            self.tell_of(device, "gets no answer to what it writes");
            let cut = Mishap::CutAnswer { after: 0 };
            self.device(device).line.plan(Target::Writes, cut);
        }
        self.tell_of(device, &format!("creates {text:?}"));
        self.device(device).create(&text).await;
        self.judge.entered(&text);
    }

    /// Writes a word or two, which the page keeps by itself; who closes the editor is told that they are kept.
    async fn edit(&mut self, device: usize) {
        let is_open = |card: &Card| card.state == "active" && card.conflict.is_none();
        let Some(card) = self.card(device, is_open).await else {
            return;
        };
        if !self.device(device).open(&card.key).await {
            return;
        }
        let mut written = Vec::new();
        for _ in 0..=self.rng.usize(..2) {
            let word = self.word();
            let kind = self.rng.choice(["line", "end", "instead"]);
            let change = json!({ "word": word, "at": self.rng.f64(), "kind": kind });
            let Some((before, after)) = self.device(device).type_word(&card.key, change).await else {
                break;
            };
            self.tell_of(device, &format!("makes {after:?} of {before:?}"));
            self.judge.rewrote(&before, &after);
            written.push((word, before, after));
            sleep(Duration::from_millis(self.rng.u64(..600))).await;
            if self.rng.u32(..4) == 0 {
                self.program().await;
            }
        }
        if self.rng.u32(..8) == 0 {
            return self.reload(device).await; // Nobody was told that it is kept.
        }
        let closed = self.device(device).close(&card.key).await;
        for (word, before, after) in written {
            self.judge.entered(&word);
            // What can't come together any more while somebody goes on writing gets a memo of its own.
            if closed.is_open || !closed.is_there {
                self.judge.doubled(&before);
                self.judge.doubled(&after);
            }
        }
    }

    /// Pins, archives, puts into the trash or takes out of it.
    async fn put_elsewhere(&mut self, device: usize) {
        let Some(card) = self.card(device, |card| card.conflict.is_none()).await else {
            return;
        };
        if card.state == "trashed" {
            self.tell_of(device, &format!("restores {:?}", card.text));
            return self.device(device).restore(&card).await;
        }
        let entry = self.rng.choice(["pin", "archive", "trash"]).unwrap_or("pin");
        self.tell_of(device, &format!("picks {entry} of {:?}", card.text));
        self.device(device).pick(&card, entry).await;
    }

    async fn program(&mut self) {
        if !self.world.is_up() {
            return;
        }
        let memos = self.memos().await;
        let memo: Option<Memo> = self.rng.choice(memos).filter(|_| self.rng.u32(..5) > 0);
        let Some(memo) = memo else {
            let text = self.text();
            self.tell(format!("the program creates {text:?}"));
            return program::create(&self.user, &mut self.judge, &text).await;
        };
        let deeds = match memo.trashed_at {
            None => [Deed::Rewrite, Deed::Rewrite, Deed::Rewrite, Deed::Pin, Deed::Delete],
            Some(_) => [Deed::Restore, Deed::Restore, Deed::Restore, Deed::Delete, Deed::Delete],
        };
        let deed = self.rng.choice(deeds).unwrap_or(Deed::Pin);
        let word = self.word();
        self.tell(format!("the program: {deed:?} {word} {memo:?}"));
        program::change(&self.user, &mut self.judge, &memo, deed, &word).await;
    }

    /// Something happens to the next requests of a device.
    fn plan(&mut self, device: usize) {
        for _ in 0..=self.rng.usize(..2) {
            let after = self.rng.choice([0, 0, 20, 400, 900]).unwrap_or(0);
            let cut = Mishap::CutAnswer { after };
            let (target, mishap) = match self.rng.u32(..10) {
                0..5 => (Target::Writes, cut),
                5 => (Target::Memos, cut),
                6 => (Target::Writes, Mishap::LostRequest),
                7 => (Target::Session, cut),
                _ => (Target::Memos, Mishap::SpoiltToken),
            };
            self.tell_of(device, &format!("is to meet {mishap:?} of {target:?}"));
            self.device(device).line.plan(target, mishap);
        }
    }

    /// The connection is gone, or comes back; the browser knows.
    async fn connect(&mut self, device: usize) {
        let is_connected = !self.device(device).is_connected;
        self.tell_of(device, if is_connected { "is online" } else { "is offline" });
        self.world.devices[device].connect(is_connected).await;
    }

    /// The line is dead for a while, or works again; the browser does not know.
    fn cut(&mut self, device: usize) {
        let is_dead = self.rng.bool();
        self.tell_of(device, if is_dead { "has a dead line" } else { "has a line" });
        self.device(device).line.set_dead(is_dead);
    }

    /// The session ends without anybody having asked for it. Who comes back at the end of the history signs in again.
    async fn end_session(&mut self, device: usize) {
        self.tell_of(device, "has no session any more");
        self.device(device).browser.drop_cookies().await;
        self.device(device).line.plan(Target::Memos, Mishap::SpoiltToken);
    }

    async fn reload(&mut self, device: usize) {
        self.tell_of(device, "reloads");
        self.device(device).browser.reload().await;
    }

    fn turn_host(&mut self) {
        self.tell("the host is killed, or starts".into());
        if self.world.is_up() {
            self.world.kill()
        } else {
            self.world.start()
        }
    }

    async fn skew(&mut self, device: usize) {
        let seconds = self.rng.choice([0, -2 * DAY, 3 * DAY, 11 * 60, 1]).unwrap_or(0);
        self.tell_of(device, &format!("has a clock that is wrong by {seconds} s"));
        self.device(device).skew(seconds).await;
    }

    /// Decides about one memo, if there is something to decide. Whether there was.
    pub(super) async fn decide(&mut self, device: usize) -> bool {
        for list in ["/", "/archived", "/trash"] {
            let side = self.rng.choice(["mine", "theirs", "both"]).unwrap_or("mine");
            let Some(decided) = self.device(device).decide(list, side).await else {
                continue;
            };
            self.tell_of(device, &format!("decides for {side}: {decided:?}"));
            match (decided.is_text, side) {
                (true, "mine") => self.judge.rewrote(&decided.theirs, &decided.mine),
                (true, "theirs") => self.judge.rewrote(&decided.mine, &decided.theirs),
                (true, _) => self.judge.doubled(&format!("{}\n{}", decided.mine, decided.theirs)),
                // On both devices it may be kept, and is a new memo then.
                (false, "mine") => self.judge.doubled(&decided.text),
                (false, _) => self.judge.removed(&decided.text),
            }
            return true;
        }
        false
    }
}
