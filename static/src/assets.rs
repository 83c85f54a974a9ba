//! The files of `public/`, put here by `build.rs`.

use crate::coding::Coding;

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

/// The page for people who follow a link that leads nowhere.
const NOT_FOUND: &str = "/404";

impl Asset {
    pub fn at(path: &str) -> Option<&'static Self> {
        ASSETS.iter().find(|asset| asset.path == path && path != NOT_FOUND)
    }

    pub fn not_found() -> Option<&'static Self> {
        ASSETS.iter().find(|asset| asset.path == NOT_FOUND)
    }
}
