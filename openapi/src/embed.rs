//! A document as a part of a component.

use std::{
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

use crate::document;

/// For the build script of a service: writes `$OUT_DIR/openapi.rs`, the value of a `common::http::document::Document` that holds
/// what `openapi/` of the service and of `common` say, as it is and in gzip.
///
/// # Errors
/// Those of [`document`], and when files can't be written.
pub fn embed() -> Result<()> {
    let service = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let root = service.parent().context("a service is a folder of the workspace")?;
    let folders = [root.join("common/openapi"), service.join("openapi")];
    for folder in &folders {
        println!("cargo::rerun-if-changed={}", folder.display());
    }
    let folders: Vec<&Path> = folders.iter().map(PathBuf::as_path).collect();
    let json = serde_json::to_vec(&document(&folders)?)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let (plain, gzip) = (out.join("openapi.json"), out.join("openapi.json.gz"));
    fs::write(&plain, &json)?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&json)?;
    fs::write(&gzip, encoder.finish()?)?;
    let hash: String = Sha256::digest(&json)
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let code = format!(
        "common::http::document::Document {{ hash: {hash:?}, json: include_bytes!({plain:?}), gzip: include_bytes!({gzip:?}) }}"
    );
    fs::write(out.join("openapi.rs"), code)?;
    Ok(())
}
