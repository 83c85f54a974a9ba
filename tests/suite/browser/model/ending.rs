//! The end of a history: everything works, what there is to decide is decided, and all must have the same.

use std::collections::BTreeSet;

use crate::harness::Memo;

use super::device::Card;
use super::history::History;

/// How often it is looked whether all have the same; each time the devices hear of each other.
const ROUNDS: usize = 20;

/// A memo as everybody should see it: where it is, its text, its state, and whether it is pinned.
type Seen = (String, String, String, bool);

impl History<'_> {
    /// Lets everything come together, and checks that it has.
    pub async fn come_together(&mut self) {
        self.tell("everything works".into());
        self.world.heal().await;
        let mut differences = String::new();
        for _ in 0..ROUNDS {
            let mut shown = Vec::new();
            for device in &self.world.devices {
                shown.push(device.rested(&self.user.username).await);
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
        panic!("it never comes together: {differences}")
    }

    /// Signs in anew on one device, which has nothing of the account then, and out of both.
    pub async fn leave(&mut self) {
        let right = on_server(&self.memos().await);
        for device in &self.world.devices {
            device.skew(0).await;
        }
        let [one, other] = &self.world.devices;
        one.sign_out().await;
        one.sign_in(&self.user.username).await;
        let shown = one.rested(&self.user.username).await;
        assert_eq!(on_page(&shown), right, "what somebody sees who has just signed in");
        for device in [one, other] {
            device.sign_out().await;
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
