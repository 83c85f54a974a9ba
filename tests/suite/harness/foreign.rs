//! Programs on other people's libraries, which lie in `tests/interop`: the libraries are installed there, unchanged.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use super::build::workspace;
use super::notice::left_out;
use super::process::Process;
use super::wish::Wish;

/// How long a program may take for its next word, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running program that says lines of JSON. It ends with its value.
pub struct Foreign {
    _process: Process,
    folder: TempDir,
    script: String,
    lines: UnboundedReceiver<String>,
}

impl Foreign {
    /// Starts a script with one argument, which it reads as JSON. `None`, said loudly, where its language or its libraries are
    /// not installed and `MEMO_BROWSER=all` does not insist on them.
    pub fn start(script: &str, argument: &Value) -> Option<Self> {
        let (interpreter, libraries) = match Path::new(script).extension().and_then(|it| it.to_str()) {
            Some("py") => ("python3", workspace().join("target/interop")),
            _ => ("node", workspace().join("tests/interop/node_modules")),
        };
        if !libraries.join(".package-lock.json").exists() && !libraries.join(".installed").exists() {
            return missing(script, "its libraries, which `make interop` installs");
        }
        let folder = tempfile::Builder::new()
            .prefix("foreign-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .expect("target/tmp takes a folder");
        let mut command = Command::new(interpreter);
        command
            .arg(workspace().join("tests/interop").join(script))
            .arg(argument.to_string())
            .env("PYTHONPATH", &libraries)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("NO_PROXY", "127.0.0.1,localhost")
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(complaints(&folder)).expect("the folder takes a file"));
        let Ok(mut process) = Process::start(&mut command, folder.path()) else {
            return missing(script, &format!("{interpreter} on the PATH"));
        };
        let output = BufReader::new(process.stdout().expect("its output is piped"));
        let (send, lines) = unbounded_channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = send.send(line); // Nobody listens any more where the test is over.
            }
        });
        Some(Self {
            _process: process,
            folder,
            script: script.to_owned(),
            lines,
        })
    }

    /// Waits for what it says next.
    pub async fn says(&mut self) -> Value {
        let line = timeout(PATIENCE, self.lines.recv()).await;
        let line = line.unwrap_or_else(|_| panic!("{} says nothing", self.script));
        let line = line.unwrap_or_else(|| {
            let why = std::fs::read_to_string(complaints(&self.folder)).unwrap_or_default();
            panic!("{} has ended:\n{why}", self.script)
        });
        serde_json::from_str(&line).unwrap_or_else(|why| panic!("{}: {why}: {line}", self.script))
    }
}

/// What it writes to stderr.
fn complaints(folder: &TempDir) -> PathBuf {
    folder.path().join("stderr")
}

fn missing(script: &str, what: &str) -> Option<Foreign> {
    let why = format!("{script} needs {what}");
    assert!(Wish::of_environment() < Wish::All, "{why}");
    left_out(&why);
    None
}
