//! Server processes: started on a core of their own, watched, ended.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// Servers get one core and the load generator another, where the machine has them and lets us choose. Otherwise the
/// faster a server is, the more of it the load generator would take away.
#[derive(Clone, Copy, Debug)]
pub struct Cores(Option<(usize, usize)>);

impl Cores {
    /// Takes the second core for this process, and the first for servers.
    pub fn claim() -> Self {
        let pinned = |core: usize| {
            let pid = std::process::id().to_string();
            let taskset = Command::new("taskset")
                .args(["-cp", &core.to_string(), &pid])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            taskset.is_ok_and(|status| status.success())
        };
        if pinned(0) && pinned(1) {
            return Self(Some((0, 1)));
        }
        eprintln!("NOT PINNED: no taskset, or only one core; servers and load generator share what there is");
        Self(None)
    }

    /// Whether each has its core.
    pub fn are_apart(self) -> bool {
        self.0.is_some()
    }

    fn for_server(self, program: &str) -> Command {
        match self.0 {
            Some((server, _)) => {
                let mut command = Command::new("taskset");
                command.args(["-c", &server.to_string(), program]);
                command
            }
            None => Command::new(program),
        }
    }
}

/// A program with its arguments.
#[derive(Clone, Debug)]
pub struct Program {
    pub name: String,
    pub args: Vec<String>,
}

/// A running server, ended when dropped.
pub struct Server {
    child: Child,
    pub port: u16,
}

impl Server {
    /// Starts a server; it need not answer yet.
    pub fn start(program: &Program, port: u16, cores: Cores) -> Result<Self> {
        let child = cores
            .for_server(&program.name)
            .args(&program.args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", program.name))?;
        Ok(Self { child, port })
    }

    /// The process to ask [`usage`] about.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

/// A process family's processor time and resident memory in bytes.
pub fn usage(parent: u32) -> (Duration, u64) {
    let mut system = System::new();
    let what = ProcessRefreshKind::nothing().with_cpu().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::All, false, what.without_tasks());
    let mut family = vec![Pid::from_u32(parent)];
    let mut next = 0;
    while let Some(parent) = family.get(next).copied() {
        let children = system.processes().values();
        family.extend(
            children
                .filter(|process| process.parent() == Some(parent))
                .map(sysinfo::Process::pid),
        );
        next += 1;
    }
    let members = family.iter().filter_map(|pid| system.process(*pid));
    members.fold((Duration::ZERO, 0), |(cpu, memory), process| {
        let own = Duration::from_millis(process.accumulated_cpu_time());
        (cpu + own, memory + process.memory())
    })
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGTERM, so that a server ends its own children.
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status();
        for _ in 0..100 {
            if asked.is_err() || !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on at this moment. Not one of those that the system gives out: somebody else may get it
/// before the server listens.
pub fn free_port() -> Result<u16> {
    let mut ports = (0..100).map(|_| fastrand::u16(20_000..32_000));
    let free = ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.context("no port is free")
}
