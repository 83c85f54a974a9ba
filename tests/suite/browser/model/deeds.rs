//! What the person and their program do.

use serde_json::json;
use tokio::time::{Duration, sleep};

use crate::harness::{Memo, Mishap, Target};

use super::device::{Card, Edit};
use super::history::History;
use super::program::{self, Deed};

/// A word, and the text before and after it was written.
type Written = (String, String, String);

impl History<'_> {
    pub(super) async fn create(&mut self, device: usize) {
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
        if self.rng.u32(..8) == 0 {
            self.crash(device).await; // It was shown, so it is kept.
        }
    }

    /// Writes a word or two, which the page keeps by itself; who closes the editor is told that they are kept.
    pub(super) async fn edit(&mut self, device: usize) {
        let is_open = |card: &Card| card.state == "active" && card.conflict.is_none();
        let Some(card) = self.card(device, is_open).await else {
            return;
        };
        if !self.device(device).open(&card.key).await {
            return;
        }
        let mut written = Vec::new();
        for _ in 0..=self.rng.usize(..2) {
            written.extend(self.write(device, &card.key).await);
            match self.rng.u32(..6) {
                0 => self.program().await,
                1 => self.edit_in_other_tab(device, &card.key).await,
                _ => {}
            }
        }
        if self.rng.u32(..4) > 0 {
            let end = self.device(device).close(&card.key).await;
            return self.was_written(written, &end);
        }
        // What the page says to be kept outlives the page, and nobody was told that of the rest.
        let end = self.device(device).edit(&card.key).await;
        if self.rng.bool() {
            self.crash(device).await;
        } else {
            self.reload(device).await;
        }
        if end.is_kept {
            self.was_written(written, &end);
        }
    }

    /// Writes a word into an open editor, and waits for about as long as the page does before it keeps it.
    async fn write(&mut self, device: usize, key: &str) -> Option<Written> {
        let word = self.word();
        let kind = self.rng.choice(["line", "end", "instead"]);
        let change = json!({ "word": word, "at": self.rng.f64(), "kind": kind });
        let (before, after) = self.device(device).type_word(key, change).await?;
        self.tell_of(device, &format!("makes {after:?} of {before:?}"));
        self.judge.rewrote(&before, &after);
        sleep(Duration::from_millis(self.rng.u64(..900))).await;
        Some((word, before, after))
    }

    /// Writes into the same memo in the other tab, and comes back.
    async fn edit_in_other_tab(&mut self, device: usize, key: &str) {
        if !self.device(device).has_other() {
            return;
        }
        let hides = self.rng.bool();
        self.tell_of(device, "goes to its other tab meanwhile");
        self.device_mut(device).turn(hides).await;
        if self.device(device).open(key).await {
            let written = self.write(device, key).await;
            let end = self.device(device).close(key).await;
            self.was_written(written, &end);
        }
        self.device_mut(device).turn(hides).await;
        self.tell_of(device, "comes back");
    }

    /// These words are kept.
    fn was_written(&mut self, written: impl IntoIterator<Item = Written>, end: &Edit) {
        for (word, before, after) in written {
            self.judge.entered(&word);
            // What can't come together any more while somebody goes on writing gets a memo of its own.
            if end.is_open || !end.is_there {
                self.judge.doubled(&before);
                self.judge.doubled(&after);
            }
        }
    }

    /// Pins, archives, puts into the trash or takes out of it.
    pub(super) async fn put_elsewhere(&mut self, device: usize) {
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

    pub(super) async fn program(&mut self) {
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
