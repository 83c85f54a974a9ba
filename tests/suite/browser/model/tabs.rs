//! The tabs of a device: one, or two that show the same. A tab can be left for the other one, closed, and crash.

use serde_json::json;

use super::device::Device;

impl Device {
    pub fn has_other(&self) -> bool {
        self.other.is_some()
    }

    /// Opens a second tab and goes on in it.
    pub async fn open_tab(&mut self) {
        self.other = Some(self.browser.empty_tab().await);
        self.begin().await;
    }

    /// Goes on in the other tab, if there is one. This one is hidden by it, or stays in sight beside it.
    pub async fn turn(&mut self, hides: bool) {
        let Some(other) = self.other.take() else { return };
        self.show(!hides).await;
        self.other = Some(self.browser.tab().await);
        self.browser.switch_to(other).await;
        self.show(true).await;
    }

    /// Closes this tab and goes on in the other one.
    pub async fn close_tab(&mut self) {
        let Some(other) = self.other.take() else { return };
        self.browser.close_tab(other).await;
        self.show(true).await;
    }

    /// Lets this tab crash, and goes on in the other one, or in a new one where there is no other.
    pub async fn crash(&mut self) {
        let (next, is_new) = match self.other.take() {
            Some(other) => (other, false),
            None => {
                let here = self.browser.empty_tab().await;
                let next = self.browser.tab().await;
                self.browser.switch_to(here).await;
                (next, true)
            }
        };
        let crashed = self.browser.tab().await;
        self.browser.crash().await;
        self.browser.switch_to(next).await;
        self.browser.bury(crashed).await;
        if is_new {
            self.begin().await;
        } else {
            self.show(true).await;
        }
    }

    /// Whether somebody can see this tab. (Without a screen, all tabs think so.)
    pub async fn show(&self, is_shown: bool) {
        self.browser.run(&format!("show({is_shown})")).await;
    }

    /// Takes the connection away, which the browser knows of, or gives it back.
    pub async fn connect(&mut self, is_connected: bool) {
        self.is_connected = is_connected;
        self.emulate().await;
        if let Some(other) = self.other.clone() {
            let here = self.browser.tab().await;
            self.browser.switch_to(other).await;
            self.emulate().await;
            self.browser.switch_to(here).await;
        }
    }

    /// Lets this tab have the connection that the device has.
    async fn emulate(&self) {
        let bound = -1;
        let conditions = json!({
            "offline": !self.is_connected, "latency": 0, "downloadThroughput": bound, "uploadThroughput": bound,
        });
        self.browser.devtools("Network.enable", json!({})).await;
        self.browser
            .devtools("Network.emulateNetworkConditions", conditions)
            .await;
    }

    /// Lets this tab be one of the device, from the next page on.
    pub(super) async fn prepare(&self) {
        self.browser
            .devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WORLD }))
            .await;
    }

    /// Opens the app in a tab that is new.
    async fn begin(&self) {
        self.prepare().await;
        self.emulate().await;
        self.browser.visit(self.line.app()).await;
        self.browser.sees("#new-memo").await;
    }
}

/// What a page is told by a clock that somebody has set, and of whether it can be seen.
const WORLD: &str = "
    const RealDate = Date;
    const now = () => RealDate.now() + Number(localStorage.getItem('skew') ?? 0);
    globalThis.Date = class extends RealDate {
        constructor(...given) {
            if (given.length === 0) super(now());
            else super(...given);
        }
        static now() {
            return now();
        }
    };
    let isShown = true;
    Object.defineProperty(Document.prototype, 'hidden', { get: () => !isShown });
    Object.defineProperty(Document.prototype, 'visibilityState', { get: () => (isShown ? 'visible' : 'hidden') });
    globalThis.show = (is) => {
        if (isShown === is) return;
        isShown = is;
        document.dispatchEvent(new Event('visibilitychange'));
    };
";
