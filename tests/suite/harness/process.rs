//! No process that a test starts outlives the tests.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

/// A child and all that it starts. It ends with its value; and where no destructor runs, because the tests
/// were killed or the value is static, it ends as soon as this process is gone, and so does its folder.
pub struct Process {
    child: Child,
    watchdog: Child,
}

impl Process {
    /// Starts the command in a process group of its own, out of reach of a Ctrl-C that is meant for the tests.
    pub fn start(command: &mut Command, folder: &Path) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::null()).process_group(0).spawn()?;
        match watchdog(&child, folder) {
            Ok(watchdog) => Ok(Self { child, watchdog }),
            Err(why) => {
                let _ = child.kill();
                Err(why)
            }
        }
    }

    /// What the child prints, if the command pipes it.
    pub fn stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// How the child has ended, if it has.
    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be asked for")
    }

    /// Sends a signal by name, such as `STOP`, to the whole group of a child that has not been waited for.
    pub fn signal(&self, signal: &str) {
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-s", signal, "--", &group]).status();
    }

    /// Sends a signal, such as `TERM`, to the whole group, and waits for the child.
    pub fn end(&mut self, signal: &str) -> ExitStatus {
        // Once waited for, its number may be another's.
        if let Ok(Some(status)) = self.child.try_wait() {
            return status;
        }
        self.signal(signal);
        self.child.wait().expect("a child can be waited for")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end("KILL");
        // It sleeps, and would wake up when its pipe closes.
        let _ = self.watchdog.kill();
        let _ = self.watchdog.wait();
    }
}

/// A small shell that waits on a pipe which only this process holds open.
fn watchdog(child: &Child, folder: &Path) -> io::Result<Child> {
    let script = r#"cat >/dev/null; kill -s KILL -- "-$1"; rm -rf "$2""#;
    Command::new("sh")
        .args(["-c", script, "watchdog", &child.id().to_string()])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
}

/// A port that nobody listens on, for programs that can't pick one themselves.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    listener.local_addr().expect("a listener has an address").port()
}
