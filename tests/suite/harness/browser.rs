//! A real browser: headless Chromium through ChromeDriver.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::app::TestApp;
use super::notice::left_out;
use super::process::Process;

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
    _driver: Process,
    _folder: TempDir,
}

impl Browser {
    /// `None`, said loudly, where there is no browser and `MEMO_BROWSER=1` does not insist on one.
    pub async fn open(app: &TestApp, screen: Screen) -> Option<Self> {
        let wish = std::env::var("MEMO_BROWSER").unwrap_or_default();
        if wish == "0" {
            left_out("MEMO_BROWSER=0");
            return None;
        }
        let folder = tempfile::Builder::new()
            .prefix("browser-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"));
        let folder = folder.expect("target/tmp takes a folder");
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut driver = match Process::start(&mut command, folder.path()) {
            Ok(driver) => driver,
            Err(why) if wish == "1" => panic!(
                "chromedriver does not start ({why}). Install it and Chromium: \
                 `apt-get install chromium chromium-driver`, or from https://googlechromelabs.github.io/chrome-for-testing/"
            ),
            Err(_) => {
                left_out("needs chromedriver and Chromium, which `make test` installs");
                return None;
            }
        };
        let port = printed_port(&mut driver).expect("chromedriver prints its port");
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(screen, &folder))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("Chromium starts");
        let browser = Self {
            client,
            _driver: driver,
            _folder: folder,
        };
        browser.visit(app).await;
        Some(browser)
    }

    /// Goes to the first page.
    pub async fn visit(&self, app: &TestApp) {
        self.client
            .goto(&format!("{}/", app.base_url()))
            .await
            .expect("the page opens");
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
        self.client.execute(script, Vec::new()).await.expect("the script runs")
    }

    /// Keeps a picture for people in `target/tmp`.
    pub async fn picture(&self, name: &str) {
        let png = self.client.screenshot().await.expect("a picture");
        std::fs::write(format!("{}/{name}.png", env!("CARGO_TARGET_TMPDIR")), png).expect("target/tmp takes a picture");
    }

    /// What the page has printed to the console since the last call, but for answers with an error status,
    /// which the browser prints too.
    pub async fn console(&self) -> Vec<String> {
        let log = self
            .client
            .issue_cmd(ConsoleLog)
            .await
            .expect("the console can be read");
        let entries = log.as_array().cloned().unwrap_or_default();
        let own = entries.into_iter().filter(|entry| entry["source"] != "network");
        own.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Closes the browser, in whose console nothing may be left to complain about.
    pub async fn close(self) {
        assert_eq!(self.console().await, Vec::<String>::new());
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

fn capabilities(screen: Screen, folder: &TempDir) -> fantoccini::wd::Capabilities {
    let mut options = json!({
        "args": [
            "--headless=new",
            "--window-size=1280,900",
            "--lang=en-US",
            // Containers and root have no user namespaces for the sandbox; the pages are our own.
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            format!("--user-data-dir={}", folder.path().display()),
        ],
    });
    if matches!(screen, Screen::Phone) {
        options["mobileEmulation"] = json!({ "deviceMetrics": { "width": 360, "height": 740, "pixelRatio": 2.0 } });
    }
    let all = json!({ "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } });
    all.as_object().cloned().unwrap_or_default()
}

/// ChromeDriver takes a free port and names it in its first lines.
fn printed_port(driver: &mut Process) -> Option<u16> {
    let mut lines = BufReader::new(driver.stdout()?).lines().map_while(Result::ok);
    let port_in = |line: String| {
        line.split_once("successfully on port ")?
            .1
            .trim_end_matches('.')
            .parse()
            .ok()
    };
    let port = lines.by_ref().find_map(port_in);
    std::thread::spawn(move || lines.for_each(drop));
    port
}

/// ChromeDriver's own command for the console.
#[derive(Debug)]
struct ConsoleLog;

impl WebDriverCompatibleCommand for ConsoleLog {
    fn endpoint(
        &self,
        base: &reqwest::Url,
        session: Option<&str>,
    ) -> Result<reqwest::Url, <reqwest::Url as std::str::FromStr>::Err> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &reqwest::Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}
