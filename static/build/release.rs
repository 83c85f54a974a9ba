//! The release: the folder that names what belongs together, and the service worker that keeps it.
//!
//! The folder's name is a hash of all that is kept. Pages ask for scripts and styles in it, so modules import one another
//! from the same release whatever is served by then, and whoever has a file of it never needs to ask again.

use std::{collections::BTreeMap, env};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::{File, hex, minify, sources::Sources};

/// Where the service worker's source is, and where it is served: its address decides what it is in charge of.
pub const WORKER: &str = "service-worker.js";
/// What is not kept: it explains the API to those who write programs for it, who are online then.
const ONLINE: [&str; 3] = ["api.html", "js/reference.js", "problems.html"];
/// The line of the worker that says what it keeps.
const PLACE: &str = "const SHELL = { release: \"\", files: {}, routes: [] };";
/// `0` makes a site without a service worker and without a release.
const SWITCH: &str = "MEMO_SERVICE_WORKER";

/// Puts the pages into a release and adds the worker that keeps it. Returns the release's name; it is empty where there is
/// to be none.
pub fn make(files: &mut Vec<File>, sources: &Sources, routes: &[&str]) -> Result<String> {
    println!("cargo::rerun-if-env-changed={SWITCH}");
    if env::var(SWITCH).is_ok_and(|value| value == "0") {
        return Ok(String::new());
    }
    let release = name_of(files);
    let parts: Vec<String> = files
        .iter()
        .filter(|file| is_part(file))
        .map(|file| file.path.clone())
        .collect();
    for page in files.iter_mut().filter(|file| is_page(file)) {
        let mut text = String::from_utf8(std::mem::take(&mut page.content))?;
        for path in &parts {
            text = text.replace(&format!("=\"{path}\""), &format!("=\"/release/{release}{path}\""));
        }
        page.content = text.into_bytes();
    }
    let worker = worker(&release, files, sources, routes).context("the service worker")?;
    files.push(worker);
    Ok(release)
}

/// What pages are made of.
fn is_part(file: &File) -> bool {
    [".js", ".css", ".svg"].iter().any(|ending| file.name.ends_with(ending))
}

fn is_page(file: &File) -> bool {
    file.name.ends_with(".html")
}

fn name_of(files: &[File]) -> String {
    let mut hash = Sha256::new();
    for file in files.iter().filter(|file| is_part(file) || is_page(file)) {
        hash.update(format!("{} {}\n", file.path, file.hash()));
    }
    hex(&hash.finalize(), 8)
}

fn worker(release: &str, files: &[File], sources: &Sources, routes: &[&str]) -> Result<File> {
    let source = sources.text(WORKER)?;
    ensure!(source.contains(PLACE), "{WORKER} has no line {PLACE:?}");
    let kept = files
        .iter()
        .filter(|file| (is_part(file) || is_page(file)) && !ONLINE.contains(&file.name.as_str()));
    let kept: BTreeMap<&str, String> = kept
        .map(|file| (file.path.as_str(), file.hash()[..10].to_owned()))
        .collect();
    // Rust writes these as JSON does: no path holds a character that it would escape otherwise.
    let shell = format!("const SHELL = {{ release: {release:?}, files: {kept:?}, routes: {routes:?} }};");
    Ok(File {
        path: format!("/{WORKER}"),
        name: WORKER.to_owned(),
        // Without its first line the worker means something of the browser's by SHELL, which keeps its name.
        content: format!("{shell}\n{}", minify::script(&source.replace(PLACE, ""))?).into_bytes(),
    })
}
