//! The rules of accessibility that a machine can check, by axe.

use serde_json::{Value, json};

use super::Browser;
use crate::harness::build::workspace;
use crate::harness::notice::left_out;
use crate::harness::wish::Wish;

/// The checker: one script, which is run in the page.
pub struct Axe(String);

impl Axe {
    /// `None`, said loudly, where npm has not brought it and `MEMO_BROWSER=all` does not insist on it.
    pub fn read() -> Option<Self> {
        let file = workspace().join("static/node_modules/axe-core/axe.min.js");
        match std::fs::read_to_string(&file) {
            Ok(script) => Some(Self(script)),
            Err(why) => {
                let why = format!(
                    "needs axe, which `npm ci` in static/ installs ({}: {why})",
                    file.display()
                );
                assert!(Wish::of_environment() < Wish::All, "{why}");
                left_out(&why);
                None
            }
        }
    }

    /// What the page, as it is now, does not keep: the rule, where, and what it asks for.
    pub async fn violations(&self, browser: &Browser) -> Vec<String> {
        if browser.run("return typeof axe === 'undefined'").await == json!(true) {
            browser.run(&self.0).await;
        }
        let found = browser.run_async(RUN, Vec::new()).await;
        let found = found.as_array().cloned().unwrap_or_default();
        found.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

/// With the rules that the site sets itself beyond WCAG's level AA (contrast of 7, large targets), and without those of
/// style sheets from elsewhere, for which axe would fetch and insert them.
const RUN: &str = "
    await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
    const enabled = { enabled: true };
    const { violations } = await axe.run(document, {
        resultTypes: ['violations'],
        preload: false,
        rules: { 'color-contrast-enhanced': enabled, 'target-size': enabled },
    });
    return violations.flatMap(({ id, help, nodes }) =>
        nodes.map((node) => `${id}: ${node.target.join(' ')}: ${help} (${node.failureSummary.split('\\n').slice(1).join(' ').trim()})`));
";
