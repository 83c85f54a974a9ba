//! What goes wrong: lines, streams, tokens, tabs, clocks and the host.

use crate::harness::{End, Mishap, Target};

use super::history::History;

const DAY: i64 = 24 * 60 * 60;

impl History<'_> {
    /// Something happens to the next requests of a device.
    pub(super) fn plan(&mut self, device: usize) {
        for _ in 0..=self.rng.usize(..2) {
            let after = self.rng.choice([0, 0, 20, 400, 900]).unwrap_or(0);
            let cut = Mishap::CutAnswer { after };
            let (target, mishap) = match self.rng.u32(..14) {
                0..5 => (Target::Writes, cut),
                5 => (Target::Memos, cut),
                6 => (Target::Writes, Mishap::LostRequest),
                7 => (Target::Session, cut),
                8..10 => (Target::Memos, Mishap::SpoiltToken),
                10 => (Target::Events, cut),
                11 => (Target::Events, Mishap::SilentAnswer { after }),
                12 => (Target::Events, Mishap::LostRequest),
                _ => (Target::Events, Mishap::SpoiltToken),
            };
            self.tell_of(device, &format!("is to meet {mishap:?} of {target:?}"));
            self.device(device).line.plan(target, mishap);
        }
    }

    /// Something happens to what a device is just listening to.
    pub(super) fn end_streams(&mut self, device: usize) {
        let end = self.rng.choice([End::Cut, End::Silence]).unwrap_or(End::Cut);
        self.tell_of(device, &format!("hears nothing any more: {end:?}"));
        self.device(device).line.end_streams(end);
    }

    /// The connection is gone, or comes back; the browser knows.
    pub(super) async fn connect(&mut self, device: usize) {
        let is_connected = !self.device(device).is_connected;
        self.tell_of(device, if is_connected { "is online" } else { "is offline" });
        self.device_mut(device).connect(is_connected).await;
    }

    /// The line is dead for a while, or works again; the browser does not know.
    pub(super) fn cut(&mut self, device: usize) {
        let is_dead = self.rng.bool();
        self.tell_of(device, if is_dead { "has a dead line" } else { "has a line" });
        self.device(device).line.set_dead(is_dead);
    }

    /// The session ends without anybody having asked for it. Who comes back at the end of the history signs in again.
    pub(super) async fn end_session(&mut self, device: usize) {
        self.tell_of(device, "has no session any more");
        self.device(device).browser.drop_cookies().await;
        self.device(device).line.plan(Target::Memos, Mishap::SpoiltToken);
    }

    pub(super) async fn reload(&mut self, device: usize) {
        self.tell_of(device, "reloads");
        self.device(device).browser.reload().await;
    }

    pub(super) async fn close_tab(&mut self, device: usize) {
        self.tell_of(device, "closes the tab, unless it is the last");
        self.device_mut(device).close_tab().await;
    }

    pub(super) async fn crash(&mut self, device: usize) {
        self.tell_of(device, "has a tab that crashes");
        self.device_mut(device).crash().await;
    }

    /// Something happens while nobody can see the tab.
    pub(super) async fn look_away(&mut self, device: usize) {
        self.tell_of(device, "is not looked at");
        self.device(device).show(false).await;
        self.program().await;
        self.device(device).show(true).await;
    }

    pub(super) fn turn_host(&mut self) {
        self.tell("the host is killed, or starts".into());
        if self.world.is_up() {
            self.world.kill()
        } else {
            self.world.start()
        }
    }

    pub(super) async fn skew(&mut self, device: usize) {
        let seconds = self.rng.choice([0, -2 * DAY, 3 * DAY, 11 * 60, 1]).unwrap_or(0);
        self.tell_of(device, &format!("has a clock that is wrong by {seconds} s"));
        self.device(device).skew(seconds).await;
    }
}
