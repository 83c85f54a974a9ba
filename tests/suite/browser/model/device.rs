//! A device of a person: a browser at the end of a line, and what is done on its pages.

use fantoccini::wd::WindowHandle;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

use super::super::{is_kept, sign_in};
use crate::harness::{Browser, Line, Screen, TestApp};

/// How long something may take, on a busy machine: longer than anything that the page waits for by itself, which is a silent
/// stream, and after it the next time to ask.
pub const PATIENCE: Duration = Duration::from_secs(180);
/// How often in a row a page is found to have nobody signed in before somebody signs in: another tab may just have done it.
const SIGNED_OUT: u32 = 10;

/// A card as it is to be seen.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub struct Card {
    /// The memo's name on the device.
    pub key: String,
    /// Where the memo alone is: by the server's name, as soon as that is known.
    pub path: String,
    pub state: String,
    pub status: String,
    pub text: String,
    pub pinned: bool,
    /// The texts that there is to decide about.
    pub conflict: Option<String>,
}

impl Card {
    /// The list that it is in.
    pub fn list(&self) -> &'static str {
        match self.state.as_str() {
            "archived" => "/archived",
            "trashed" => "/trash",
            _ => "/",
        }
    }
}

/// What the page says about itself and the server.
#[derive(Debug, Deserialize)]
pub struct Standing {
    pub phase: String,
    pub unsaved: usize,
}

/// What was decided.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decided {
    pub is_text: bool,
    /// The memo's text on this device.
    pub text: String,
    pub mine: String,
    pub theirs: String,
}

/// How it stands with an edit: whether the page says that it is kept, whether the memo is there, and whether there is
/// something to decide about it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Edit {
    pub is_kept: bool,
    pub is_there: bool,
    pub is_open: bool,
}

pub struct Device {
    pub name: &'static str,
    pub line: Line,
    pub browser: Browser,
    pub is_connected: bool,
    /// The tab that nobody is at, if there are two.
    pub(super) other: Option<WindowHandle>,
}

impl Device {
    /// `None`, said loudly, where there is no browser.
    pub async fn new(name: &'static str, app: &TestApp) -> Option<Self> {
        let line = Line::to(app).await;
        let browser = Browser::open(line.app(), Screen::Desktop).await?;
        is_kept(&browser).await;
        let device = Self {
            name,
            line,
            browser,
            is_connected: true,
            other: None,
        };
        device.prepare().await;
        Some(device)
    }

    pub async fn sign_in(&self, username: &str) {
        sign_in(&self.browser, username).await;
        self.browser.sees("#new-memo").await;
    }

    pub async fn sign_out(&self) {
        self.browser.click("#sign-out").await;
        self.browser.sees("#sign-in").await;
    }

    async fn deed<T: DeserializeOwned>(&self, arguments: Value) -> T {
        let given = arguments.as_array().cloned().unwrap_or_default();
        let done = self.browser.run_async(include_str!("page.js"), given).await;
        serde_json::from_value(done.clone()).unwrap_or_else(|why| panic!("{arguments}: {why}: {done}"))
    }

    /// All cards, in all lists.
    pub async fn look(&self) -> Vec<Card> {
        self.deed(json!(["look"])).await
    }

    pub async fn standing(&self) -> Standing {
        self.deed(json!(["standing"])).await
    }

    pub async fn create(&self, text: &str) {
        let _: Value = self.deed(json!(["create", text])).await;
    }

    /// Opens the editor of a memo. Whether the memo was there.
    pub async fn open(&self, key: &str) -> bool {
        self.deed::<Option<bool>>(json!(["open", key])).await.is_some()
    }

    /// Writes a word into an open editor. Returns the text before and after, where it is still open.
    pub async fn type_word(&self, key: &str, change: Value) -> Option<(String, String)> {
        self.deed(json!(["type", key, change])).await
    }

    /// What the page says about an edit that goes on.
    pub async fn edit(&self, key: &str) -> Edit {
        self.deed(json!(["edit", key])).await
    }

    pub async fn close(&self, key: &str) -> Edit {
        self.deed(json!(["close", key])).await
    }

    pub async fn pick(&self, card: &Card, entry: &str) {
        let _: Option<bool> = self.deed(json!(["pick", card.list(), card.key, entry])).await;
    }

    pub async fn restore(&self, card: &Card) {
        let _: Option<bool> = self.deed(json!(["restore", card.key])).await;
    }

    /// Decides about what is first in a list.
    pub async fn decide(&self, list: &str, side: &str) -> Option<Decided> {
        self.deed(json!(["decide", list, side])).await
    }

    /// Sets the clock forward, or back, by so many seconds.
    pub async fn skew(&self, seconds: i64) {
        let set = format!("localStorage.setItem('skew', {})", seconds * 1000);
        self.browser.run(&set).await;
    }

    /// What the console says since the last call, but for what comes of dead lines and of pages that nobody has touched.
    pub async fn mistakes(&self) -> Vec<String> {
        let mut said = self.browser.console().await;
        said.retain(|words| !words.contains("'beforeunload'") && !words.contains("icon from the Manifest"));
        said
    }

    /// Somebody looks at the page again.
    async fn wake(&self) {
        self.browser
            .run("document.dispatchEvent(new Event('visibilitychange'))")
            .await;
    }

    /// Waits until the page says that all is together but for what is to be decided, and returns what it shows. Somebody whose
    /// session has ended signs in again. Unless somebody `looks`, the page has to find out by itself.
    pub async fn rested(&self, username: &str, looks: bool) -> Vec<Card> {
        let end = Instant::now() + PATIENCE;
        let mut signed_out = 0;
        loop {
            if looks {
                self.wake().await;
            }
            sleep(Duration::from_millis(300)).await;
            let standing = self.standing().await;
            if standing.phase == "resting" {
                let cards = self.look().await;
                let open = cards.iter().filter(|card| card.conflict.is_some()).count();
                if self.standing().await.unsaved == open {
                    return cards;
                }
            }
            let is_signed_out = "return document.querySelector('#sign-out')?.checkVisibility() !== true";
            if standing.phase == "signed-out" && self.browser.run(is_signed_out).await == json!(true) {
                signed_out += 1;
            } else {
                signed_out = 0;
            }
            if signed_out == SIGNED_OUT {
                self.sign_in(username).await;
            }
            assert!(Instant::now() < end, "{} does not rest: {standing:?}", self.name);
        }
    }
}
