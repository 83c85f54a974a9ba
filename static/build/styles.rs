//! The one style sheet: general rules first, then each component's, then a rule per language.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use crate::{File, comments, sources::Sources};

/// The general rules, in their order. Those of the components follow in the order of their names.
const GENERAL: [&str; 4] = ["css/tokens.css", "css/base.css", "css/controls.css", "css/pages.css"];

pub fn join(sources: &Sources) -> Result<File> {
    let mut sheet = String::new();
    for name in GENERAL {
        sheet.push_str(&comments::remove(name, sources.text(name)?)?);
        sheet.push('\n');
    }
    for name in sources.names(|name| name.ends_with(".css") && !GENERAL.contains(&name)) {
        if !name.starts_with("js/screens/") {
            bail!("public/{name}: give it a place in the order, in build/styles.rs");
        }
        sheet.push_str(&comments::remove(name, sources.text(name)?)?);
        sheet.push('\n');
    }
    languages(sources, &mut sheet)?;
    Ok(File {
        path: "/style.css".to_owned(),
        name: "style.css".to_owned(),
        content: sheet.into_bytes(),
    })
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

/// Every file beside `languages.js` is a language.
fn languages_of(sources: &Sources) -> impl Iterator<Item = &str> {
    let languages = sources
        .names(|_| true)
        .filter_map(|name| name.strip_prefix("locales/")?.strip_suffix(".js"));
    languages.filter(|name| *name != "languages")
}
