//! The app's own paths, from the list that the router reads.

use anyhow::{Result, ensure};

/// The values of `path` in `js/routes.js`.
pub fn list(module: &str) -> Result<Vec<&str>> {
    let paths: Vec<&str> = module
        .lines()
        .filter_map(|line| line.trim().strip_prefix("{ path: \"")?.split('"').next())
        .collect();
    ensure!(
        paths.contains(&"/") && paths.len() > 1,
        "js/routes.js is not written as it was"
    );
    Ok(paths)
}
