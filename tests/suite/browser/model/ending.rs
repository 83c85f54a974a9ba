//! The end of a history: everything works, what there is to decide is decided, and all must have the same.

use std::collections::BTreeSet;

use tokio::time::{Duration, Instant, sleep};

use crate::harness::{End, Memo};

use super::device::{Card, PATIENCE};
use super::history::History;
use super::program;

/// A memo as everybody should see it: where it is, its text, its state, and whether it is pinned.
type Seen = (String, String, String, bool);

impl History<'_> {
    /// Lets everything come together, and checks that it has.
    pub async fn come_together(&mut self) {
        self.tell("everything works".into());
        self.world.heal().await;
        let looks = self.rng.u32(..6) > 0; // It takes longer where nobody does.
        let end = Instant::now() + PATIENCE;
        let mut differences = String::new();
        loop {
            assert!(Instant::now() < end, "it never comes together: {differences}");
            let mut shown = Vec::new();
            for device in &mut self.world.devices {
                for _ in 0..=usize::from(device.has_other()) {
                    shown.push(device.rested(&self.user.username, looks).await);
                    device.turn(false).await;
                }
            }
            let memos = self.memos().await;
            self.nothing_is_missing(&memos, &shown.concat());
            if self.decide_all().await {
                continue;
            }
            let right = on_server(&memos);
            if shown.iter().all(|cards| on_page(cards) == right) {
                let twice = self.judge.twice_in(memos.iter().map(|memo| &*memo.text));
                assert!(twice.is_empty(), "{twice:?} is there twice: {memos:#?}");
                return;
            }
            differences = format!("the server has {right:#?}\nand the devices {shown:#?}");
        }
    }

    /// What happens elsewhere is heard by who only listens, or asks now and then where there is nothing to be heard.
    pub async fn listen(&mut self) {
        for device in 0..self.world.devices.len() {
            let end = match self.rng.u32(..12) {
                0 => End::Silence, // It is found out about after most of a minute, so it is seldom.
                1..4 => End::Cut,
                _ => continue,
            };
            self.tell_of(device, &format!("hears nothing any more: {end:?}"));
            self.device(device).line.end_streams(end);
        }
        if self.rng.u32(..8) == 0 {
            self.tell("the host is killed, and starts".into());
            self.world.kill();
            sleep(Duration::from_millis(100)).await; // The program's client hears that its connection is gone.
            self.world.start();
        }
        let text = self.text();
        self.tell(format!("the program creates {text:?}, for all to hear"));
        program::create(&self.user, &mut self.judge, &text).await;
        for device in 0..self.world.devices.len() {
            let end = Instant::now() + PATIENCE;
            while self.look(device).await.iter().all(|card| card.text != text) {
                let name = self.device(device).name;
                assert!(Instant::now() < end, "{name} does not hear of {text:?}");
                sleep(Duration::from_millis(200)).await;
            }
            self.tabs_agree(device).await;
        }
    }

    /// Signs in anew on one device, which has nothing of the account then, and out of both. Who signs out does so in all tabs.
    pub async fn leave(&mut self) {
        let right = on_server(&self.memos().await);
        let username = self.user.username.clone();
        for index in 0..self.world.devices.len() {
            let device = self.device_mut(index);
            device.skew(0).await;
            device.sign_out().await;
            if device.has_other() {
                device.close_tab().await;
                device.browser.sees("#sign-in").await;
            }
            if index == 0 {
                device.sign_in(&username).await;
                let shown = device.rested(&username, true).await;
                assert_eq!(on_page(&shown), right, "what somebody sees who has just signed in");
                device.sign_out().await;
            }
            device.browser.requests().await; // The driver keeps them until they are read.
            assert_eq!(
                device.mistakes().await,
                Vec::<String>::new(),
                "in the console of {}",
                device.name
            );
        }
    }

    /// No word that was said to be kept.
    fn nothing_is_missing(&self, memos: &[Memo], cards: &[Card]) {
        let shown = cards.iter().filter(|card| card.status != "saved");
        let shown = shown.flat_map(|card| [Some(&*card.text), card.conflict.as_deref()]);
        let texts = memos.iter().map(|memo| &*memo.text).chain(shown.flatten());
        let missing = self.judge.missing_in(texts);
        assert!(
            missing.is_empty(),
            "{missing:?} is missing in {memos:#?} and {cards:#?}"
        );
    }

    /// Whether there was something to decide.
    async fn decide_all(&mut self) -> bool {
        let mut is_open = false;
        for device in 0..self.world.devices.len() {
            while self.decide(device).await {
                is_open = true;
            }
        }
        is_open
    }
}

fn on_server(memos: &[Memo]) -> BTreeSet<Seen> {
    let state = |memo: &Memo| match (&memo.trashed_at, memo.archived) {
        (Some(_), _) => "trashed",
        (None, true) => "archived",
        (None, false) => "active",
    };
    let seen = |memo: &Memo| {
        (
            format!("/m/{}", memo.id),
            memo.text.clone(),
            state(memo).to_owned(),
            memo.pinned,
        )
    };
    memos.iter().map(seen).collect()
}

fn on_page(cards: &[Card]) -> BTreeSet<Seen> {
    let seen = |card: &Card| (card.path.clone(), card.text.clone(), card.state.clone(), card.pinned);
    cards.iter().map(seen).collect()
}
