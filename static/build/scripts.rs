//! Scripts: few files, each of many modules.
//!
//! What is loaded together is joined, because one file of many modules is half as large on its way as the modules one by
//! one, and is there at once. A joined file is a module itself: the code of its modules in the order in which they run,
//! without what they import from and export to one another. Where two modules call two things by one name, one of them
//! gets another one. Each module is in one file and so runs once.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
};

use anyhow::{Context, Result, bail, ensure};
use oxc::{
    allocator::Allocator,
    ast::ast::Statement,
    codegen::{Codegen, CodegenOptions, CommentOptions, LegalComment},
};

use crate::{
    File, minify,
    modules::{self, Module, Modules},
    sources::Sources,
};

/// What pages load at once, each with what it imports and none before it has. What a page runs comes after what it imports
/// together with another page.
const FIRST: [&str; 3] = ["js/screens/header/header.js", "js/page.js", "js/app.js"];
/// All that the app loads when it is first needed. It must not be waited for while a module of the above is still running:
/// it imports from them.
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
        Plan::of(&modules)?.join()
    }

    fn as_they_are(modules: &Modules) -> Self {
        let imports = |module: &Module| module.imports.iter().map(|import| import.from.clone()).collect();
        Self {
            files: modules
                .all()
                .map(|(name, module)| file(name, module.source.to_owned()))
                .collect(),
            imports: modules
                .all()
                .map(|(name, module)| (name.to_owned(), imports(module)))
                .collect(),
        }
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

fn file(name: &str, text: String) -> File {
    File {
        path: format!("/{name}"),
        name: name.to_owned(),
        content: text.into_bytes(),
    }
}

/// Which module goes where, and what everything is called there.
struct Plan<'s> {
    modules: &'s Modules<'s>,
    /// The modules of each file, in the order in which they run.
    files: Vec<(&'static str, Vec<String>)>,
    /// What is declared, by module and name, under a name that nothing else has.
    names: BTreeMap<(String, String), String>,
}

impl<'s> Plan<'s> {
    fn of(modules: &'s Modules<'s>) -> Result<Self> {
        let mut order = Vec::new();
        let mut files = Vec::new();
        for name in FIRST {
            let begin = order.len();
            modules.follow(name, &mut order)?;
            files.push((name, order[begin..].to_vec()));
        }
        let begin = order.len();
        for target in targets(modules) {
            modules.follow(target, &mut order)?;
        }
        files.push((LATE, order[begin..].to_vec()));
        for (name, _) in modules.all().filter(|(name, _)| !name.starts_with(WORDS)) {
            ensure!(order.iter().any(|one| one == name), "nothing imports public/{name}");
        }
        let names = names(modules, &order)?;
        Ok(Self { modules, files, names })
    }

    fn join(&self) -> Result<Scripts> {
        let mut scripts = Scripts {
            files: Vec::new(),
            imports: BTreeMap::new(),
        };
        for (name, _) in &self.files {
            let (text, imports) = self.text(name).with_context(|| format!("joining {name}"))?;
            scripts.files.push(file(name, minify::script(&text)?));
            scripts.imports.insert((*name).to_owned(), imports);
        }
        for (name, module) in self.modules.all().filter(|(name, _)| self.file_of(name).is_none()) {
            scripts.files.push(file(name, minify::script(module.source)?));
        }
        Ok(scripts)
    }

    /// The code of a file, and the files that it imports.
    fn text(&self, file: &str) -> Result<(String, BTreeSet<String>)> {
        let mut text = String::new();
        let mut imports: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for name in self.modules_of(file) {
            let module = self.modules.get(name)?;
            for import in &module.imports {
                let from = self.file_of(&import.from).context("a language is imported")?;
                if from != file {
                    imports
                        .entry(from)
                        .or_default()
                        .insert(self.meant(&import.from, &import.name)?);
                }
            }
            text.push_str(
                &self
                    .code(file, name, module)
                    .with_context(|| format!("public/{name}"))?,
            );
        }
        let mut head = String::new();
        for (from, names) in &imports {
            let names: Vec<_> = names.iter().copied().collect();
            head.push_str(&format!(
                "import {{ {} }} from {:?};\n",
                names.join(", "),
                address(file, from)
            ));
        }
        let exports = self.exports(file)?;
        let exports: Vec<_> = exports
            .iter()
            .map(|(public, name)| format!("{name} as {public}"))
            .collect();
        let text = format!("{head}{text}\nexport {{ {} }};\n", exports.join(", "));
        Ok((text, imports.into_keys().map(str::to_owned).collect()))
    }

    /// What other files have from this one: by the name that it has everywhere, or as those call it who load it later.
    fn exports(&self, file: &str) -> Result<BTreeMap<&str, &str>> {
        let mut exports = BTreeMap::new();
        for (name, module) in self
            .modules
            .all()
            .filter(|(name, _)| self.file_of(name).is_some_and(|one| one != file))
        {
            for import in module
                .imports
                .iter()
                .filter(|import| self.file_of(&import.from) == Some(file))
            {
                let meant = self
                    .meant(&import.from, &import.name)
                    .with_context(|| format!("public/{name}"))?;
                exports.insert(meant, meant);
            }
        }
        for target in targets(self.modules)
            .into_iter()
            .filter(|target| self.file_of(target) == Some(file))
        {
            for public in self.modules.get(target)?.exports.keys() {
                let meant = self.meant(target, public)?;
                let other = exports.insert(public, meant);
                ensure!(
                    other.is_none_or(|other| other == meant),
                    "{public} means two things in {file}"
                );
            }
        }
        Ok(exports)
    }

    /// A module's code within a file.
    fn code(&self, file: &str, name: &str, module: &Module) -> Result<String> {
        let mut source = module.source.to_owned();
        for (place, target) in module.later.iter().rev() {
            let target = self.file_of(target).unwrap_or(target);
            source.replace_range(place.clone(), &format!("{:?}", address(file, target)));
        }
        let allocator = Allocator::default();
        let (mut program, _) = modules::parse(&allocator, &source)?;
        let mut scoping = modules::scoping(&program);
        let outer: Vec<_> = scoping
            .get_bindings(scoping.root_scope_id())
            .values()
            .copied()
            .collect();
        for symbol in outer {
            let local = scoping.symbol_name(symbol);
            let import = module.imports.iter().find(|import| import.local == local);
            let meant = match import {
                Some(import) => self.meant(&import.from, &import.name)?,
                None => self.named(name, local)?,
            };
            scoping.set_symbol_name(symbol, meant.into());
        }
        let mut kept = oxc::allocator::ArenaVec::new_in(&&allocator);
        for statement in program.body.drain(..) {
            match statement {
                Statement::ImportDeclaration(_) | Statement::ExportNamedDeclaration(_) => {}
                Statement::ExportDeclaration(export) => kept.push(export.unbox().declaration.into()),
                Statement::ExportDefaultDeclaration(_) => bail!("give what is exported a name"),
                statement => kept.push(statement),
            }
        }
        program.body = kept;
        let comments = CommentOptions {
            legal: LegalComment::Inline,
            ..CommentOptions::disabled()
        };
        let options = CodegenOptions {
            comments,
            ..CodegenOptions::default()
        };
        Ok(Codegen::new()
            .with_options(options)
            .with_scoping(Some(scoping))
            .build(&program)
            .code)
    }

    /// What the export of a module is called everywhere.
    fn meant(&self, module: &str, export: &str) -> Result<&str> {
        let exports = &self.modules.get(module)?.exports;
        let local = exports
            .get(export)
            .with_context(|| format!("public/{module} exports no {export}"))?;
        self.named(module, local)
    }

    fn named(&self, module: &str, local: &str) -> Result<&str> {
        let name = self.names.get(&(module.to_owned(), local.to_owned()));
        Ok(name.with_context(|| format!("public/{module} declares no {local}"))?)
    }

    fn modules_of(&self, file: &str) -> &[String] {
        let found = self.files.iter().find(|(name, _)| *name == file);
        found.map_or(&[], |(_, modules)| modules)
    }

    /// The file that a module is joined into.
    fn file_of(&self, module: &str) -> Option<&'static str> {
        let found = self
            .files
            .iter()
            .find(|(_, modules)| modules.iter().any(|one| one == module));
        found.map(|(name, _)| *name)
    }
}

/// What is loaded when it is first needed, without the words.
fn targets<'s>(modules: &'s Modules) -> BTreeSet<&'s str> {
    let targets = modules
        .all()
        .flat_map(|(_, module)| &module.later)
        .map(|(_, target)| target.as_str());
    targets.filter(|target| !target.starts_with(WORDS)).collect()
}

/// Names for all that the modules declare. None of them is that of something within a function or of the browser's, which
/// would then be meant in its place.
fn names(modules: &Modules, order: &[String]) -> Result<BTreeMap<(String, String), String>> {
    let mut taken = BTreeSet::new();
    for name in order {
        taken.extend(modules.get(name)?.others.iter().cloned());
    }
    let mut names = BTreeMap::new();
    for module in order {
        for local in &modules.get(module)?.declared {
            let mut name = local.clone();
            for number in 1.. {
                if taken.insert(name.clone()) {
                    break;
                }
                name = format!("{local}${number}");
            }
            names.insert((module.clone(), local.clone()), name);
        }
    }
    Ok(names)
}

/// The relative address of one file in another.
fn address(from: &str, to: &str) -> String {
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut own: Vec<_> = folder.split('/').collect();
    let mut other: Vec<_> = to.split('/').collect();
    while !own.is_empty() && other.len() > 1 && own.first() == other.first() {
        own.remove(0);
        other.remove(0);
    }
    let up = if own.is_empty() {
        "./".to_owned()
    } else {
        "../".repeat(own.len())
    };
    format!("{up}{}", other.join("/"))
}
