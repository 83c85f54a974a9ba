//! Pages out of shells and fragments.
//!
//! A shell is an HTML file at the top of `public/`; a fragment is one below `js/screens/`, beside the code that uses it.
//! Comments of a shell say what comes in their place:
//!
//! - `<!-- include: header -->`: the fragment of that name.
//! - `<!-- templates -->`: every fragment that the shell does not include, each as a `<template>` with its name as id.
//! - `<!-- modulepreload: js/app.js -->`: links to all modules which that one imports, so that the browser asks for them
//!   at once and not one after the other.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};

use crate::{File, sources::Sources};

/// Where the fragments are.
const SCREENS: &str = "js/screens/";

pub fn assemble(sources: &Sources) -> Result<Vec<File>> {
    let fragments = fragments(sources)?;
    let shells = sources.names(|name| name.ends_with(".html") && !name.contains('/'));
    shells
        .map(|name| {
            let content = page(sources.text(name)?, &fragments, sources).with_context(|| format!("public/{name}"))?;
            Ok(File {
                path: path_of(name),
                name: name.to_owned(),
                content: content.into_bytes(),
            })
        })
        .collect()
}

/// The fragments by their names.
fn fragments(sources: &Sources) -> Result<BTreeMap<&str, &str>> {
    let mut fragments = BTreeMap::new();
    for file in sources.names(|name| name.ends_with(".html") && name.contains('/')) {
        let stem = file.rsplit('/').next().and_then(|name| name.strip_suffix(".html"));
        let (true, Some(stem)) = (file.starts_with(SCREENS), stem) else {
            bail!("public/{file}: a page is at the top, a fragment below {SCREENS}");
        };
        if fragments.insert(stem, sources.text(file)?).is_some() {
            bail!("two fragments are called {stem}");
        }
    }
    Ok(fragments)
}

fn page(shell: &str, fragments: &BTreeMap<&str, &str>, sources: &Sources) -> Result<String> {
    let included: BTreeSet<&str> = shell
        .lines()
        .filter_map(|line| place(line)?.strip_prefix("include: "))
        .collect();
    let mut page = String::new();
    for line in shell.lines() {
        let replacement = match place(line) {
            None => line.to_owned(),
            Some("templates") => templates(fragments, &included),
            Some(place) => match place.split_once(": ") {
                Some(("include", name)) => {
                    indented(fragments.get(name).with_context(|| format!("no fragment {name}"))?)
                }
                Some(("modulepreload", entry)) => preloads(entry, shell, sources)?,
                _ => line.to_owned(), // A comment for people.
            },
        };
        for line in replacement.lines() {
            page.push_str(line.trim_start());
            page.push('\n');
        }
    }
    Ok(page)
}

/// What a line that is a comment says.
fn place(line: &str) -> Option<&str> {
    line.trim().strip_prefix("<!-- ")?.strip_suffix(" -->")
}

fn templates(fragments: &BTreeMap<&str, &str>, included: &BTreeSet<&str>) -> String {
    let templates = fragments.iter().filter(|(name, _)| !included.contains(*name));
    let templates =
        templates.map(|(name, text)| format!("  <template id=\"{name}\">\n{}\n  </template>", indented(text)));
    templates.collect::<Vec<_>>().join("\n")
}

fn indented(fragment: &str) -> String {
    let lines = fragment.trim_end().lines().map(|line| format!("  {line}"));
    lines.collect::<Vec<_>>().join("\n")
}

fn preloads(entry: &str, shell: &str, sources: &Sources) -> Result<String> {
    let mut modules = BTreeSet::new();
    follow(entry, sources, &mut modules)?;
    // What the shell loads by a script is asked for by then, and Firefox takes asking again for an error.
    modules.retain(|module| !shell.contains(&format!("src=\"/{module}\"")));
    let links = modules
        .iter()
        .map(|module| format!("  <link rel=\"modulepreload\" href=\"/{module}\">"));
    Ok(links.collect::<Vec<_>>().join("\n"))
}

/// Adds a module and all that it imports statically.
fn follow(module: &str, sources: &Sources, seen: &mut BTreeSet<String>) -> Result<()> {
    if !seen.insert(module.to_owned()) {
        return Ok(());
    }
    for line in sources.text(module)?.lines() {
        let is_import =
            line.starts_with("import ") || line.starts_with("} from ") || line.starts_with("export * from ");
        if let (true, Some(target)) = (is_import, line.split('"').nth(1)) {
            follow(&resolve(module, target)?, sources, seen)?;
        }
    }
    Ok(())
}

/// The name of the file that a module means by a relative address.
fn resolve(module: &str, target: &str) -> Result<String> {
    let mut parts: Vec<&str> = module.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." => {}
            ".." if parts.pop().is_none() => bail!("public/{module} imports {target}, which is outside"),
            ".." => {}
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// Pages have no extension in their address: `problems.html` is `/problems`, `index.html` is `/`.
fn path_of(name: &str) -> String {
    let page = name.strip_suffix(".html").unwrap_or(name);
    format!("/{}", if page == "index" { "" } else { page })
}
