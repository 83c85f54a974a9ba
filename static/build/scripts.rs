//! The scripts that are served: few files, each of many modules (see [`join`](crate::join)).

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
};

use anyhow::{Context, Result, ensure};

use crate::{File, join::Plan, minify, modules::Modules, sources::Sources};

/// What pages load at once: each file is this module and all it imports that is in none before it. What a page runs comes
/// after what it imports together with another page.
const FIRST: [&str; 4] = [
    "js/screens/header/header.js",
    "js/page.js",
    "js/reference.js",
    "js/app.js",
];
/// All that the app loads when it is first needed. No module of the above may wait for it before it has run to its end,
/// because this one imports from them.
const LATE: &str = "js/late.js";
/// Words are loaded one language at a time.
const WORDS: &str = "locales/";
/// `0` makes a site of the modules as they lie there.
const SWITCH: &str = "MEMO_MINIFY";

/// The scripts of the site.
pub struct Scripts {
    pub files: Vec<File>,
    /// The files that each file imports at once, by their names.
    imports: BTreeMap<String, BTreeSet<String>>,
}

impl Scripts {
    pub fn make(sources: &Sources) -> Result<Self> {
        println!("cargo::rerun-if-env-changed={SWITCH}");
        let modules = Modules::read(sources)?;
        if env::var(SWITCH).is_ok_and(|value| value == "0") {
            return Ok(Self::as_they_are(&modules));
        }
        Self::joined(&modules)
    }

    fn as_they_are(modules: &Modules) -> Self {
        let mut scripts = Self {
            files: Vec::new(),
            imports: BTreeMap::new(),
        };
        for (name, module) in modules.all() {
            let imports = module.imports.iter().map(|import| import.from.clone()).collect();
            scripts.add(name, module.source.to_owned(), imports);
        }
        scripts
    }

    fn joined(modules: &Modules) -> Result<Self> {
        let later = modules
            .all()
            .flat_map(|(_, module)| &module.later)
            .map(|(_, target)| target.as_str());
        let later: BTreeSet<&str> = later.filter(|target| !target.starts_with(WORDS)).collect();
        let plan = Plan::of(modules, &FIRST, (LATE, later))?;
        let mut scripts = Self {
            files: Vec::new(),
            imports: BTreeMap::new(),
        };
        for name in FIRST.into_iter().chain([LATE]) {
            let (text, imports) = plan.text(name).with_context(|| format!("joining {name}"))?;
            scripts.add(name, minify::script(&text)?, imports);
        }
        for (name, module) in modules.all().filter(|(name, _)| plan.file_of(name).is_none()) {
            ensure!(name.starts_with(WORDS), "nothing imports public/{name}");
            scripts.add(name, minify::script(module.source)?, BTreeSet::new());
        }
        Ok(scripts)
    }

    fn add(&mut self, name: &str, text: String, imports: BTreeSet<String>) {
        self.files.push(File {
            path: format!("/{name}"),
            name: name.to_owned(),
            content: text.into_bytes(),
        });
        self.imports.insert(name.to_owned(), imports);
    }

    /// All that a file imports, directly or not.
    pub fn imported_by(&self, name: &str) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        self.follow(name, &mut found);
        found
    }

    fn follow<'a>(&'a self, name: &str, found: &mut BTreeSet<&'a str>) {
        for import in self.imports.get(name).into_iter().flatten() {
            if found.insert(import) {
                self.follow(import, found);
            }
        }
    }
}
