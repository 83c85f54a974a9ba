//! A real Redis for a test of its own.

use std::io::{self, Read, Write};
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
    folder: TempDir,
    port: u16,
    arguments: Vec<String>,
}

impl Redis {
    /// Starts one on a free port. `None`, said loudly, where there is none to start and `MEMO_BROWSER`, which
    /// stands for a run of everything, does not insist on it.
    pub fn start() -> Option<Self> {
        Self::start_with(&["--save", "", "--appendonly", "no"])
    }

    /// The same with other settings; the first one may be a file.
    pub fn start_with(arguments: &[&str]) -> Option<Self> {
        let folder = tempfile::Builder::new()
            .prefix("redis-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"));
        Self::start_in(folder.expect("target/tmp takes a folder"), arguments)
    }

    /// The same in a folder in which there are files already.
    pub fn start_in(folder: TempDir, arguments: &[&str]) -> Option<Self> {
        let port = free_port();
        let mut all: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        all.extend(["--bind", "127.0.0.1", "--port"].map(str::to_owned));
        all.extend([port.to_string(), "--dir".into(), folder.path().display().to_string()]);
        match spawn(&all, &folder) {
            Ok(process) => {
                let redis = Self {
                    process,
                    folder,
                    port,
                    arguments: all,
                };
                redis.comes_up();
                Some(redis)
            }
            Err(why) => {
                assert!(
                    Wish::of_environment() < Wish::Usual,
                    "redis-server: {why}; Debian and Ubuntu: apt-get install redis-server"
                );
                left_out("there is no redis-server on the PATH (apt-get install redis-server)");
                None
            }
        }
    }

    fn comes_up(&self) {
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(
                begun.elapsed() < START,
                "redis-server does not listen on port {}:\n{:?}",
                self.port,
                self.arguments
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Where it listens, on this machine.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Sends it a signal by name: `STOP` suspends it, and `CONT` lets it go on.
    pub fn signal(&self, signal: &str) {
        self.process.signal(signal);
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        self.process.end("KILL");
    }

    /// Starts it again after a crash, on what it has on its disk.
    pub fn start_again(&mut self) {
        self.process = spawn(&self.arguments, &self.folder).expect("redis-server starts as it did before");
        self.comes_up();
    }

    /// What it answers to a command, as it stands on the line.
    pub fn ask(&self, command: &str) -> String {
        ask(self.port, command).unwrap_or_else(|why| panic!("{command}: {why}"))
    }

    /// Waits until a replica has everything that this master has been told so far.
    pub fn is_replicated(&self) {
        let written =
            number_after(&self.ask("INFO replication"), "master_repl_offset:").expect("a master has an offset");
        let begun = Instant::now();
        loop {
            let told = self.ask("INFO replication");
            let replicas = told.lines().filter(|line| line.starts_with("slave"));
            if replicas
                .filter_map(|line| number_after(line, "offset="))
                .any(|offset| offset >= written)
            {
                return;
            }
            assert!(begun.elapsed() < START, "no replica has it: {told}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// How many commands it has been given so far, this one among them.
    pub fn commands(&self) -> u64 {
        let stats = self.ask("INFO stats");
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
        let ended = self.ask("CLIENT KILL TYPE normal SKIPME yes");
        assert!(ended.starts_with(':') && !ended.starts_with(":0"), "{ended}");
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
        runtime_config(&format!("redis://{login}127.0.0.1:{}", self.port))
    }
}

/// The runtime configuration of a host that keeps its data in the Redis at this URL.
pub fn runtime_config(url: &str) -> String {
    format!("[key_value_store.default]\ntype = \"redis\"\nurl = \"{url}\"\n")
}

fn spawn(arguments: &[String], folder: &TempDir) -> io::Result<Process> {
    let mut command = Command::new("redis-server");
    command.args(arguments).stdout(Stdio::null());
    Process::start(&mut command, folder.path())
}

/// What whoever is behind a port of this machine answers to a command, as it stands on the line.
pub fn ask(port: u16, command: &str) -> io::Result<String> {
    // Sentinels know no QUIT, so what ends an answer is the answer to another question.
    const END: &[u8] = b"$3\r\nEND\r\n";
    let mut redis = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    redis.write_all(format!("{command}\r\nPING END\r\n").as_bytes())?;
    let mut answer = Vec::new();
    while !answer.ends_with(END) {
        let mut part = [0; 4096];
        match redis.read(&mut part)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            length => answer.extend_from_slice(&part[..length]),
        }
    }
    answer.truncate(answer.len() - END.len());
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn number_after(text: &str, name: &str) -> Option<u64> {
    let (_, rest) = text.split_once(name)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}
