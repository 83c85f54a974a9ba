//! No process that a test starts outlives the tests.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use std::os::unix::process::CommandExt;

/// Ends a process, all that it started, and a folder, as soon as this process is gone: also when tests fail
/// or the run is killed, where no destructor runs.
///
/// A small shell waits on a pipe that only this process holds open.
pub struct Leash(Child);

impl Leash {
    /// `child` must lead its own process group (see [`leads_a_group`]).
    pub fn on(child: &Child, folder: &Path) -> Self {
        let script = r#"cat >/dev/null; kill -s KILL -- "-$1"; rm -rf "$2""#;
        let shell = Command::new("sh")
            .args(["-c", script, "leash", &child.id().to_string()])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("a shell starts");
        Self(shell)
    }
}

impl Drop for Leash {
    /// The process has ended and been waited for, so its number may belong to another one by now.
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Makes the command lead a group of its own, out of reach of a Ctrl-C that is meant for the tests.
pub fn leads_a_group(command: &mut Command) -> &mut Command {
    command.process_group(0)
}

/// Sends a signal by name, such as `TERM`, to everything in the child's group.
pub fn signal(child: &Child, name: &str) {
    let group = format!("-{}", child.id());
    let _ = Command::new("kill")
        .args(["-s", name, "--", &group])
        .stderr(Stdio::null())
        .status();
}
