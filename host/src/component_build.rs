//! Runs the build commands of components, for `--build`, `--build-only` and `--watch`.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{
    manifest::{Component, Manifest},
    output::say,
};

const TARGET: &str = "wasm32-wasip2";

/// How components are built, and where their files lie then.
#[derive(Clone, Debug)]
pub struct Builder {
    /// The manifest's folder.
    dir: PathBuf,
    /// Added to each command.
    args: String,
    /// Takes the place of `target`, cargo's folder for all that it makes.
    target_dir: Option<PathBuf>,
}

impl Builder {
    pub fn new(manifest: &Manifest, args: &str, target_dir: Option<&Path>) -> Result<Self> {
        Ok(Self {
            dir: manifest.dir.clone(),
            args: args.to_owned(),
            target_dir: target_dir.map(std::path::absolute).transpose()?,
        })
    }

    /// Builds the components in the manifest's order, and says so.
    pub fn build_all(&self, manifest: &Manifest) -> Result<()> {
        let mut components = manifest.components.iter();
        components.try_for_each(|(id, component)| self.build(id, component))
    }

    /// Builds one component, if it has a build command.
    pub fn build(&self, id: &str, component: &Component) -> Result<()> {
        let Some(build) = &component.build else { return Ok(()) };
        let folder = build.folder(&self.dir);
        let mut commands = build.commands().iter();
        commands
            .try_for_each(|command| self.run(command, &folder))
            .with_context(|| format!("component {id} could not be built"))
    }

    /// The component's file.
    pub fn file(&self, component: &Component) -> PathBuf {
        let path = component.path();
        match (&self.target_dir, path.strip_prefix("target")) {
            (Some(target_dir), Ok(path)) => target_dir.join(path),
            _ => self.dir.join(path),
        }
    }

    fn run(&self, command: &str, folder: &Path) -> Result<()> {
        let command = format!("{command} {}", self.args);
        let command = command.trim_end();
        say(&format!("Building: {command}"));
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(command).current_dir(folder);
        if let Some(target_dir) = &self.target_dir {
            shell.env("CARGO_TARGET_DIR", target_dir);
        }
        // What `cargo run` tells of the host's own package. Some build scripts watch it, and would run again each time that
        // it differs.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                shell.env_remove(&name);
            }
        }
        let status = shell
            .status()
            .with_context(|| format!("cannot run a shell in {}", folder.display()))?;
        if status.success() {
            return Ok(());
        }
        if command.contains(TARGET) && !target_is_installed(folder) {
            bail!("Rust cannot build for {TARGET} yet; add it with: rustup target add {TARGET}");
        }
        bail!("{command:?} ended with {status}")
    }
}

fn target_is_installed(dir: &Path) -> bool {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(dir)
        .output();
    let installed = output.map(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir());
    // Without rustc there is something else to complain about.
    installed.unwrap_or(true)
}
