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

/// The file of a component, by its id in spin.toml.
pub fn component_file(id: &str) -> PathBuf {
    let usual = usual_component_file(id);
    match (variant(), usual.strip_prefix(workspace().join("target"))) {
        (Some(variant), Ok(file)) => workspace().join(variant.target_dir).join(file),
        _ => usual,
    }
}

/// Where spin.toml says that a component is.
pub fn usual_component_file(id: &str) -> PathBuf {
    let manifest = std::fs::read_to_string(workspace().join("spin.toml")).expect("spin.toml is there");
    let manifest: toml::Table = manifest.parse().expect("spin.toml is TOML");
    let source = manifest["component"][id]["source"].as_str();
    workspace().join(source.expect("a component has a source"))
}

/// Another build of the components, which is not to replace the usual one: `MEMO_BUILD_ARGS` is added to each build
/// command, and `--no-default-features` makes components for platforms without atomics.
struct Variant {
    build_args: String,
    target_dir: &'static str,
}

fn variant() -> Option<Variant> {
    let build_args = std::env::var("MEMO_BUILD_ARGS").ok().filter(|args| !args.is_empty())?;
    let target_dir = "target/plain";
    Some(Variant { build_args, target_dir })
}

/// What a host must be told in order to find the components.
pub fn host_args() -> Vec<String> {
    let args = variant().map(|variant| vec!["--target-dir".to_owned(), variant.target_dir.to_owned()]);
    args.unwrap_or_default()
}

fn build() -> Result<PathBuf, String> {
    add_wasm_target()?;
    let host = build_host()?;
    // The host reads the build commands in spin.toml, so that they are written down in one place.
    let mut command = nested(&host.display().to_string());
    command.arg("--build-only").args(host_args());
    if let Some(variant) = variant() {
        command.arg(format!("--build-args={}", variant.build_args));
    }
    run(&mut command)?;
    Ok(host)
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

/// Writes the site into a folder, as for a content delivery network, whose services are at this origin.
pub fn export_site(api_origin: &str, folder: &Path) {
    host_binary();
    let mut command = nested(&cargo());
    // For the default members, as the host is built, so that little has to be compiled again.
    command
        .args(["run", "--quiet", "--bin", "site-export", "--features", "site/export"])
        .args(["--profile", profile().expect("a profile"), "--"])
        .arg(folder)
        .env("MEMO_API_ORIGIN", api_origin);
    run(&mut command).expect("the site is exported");
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
