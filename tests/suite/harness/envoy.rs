//! A real Envoy for a test of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::app::http_client;
use super::build::workspace;
use super::notice::left_out;
use super::process::Process;
use super::wish::Wish;

/// How long Envoy may take for something that it does in a moment, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a test wants otherwise than a configuration for production has it: an admin interface on a port that is free.
const ADMIN: &str = "admin: { address: { socket_address: { address: 127.0.0.1, port_value: 0 } } }";

/// A running Envoy. It ends with its value.
pub struct Envoy {
    process: Process,
    folder: TempDir,
    admin: String,
    http: reqwest::Client,
}

impl Envoy {
    /// Starts one with a configuration in YAML, and waits until it is ready. Other files, by names that its relative paths
    /// lead to, lie beside it. A listener's port may be 0: [`Self::address`] tells which one it has. `None`, said loudly, where
    /// `make envoy` has installed none and `MEMO_BROWSER=all` does not insist on it.
    pub async fn start(configuration: &str, files: &[(String, String)]) -> Option<Self> {
        let binary = binary()?;
        let folder = tempfile::Builder::new()
            .prefix("envoy-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .expect("target/tmp takes a folder");
        write(folder.path(), "envoy.yaml", configuration);
        for (name, text) in files {
            write(folder.path(), name, text);
        }
        let mut command = Command::new(binary);
        command
            .args(["--config-path", "envoy.yaml", "--config-yaml", ADMIN])
            .args(["--admin-address-path", "admin", "--log-path", "envoy.log"])
            // Several of them run at a time; each takes two threads.
            .args(["--disable-hot-restart", "--concurrency", "2"])
            // Otherwise a line of the access log is written after ten seconds.
            .args(["--file-flush-interval-msec", "100"])
            .current_dir(folder.path())
            .stdout(std::fs::File::create(folder.path().join("access.log")).expect("the folder takes a file"))
            .stderr(Stdio::null());
        let process = Process::start(&mut command, folder.path()).expect("Envoy starts");
        let mut envoy = Self {
            process,
            folder,
            admin: String::new(),
            http: http_client(false),
        };
        envoy.comes_up().await;
        Some(envoy)
    }

    async fn comes_up(&mut self) {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.process.has_ended() {
                panic!("Envoy has ended ({status}):\n{}", self.log());
            }
            self.admin = std::fs::read_to_string(self.folder.path().join("admin")).unwrap_or_default();
            if !self.admin.is_empty()
                && let Ok(answer) = self.http.get(self.admin_url("/ready")).send().await
                && answer.status().is_success()
            {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "Envoy does not get ready:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Where a listener is, by its name: `127.0.0.1:…`.
    pub async fn address(&self, listener: &str) -> String {
        let listeners = self.admin("/listeners?format=json").await;
        let listeners: Value = serde_json::from_str(&listeners).expect("the admin interface answers in JSON");
        let named = listeners["listener_statuses"].as_array().into_iter().flatten();
        let named = named.filter(|it| it["name"] == listener).collect::<Vec<_>>();
        let [one] = named[..] else {
            panic!("no listener {listener}: {listeners}")
        };
        let port = &one["local_address"]["socket_address"]["port_value"];
        format!("127.0.0.1:{port}")
    }

    /// The value of a counter or gauge, by its full name. One that has never counted anything is not there yet, and 0.
    pub async fn stat(&self, name: &str) -> u64 {
        let pattern: String = name
            .chars()
            .map(|c| if c == '.' { "[.]".into() } else { c.to_string() })
            .collect();
        let stats = self.admin(&format!("/stats?filter=^{pattern}$")).await;
        let value = stats
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        value.map_or(0, |value| value.parse().expect("a number"))
    }

    /// Waits until a counter or gauge is as it should be.
    pub async fn waits_for(&self, name: &str, is_right: impl Fn(u64) -> bool) {
        let begun = Instant::now();
        while !is_right(self.stat(name).await) {
            let value = self.stat(name).await;
            let clusters = self.admin("/clusters").await;
            assert!(begun.elapsed() < PATIENCE, "{name} stays at {value}:\n{clusters}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What the admin interface answers to a GET.
    pub async fn admin(&self, path: &str) -> String {
        let answer = self.http.get(self.admin_url(path)).send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        answer
            .expect("the admin interface answers")
            .text()
            .await
            .expect("a text")
    }

    fn admin_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.admin)
    }

    /// What Envoy has logged about itself.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("envoy.log")).unwrap_or_default()
    }

    /// What it has written to stdout: the access log, where the configuration has one there.
    pub fn access_log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("access.log")).expect("the log is there")
    }

    /// Puts another file in the place of one that it watches: Envoy looks when a file is moved there.
    pub fn replaces(&self, name: &str, text: &str) {
        write(self.folder(), "new.yaml", text);
        let file = self.folder().join(name);
        std::fs::rename(self.folder().join("new.yaml"), file).expect("the file can be moved");
    }

    /// The folder that its configuration lies in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

fn write(folder: &Path, name: &str, text: &str) {
    let file = folder.join(name);
    std::fs::create_dir_all(file.parent().expect("a file has a folder")).expect("the folder takes a folder");
    std::fs::write(file, text).expect("the folder takes a file");
}

/// What `make envoy` has installed.
fn binary() -> Option<PathBuf> {
    let folder = workspace().join("target/tools/envoy");
    if folder.join(".installed").exists() {
        return Some(folder.join("envoy/_bin/envoy"));
    }
    let why = "there is no Envoy, which `make envoy` installs";
    assert!(Wish::of_environment() < Wish::All, "{why}");
    left_out(why);
    None
}
