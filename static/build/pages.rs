//! Pages out of shells and fragments.
//!
//! A shell is an HTML file at the top of `public/`; a fragment is one below `js/screens/`, beside the code that uses it.
//! Comments of a shell say what comes in their place:
//!
//! - `<!-- include: header -->`: the fragment of that name.
//! - `<!-- templates -->`: every fragment that the shell does not include, each as a `<template>` with its name as id.
//! - `<!-- modulepreload: js/app.js -->`: links to all scripts which that one imports, so that the browser asks for them
//!   at once and not one after the other.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};

use crate::{File, scripts::Scripts, sources::Sources};

/// Where the fragments are.
const SCREENS: &str = "js/screens/";

pub fn assemble(sources: &Sources, scripts: &Scripts) -> Result<Vec<File>> {
    let fragments = fragments(sources)?;
    let shells = sources.names(|name| name.ends_with(".html") && !name.contains('/'));
    shells
        .map(|name| {
            let content = page(sources.text(name)?, &fragments, scripts).with_context(|| format!("public/{name}"))?;
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

fn page(shell: &str, fragments: &BTreeMap<&str, &str>, scripts: &Scripts) -> Result<String> {
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
                Some(("modulepreload", entry)) => preloads(entry, shell, scripts),
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

fn preloads(entry: &str, shell: &str, scripts: &Scripts) -> String {
    let imported = scripts.imported_by(entry).into_iter();
    // What the shell loads by a script is asked for by then, and Firefox takes asking again for an error.
    let links = imported
        .filter(|script| !shell.contains(&format!("src=\"/{script}\"")))
        .map(|script| format!("  <link rel=\"modulepreload\" href=\"/{script}\">"));
    links.collect::<Vec<_>>().join("\n")
}

/// Pages have no extension in their address: `problems.html` is `/problems`, `index.html` is `/`.
fn path_of(name: &str) -> String {
    let page = name.strip_suffix(".html").unwrap_or(name);
    format!("/{}", if page == "index" { "" } else { page })
}
