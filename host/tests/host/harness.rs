//! Starting hosts, asking them, ending them.

use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, LazyLock, Mutex, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// Long enough for a first start, which compiles the guest, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The guest, built once per test run.
static GUEST: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let status = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--profile",
            "wasm",
            "--target",
            "wasm32-wasip2",
            "-p",
            "guest",
        ])
        .current_dir(root)
        .status()
        .unwrap();
    assert!(status.success(), "the guest could not be built");
    root.join("target/wasm32-wasip2/wasm/guest.wasm")
});

/// The guest's file.
pub fn guest() -> &'static Path {
    &GUEST
}

/// A manifest with a public component `guest` and a private one, `inner`. `grants` is TOML in `[component.guest]`.
pub fn manifest(grants: &str) -> String {
    let wasm = GUEST.display();
    format!(
        r#"
spin_manifest_version = 2
[application]
name = "test"
[variables]
color = {{ default = "red" }}
[[trigger.http]]
route = "/..."
component = "guest"
[[trigger.http]]
route = {{ private = true }}
component = "inner"
[component.inner]
source = "{wasm}"
[component.guest]
source = "{wasm}"
{grants}
"#
    )
}

/// A running host, killed when dropped.
pub struct Host {
    child: Child,
    pub address: String,
    output: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
    pub dir: Arc<TempDir>,
}

impl Host {
    pub fn start(manifest: &str, args: &[&str]) -> Self {
        Self::start_in(Arc::new(tempfile::tempdir().unwrap()), manifest, args, &[])
    }

    /// Starts with a spin.toml in `dir`, and goes on with the data that is there.
    pub fn start_in(dir: Arc<TempDir>, manifest: &str, args: &[&str], env: &[(&str, &str)]) -> Self {
        let mut child = spawn(dir.path(), manifest, args, env);
        let output = Arc::new(Mutex::new(String::new()));
        let (ready, address) = mpsc::channel();
        let readers = vec![
            collect(child.stderr.take().unwrap(), output.clone(), None),
            collect(child.stdout.take().unwrap(), output.clone(), Some(ready)),
        ];
        let Ok(address) = address.recv_timeout(PATIENCE) else {
            child.kill().unwrap();
            panic!("the host did not start: {}", output.lock().unwrap());
        };
        Self {
            child,
            address,
            output,
            readers,
            dir,
        }
    }

    /// GET: the status and the body.
    pub fn get(&self, path: &str) -> (u16, String) {
        self.send(ureq::http::Request::get(self.url(path)).body(String::new()).unwrap())
    }

    pub fn post(&self, path: &str, body: &str) -> (u16, String) {
        self.send(ureq::http::Request::post(self.url(path)).body(body.to_owned()).unwrap())
    }

    pub fn send(&self, request: ureq::http::Request<String>) -> (u16, String) {
        self.try_send(request).unwrap()
    }

    pub fn try_send(&self, request: ureq::http::Request<String>) -> Result<(u16, String), ureq::Error> {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut response = agent.run(request)?;
        Ok((response.status().as_u16(), response.body_mut().read_to_string()?))
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What it has printed so far, stdout and stderr together.
    pub fn output(&self) -> String {
        self.output.lock().unwrap().clone()
    }

    /// Waits until it has printed `text`.
    pub fn wait_for(&self, text: &str) {
        self.wait_for_times(1, text);
    }

    pub fn wait_for_times(&self, times: usize, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.output().matches(text).count() < times {
            assert!(
                std::time::Instant::now() < deadline,
                "no {text:?} in: {}",
                self.output()
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn signal(&self, name: &str) {
        let status = Command::new("sh")
            .arg("-c")
            .arg(format!("kill -{name} {}", self.child.id()))
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Waits for the end; the exit code, and all that it has printed.
    pub fn end(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().unwrap();
        self.readers.drain(..).for_each(|reader| reader.join().unwrap());
        (status.code(), self.output())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a host that is expected to refuse to start, and returns what it says.
pub fn refusal(manifest: &str, args: &[&str]) -> String {
    refusal_with(manifest, args, &[])
}

pub fn refusal_with(manifest: &str, args: &[&str], env: &[(&str, &str)]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let mut child = spawn(dir.path(), manifest, args, env);
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(1), "it should have refused: {said}");
    said
}

/// Runs a host that ends by itself; its exit code, and what it has printed.
pub fn run(dir: &Path, manifest: &str, args: &[&str], env: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = spawn(dir, manifest, args, env).wait_with_output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(printed).unwrap())
}

fn spawn(dir: &Path, manifest: &str, args: &[&str], env: &[(&str, &str)]) -> Child {
    std::fs::write(dir.join("spin.toml"), manifest).unwrap();
    Command::new("sh")
        // `FILES` in the environment limits how many files the host may have open.
        .args(["-c", "ulimit -n ${FILES:-$(ulimit -n)} && exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_memo-host"))
        .args(["--listen", "127.0.0.1:0"])
        .args(args)
        .current_dir(dir)
        // It would take the tests for `cargo run`, and build.
        .env_remove("CARGO_MANIFEST_DIR")
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn collect(
    stream: impl Read + Send + 'static,
    output: Arc<Mutex<String>>,
    ready: Option<mpsc::Sender<String>>,
) -> JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            output.lock().unwrap().push_str(&format!("{line}\n"));
            if let (Some(ready), Some(address)) = (
                &ready,
                line.strip_prefix("Serving http")
                    .and_then(|rest| rest.split_once("://")),
            ) {
                ready.send(address.1.to_owned()).unwrap();
            }
        }
    })
}
