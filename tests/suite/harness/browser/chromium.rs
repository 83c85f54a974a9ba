//! What Chromium alone can be asked for: its log, and the commands of its DevTools protocol.

use fantoccini::wd::WindowHandle;
use serde_json::{Value, json};

use super::commands::{Devtools, Log};
use super::{Browser, Engine};

impl Browser {
    /// Forgets the session, as a browser does whose cookies are cleared.
    pub async fn drop_cookies(&self) {
        self.devtools("Network.clearBrowserCookies", json!({})).await;
    }

    /// Sends a command of the DevTools protocol to the page.
    pub async fn devtools(&self, command: &'static str, parameters: Value) {
        let command = Devtools { command, parameters };
        self.client
            .issue_cmd(command)
            .await
            .expect("the browser takes the command");
    }

    /// Lets the tab crash, without a word to its page.
    pub async fn crash(&self) {
        let command = Devtools {
            command: "Page.crash",
            parameters: json!({}),
        };
        let _ = self.client.issue_cmd(command).await; // Nobody is left to answer.
    }

    /// Closes a tab that has crashed, from the one that it is in.
    pub async fn bury(&self, crashed: WindowHandle) {
        // To ChromeDriver, a tab's name is that of its target.
        let target = json!({ "targetId": String::from(crashed) });
        self.devtools("Target.closeTarget", target).await;
    }

    /// Lets requests to these addresses fail as without a connection, from now on; `*` stands for any part.
    pub async fn cut_off(&self, addresses: &[&str]) {
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.setBlockedURLs", json!({ "urls": addresses }))
            .await;
    }

    /// What the page has printed to the console since the last call, but for what the browser prints of the network.
    pub async fn console(&self) -> Vec<String> {
        self.entries(|entry| !is_of_the_network(entry)).await
    }

    /// All that the console says since the last call.
    pub async fn whole_console(&self) -> Vec<String> {
        self.entries(|_| true).await
    }

    async fn entries(&self, wanted: impl Fn(&Value) -> bool) -> Vec<String> {
        let entries = self.log("browser").await.into_iter().filter(wanted);
        entries
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// What one of ChromeDriver's logs has got since the last call. Other drivers have none.
    async fn log(&self, kind: &'static str) -> Vec<Value> {
        assert_eq!(self.engine, Engine::Chromium, "only ChromeDriver keeps logs");
        let log = self.client.issue_cmd(Log(kind)).await.expect("the log can be read");
        log.as_array().cloned().unwrap_or_default()
    }

    /// The addresses of all requests since the last call, by Chromium's own account: also those that failed.
    pub async fn requests(&self) -> Vec<String> {
        let entries = self.log("performance").await;
        let events = entries
            .iter()
            .filter_map(|entry| serde_json::from_str::<Value>(entry["message"].as_str()?).ok());
        events
            .filter(|event| event["message"]["method"] == "Network.requestWillBeSent")
            .filter_map(|event| event["message"]["params"]["request"]["url"].as_str().map(str::to_owned))
            .collect()
    }
}

/// Whether the browser printed it because of the network: an answer with an error status, or an icon of the manifest
/// that could not be loaded. The browser gets that icon whenever it likes, and some tests stop the server just then;
/// `app::install` holds that the icons are good.
fn is_of_the_network(entry: &Value) -> bool {
    let message = entry["message"].as_str().unwrap_or_default();
    entry["source"] == "network" || message.contains("icon from the Manifest") && message.contains("Download error")
}
