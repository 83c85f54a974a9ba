//! Makes the site out of `public/` and embeds it.
//!
//! Pictures and the like are served as they lie there. The modules are joined and minified (see [`scripts`]), the pages at
//! the top of `public/` are assembled (see [`pages`]), all style sheets become one (see [`styles`]), and what browsers keep
//! gets a release and a service worker (see [`release`]). Where the services are is told first of all ([`api_origin`]). Every file is embedded as it is then, and in brotli and gzip where
//! that makes it smaller.
//!
//! Writes into `$OUT_DIR`: `assets.rs`, the value of `site::assets::ASSETS`; `release.rs`, that of `site::assets::RELEASE`;
//! and `routes.rs`, that of `site::routes::ROUTES`.

mod api_origin;
mod embed;
mod join;
mod minify;
mod modules;
mod pages;
mod release;
mod routes;
mod scripts;
mod sources;
mod styles;

use std::{env, fs, path::PathBuf};

use anyhow::Result;
use scripts::Scripts;
use sha2::{Digest, Sha256};
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

impl File {
    /// A hash of the content.
    fn hash(&self) -> String {
        hex(&Sha256::digest(&self.content), 16)
    }
}

/// The first bytes, as people read them.
fn hex(bytes: &[u8], count: usize) -> String {
    bytes.iter().take(count).map(|byte| format!("{byte:02x}")).collect()
}

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed={PUBLIC}");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join(PUBLIC);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut sources = Sources::read(&root)?;
    api_origin::tell(&mut sources)?;

    let scripts = Scripts::make(&sources)?;
    let mut files = pages::assemble(&sources, &scripts)?;
    files.push(styles::join(&sources)?);
    files.extend(scripts.files);
    files.extend(as_they_are(&sources));
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let routes = routes::list(sources.text("js/routes.js")?)?;
    let release = release::make(&mut files, &sources, &routes)?;

    fs::write(out.join("assets.rs"), embed::embed(&files, &out)?)?;
    fs::write(out.join("release.rs"), format!("{release:?}"))?;
    fs::write(out.join("routes.rs"), format!("&{routes:?}"))?;
    Ok(())
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
