//! runtime-config.toml: which backend a key-value label stands for. Anything else in it is refused by name.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::key_value::{Database, Memory, Redis, Store};

/// The file in the state folder that holds the default store: Spin's name for it.
const DEFAULT_FILE: &str = "sqlite_key_value.db";
const DEFAULT_LABEL: &str = "default";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuntimeConfig {
    #[serde(default)]
    key_value_store: BTreeMap<String, Backend>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
enum Backend {
    /// An SQLite file; without a path, memory (as in Spin).
    Spin {
        path: Option<PathBuf>,
    },
    Redis {
        url: String,
    },
}

/// The stores by label, each with a line that says where its data lies.
#[derive(Default)]
pub struct Stores {
    pub by_label: HashMap<String, Arc<dyn Store>>,
    pub summaries: Vec<String>,
}

impl Stores {
    /// Opens every configured store, and the default one where nothing else is configured.
    pub fn open(config_file: Option<&Path>, state_dir: &Path, in_memory: bool) -> Result<Self> {
        let mut stores = Self::default();
        if let Some(file) = config_file {
            let error = || format!("the runtime configuration {}", file.display());
            let text = std::fs::read_to_string(file).with_context(error)?;
            let config: RuntimeConfig = toml::from_str(&text).with_context(error)?;
            let dir = file.parent().unwrap_or(Path::new(""));
            for (label, backend) in config.key_value_store {
                let opened = stores.open_backend(&label, backend, dir);
                opened
                    .with_context(|| format!("[key_value_store.{label}]"))
                    .with_context(error)?;
            }
        }
        if !stores.by_label.contains_key(DEFAULT_LABEL) {
            let path = (!in_memory).then(|| state_dir.join(DEFAULT_FILE));
            stores.open_backend(DEFAULT_LABEL, Backend::Spin { path }, Path::new(""))?;
        }
        Ok(stores)
    }

    fn open_backend(&mut self, label: &str, backend: Backend, dir: &Path) -> Result<()> {
        let (store, summary): (Arc<dyn Store>, _) = match backend {
            Backend::Spin { path: Some(path) } => {
                let path = std::path::absolute(dir.join(path))?;
                (Database::open(&path)?.store(label), path.display().to_string())
            }
            Backend::Spin { path: None } => (Arc::new(Memory::default()), "in memory, forgotten at exit".to_owned()),
            // Not the URL, which may hold a password.
            Backend::Redis { url } => (Arc::new(Redis::new(&url)?), "Redis".to_owned()),
        };
        self.by_label.insert(label.to_owned(), store);
        self.summaries.push(format!("{label}: {summary}"));
        Ok(())
    }
}
