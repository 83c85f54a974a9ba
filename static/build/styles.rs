//! The one style sheet: general rules first, then each component's, then a rule per language.

use std::fmt::Write as _;

use anyhow::{Context, Result, bail};

use crate::{File, sources::Sources};

/// The general rules, in their order. Those of the components follow in the order of their names.
const GENERAL: [&str; 4] = ["css/tokens.css", "css/base.css", "css/controls.css", "css/pages.css"];

pub fn join(sources: &Sources) -> Result<File> {
    let mut sheet = String::new();
    for name in GENERAL {
        sheet.push_str(&without_comments(name, sources.text(name)?)?);
    }
    for name in sources.names(|name| name.ends_with(".css") && !GENERAL.contains(&name)) {
        if !name.starts_with("js/screens/") {
            bail!("public/{name}: give it a place in the order, in build/styles.rs");
        }
        sheet.push_str(&without_comments(name, sources.text(name)?)?);
    }
    languages(sources, &mut sheet)?;
    Ok(File {
        path: "/style.css".to_owned(),
        name: "style.css".to_owned(),
        content: sheet.into_bytes(),
    })
}

/// The sheet without its comments and without what its lines are indented by. No string in it may look like a comment.
fn without_comments(name: &str, sheet: &str) -> Result<String> {
    let mut parts = sheet.split("/*");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (_, rest) = part
            .split_once("*/")
            .with_context(|| format!("public/{name}: a comment does not end"))?;
        kept.push_str(rest);
    }
    let lines = kept.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.flat_map(|line| [line, "\n"]).collect())
}

/// A page of text carries each text in every language and shows the one that the page speaks.
fn languages(sources: &Sources, sheet: &mut String) -> Result<()> {
    for language in languages_of(sources) {
        writeln!(
            sheet,
            "html:lang({language}) .text [lang]:not([lang=\"{language}\"]) {{ display: none }}"
        )?;
    }
    Ok(())
}

/// Every file beside `languages.js` is a language; what it says later lies in a folder.
fn languages_of(sources: &Sources) -> impl Iterator<Item = &str> {
    let languages = sources
        .names(|_| true)
        .filter_map(|name| name.strip_prefix("locales/")?.strip_suffix(".js"));
    languages.filter(|name| *name != "languages" && !name.contains('/'))
}
