//! Contestants: each is started, given its data, and asked what it uses.

mod foreign;
mod kind;

use std::{
    path::{Path, PathBuf},
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use http::Method;
use tempfile::TempDir;

pub use kind::{Kind, pocketbase};

use crate::{
    driver::{Call, Connection},
    process::{Cores, Server, free_port, usage},
    stage::{Size, Stage},
    workloads::reading,
};

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A contestant that runs, with its data.
pub struct Contestant {
    pub kind: Kind,
    pub stage: Rc<Stage>,
    pub server: Server,
    state: TempDir,
    cores: Cores,
}

impl Contestant {
    /// Starts it on an empty store and fills in its data.
    pub async fn start(kind: Kind, size: Size, cores: Cores) -> Result<Self> {
        // Not in /tmp, which may be memory: data is to lie on a disk.
        let dir = root().join("target/bench");
        std::fs::create_dir_all(&dir)?;
        let state = tempfile::tempdir_in(std::path::absolute(dir)?)?;
        let server = launch(kind, state.path(), cores, None).await?.0;
        let stage = match kind {
            Kind::Hello => Stage::empty(kind.dialect(), size),
            _ => {
                let stage = Stage::set(server.port, kind.dialect(), size).await;
                stage.with_context(|| kind.name())?
            }
        };
        Ok(Self {
            kind,
            stage: Rc::new(stage),
            server,
            state,
            cores,
        })
    }

    /// Ends the process and starts it again on the same data; returns how long it took to the first answer.
    pub async fn restart(self) -> Result<(Self, Duration)> {
        let Self {
            kind,
            stage,
            server,
            state,
            cores,
        } = self;
        drop(server);
        let first = reading::get(&stage).ok();
        let (server, took) = launch(kind, state.path(), cores, first).await?;
        let again = Self {
            kind,
            stage,
            server,
            state,
            cores,
        };
        Ok((again, took))
    }

    /// Processor time so far and memory now.
    pub fn usage(&self) -> (Duration, u64) {
        usage(self.server.id())
    }
}

/// Starts a server and waits for the first answer: to `first`, or to anything.
async fn launch(kind: Kind, state: &Path, cores: Cores, first: Option<Call>) -> Result<(Server, Duration)> {
    const PATIENCE: Duration = Duration::from_secs(60);
    let port = free_port()?;
    let program = kind.program(port, state)?;
    let started = Instant::now();
    let server = Server::start(&program, port, cores)?;
    let mut connection = loop {
        match Connection::open(port).await {
            Ok(connection) => break connection,
            Err(error) if started.elapsed() > PATIENCE => return Err(error.context(kind.name())),
            Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    };
    match first {
        Some(call) => drop(connection.expect(call).await?),
        None => drop(connection.send(&Call::new(Method::GET, "/", 200)).await?),
    }
    Ok((server, started.elapsed()))
}
