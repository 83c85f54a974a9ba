//! A real Redis for a test of its own.

use std::net::{Ipv4Addr, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::notice::left_out;
use super::process::{Process, free_port};
use super::wish::Wish;

/// How long Redis may take to listen, on a busy machine.
const START: Duration = Duration::from_secs(30);

/// A running Redis, empty at first. It ends with its value.
pub struct Redis {
    _process: Process,
    _folder: TempDir,
    port: u16,
}

impl Redis {
    /// Starts one on a free port. `None`, said loudly, where there is none to start and `MEMO_BROWSER`, which
    /// stands for a run of everything, does not insist on it.
    pub fn start() -> Option<Self> {
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
            _process: process,
            _folder: folder,
            port,
        })
    }

    /// The runtime configuration (in Spin's format) of a host that keeps its data there.
    pub fn runtime_config(&self) -> String {
        format!(
            "[key_value_store.default]\ntype = \"redis\"\nurl = \"redis://127.0.0.1:{}/\"\n",
            self.port
        )
    }
}
