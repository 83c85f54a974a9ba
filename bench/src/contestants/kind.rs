//! Who is measured, and the program that each is.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::root;
use crate::{
    dialect::{Dialect, MemoApi, PocketBase},
    process::Program,
    tokens,
};

/// A contestant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Hello,
    Ours,
    Before,
    Spin,
    Limit,
    Peer,
    Pocket,
}

impl Kind {
    pub const ALL: [Self; 7] = [
        Self::Hello,
        Self::Ours,
        Self::Before,
        Self::Spin,
        Self::Limit,
        Self::Peer,
        Self::Pocket,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Hello => "bare hello",
            Self::Ours => "ours",
            Self::Before => "before",
            Self::Spin => "ours on Spin",
            Self::Limit => "native",
            Self::Peer => "workerd",
            Self::Pocket => "PocketBase",
        }
    }

    /// How it is asked.
    pub fn dialect(self) -> &'static dyn Dialect {
        match self {
            Self::Pocket => &PocketBase,
            _ => &MemoApi,
        }
    }

    /// Whether it belongs to every run: the older build is there when somebody names one.
    pub fn is_usual(self) -> bool {
        self != Self::Before
    }

    /// Whether it can be started here; says so where not.
    pub fn is_here(self) -> bool {
        let missing = |what: &str| eprintln!("SKIPPED: {}: {what}", self.name());
        match self {
            Self::Before => return before().is_some(),
            Self::Spin if Command::new("spin").arg("--version").output().is_err() => missing("no spin on the PATH"),
            Self::Peer if !root().join("bench/peer/node_modules").is_dir() => {
                missing("npm install in bench/peer was not possible");
            }
            Self::Pocket if !pocketbase().is_file() => {
                missing("pip could not install what bench/pocketbase/requirements.txt names");
            }
            _ => return true,
        }
        false
    }

    /// The program that serves on this port and keeps its data in this folder.
    pub fn program(self, port: u16, state: &Path) -> Result<Program> {
        let listen = format!("127.0.0.1:{port}");
        let state_dir = path(state.to_owned());
        let host = std::env::var("BENCH_HOST").unwrap_or_else(|_| path(root().join("target/release/memo-host")));
        let serve = ["--listen", &listen, "--quiet", "--state-dir", &state_dir];
        let signing_key = format!("signing_key={}", tokens::seed());
        let up = |app: PathBuf| {
            let app = path(app);
            owned(&[&["--from", &app, "--variable", &signing_key], &serve[..]].concat())
        };
        let (name, args) = match self {
            Self::Hello => {
                let manifest = state.join("hello.toml");
                std::fs::write(&manifest, hello_manifest())?;
                let from = path(manifest);
                (host, owned(&[&["--from", &from], &serve[..]].concat()))
            }
            Self::Ours => (host, up(app())),
            Self::Before => (host, up(before().context("BENCH_BEFORE is not set")?)),
            Self::Spin => ("spin".to_owned(), [owned(&["up"]), up(app())].concat()),
            Self::Limit => {
                let native = path(root().join("target/release/bench-native"));
                let seed = tokens::seed();
                let args = ["--listen", &listen, "--state-dir", &state_dir, "--signing-key", &seed];
                (native, owned(&args))
            }
            Self::Peer => {
                let script = path(root().join("bench/peer/serve.js"));
                let key = tokens::jwk("bench");
                let args = [&script, &port.to_string(), &state_dir, &key];
                ("node".to_owned(), args.map(ToOwned::to_owned).to_vec())
            }
            Self::Pocket => (path(pocketbase()), pocketbase_args(&listen, state)),
        };
        Ok(Program { name, args })
    }
}

fn owned(args: &[&str]) -> Vec<String> {
    args.iter().map(|arg| (*arg).to_owned()).collect()
}

fn path(path: PathBuf) -> String {
    path.display().to_string()
}

/// The manifest of the app, or another, to set two builds of the components side by side in two runs.
fn app() -> PathBuf {
    std::env::var_os("BENCH_MANIFEST").map_or_else(|| root().join("spin.toml"), PathBuf::from)
}

/// The folder of an older build, with its spin.toml and the components that it names, to set it beside ours in one run.
fn before() -> Option<PathBuf> {
    Some(PathBuf::from(std::env::var_os("BENCH_BEFORE")?).join("spin.toml"))
}

/// Where bench/run has installed it.
pub fn pocketbase() -> PathBuf {
    root().join("target/pocketbase/bin/pocketbase")
}

/// All of its folders are the contestant's own, but for the one that makes our collection.
fn pocketbase_args(listen: &str, state: &Path) -> Vec<String> {
    let mut args = owned(&["serve", "--http", listen]);
    for (flag, folder) in [
        ("--dir", state.join("pb_data")),
        ("--hooksDir", state.join("pb_hooks")),
        ("--publicDir", state.join("pb_public")),
        ("--migrationsDir", root().join("bench/pocketbase/migrations")),
    ] {
        args.extend([flag.to_owned(), path(folder)]);
    }
    args
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
