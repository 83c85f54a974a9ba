//! The browsers' engines, and the programs through which WebDriver reaches them.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use fantoccini::error::NewSessionError;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::Screen;
use crate::harness::build::workspace;
use crate::harness::notice::left_out;
use crate::harness::process::{Process, free_port};
use crate::harness::wish::Wish;

/// How long a driver may take to listen, on a busy machine.
const START: Duration = Duration::from_secs(60);

/// What renders pages and runs their scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Chrome's, Edge's and most phones'. All tests of the site run in it.
    Chromium,
    /// Firefox's.
    Gecko,
    /// Safari's. On Linux it is WebKitGTK, which needs a display, and gets one that nobody sees.
    WebKit,
}

/// A running driver. It ends with its value.
pub struct Driver {
    /// Where it takes commands.
    address: String,
    /// What a session is asked for.
    capabilities: Capabilities,
    _driver: Process,
    _display: Option<Process>,
    _folder: TempDir,
}

impl Engine {
    /// Starts the engine's driver; Chromium gets these arguments as well. `None`, said loudly, where it is not installed and `MEMO_BROWSER` does not insist.
    pub async fn start(self, screen: Screen, arguments: &[String]) -> Option<Driver> {
        let wish = Wish::of_environment();
        if wish == Wish::None {
            left_out("MEMO_BROWSER=0");
            return None;
        }
        let missing: Vec<&str> = self
            .programs()
            .into_iter()
            .filter(|name| program(name).is_none())
            .collect();
        if missing.is_empty() {
            return Some(self.start_driver(screen, arguments).await);
        }
        let why = format!(
            "{self:?} needs {}, which `make browsers` installs where it can",
            missing.join(", ")
        );
        let insists = match self {
            Self::Chromium => wish >= Wish::Usual,
            Self::Gecko | Self::WebKit => wish == Wish::All,
        };
        assert!(!insists, "{why}");
        left_out(&why);
        None
    }

    /// What must be on the PATH, the driver first.
    fn programs(self) -> Vec<&'static str> {
        match self {
            Self::Chromium => vec!["chromedriver"],
            Self::Gecko => vec!["geckodriver", "firefox"],
            Self::WebKit => vec!["WebKitWebDriver", "Xvfb"],
        }
    }

    async fn start_driver(self, screen: Screen, arguments: &[String]) -> Driver {
        let folder = tempfile::Builder::new()
            .prefix("browser-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"));
        let folder = folder.expect("target/tmp takes a folder");
        let port = free_port();
        let [name, ..] = self.programs()[..] else {
            unreachable!("an engine has a driver")
        };
        let mut command = Command::new(program(name).expect("it was found before"));
        command
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let display = (self == Self::WebKit).then(|| start_display(folder.path()));
        if let Some((_, number)) = &display {
            command.env("DISPLAY", format!(":{number}"));
        }
        let driver = Process::start(&mut command, folder.path()).expect("the driver starts");
        let end = Instant::now() + START;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(Instant::now() < end, "{name} does not listen on port {port}");
            sleep(Duration::from_millis(20)).await;
        }
        Driver {
            address: format!("http://127.0.0.1:{port}"),
            capabilities: self.capabilities(screen, arguments, &folder),
            _driver: driver,
            _display: display.map(|(process, _)| process),
            _folder: folder,
        }
    }

    fn capabilities(self, screen: Screen, arguments: &[String], folder: &TempDir) -> Capabilities {
        let all = match self {
            Self::Chromium => chromium(screen, arguments, folder),
            Self::Gecko => json!({ "moz:firefoxOptions": { "args": ["-headless"] } }),
            Self::WebKit => json!({}),
        };
        all.as_object().cloned().unwrap_or_default()
    }
}

impl Driver {
    /// Starts the browser.
    pub async fn session(&self) -> Result<Client, NewSessionError> {
        let mut tries = 0;
        loop {
            let connected = ClientBuilder::new(HttpConnector::new())
                .capabilities(self.capabilities.clone())
                .connect(&self.address)
                .await;
            tries += 1;
            // On a busy machine, a driver may read what the browser is about to write.
            if connected.is_ok() || tries == 3 {
                return connected;
            }
        }
    }
}

fn chromium(screen: Screen, arguments: &[String], folder: &TempDir) -> Value {
    let mut options = json!({
        "args": [
            "--headless=new",
            "--window-size=1280,900",
            "--lang=en-US",
            // Containers and root have no user namespaces for the sandbox; the pages are our own.
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            // What slides is somewhere else by the time that it is clicked.
            "--force-prefers-reduced-motion",
            format!("--user-data-dir={}", folder.path().display()),
        ],
    });
    let list = options["args"].as_array_mut().expect("a list");
    list.extend(arguments.iter().map(|argument| json!(argument)));
    match screen {
        // Headless, it would have neither mouse nor keyboard: 2 is a pointer that hovers, 4 a fine one.
        Screen::Desktop => list.push(json!(
            "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4"
        )),
        Screen::Phone => {
            options["mobileEmulation"] = json!({ "deviceMetrics": { "width": 360, "height": 740, "pixelRatio": 2.0 } });
        }
    }
    json!({ "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" } })
}

/// A program on the PATH, or one that `make browsers` has built because no package has it.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let own = workspace().join("target/tools/bin");
    std::env::split_paths(&path)
        .chain([own])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// A display in memory, and its number: the first one that is free.
fn start_display(folder: &Path) -> (Process, u32) {
    let mut command = Command::new("Xvfb");
    command
        .args(["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut display = Process::start(&mut command, folder).expect("Xvfb starts");
    let mut line = String::new();
    BufReader::new(display.stdout().expect("its output is piped"))
        .read_line(&mut line)
        .expect("Xvfb tells its display");
    let number = line.trim().parse().expect("a display has a number");
    (display, number)
}
