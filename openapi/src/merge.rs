//! Several files become one document.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

/// Reads all YAML files of these folders as one.
pub fn read(folders: &[&Path]) -> Result<Value> {
    let mut whole = Value::Object(Map::new());
    for folder in folders {
        for file in files(folder)? {
            let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
            let part: Value =
                serde_saphyr::from_str(&text).map_err(|why| anyhow::anyhow!("{}: {why}", file.display()))?;
            merge(&mut whole, part).with_context(|| format!("in {}", file.display()))?;
        }
    }
    Ok(whole)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut files = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<PathBuf>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    Ok(files)
}

/// Adds `part` to `whole`. Objects are joined and lists are put one after the other; anything else may be said once.
fn merge(whole: &mut Value, part: Value) -> Result<()> {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            for (key, value) in part {
                match whole.get_mut(&key) {
                    Some(there) => merge(there, value).with_context(|| key.clone())?,
                    None => {
                        whole.insert(key, value);
                    }
                }
            }
        }
        (Value::Array(whole), Value::Array(part)) => whole.extend(part),
        (whole, part) => bail!("{part} is said, and {whole} before"),
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_are_joined_and_nothing_is_said_twice() {
        let mut whole = json!({"paths": {"/a": {"get": 1}}, "tags": ["one"]});
        merge(
            &mut whole,
            json!({"paths": {"/a": {"post": 2}, "/b": {}}, "tags": ["two"]}),
        )
        .unwrap();
        assert_eq!(
            whole,
            json!({"paths": {"/a": {"get": 1, "post": 2}, "/b": {}}, "tags": ["one", "two"]})
        );
        let again = merge(&mut whole, json!({"paths": {"/a": {"get": 1}}})).unwrap_err();
        assert!(format!("{again:#}").starts_with("paths: /a: get"), "{again:#}");
    }
}
