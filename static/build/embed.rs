//! Files as Rust code.

use std::{fmt::Write as _, fs, io::Write as _, path::Path};

use anyhow::{Result, bail};
use flate2::{Compression, write::GzEncoder};

use crate::File;

/// The code of a slice of `Asset`s. Writes the bodies that it includes into `out`.
pub fn embed(files: &[File], out: &Path) -> Result<String> {
    let mut code = String::from("&[\n");
    for (number, file) in files.iter().enumerate() {
        let File { path, name, content } = file;
        let hash = file.hash();
        let mut compressed = vec![("Brotli", "-br", brotli(content)?), ("Gzip", "-gz", gzip(content)?)];
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
        writeln!(code, "    path: {path:?},")?;
        writeln!(code, "    content_type: {:?},", content_type(name)?)?;
        writeln!(code, "    identity: {},", embed("Identity", "", content)?)?;
        writeln!(code, "    compressed: &[")?;
        for (coding, suffix, body) in compressed {
            writeln!(code, "        {},", embed(coding, suffix, &body)?)?;
        }
        writeln!(code, "    ],\n}},")?;
    }
    code.push(']');
    Ok(code)
}

fn content_type(name: &str) -> Result<&'static str> {
    Ok(match name.rsplit_once('.') {
        Some((_, "html")) => "text/html; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        Some((_, "png")) => "image/png",
        Some((_, "webmanifest")) => "application/manifest+json",
        _ => bail!("public/{name}: give its content type in build/embed.rs"),
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
