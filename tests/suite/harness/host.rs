//! Starting, killing and restarting `memo-host`.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;

use super::build::{host_args, host_binary, workspace};
use super::identity::Identity;
use super::notice::left_out;
use super::process::Process;

/// How long a host may take to print its address: it compiles the components, on a busy machine.
const START: Duration = Duration::from_secs(120);

/// What a host is started with.
pub struct HostPlan {
    folder: TempDir,
    arguments: Vec<String>,
}

impl HostPlan {
    /// A host of the test's own on an empty store. `None`, said loudly, where the suite runs against
    /// another server, which it must not restart or configure.
    pub fn fresh() -> Option<Self> {
        if super::remote().is_some() {
            left_out("needs a host of its own, and MEMO_BASE_URL names a running server");
            return None;
        }
        Some(Self::unguarded())
    }

    /// The same, with a store that outlives the host. `None`, said loudly, where all hosts keep their data in memory.
    pub fn lasting() -> Option<Self> {
        if extra_arguments().iter().any(|argument| argument == "--in-memory") {
            left_out("needs data that outlives its host, and MEMO_HOST_ARGS says --in-memory");
            return None;
        }
        Self::fresh()
    }

    pub(super) fn unguarded() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("host-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"));
        Self {
            folder: folder.expect("target/tmp takes a folder"),
            arguments: Vec::new(),
        }
        .plain()
    }

    /// As it was before components and variables were named.
    pub fn plain(mut self) -> Self {
        self.arguments = extra_arguments();
        self
    }

    /// Runs this component only, or this one too.
    pub fn component(mut self, id: &str) -> Self {
        self.arguments.extend(["-c".into(), id.into()]);
        self
    }

    /// Sets a variable of spin.toml.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.arguments.extend(["--variable".into(), format!("{name}={value}")]);
        self
    }

    /// Gives it a runtime configuration, in Spin's format.
    pub fn runtime_config(mut self, toml: &str) -> Self {
        let file = self.folder.path().join("runtime-config.toml");
        std::fs::write(&file, toml).expect("the folder takes a file");
        self.arguments
            .extend(["--runtime-config-file".into(), file.display().to_string()]);
        self
    }

    /// Lets it be reached by https alone.
    pub fn tls(mut self, identity: &Identity) -> Self {
        let (certificate, key) = identity.write(self.folder.path());
        for (flag, file) in [("--tls-cert", certificate), ("--tls-key", key)] {
            self.arguments.extend([flag.into(), file.display().to_string()]);
        }
        self
    }

    /// Starts on a free port.
    pub fn start(self) -> Host {
        Host::start(self, "127.0.0.1:0")
    }
}

/// What all hosts are started with.
fn extra_arguments() -> Vec<String> {
    let extra = std::env::var("MEMO_HOST_ARGS").unwrap_or_default();
    extra.split_whitespace().map(str::to_owned).collect()
}

/// A running host. It ends with its value, or with the test process.
pub struct Host {
    process: Process,
    address: String,
    plan: HostPlan,
}

impl Host {
    fn start(plan: HostPlan, listen: &str) -> Self {
        let log = File::options()
            .create(true)
            .append(true)
            .open(log_in(&plan))
            .expect("the log opens");
        let mut command = Command::new(host_binary());
        command
            .args(["--listen", listen, "--state-dir"])
            .arg(plan.folder.path().join("state"))
            .args(host_args())
            .args(&plan.arguments)
            .current_dir(workspace())
            .stdout(Stdio::piped())
            .stderr(log);
        let mut process = Process::start(&mut command, plan.folder.path()).expect("the host starts");
        let Some(address) = printed_address(&mut process) else {
            let status = process.end("KILL");
            let log = std::fs::read_to_string(log_in(&plan)).unwrap_or_default();
            panic!("{command:?} printed no address ({status}); its log:\n{log}");
        };
        Self { process, address, plan }
    }

    /// `http://127.0.0.1:…`, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its address and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// As a crash would: no goodbye, no flush.
    pub fn kill(mut self) -> Stopped {
        self.process.end("KILL");
        Stopped {
            address: self.address,
            plan: self.plan,
        }
    }

    /// As `systemctl stop` or a container platform would.
    pub fn terminate(mut self) -> (Stopped, ExitStatus) {
        let status = self.process.end("TERM");
        (
            Stopped {
                address: self.address,
                plan: self.plan,
            },
            status,
        )
    }
}

/// A host that has ended; its data and its address wait for the next one.
pub struct Stopped {
    address: String,
    plan: HostPlan,
}

impl Stopped {
    /// Starts again on the same data and at the same address.
    pub fn start(self) -> Host {
        Host::start(self.plan, &self.address)
    }

    /// What the host and the components have written to stderr.
    pub fn log(&self) -> String {
        std::fs::read_to_string(log_in(&self.plan)).expect("the log is there")
    }

    /// Changes what the next start is given.
    pub fn with(self, change: impl FnOnce(HostPlan) -> HostPlan) -> Self {
        Self {
            plan: change(self.plan),
            ..self
        }
    }
}

/// Beside the state, so that it ends with it.
fn log_in(plan: &HostPlan) -> PathBuf {
    plan.folder.path().join("host.log")
}

/// The first address on stdout. The rest is read and dropped, or the host would block on a full pipe.
fn printed_address(process: &mut Process) -> Option<String> {
    let lines = BufReader::new(process.stdout()?).lines();
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if let Some((_, rest)) = line.split_once("://") {
                let end = rest.find(|c: char| c == '/' || c.is_whitespace()).unwrap_or(rest.len());
                let _ = send.send(rest[..end].to_owned());
            }
        }
    });
    receive.recv_timeout(START).ok()
}
