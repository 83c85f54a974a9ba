//! A real Redis for a test of its own.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::notice::left_out;
use super::process::{Process, free_port};
use super::wish::Wish;

/// How long Redis may take to listen, on a busy machine.
const START: Duration = Duration::from_secs(30);

/// How long those who ask it may take to notice that nobody wants to know any more, on a busy machine.
const REST: Duration = Duration::from_secs(120);

/// A running Redis, empty at first. It ends with its value.
pub struct Redis {
    process: Process,
    _folder: TempDir,
    port: u16,
}

impl Redis {
    /// Starts one on a free port. `None`, said loudly, where there is none to start and `MEMO_BROWSER`, which
    /// stands for a run of everything, does not insist on it.
    pub fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// The same, with settings more or other ones.
    pub fn start_with(settings: &[&str]) -> Option<Self> {
        let folder = tempfile::Builder::new()
            .prefix("redis-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"));
        let folder = folder.expect("target/tmp takes a folder");
        let port = free_port();
        let mut command = Command::new("redis-server");
        command
            .args([
                "--bind",
                "127.0.0.1",
                "--port",
                &port.to_string(),
                "--save",
                "",
                "--appendonly",
                "no",
                "--dir",
            ])
            .arg(folder.path())
            .args(settings)
            .stdout(Stdio::null());
        let process = match Process::start(&mut command, folder.path()) {
            Ok(process) => process,
            Err(why) => {
                assert!(
                    Wish::of_environment() < Wish::Usual,
                    "redis-server: {why}; Debian and Ubuntu: apt-get install redis-server"
                );
                left_out("there is no redis-server on the PATH (apt-get install redis-server)");
                return None;
            }
        };
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(begun.elapsed() < START, "redis-server does not listen on port {port}");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(Self {
            process,
            _folder: folder,
            port,
        })
    }

    /// How many commands it has been given so far, this one among them.
    pub fn commands(&self) -> u64 {
        let mut redis = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("redis listens");
        redis
            .write_all(b"INFO stats\r\nQUIT\r\n")
            .expect("redis takes commands");
        let mut stats = String::new();
        redis.read_to_string(&mut stats).expect("redis answers");
        let commands = stats
            .lines()
            .find_map(|line| line.strip_prefix("total_commands_processed:"));
        commands
            .and_then(|count| count.parse().ok())
            .expect("redis counts its commands")
    }

    /// Waits until nobody gives it commands any more.
    pub async fn comes_to_rest(&self) {
        let begun = Instant::now();
        let mut before = self.commands();
        loop {
            tokio::time::sleep(Duration::from_secs(3)).await;
            let now = self.commands();
            // Those that asked for the two figures.
            if now - before <= 2 {
                return;
            }
            assert!(begun.elapsed() < REST, "redis is still asked");
            before = now;
        }
    }

    /// Ends the connections of all who keep their data there.
    pub fn hangs_up(&self) {
        let mut redis = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("redis listens");
        redis
            .write_all(b"CLIENT KILL TYPE normal SKIPME yes\r\nQUIT\r\n")
            .expect("redis takes commands");
        let mut answer = String::new();
        redis.read_to_string(&mut answer).expect("redis answers");
        assert!(answer.starts_with(':') && !answer.starts_with(":0"), "{answer}");
    }

    /// From now on it answers nobody, and its connections stay.
    pub fn falls_silent(&self) {
        self.process.signal("STOP");
    }

    /// It answers again.
    pub fn goes_on(&self) {
        self.process.signal("CONT");
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The runtime configuration (in Spin's format) of a host that keeps its data there.
    pub fn runtime_config(&self) -> String {
        self.runtime_config_as("")
    }

    /// The same for one that signs in: `user:password@`.
    pub fn runtime_config_as(&self, login: &str) -> String {
        format!(
            "[key_value_store.default]\ntype = \"redis\"\nurl = \"redis://{login}127.0.0.1:{}/\"\n",
            self.port
        )
    }
}
