//! A real browser, driven over WebDriver: mostly headless Chromium.

use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::WindowHandle;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::app::TestApp;
use super::identity::Identity;
pub use axe::Axe;
pub use engine::Engine;

use engine::Driver;

mod axe;
mod chromium;
mod commands;
mod engine;

/// How long the page may take to get somewhere. Nothing waits longer than it must.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the browser looks like.
#[derive(Clone, Copy)]
pub enum Screen {
    Desktop,
    /// 360 CSS pixels wide, with touch: the narrowest phones in use.
    Phone,
}

/// A browser with a profile of its own, on the app's first page.
pub struct Browser {
    client: Client,
    engine: Engine,
    _driver: Driver,
}

impl Browser {
    /// Chromium, in which all tests run. `None`, said loudly, where it is not installed and `MEMO_BROWSER=1` does not
    /// insist on it.
    pub async fn open(app: &TestApp, screen: Screen) -> Option<Self> {
        let browser = Self::start(Engine::Chromium, screen).await?;
        browser.visit(app).await;
        Some(browser)
    }

    /// One of the engines. `None`, said loudly, where it is not installed and `MEMO_BROWSER=all` does not insist on it.
    pub async fn open_in(engine: Engine, app: &TestApp) -> Option<Self> {
        let browser = Self::start(engine, Screen::Desktop).await?;
        browser.visit(app).await;
        Some(browser)
    }

    /// Chromium on the first page at an address, for which these `NAME:PORT ADDRESS:PORT` are where names are, and which trusts
    /// their certificate. `None` as above.
    pub async fn open_at(address: &str, names: &[(&str, &str)], identity: &Identity) -> Option<Self> {
        let rules: Vec<String> = names
            .iter()
            .map(|(name, place)| format!("MAP {name} {place}"))
            .collect();
        let arguments = [
            format!("--host-resolver-rules={}", rules.join(", ")),
            format!("--ignore-certificate-errors-spki-list={}", identity.fingerprint()),
        ];
        let browser = Self::start_with(Engine::Chromium, Screen::Desktop, &arguments).await?;
        browser.client.goto(address).await.expect("the page opens");
        Some(browser)
    }

    async fn start(engine: Engine, screen: Screen) -> Option<Self> {
        Self::start_with(engine, screen, &[]).await
    }

    async fn start_with(engine: Engine, screen: Screen, arguments: &[String]) -> Option<Self> {
        let driver = engine.start(screen, arguments).await?;
        let client = driver
            .session()
            .await
            .unwrap_or_else(|why| panic!("{engine:?} does not start: {why}"));
        if engine != Engine::Chromium {
            client
                .set_window_size(1280, 900)
                .await
                .expect("the window takes a size");
        }
        Some(Self {
            client,
            engine,
            _driver: driver,
        })
    }

    /// Goes to the first page.
    pub async fn visit(&self, app: &TestApp) {
        self.go(app, "/").await;
    }

    /// Goes to a path of the app, as by typing the address.
    pub async fn go(&self, app: &TestApp, path: &str) {
        let address = format!("{}{path}", app.base_url());
        self.client.goto(&address).await.expect("the page opens");
    }

    /// Goes to an address, as by typing it.
    pub async fn leave_for(&self, address: &str) {
        self.client.goto(address).await.expect("the page opens");
    }

    /// Goes to another path of the site that it is on, as by typing the address.
    pub async fn stroll(&self, path: &str) {
        let here = self.client.current_url().await.expect("an address");
        let there = here.join(path).expect("a path");
        self.client.goto(there.as_str()).await.expect("the page opens");
    }

    /// Waits until the page says that the server has all that is on this device, and it all that the server has.
    pub async fn is_synced(&self) {
        let script = "const state = document.querySelector('#sync-state');
            return state?.dataset.phase === 'resting' && state.dataset.unsaved === '0'";
        self.until_true("all is together", script).await;
    }

    /// Goes back, as by the browser's button.
    pub async fn back(&self) {
        self.client.back().await.expect("the browser goes back");
    }

    /// Waits until the address has this path and query.
    pub async fn is_at(&self, path: &str) {
        let script = format!("return location.pathname + location.search === {path:?}");
        self.until_true(&format!("the address is {path}"), &script).await;
    }

    pub async fn reload(&self) {
        self.client.refresh().await.expect("the page reloads");
    }

    /// Clicks, once that is possible.
    pub async fn click(&self, css: &str) {
        self.until(css, async |element| element.click().await).await;
    }

    /// Replaces the text of a field.
    pub async fn fill(&self, css: &str, text: &str) {
        self.until(css, async |element| {
            element.clear().await?;
            element.send_keys(text).await
        })
        .await;
    }

    /// Types at the end of a field. Keys without a letter are those of WebDriver's list.
    pub async fn type_into(&self, css: &str, keys: &str) {
        self.until(css, async |element| element.send_keys(keys).await).await;
    }

    /// Picks from a `<select>`.
    pub async fn pick(&self, css: &str, value: &str) {
        self.until(css, async |element| element.select_by_value(value).await)
            .await;
    }

    /// Waits for an element to be seen.
    pub async fn sees(&self, css: &str) {
        self.until_true(
            &format!("{css} is to be seen"),
            &format!("return document.querySelector({css:?})?.checkVisibility() === true"),
        )
        .await;
    }

    /// The visible text of an element.
    pub async fn text(&self, css: &str) -> String {
        self.until(css, async |element| element.text().await).await
    }

    /// Opens the menu of a card and picks from it.
    #[expect(clippy::wrong_self_convention, reason = "the menu is where to pick from")]
    pub async fn from_menu(&self, card: &str, entry: &str) {
        self.click(&format!("{card} .more-button")).await;
        self.click(&format!("{card} .menu {entry}")).await;
    }

    /// Waits until the page has told something that has these words in it.
    pub async fn tells(&self, words: &str) {
        let script = format!("return document.querySelector('#status').textContent.includes({words:?})");
        self.until_true(&format!("{words:?} is told"), &script).await;
    }

    /// Presses a key where the focus is. Keys without a letter are those of WebDriver's list.
    pub async fn press(&self, key: &str) {
        let focused = self.client.active_element().await.expect("something has the focus");
        focused.send_keys(key).await.expect("the key is pressed");
    }

    /// Waits until an element that matches has the focus.
    pub async fn focus_is_on(&self, css: &str) {
        let script = format!("return document.activeElement?.matches({css:?}) === true");
        self.until_true(&format!("the focus is on {css}"), &script).await;
    }

    /// Waits until nothing is wider than the window. A phone makes its window as wide as what is in it, but not the page.
    pub async fn fits(&self) {
        let script = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        self.until_true("nothing is wider than the screen", script).await;
    }

    /// Waits until exactly these memos are shown, newest first.
    pub async fn shows(&self, memos: &[&str]) {
        let script =
            "return JSON.stringify(Array.from(document.querySelectorAll('.memo .memo-text'), e => e.textContent))";
        self.until_true(
            &format!("the memos are {memos:?}"),
            &format!("return (() => {{ {script} }})() === {:?}", json!(memos).to_string()),
        )
        .await;
    }

    /// Waits until a script, the body of a function, returns true.
    pub async fn until_true(&self, what: &str, script: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            let last = self.client.execute(script, Vec::new()).await;
            if matches!(last, Ok(Value::Bool(true))) {
                return;
            }
            assert!(
                Instant::now() < end,
                "{what}: never; {last:?}; the page says:\n{}",
                self.page_text().await
            );
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// What a script, the body of a function, returns.
    pub async fn run(&self, script: &str) -> Value {
        self.run_with(script, Vec::new()).await
    }

    /// The same, with what it finds in `arguments`.
    pub async fn run_with(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.expect("the script runs")
    }

    /// How many windows and tabs are open.
    pub async fn windows(&self) -> usize {
        self.client.windows().await.expect("windows").len()
    }

    /// What the promise resolves to that a script, the body of an async function, returns.
    pub async fn run_async(&self, script: &str, arguments: Vec<Value>) -> Value {
        let script = format!(
            "const resolve = arguments[arguments.length - 1];
             (async (...args) => {{ {script} }})(...arguments).then(
                 (value) => resolve({{ value }}), (error) => resolve({{ error: String(error) }}))"
        );
        let mut result = self.client.execute_async(&script, arguments).await.expect("it answers");
        assert!(result["error"].is_null(), "{}", result["error"]);
        result["value"].take()
    }

    /// Opens another tab of the same browser and goes on in it. Returns the name of the tab that it was in.
    pub async fn open_tab(&self, app: &TestApp) -> WindowHandle {
        let before = self.empty_tab().await;
        self.visit(app).await;
        before
    }

    /// Opens an empty tab and goes on in it. Returns the name of the tab that it was in.
    pub async fn empty_tab(&self) -> WindowHandle {
        let before = self.tab().await;
        let tab = self.client.new_window(true).await.expect("a new tab");
        self.switch_to(tab.handle).await;
        before
    }

    /// Goes on in another tab.
    pub async fn switch_to(&self, tab: WindowHandle) {
        self.client.switch_to_window(tab).await.expect("the tab is there");
    }

    /// Closes the tab that it is in, and goes on in another.
    pub async fn close_tab(&self, next: WindowHandle) {
        self.client.close_window().await.expect("the tab closes");
        self.switch_to(next).await;
    }

    /// The tab that it is in.
    pub async fn tab(&self) -> WindowHandle {
        self.client.window().await.expect("a tab")
    }

    /// Keeps a picture for people in `target/tmp`.
    pub async fn picture(&self, name: &str) {
        let png = self.client.screenshot().await.expect("a picture");
        std::fs::write(format!("{}/{name}.png", env!("CARGO_TARGET_TMPDIR")), png).expect("target/tmp takes a picture");
    }

    /// Closes the browser. In Chromium, nothing may be left in the console to complain about; of other engines, a
    /// `Watch` tells that.
    pub async fn close(self) {
        if self.engine == Engine::Chromium {
            assert_eq!(self.console().await, Vec::<String>::new());
        }
        self.client.clone().close().await.expect("the browser closes");
    }

    async fn page_text(&self) -> String {
        let text = self.client.execute("return document.body.innerText", Vec::new()).await;
        text.ok()
            .and_then(|text| text.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// Tries until it works: the page may be about to show or to replace the element.
    async fn until<T>(&self, css: &str, act: impl AsyncFn(Element) -> Result<T, CmdError>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            let why = match self.client.find(Locator::Css(css)).await {
                Ok(element) => match act(element).await {
                    Ok(value) => return value,
                    Err(why) => why,
                },
                Err(why) => why,
            };
            assert!(
                Instant::now() < end,
                "{css}: {why}; the page says:\n{}",
                self.page_text().await
            );
            sleep(Duration::from_millis(50)).await;
        }
    }
}
