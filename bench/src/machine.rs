//! What the figures were measured on.

use std::{path::Path, process::Command};

use sysinfo::System;

use crate::contestants::{pocketbase, root};

/// Lines of Markdown.
pub fn describe() -> Vec<String> {
    let mut system = System::new();
    system.refresh_cpu_all();
    system.refresh_memory();
    let cpu = system.cpus().first().map_or("?", |cpu| cpu.brand());
    let os = System::long_os_version().unwrap_or_default();
    let kernel = System::kernel_version().unwrap_or_default();
    vec![
        format!(
            "{cpu}, {} cores, {} GiB; {os}, kernel {kernel}",
            system.cpus().len(),
            system.total_memory() >> 30
        ),
        format!("commit {}", first_line("git", &["rev-parse", "--short=12", "HEAD"])),
        format!(
            "{}; wasmtime {}, axum {}, hyper {}",
            first_line("rustc", &["--version"]),
            locked("wasmtime"),
            locked("axum"),
            locked("hyper")
        ),
        format!(
            "Node.js {}, workerd {}, miniflare {}, hono {}, jose {}",
            first_line("node", &["--version"]),
            installed("workerd"),
            installed("miniflare"),
            installed("hono"),
            installed("jose")
        ),
        match first_line(&pocketbase().display().to_string(), &["--version"]).as_str() {
            "?" => "PocketBase not installed".to_owned(),
            version => version.replace("pocketbase version", "PocketBase"),
        },
    ]
}

/// The size of a component in bytes.
pub fn wasm_size(name: &str) -> u64 {
    // The file that spin.toml runs: another profile may have left an older one elsewhere.
    let manifest = std::fs::read_to_string(root().join("spin.toml")).unwrap_or_default();
    let file = format!("{name}.wasm");
    let mut sources = manifest.split('"').filter(|text| text.ends_with(&file));
    let metadata = sources.next().map(|source| std::fs::metadata(root().join(source)));
    metadata.and_then(Result::ok).map_or(0, |metadata| metadata.len())
}

/// The site's files as they are embedded, in bytes: each in every coding that the site answers in.
pub fn embedded_assets() -> u64 {
    site::embedded_bytes() as u64
}

fn first_line(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).current_dir(root()).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.ok()
        .and_then(|text| text.lines().next().map(str::to_owned))
        .unwrap_or_else(|| "?".to_owned())
}

/// The version of a crate in Cargo.lock.
fn locked(name: &str) -> String {
    let version = || {
        let lock: toml::Table = std::fs::read_to_string(root().join("Cargo.lock")).ok()?.parse().ok()?;
        let packages = lock.get("package")?.as_array()?;
        let package = packages
            .iter()
            .find(|package| package.get("name").and_then(|name| name.as_str()) == Some(name))?;
        Some(package.get("version")?.as_str()?.to_owned())
    };
    version().unwrap_or_else(|| "?".to_owned())
}

/// The version of an npm package of the peer.
fn installed(name: &str) -> String {
    let file = root().join("bench/peer/node_modules").join(name).join("package.json");
    version_in(&file).unwrap_or_else(|| "not installed".to_owned())
}

fn version_in(file: &Path) -> Option<String> {
    let package: serde_json::Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    Some(package.get("version")?.as_str()?.to_owned())
}
