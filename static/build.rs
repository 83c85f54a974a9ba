//! Embeds `public/`: every file as it is, and in brotli and gzip where that makes it smaller.
//!
//! Writes `$OUT_DIR/assets.rs`, the value of `site::assets::ASSETS`.

use std::{
    env,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

const PUBLIC: &str = "public";

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={PUBLIC}");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join(PUBLIC);
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();

    let mut code = String::from("&[\n");
    for (number, file) in files.iter().enumerate() {
        let name = file.strip_prefix(&root)?.to_str().context("file names are UTF-8")?;
        let content = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        let hash: String = Sha256::digest(&content)
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let mut compressed = vec![("Brotli", "-br", brotli(&content)?), ("Gzip", "-gz", gzip(&content)?)];
        compressed.retain(|(_, _, body)| body.len() < content.len());
        compressed.sort_by_key(|(_, _, body)| body.len());

        let embed = |coding, suffix, body: &[u8]| -> Result<String> {
            let embedded = out.join(format!("{number}{suffix}"));
            fs::write(&embedded, body)?;
            let etag = format!("\"{hash}{suffix}\"");
            Ok(format!(
                "Representation {{ coding: Coding::{coding}, etag: {etag:?}, body: include_bytes!({embedded:?}) }}"
            ))
        };
        writeln!(code, "Asset {{")?;
        writeln!(code, "    path: {:?},", path_of(name))?;
        writeln!(code, "    content_type: {:?},", content_type(name)?)?;
        writeln!(code, "    identity: {},", embed("Identity", "", &content)?)?;
        writeln!(code, "    compressed: &[")?;
        for (coding, suffix, body) in compressed {
            writeln!(code, "        {},", embed(coding, suffix, &body)?)?;
        }
        writeln!(code, "    ],\n}},")?;
    }
    code.push(']');
    fs::write(out.join("assets.rs"), code)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Pages have no extension in their address: `problems.html` is `/problems`, `index.html` is `/`.
fn path_of(name: &str) -> String {
    let page = name.strip_suffix(".html").unwrap_or(name);
    format!("/{}", if page == "index" { "" } else { page })
}

fn content_type(name: &str) -> Result<&'static str> {
    Ok(match name.rsplit_once('.') {
        Some((_, "html")) => "text/html; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        Some((_, "webmanifest")) => "application/manifest+json",
        _ => bail!("{PUBLIC}/{name}: give its content type in build.rs"),
    })
}

fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 11, 22);
    encoder.write_all(content)?;
    Ok(encoder.into_inner())
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}
