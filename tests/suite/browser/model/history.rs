//! One history, from a new account to the end, when all has come together.

use fastrand::Rng;
use tokio::time::Instant;

use crate::harness::{Memo, User};

use super::device::{Card, Device, PATIENCE};
use super::judge::Judge;
use super::program;
use super::trace::Trace;
use super::world::World;

/// How much happens before all is to come together.
const STEPS: usize = 12;

pub struct History<'a> {
    pub(super) world: &'a mut World,
    pub(super) judge: Judge,
    pub(super) user: User,
    pub(super) rng: Rng,
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
            match self.rng.u32(..40) {
                0..3 => self.create(device).await,
                3..10 => self.edit(device).await,
                10..13 => self.put_elsewhere(device).await,
                13..17 => self.program().await,
                17..21 => self.plan(device),
                21..23 => self.connect(device).await,
                23..25 => self.reload(device).await,
                25..27 => self.turn_host(),
                27 => self.cut(device),
                28 => self.skew(device).await,
                29 => drop(self.decide(device).await),
                30 => self.end_session(device).await,
                31..35 => self.turn(device).await,
                35 => self.close_tab(device).await,
                36..38 => self.crash(device).await,
                38 => self.look_away(device).await,
                _ => self.end_streams(device),
            }
        }
        self.come_together().await;
        self.listen().await;
        self.leave().await;
    }

    pub(super) fn tell(&mut self, what: String) {
        self.trace.tell(what);
    }

    pub(super) fn tell_of(&mut self, device: usize, what: &str) {
        let name = self.device(device).name;
        self.tell(format!("{name} {what}"));
    }

    /// All memos that the server has, in whatever state.
    pub(super) async fn memos(&self) -> Vec<Memo> {
        self.user.found("state=all&limit=100").await
    }

    pub(super) fn device(&self, index: usize) -> &Device {
        &self.world.devices[index]
    }

    pub(super) fn device_mut(&mut self, index: usize) -> &mut Device {
        &mut self.world.devices[index]
    }

    /// A word that is nowhere else.
    pub(super) fn word(&mut self) -> String {
        self.words += 1;
        format!("w{}", self.words)
    }

    pub(super) fn text(&mut self) -> String {
        let lines = 1 + self.rng.usize(..3);
        let lines: Vec<_> = (0..lines).map(|_| format!("{} {}", self.word(), self.word())).collect();
        lines.join("\n")
    }

    /// What a device shows. Of what it calls saved, nothing may be missing on the server.
    pub(super) async fn look(&mut self, device: usize) -> Vec<Card> {
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
    pub(super) async fn card(&mut self, device: usize, fits: impl Fn(&Card) -> bool) -> Option<Card> {
        let mut cards = self.look(device).await;
        cards.retain(fits);
        self.rng.choice(cards)
    }

    /// Goes on in the other tab, which shows what this one does: what is saved in one of them is saved in both.
    pub(super) async fn turn(&mut self, device: usize) {
        if !self.device(device).has_other() {
            self.tell_of(device, "opens a second tab");
            self.device_mut(device).open_tab().await;
        } else {
            let hides = self.rng.bool();
            let how = if hides { "hidden" } else { "in sight" };
            self.tell_of(device, &format!("goes to its other tab, with this one {how}"));
            self.device_mut(device).turn(hides).await;
        }
        self.tabs_agree(device).await;
    }

    /// What is under way may come to one tab a moment earlier.
    pub(super) async fn tabs_agree(&mut self, device: usize) {
        let end = Instant::now() + PATIENCE;
        while self.device(device).has_other() {
            let mut shown = Vec::new();
            for _ in 0..2 {
                let mut cards = self.look(device).await;
                cards.sort();
                shown.push(cards);
                self.device_mut(device).turn(false).await;
            }
            if shown[0] == shown[1] {
                return;
            }
            let name = self.device(device).name;
            assert!(Instant::now() < end, "the tabs of {name} do not agree: {shown:#?}");
        }
    }
}
