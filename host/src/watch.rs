//! `--watch`: builds a component again when one of its files changes, and goes on with the new one.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    sync::Weak,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result};

use crate::{
    loader::Loader,
    manifest::{Build, Component},
    output::say,
};

/// How often the files are looked at. Editors write some files in several steps, and are done within this time.
const INTERVAL: Duration = Duration::from_millis(200);

/// The time of the last change of each file.
type Files = BTreeMap<PathBuf, SystemTime>;

/// Looks at the files for as long as the app runs. A build that fails is told, and the component stays as it was.
///
/// # Errors
///
/// A pattern that is none.
pub fn run(loader: &Weak<Loader>) -> Result<()> {
    let mut known: HashMap<String, Files> = HashMap::new();
    while let Some(loader) = loader.upgrade() {
        for (id, component) in &loader.manifest.components {
            let Some(build) = &component.build else { continue };
            let found = find(build, &loader.manifest.dir)?;
            if known.get(id) == Some(&found) {
                continue;
            }
            let is_changed = known.insert(id.clone(), found).is_some();
            if is_changed {
                replace(&loader, id, component);
            }
        }
        drop(loader);
        std::thread::sleep(INTERVAL);
    }
    Ok(())
}

fn replace(loader: &Loader, id: &str, component: &Component) {
    let started = Instant::now();
    match loader
        .builder
        .build(id, component)
        .and_then(|()| loader.load(id, component))
    {
        Ok(()) => say(&format!(
            "{id}: new since now, after {:.1} s",
            started.elapsed().as_secs_f64()
        )),
        Err(error) => say(&format!("{id}: still as before, because {error:#}")),
    }
}

fn find(build: &Build, dir: &Path) -> Result<Files> {
    let folder = build.folder(dir);
    let mut files = Files::new();
    for pattern in &build.watch {
        // The folder itself may hold characters that mean something in a pattern.
        let folder = glob::Pattern::escape(&folder.to_string_lossy());
        let paths = glob::glob(&format!("{folder}/{pattern}")).with_context(|| format!("watch: {pattern:?}"))?;
        for path in paths.flatten() {
            // A file may be gone by now.
            if let Ok(about) = path.metadata()
                && about.is_file()
            {
                files.insert(path, about.modified()?);
            }
        }
    }
    Ok(files)
}
