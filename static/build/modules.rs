//! The site's modules, and what each asks of others: oxc reads them, as a browser would.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use anyhow::{Context, Result, bail, ensure};
use oxc::{
    allocator::Allocator,
    ast::ast::Program,
    parser::Parser,
    semantic::{Scoping, SemanticBuilder},
    span::{SourceType, Span},
    syntax::module_record::{ExportExportName, ExportLocalName, ImportImportName, ModuleRecord},
};

use crate::{release, sources::Sources};

/// A module as others see it.
pub struct Module<'s> {
    pub source: &'s str,
    /// In the order of the source.
    pub imports: Vec<Import>,
    /// What it exports, and what it calls that itself.
    pub exports: BTreeMap<String, String>,
    /// The modules that it imports when they are needed, with the places where their addresses stand, in quotation marks.
    pub later: Vec<(Range<usize>, String)>,
    /// What it declares outside of all functions.
    pub declared: Vec<String>,
    /// All other names: those within functions, and those that are the browser's.
    pub others: BTreeSet<String>,
}

/// One name that a module has from another one.
pub struct Import {
    pub local: String,
    pub name: String,
    pub from: String,
}

/// All modules by their names below `public/`.
pub struct Modules<'s>(BTreeMap<&'s str, Module<'s>>);

impl<'s> Modules<'s> {
    pub fn read(sources: &'s Sources) -> Result<Self> {
        let names = sources.names(|name| name.ends_with(".js") && name != release::WORKER);
        let modules = names.map(|name| {
            Ok((
                name,
                read(name, sources.text(name)?).with_context(|| format!("public/{name}"))?,
            ))
        });
        Ok(Self(modules.collect::<Result<_>>()?))
    }

    pub fn get(&self, name: &str) -> Result<&Module<'s>> {
        self.0.get(name).with_context(|| format!("there is no public/{name}"))
    }

    pub fn all(&self) -> impl Iterator<Item = (&'s str, &Module<'s>)> {
        self.0.iter().map(|(name, module)| (*name, module))
    }

    /// Adds what `name` imports and then the module itself: the order in which they run. What is there already stays.
    pub fn follow(&self, name: &str, order: &mut Vec<String>) -> Result<()> {
        let mut path = Vec::new();
        self.visit(name, &mut path, order)
    }

    fn visit(&self, name: &str, path: &mut Vec<String>, order: &mut Vec<String>) -> Result<()> {
        ensure!(
            !path.iter().any(|one| one == name),
            "public/{name} imports itself by {path:?}"
        );
        if order.iter().any(|one| one == name) {
            return Ok(());
        }
        path.push(name.to_owned());
        for import in &self.get(name)?.imports {
            self.visit(&import.from, path, order)?;
        }
        path.pop();
        order.push(name.to_owned());
        Ok(())
    }
}

/// The syntax of a module and the record of its imports and exports.
pub fn parse<'a>(allocator: &'a Allocator, source: &'a str) -> Result<(Program<'a>, ModuleRecord<'a>)> {
    let parsed = Parser::new(allocator, source, SourceType::mjs()).parse();
    if let Some(diagnostic) = parsed.diagnostics.into_iter().next() {
        bail!("{diagnostic}");
    }
    Ok((parsed.program, parsed.module_record))
}

/// What the names of a program mean.
pub fn scoping(program: &Program) -> Scoping {
    SemanticBuilder::new().build(program).semantic.into_scoping()
}

fn read<'s>(name: &str, source: &'s str) -> Result<Module<'s>> {
    let allocator = Allocator::default();
    let (program, record) = parse(&allocator, source)?;
    let scoping = scoping(&program);
    let imports = imports(name, &record)?;
    let is_import = |local: &str| imports.iter().any(|import| import.local == local);
    let root = scoping.root_scope_id();
    let (outer, inner): (Vec<_>, Vec<_>) = scoping
        .symbol_ids()
        .partition(|symbol| scoping.symbol_scope_id(*symbol) == root);
    let named = |symbol| scoping.symbol_name(symbol).to_owned();
    let globals = scoping.root_unresolved_references().keys();
    Ok(Module {
        source,
        exports: exports(&record)?,
        later: later(name, source, &record)?,
        declared: outer.into_iter().map(named).filter(|name| !is_import(name)).collect(),
        others: inner
            .into_iter()
            .map(named)
            .chain(globals.map(ToString::to_string))
            .collect(),
        imports,
    })
}

fn imports(module: &str, record: &ModuleRecord) -> Result<Vec<Import>> {
    let entries = record.import_entries.iter().map(|entry| match &entry.import_name {
        ImportImportName::Name(name) => Ok(Import {
            local: entry.local_name.name.to_string(),
            name: name.name.to_string(),
            from: resolve(module, entry.module_request.name.as_str())?,
        }),
        _ => bail!("import {} by the names of what is used", entry.module_request.name),
    });
    let imports: Vec<_> = entries.collect::<Result<_>>()?;
    for request in record.requested_modules.keys() {
        let from = resolve(module, request.as_str())?;
        ensure!(
            imports.iter().any(|import| import.from == from),
            "{request} is imported or exported without a name"
        );
    }
    Ok(imports)
}

fn exports(record: &ModuleRecord) -> Result<BTreeMap<String, String>> {
    let entries = record
        .local_export_entries
        .iter()
        .map(|entry| match (&entry.export_name, &entry.local_name) {
            (ExportExportName::Name(name), ExportLocalName::Name(local)) => {
                Ok((name.name.to_string(), local.name.to_string()))
            }
            (ExportExportName::Default(_), _) => Ok(("default".to_owned(), "default".to_owned())),
            _ => bail!("an export without a name"),
        });
    entries.collect()
}

fn later(module: &str, source: &str, record: &ModuleRecord) -> Result<Vec<(Range<usize>, String)>> {
    let places = record.dynamic_imports.iter().map(|import| range(import.module_request));
    let targets = places.map(|place| {
        let address = source.get(place.clone()).unwrap_or_default().trim_matches('"');
        ensure!(
            address.starts_with('.'),
            "import() wants an address in quotation marks: {address}"
        );
        Ok((place, resolve(module, address)?))
    });
    targets.collect()
}

fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}

/// The name of the file that a module means by a relative address.
fn resolve(module: &str, target: &str) -> Result<String> {
    let mut parts: Vec<&str> = module.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." => {}
            ".." if parts.pop().is_none() => bail!("{target} is outside"),
            ".." => {}
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}
