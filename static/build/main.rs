//! Makes the site out of `public/` and embeds it.
//!
//! Pictures and the like are served as they lie there, and scripts without their comments (see [`comments`]). The pages at
//! the top of `public/` are assembled (see [`pages`]), and all style sheets become one (see [`styles`]). Every file is
//! embedded as it is then, and in brotli and gzip where that makes it smaller.
//!
//! Writes `$OUT_DIR/assets.rs`, the value of `site::assets::ASSETS`, and `$OUT_DIR/routes.rs`, that of
//! `site::routes::ROUTES`.

mod comments;
mod embed;
mod pages;
mod routes;
mod sources;
mod styles;

use std::{env, fs, path::PathBuf};

use anyhow::{Context, Result};
use sources::Sources;

const PUBLIC: &str = "public";

/// A file of the finished site.
struct File {
    /// The path that it is served at.
    path: String,
    /// The name that tells its type.
    name: String,
    content: Vec<u8>,
}

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed={PUBLIC}");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join(PUBLIC);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let sources = Sources::read(&root)?;

    let mut files = pages::assemble(&sources)?;
    files.push(styles::join(&sources)?);
    files.extend(scripts(&sources)?);
    files.extend(as_they_are(&sources));
    files.sort_by(|one, other| one.path.cmp(&other.path));

    fs::write(out.join("assets.rs"), embed::embed(&files, &out)?)?;
    fs::write(out.join("routes.rs"), routes::list(sources.text("js/routes.js")?)?).context("writing the routes")
}

fn scripts(sources: &Sources) -> Result<Vec<File>> {
    let scripts = sources.names(|name| name.ends_with(".js"));
    scripts
        .map(|name| {
            Ok(File {
                path: format!("/{name}"),
                name: name.to_owned(),
                content: comments::remove(name, sources.text(name)?)?.into_bytes(),
            })
        })
        .collect()
}

/// What is neither a script nor a part of a page or of the style sheet.
fn as_they_are(sources: &Sources) -> impl Iterator<Item = File> {
    let is_made = |name: &str| [".html", ".css", ".js"].iter().any(|ending| name.ends_with(ending));
    let served = sources.names(move |name| !is_made(name));
    served.map(|name| File {
        path: format!("/{name}"),
        name: name.to_owned(),
        content: sources.bytes(name).to_vec(),
    })
}
