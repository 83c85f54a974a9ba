//! `--watch`: builds a component again when one of its files changes, and goes on with the new one.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result};

use crate::{loader::Loader, manifest::Build, output::say};

/// How often the files are looked at. Editors write some files in several steps, and are done within this time.
const INTERVAL: Duration = Duration::from_millis(200);

/// The time of the last change of each file.
type Files = BTreeMap<PathBuf, SystemTime>;

/// Looks at the files for ever. A build that fails is told, and the component stays as it was.
pub fn run(loader: &Loader) -> Result<()> {
    let manifest = &loader.manifest;
    let builds = manifest.components.iter().filter_map(|(id, component)| {
        let build = component.build.as_ref().filter(|build| !build.watch.is_empty())?;
        Some((id, component, build))
    });
    let mut watched = Vec::new();
    for (id, component, build) in builds {
        watched.push((id, component, build, find(build, &manifest.dir)?));
    }
    loop {
        std::thread::sleep(INTERVAL);
        for (id, component, build, known) in &mut watched {
            let found = find(build, &manifest.dir)?;
            if found == *known {
                continue;
            }
            *known = found;
            let started = Instant::now();
            match loader.builder.build(id, component).and_then(|()| loader.load(id, component)) {
                Ok(()) => say(&format!("{id}: new since now, after {:.1} s", started.elapsed().as_secs_f64())),
                Err(error) => say(&format!("{id}: still as before, because {error:#}")),
            }
        }
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
