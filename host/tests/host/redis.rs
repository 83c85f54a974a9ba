//! A real Redis for a test of its own.

use std::{
    io::Write,
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long Redis may take to listen, on a busy machine.
const START: Duration = Duration::from_secs(30);

/// An empty Redis, killed when dropped.
pub struct Redis(Child);

impl Redis {
    /// `None`, said loudly, where there is none to start.
    pub fn start(port: u16) -> Option<Self> {
        Self::start_with(port, &["--port", &port.to_string()])
    }

    /// One that listens on `port` because of these arguments.
    pub fn start_with(port: u16, args: &[&str]) -> Option<Self> {
        let mut command = Command::new("redis-server");
        command
            .args(["--save", "", "--bind", "127.0.0.1"])
            .args(args)
            // Where what it copies from another server lies for a moment.
            .current_dir(env!("CARGO_TARGET_TMPDIR"))
            .stdout(Stdio::null());
        let Ok(redis) = command.spawn() else {
            // Past the capture of test output, so that it is seen.
            let notice = b"\nSKIPPED: there is no redis-server to test against (apt-get install redis-server)\n";
            std::io::stderr().write_all(notice).unwrap();
            return None;
        };
        let redis = Self(redis);
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < START, "redis-server does not listen on port {port}");
            thread::sleep(Duration::from_millis(10));
        }
        Some(redis)
    }

    /// Sends the server a signal by name, such as `STOP`, which suspends it.
    pub fn signal(&self, signal: &str) {
        let pid = self.0.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// A port that nobody listens on at this moment.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
