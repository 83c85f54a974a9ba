//! The files of `public/`.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result};

/// Every file by its name below `public/`, with `/` between folders.
pub struct Sources(BTreeMap<String, Vec<u8>>);

impl Sources {
    pub fn read(root: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        collect(root, root, &mut files)?;
        Ok(Self(files))
    }

    /// Gives a file other content.
    pub fn replace(&mut self, name: &str, content: String) {
        self.0.insert(name.to_owned(), content.into_bytes());
    }

    /// The names that `wanted` picks, sorted.
    pub fn names(&self, wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str).filter(move |name| wanted(name))
    }

    /// The content of a file that [`Self::names`] has named.
    pub fn bytes(&self, name: &str) -> &[u8] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    pub fn text(&self, name: &str) -> Result<&str> {
        let bytes = self.0.get(name).with_context(|| format!("there is no public/{name}"))?;
        std::str::from_utf8(bytes).with_context(|| format!("public/{name} is not UTF-8"))
    }
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
            continue;
        }
        let name = path.strip_prefix(root)?.to_str().context("file names are UTF-8")?;
        let content = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        files.insert(name.replace('\\', "/"), content);
    }
    Ok(())
}
