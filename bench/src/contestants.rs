//! Who is measured, and how each is started.

use std::{
    path::{Path, PathBuf},
    process::Command,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use http::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::{
    driver::{Call, Connection},
    process::{Cores, Program, Server, free_port, usage},
    stage::{Size, Stage},
    tokens,
};

/// A contestant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Hello,
    Ours,
    Spin,
    Limit,
    Peer,
}

impl Kind {
    pub const ALL: [Self; 5] = [Self::Hello, Self::Ours, Self::Spin, Self::Limit, Self::Peer];

    pub fn name(self) -> &'static str {
        match self {
            Self::Hello => "bare hello",
            Self::Ours => "ours",
            Self::Spin => "ours on Spin",
            Self::Limit => "native",
            Self::Peer => "workerd",
        }
    }

    /// Whether it can be started here; says so where not.
    pub fn is_here(self) -> bool {
        let missing = |what: &str| eprintln!("SKIPPED: {}: {what}", self.name());
        match self {
            Self::Spin if Command::new("spin").arg("--version").output().is_err() => missing("no spin on the PATH"),
            Self::Peer if !root().join("bench/peer/node_modules").is_dir() => {
                missing("npm install in bench/peer was not possible");
            }
            _ => return true,
        }
        false
    }

    fn program(self, port: u16, state: &Path) -> Result<Program> {
        let root = root();
        let path = |path: PathBuf| path.display().to_string();
        let listen = format!("127.0.0.1:{port}");
        let state_dir = path(state.to_owned());
        let signing_key = format!("signing_key={}", tokens::seed());
        let host = std::env::var("BENCH_HOST").unwrap_or_else(|_| path(root.join("target/release/memo-host")));
        // Another manifest, to set two builds of the components side by side in two runs.
        let app = std::env::var("BENCH_MANIFEST").unwrap_or_else(|_| path(root.join("spin.toml")));
        let serve = ["--listen", &listen, "--quiet", "--state-dir", &state_dir];
        let up = [&["--from", &app, "--variable", &signing_key], &serve[..]].concat();
        let (name, args) = match self {
            Self::Hello => {
                let manifest = state.join("hello.toml");
                std::fs::write(&manifest, hello_manifest())?;
                let from = path(manifest);
                (host, owned(&[&["--from", &from], &serve[..]].concat()))
            }
            Self::Ours => (host, owned(&up)),
            Self::Spin => ("spin".to_owned(), owned(&[&["up"], &up[..]].concat())),
            Self::Limit => {
                let native = path(root.join("target/release/bench-native"));
                let seed = tokens::seed();
                (
                    native,
                    owned(&["--listen", &listen, "--state-dir", &state_dir, "--signing-key", &seed]),
                )
            }
            Self::Peer => {
                let script = path(root.join("bench/peer/serve.js"));
                let key = tokens::jwk("bench");
                (
                    "node".to_owned(),
                    owned(&[&script, &port.to_string(), &state_dir, &key]),
                )
            }
        };
        Ok(Program { name, args })
    }
}

fn owned(args: &[&str]) -> Vec<String> {
    args.iter().map(|arg| (*arg).to_owned()).collect()
}

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn hello_manifest() -> String {
    let wasm = root().join("target/wasm32-wasip2/wasm-fast/guest.wasm");
    format!(
        "spin_manifest_version = 2\n[application]\nname = \"hello\"\n\
         [[trigger.http]]\nroute = \"/...\"\ncomponent = \"hello\"\n\
         [component.hello]\nsource = {:?}\nkey_value_stores = [\"default\"]\n",
        wasm.display().to_string()
    )
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
            Kind::Hello => Stage::empty(),
            _ => Stage::set(server.port, size).await.with_context(|| kind.name())?,
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
        let first = stage.user(0).and_then(|user| {
            let path = &user.memos.last()?.path;
            Some(Call::new(Method::GET, path, 200).bearer(&user.token))
        });
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

    /// Puts records of others beside its own.
    pub fn add_foreign(&mut self, count: usize) -> Result<()> {
        const PEOPLE: usize = 1000;
        let records = (0..count).map(|number| {
            let (person, memo) = (number % PEOPLE, number / PEOPLE + 1);
            let text = crate::stage::memo_text();
            (person, memo, text)
        });
        match self.kind {
            Kind::Ours | Kind::Spin | Kind::Limit => {
                let mut database = rusqlite::Connection::open(self.state.path().join("sqlite_key_value.db"))?;
                database.busy_timeout(Duration::from_secs(10))?;
                let transaction = database.transaction()?;
                {
                    let insert = "INSERT INTO spin_key_value (store, key, value) VALUES ('default', ?1, ?2)";
                    let mut insert = transaction.prepare(insert)?;
                    for (person, memo, text) in records {
                        let key = format!("memo/{person:022}/{memo}");
                        let at = 1_790_000_000_000_u64;
                        let memo = json!({"text": text, "created_at": at, "updated_at": at, "version": 1});
                        insert.execute((key, memo.to_string().into_bytes()))?;
                    }
                }
                Ok(transaction.commit()?)
            }
            Kind::Peer => {
                let records: Vec<_> = records.collect();
                for some in records.chunks(200) {
                    let pairs: Vec<_> = some
                        .iter()
                        .map(|(person, memo, text)| {
                            let at = "2026-11-21T09:00:00.000Z";
                            let body = json!({"id": memo.to_string(), "text": text, "created_at": at, "updated_at": at, "version": 1});
                            json!([format!("memo:{person:022}:{memo:019}"), body.to_string()])
                        })
                        .collect();
                    self.server.tell(&json!(pairs).to_string())?;
                    self.server.hear("put")?;
                }
                Ok(())
            }
            Kind::Hello => bail!("it has no store"),
        }
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
        None => drop(connection.send(Call::new(Method::GET, "/", 200)).await?),
    }
    Ok((server, started.elapsed()))
}
