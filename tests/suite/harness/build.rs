//! Builds what the tests run: the components as spin.toml says, and the host.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::notice::say;

const WASM_TARGET: &str = "wasm32-wasip2";

/// The root of the workspace, where spin.toml is.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the suite is a folder of the workspace")
}

/// The freshly built host. The first caller builds it and the components; all others wait for that.
/// Without it there is nothing to test, which is said once and not by every test.
pub fn host_binary() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        build().unwrap_or_else(|why| {
            say(&format!("cannot build what the tests run: {why}"));
            std::process::exit(1)
        })
    })
}

fn build() -> Result<PathBuf, String> {
    add_wasm_target()?;
    build_components()?;
    build_host()
}

fn add_wasm_target() -> Result<(), String> {
    let Ok(installed) = Command::new("rustup")
        .args(["target", "list", "--installed"])
        .current_dir(workspace())
        .output()
    else {
        return Ok(()); // A toolchain without rustup; the compiler will say whether it lacks the target.
    };
    if String::from_utf8_lossy(&installed.stdout)
        .lines()
        .any(|line| line == WASM_TARGET)
    {
        return Ok(());
    }
    run(Command::new("rustup").args(["target", "add", WASM_TARGET]))
}

/// Runs the build commands of spin.toml, so that they are written down in one place. `MEMO_BUILD_ARGS` is added to each:
/// `--no-default-features` makes components for platforms without atomics.
fn build_components() -> Result<(), String> {
    let manifest = std::fs::read_to_string(workspace().join("spin.toml")).map_err(|e| format!("spin.toml: {e}"))?;
    let manifest: toml::Table = manifest.parse().map_err(|e| format!("spin.toml: {e}"))?;
    let components = manifest
        .get("component")
        .and_then(toml::Value::as_table)
        .ok_or("spin.toml has no components")?;
    let extra = std::env::var("MEMO_BUILD_ARGS").unwrap_or_default();
    for component in components.values() {
        if let Some(command) = component.get("build").and_then(|build| build.get("command")?.as_str()) {
            run(nested("sh").args(["-c", &format!("{command} {extra}")]))?;
        }
    }
    Ok(())
}

/// Builds the host for the default members and in the profile of this very binary: with the same features,
/// cargo has nothing of wasmtime to build again.
fn build_host() -> Result<PathBuf, String> {
    let output = nested(&cargo())
        .args(["build", "--bin", "memo-host", "--profile", profile()?])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(workspace())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| format!("cargo: {e}"))?;
    if !output.status.success() {
        return Err("the host does not build".into());
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| "cargo built no host".into())
}

/// A command without what cargo tells this test about its package: some build scripts (ring's) watch those
/// variables, and would run again, with all that depends on them, each time `cargo test` and `cargo run` alternate.
fn nested(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&*name);
        }
    }
    command
}

fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".into())
}

/// The profile by the folder this binary lies in: `target/debug/deps/blackbox-…`.
fn profile() -> Result<&'static str, String> {
    static PROFILE: OnceLock<Option<String>> = OnceLock::new();
    PROFILE
        .get_or_init(|| {
            let exe = std::env::current_exe().ok()?;
            let folder = exe.parent()?.parent()?.file_name()?.to_str()?;
            Some(if folder == "debug" { "dev".into() } else { folder.into() })
        })
        .as_deref()
        .ok_or_else(|| "this test binary does not lie in a target folder".into())
}

fn run(command: &mut Command) -> Result<(), String> {
    match command.current_dir(workspace()).stdout(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?}: {status}")),
        Err(why) => Err(format!("{command:?}: {why}")),
    }
}
