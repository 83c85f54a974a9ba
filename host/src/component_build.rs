//! `--build`: runs the components' build commands.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, bail};

use crate::{
    manifest::{Build, Manifest},
    output::say,
};

const TARGET: &str = "wasm32-wasip2";

/// Builds the components in the manifest's order, and says so.
pub fn build_all(manifest: &Manifest) -> Result<()> {
    for (id, component) in &manifest.components {
        if let Some(build) = &component.build {
            build_one(&manifest.dir, build).with_context(|| format!("component {id} could not be built"))?;
        }
    }
    Ok(())
}

fn build_one(dir: &Path, build: &Build) -> Result<()> {
    let dir = dir.join(build.workdir.as_deref().unwrap_or(Path::new("")));
    for command in build.commands() {
        say(&format!("Building: {command}"));
        let status = Command::new("sh").arg("-c").arg(command).current_dir(&dir).status();
        let status = status.with_context(|| format!("cannot run a shell in {}", dir.display()))?;
        if status.success() {
            continue;
        }
        if command.contains(TARGET) && !target_is_installed(&dir) {
            bail!("Rust cannot build for {TARGET} yet; add it with: rustup target add {TARGET}");
        }
        bail!("{command:?} ended with {status}");
    }
    Ok(())
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
