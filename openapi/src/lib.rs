//! Makes an OpenAPI document out of the files that people write.
//!
//! A service's document is a folder of YAML files, one for each group of routes, and what both services have in common is a
//! folder too. [`document`] reads them in this order: [`merge`] (the files become one), [`expand`] (what every operation has is
//! written into each), [`prune`] (what nothing refers to goes). [`embed()`] is for build scripts.

mod embed;
mod expand;
mod merge;
mod prune;

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

pub use embed::embed;

/// The document that the YAML files of these folders say together.
///
/// # Errors
/// When a file can't be read or is not YAML, when two of them say different things of the same, and when an operation names a
/// problem that nobody has described.
pub fn document(folders: &[&Path]) -> Result<Value> {
    let mut document = merge::read(folders)?;
    expand::expand(&mut document)?;
    prune::prune(&mut document);
    Ok(document)
}

/// What a key of an object holds, as an object itself.
fn object<'a>(value: &'a mut Value, key: &str) -> Result<&'a mut Map<String, Value>> {
    let found = value.get_mut(key).and_then(Value::as_object_mut);
    found.with_context(|| format!("there is no {key:?}, or it is no object"))
}
