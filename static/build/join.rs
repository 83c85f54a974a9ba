//! Modules joined into files.
//!
//! What is loaded together is one file, because many modules in one file are half as large on their way as one by one, and
//! are there at once. The file is a module itself: the code of its modules in the order in which they run, without what
//! they import from and export to one another. Where two modules call two things by one name, one of them gets another one.
//! Each module is in one file and so runs once.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use anyhow::{Context, Result, bail, ensure};
use oxc::{
    allocator::{Allocator, ArenaVec},
    ast::ast::{Program, Statement},
    codegen::{Codegen, CodegenOptions, CommentOptions, LegalComment},
};

use crate::modules::{self, Module, Modules};

/// Which module goes where, and what everything is called there.
pub struct Plan<'s> {
    modules: &'s Modules<'s>,
    /// The modules of each file, in the order in which they run.
    files: Vec<(&'s str, Vec<String>)>,
    /// The modules that others load later.
    later: BTreeSet<&'s str>,
    /// What is declared, by module and name, under a name that nothing else has.
    names: BTreeMap<(String, String), String>,
}

impl<'s> Plan<'s> {
    /// One file for each of `first`, which may import from those before it, and one for what is loaded later.
    pub fn of(
        modules: &'s Modules<'s>,
        first: &[&'s str],
        (late, later): (&'s str, BTreeSet<&'s str>),
    ) -> Result<Self> {
        let mut order = Vec::new();
        let mut files = Vec::new();
        for name in first {
            let begin = order.len();
            modules.follow(name, &mut order)?;
            files.push((*name, order.iter().skip(begin).cloned().collect()));
        }
        let begin = order.len();
        for target in &later {
            modules.follow(target, &mut order)?;
        }
        files.push((late, order.iter().skip(begin).cloned().collect()));
        Ok(Self {
            modules,
            files,
            later,
            names: names(modules, &order)?,
        })
    }

    /// The code of a file, and the files that it imports.
    pub fn text(&self, file: &str) -> Result<(String, BTreeSet<String>)> {
        let mut imports: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut code = String::new();
        for name in self.modules_of(file) {
            let module = self.modules.get(name)?;
            for import in &module.imports {
                let from = self.file_of(&import.from).context("what is in no file is imported")?;
                if from != file {
                    let meant = self.meant(&import.from, &import.name)?;
                    imports.entry(from).or_default().insert(meant);
                }
            }
            let own = self.code(file, name, module);
            code.push_str(&own.with_context(|| format!("public/{name}"))?);
        }
        let mut text = String::new();
        for (from, names) in &imports {
            let names: Vec<_> = names.iter().copied().collect();
            writeln!(
                text,
                "import {{ {} }} from {:?};",
                names.join(", "),
                address(file, from)
            )?;
        }
        text.push_str(&code);
        for (public, name) in self.exports(file)? {
            writeln!(text, "export {{ {name} as {public} }};")?;
        }
        Ok((text, imports.into_keys().map(str::to_owned).collect()))
    }

    /// What other files have from this one: by the name that it has everywhere, or as those call it who load it later.
    fn exports(&self, file: &str) -> Result<BTreeMap<&str, &str>> {
        let mut exports = BTreeMap::new();
        let elsewhere = |name: &str| self.file_of(name).is_some_and(|other| other != file);
        let others = self.modules.all().filter(|(name, _)| elsewhere(name));
        for import in others.flat_map(|(_, module)| &module.imports) {
            if self.file_of(&import.from) == Some(file) {
                let meant = self.meant(&import.from, &import.name)?;
                exports.insert(meant, meant);
            }
        }
        for module in &self.later {
            if self.file_of(module) != Some(file) {
                continue;
            }
            for public in self.modules.get(module)?.exports.keys() {
                let meant = self.meant(module, public)?;
                let before = exports.insert(public, meant);
                let is_one = before.is_none_or(|before| before == meant);
                ensure!(is_one, "{public} of public/{module} has the name of something else");
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
        let outer = scoping.get_bindings(scoping.root_scope_id()).values();
        for symbol in outer.copied().collect::<Vec<_>>() {
            let local = scoping.symbol_name(symbol);
            let import = module.imports.iter().find(|import| import.local == local);
            let meant = match import {
                Some(import) => self.meant(&import.from, &import.name)?,
                None => self.named(name, local)?,
            };
            scoping.set_symbol_name(symbol, meant.into());
        }
        unwrap(&mut program, &allocator)?;
        let comments = CommentOptions {
            legal: LegalComment::Inline,
            ..CommentOptions::disabled()
        };
        let options = CodegenOptions {
            comments,
            ..CodegenOptions::default()
        };
        let codegen = Codegen::new().with_options(options).with_scoping(Some(scoping));
        Ok(codegen.build(&program).code)
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
    pub fn file_of(&self, module: &str) -> Option<&'s str> {
        let found = self
            .files
            .iter()
            .find(|(_, modules)| modules.iter().any(|one| one == module));
        found.map(|(name, _)| *name)
    }
}

/// Takes away what a module imports, and that it exports.
fn unwrap<'a>(program: &mut Program<'a>, allocator: &'a Allocator) -> Result<()> {
    let mut kept = ArenaVec::new_in(&allocator);
    for statement in program.body.drain(..) {
        match statement {
            Statement::ImportDeclaration(_) | Statement::ExportNamedDeclaration(_) => {}
            Statement::ExportDeclaration(export) => kept.push(export.unbox().declaration.into()),
            Statement::ExportDefaultDeclaration(_) => bail!("give what is exported a name"),
            statement => kept.push(statement),
        }
    }
    program.body = kept;
    Ok(())
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

/// The relative address of one file in another: up to the root and down.
fn address(from: &str, to: &str) -> String {
    format!("{}{to}", "../".repeat(from.matches('/').count()))
}
