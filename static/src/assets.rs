//! The files of the site, made out of `public/` and put here by `build/main.rs`.

use crate::{coding::Coding, routes};

/// A file that is served.
pub struct Asset {
    /// The path it answers to, exactly.
    pub path: &'static str,
    pub content_type: &'static str,
    /// The file as it is.
    pub identity: Representation,
    /// What is smaller than that, the smallest first.
    pub compressed: &'static [Representation],
}

/// A file's content under one content coding.
pub struct Representation {
    pub coding: Coding,
    /// Strong, so it differs per coding (RFC 9110 §8.8.3.3).
    pub etag: &'static str,
    pub body: &'static [u8],
}

pub const ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The name of this release, or nothing where the site was built without. See `build/release.rs`.
pub const RELEASE: &str = include!(concat!(env!("OUT_DIR"), "/release.rs"));

/// The page for people who follow a link that leads nowhere.
const NOT_FOUND: &str = "/404";

/// The app's page.
const INDEX: &str = "/";

impl Asset {
    /// What is served at `path`; the app's page at all paths of its own.
    pub fn at(path: &str) -> Option<&'static Self> {
        let path = if routes::is_route(path) { INDEX } else { path };
        ASSETS.iter().find(|asset| asset.path == path && path != NOT_FOUND)
    }

    /// What is served at `path` in the folder of this release: every file, the page for links that lead nowhere, too.
    pub fn in_release(path: &str) -> Option<&'static Self> {
        let (release, name) = path.strip_prefix("/release/")?.split_once('/')?;
        let mut assets = ASSETS.iter().filter(|_| !release.is_empty() && release == RELEASE);
        assets.find(|asset| asset.path.strip_prefix('/') == Some(name))
    }

    pub fn not_found() -> Option<&'static Self> {
        ASSETS.iter().find(|asset| asset.path == NOT_FOUND)
    }
}

/// The paths of all files, also of the page for links that lead nowhere.
pub fn paths() -> impl Iterator<Item = &'static str> {
    ASSETS.iter().map(|asset| asset.path)
}

/// The bytes of all bodies: of every file in every coding.
pub fn embedded_bytes() -> usize {
    let bodies = |asset: &'static Asset| std::iter::once(&asset.identity).chain(asset.compressed);
    ASSETS.iter().flat_map(bodies).map(|body| body.body.len()).sum()
}
