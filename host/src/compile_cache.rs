//! Compiled components, kept on disk so that a start need not compile them again.
//!
//! They lie in the user's cache folder (`~/.cache/memo-host`), so that they outlive `cargo clean`. Without such a folder
//! each start compiles.

use std::{
    fs::{self, DirBuilder, File, Metadata},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, Result, anyhow};
use ring::digest::{SHA256, digest};
use rustix::process::geteuid;
use wasmtime::{Engine, component::Component};

/// How many compiled components are kept. The least recently used ones go first.
const KEPT: usize = 32;

/// Compiles a component, or takes it from the cache.
pub fn load(engine: &Engine, path: &Path) -> Result<Component> {
    let wasm =
        fs::read(path).with_context(|| format!("cannot read {} (is it built? --build does it)", path.display()))?;
    let invalid = |error| anyhow!("{} is no Wasm component: {error:#}", path.display());
    let Some(folder) = private_folder() else {
        return Component::from_binary(engine, &wasm).map_err(invalid);
    };
    let file = folder.join(name(engine, &wasm));
    if let Some(component) = read(engine, &file) {
        return Ok(component);
    }
    let compiled = engine.precompile_component(&wasm).map_err(invalid)?;
    // Without room on the disk, the component is compiled once more, and not kept.
    let kept = write(&file, &compiled).ok().and_then(|()| read(engine, &file));
    remove_old(&folder);
    match kept {
        Some(component) => Ok(component),
        None => Component::from_binary(engine, &wasm).map_err(invalid),
    }
}

/// The cache folder, if there is one that nobody but this user can write to.
fn private_folder() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.filter(|path| path.is_absolute());
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    let folder = cache.join("memo-host");
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).ok()?;
    let about = fs::metadata(&folder).ok()?;
    let is_private = about.uid() == geteuid().as_raw() && about.mode() & 0o022 == 0;
    is_private.then_some(folder)
}

/// A name that no other component has, nor this one for another version or configuration of the engine.
fn name(engine: &Engine, wasm: &[u8]) -> String {
    let mut settings = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut settings);
    let mut name = format!("{:016x}-", settings.finish());
    for byte in digest(&SHA256, wasm).as_ref() {
        name += &format!("{byte:02x}");
    }
    name
}

#[expect(
    unsafe_code,
    reason = "wasmtime asks for a promise that the file is what it wrote: see the comment"
)]
fn read(engine: &Engine, file: &Path) -> Option<Component> {
    if !file.exists() {
        return None;
    }
    // SAFETY: Only this host writes to the folder, files appear in it whole and are never changed, and nobody but this
    // user, who could as well replace the host, can write there (see `private_folder`). wasmtime itself refuses
    // the files of its other versions.
    let component = unsafe { Component::deserialize_file(engine, file) }.ok()?;
    // For `remove_old`. The cache works as well without it.
    let _ = File::options()
        .append(true)
        .open(file)
        .and_then(|file| file.set_modified(SystemTime::now()));
    Some(component)
}

/// Writes the file under another name first: two hosts may do it at once, and either may be killed.
fn write(file: &Path, compiled: &[u8]) -> io::Result<()> {
    let unfinished = file.with_extension(std::process::id().to_string());
    let mut output = File::create(&unfinished)?;
    output.write_all(compiled)?;
    output.sync_all()?;
    fs::rename(&unfinished, file)
}

fn remove_old(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let used = |about: Metadata| about.modified().ok();
    let mut files: Vec<_> = entries
        .flatten()
        .filter_map(|entry| Some((entry.metadata().ok().and_then(used)?, entry.path())))
        .collect();
    files.sort_unstable();
    let old = files.len().saturating_sub(KEPT);
    for (_, file) in files.into_iter().take(old) {
        // Another host may have been faster.
        let _ = fs::remove_file(file);
    }
}
