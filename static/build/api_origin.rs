//! Where the site's services are: at its own origin, unless the build is told another one.
//!
//! It is told in two places that must agree, the scripts and the content security policy, and is part of what names the
//! release. So it is said to the build, and nowhere else.

use std::env;

use anyhow::{Result, bail, ensure};

use crate::sources::Sources;

/// The origin of the services, such as `https://api.memo.example`; absent or empty where it is the site's own.
const SWITCH: &str = "MEMO_API_ORIGIN";
/// The modules that know it, of two scripts that have nothing else in common, and their line.
const MODULES: [&str; 2] = ["js/lib/services.js", "js/reference.js"];
const PLACE: &str = "const ORIGIN = \"\";";

/// Tells the scripts, and the code that makes the policy, where the services are.
pub fn tell(sources: &mut Sources) -> Result<()> {
    println!("cargo::rerun-if-env-changed={SWITCH}");
    let origin = env::var(SWITCH).unwrap_or_default();
    if !origin.is_empty() {
        check(&origin)?;
    }
    for module in MODULES {
        let source = sources.text(module)?;
        ensure!(source.contains(PLACE), "public/{module} has no line {PLACE:?}");
        sources.replace(module, source.replace(PLACE, &format!("const ORIGIN = {origin:?};")));
    }
    // `src/headers.rs` has it from here.
    let allowed = format!("'self' {origin}");
    let allowed = allowed.trim_end();
    println!("cargo::rustc-env=MEMO_CONNECT_SRC={allowed}");
    Ok(())
}

/// What stands in a header and in a script must be an origin and nothing else.
fn check(origin: &str) -> Result<()> {
    let rest = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"));
    let is_host = |rest: &str| {
        let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.:[]".contains(&byte);
        !rest.is_empty() && rest.bytes().all(is_part)
    };
    if !rest.is_some_and(is_host) {
        bail!("{SWITCH} is {origin:?}, and not an origin such as https://api.memo.example");
    }
    Ok(())
}
