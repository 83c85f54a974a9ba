//! The variables: told in `docs/configuration.md`, and refused by name where they hold what can't be used.

use std::collections::{BTreeMap, BTreeSet};

use toml::Table;

use crate::harness::{HostPlan, TestApp, workspace};

/// For each variable something that it can't be; with a word that must be seen nowhere, where it can hold one.
const WRONG: &[(&str, &str)] = &[
    ("issuer", " "),
    ("audience", ""),
    ("signing_key", "kept-to-itself"),
    ("jwks_origin", "http://Kept-to-itself"),
    ("memo_origin", "http://Kept-to-itself"),
    ("jwks", "\"kept-to-itself\""),
    ("public_origin", "kept-to-itself"),
    ("site_origin", "https://kept-to-itself/path"),
    ("trusted_proxies", "10.0.0.0/8, kept-to-itself"),
    ("cors_origins", "https://friend.example, kept-to-itself"),
    ("max_memos", "kept-to-itself"),
    ("max_bytes", "-1"),
    ("trash_days", "36500"),
    ("maintenance_token", "kept to itself"),
    ("kv_atomics", "kept-to-itself"),
    ("redis_url", "http://kept-to-itself:6379"),
    ("redis_user", "kept-to-itself\u{1}"),
    ("redis_password", "kept-to-itself\u{1}"),
];

fn manifest() -> Table {
    let text = std::fs::read_to_string(workspace().join("spin.toml")).expect("spin.toml is there");
    text.parse().expect("spin.toml is TOML")
}

/// The variables that a component is given.
fn read_by(manifest: &Table, component: &str) -> BTreeSet<String> {
    let variables = manifest["component"][component].get("variables");
    let variables = variables.and_then(|variables| variables.as_table());
    variables.into_iter().flat_map(Table::keys).cloned().collect()
}

/// Somebody who has several wrong mends them all at once.
#[tokio::test]
async fn every_wrong_variable_is_refused_by_its_name_and_all_are_told_at_once() {
    let Some(mut plan) = HostPlan::fresh() else { return };
    for (name, value) in WRONG {
        plan = plan.variable(name, value);
    }
    let host = plan.start();
    let app = TestApp::on(&host);
    let manifest = manifest();
    for (service, path) in [
        ("auth", "/.well-known/oauth-authorization-server"),
        ("memo", "/.well-known/oauth-protected-resource"),
    ] {
        let detail = app.anonymous().get(path).await.problem(503).detail;
        let told = detail.trim_end_matches('.').rsplit(": ").next().unwrap_or_default();
        let told: BTreeSet<String> = told.split(", ").map(str::to_owned).collect();
        assert_eq!(told, read_by(&manifest, service), "{detail}");
    }
    let (stopped, _) = host.terminate();
    let log = stopped.log();
    let seen = log.to_lowercase();
    assert!(
        !seen.contains("kept-to-itself") && !seen.contains("kept to itself"),
        "{log}"
    );
    for service in ["auth", "memo"] {
        let start = format!("\"component\":\"{service}\"");
        let line = log
            .lines()
            .find(|line| line.contains(&start))
            .expect("a line in the log");
        for name in read_by(&manifest, service) {
            assert!(line.contains(&format!("variable {name}: ")), "{name}: {line}");
        }
    }
}

/// The rows of the table: name, default and readers, as they stand in it.
fn rows() -> BTreeMap<String, (String, String)> {
    let text = std::fs::read_to_string(workspace().join("docs/configuration.md")).expect("the page is there");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows = rows.map(|row| {
        let cells: Vec<&str> = row.split(" | ").map(str::trim).collect();
        let name = cells[0].trim_end_matches('`').to_owned();
        (name, (cells[1].trim_matches('`').to_owned(), cells[2].to_owned()))
    });
    rows.collect()
}

#[test]
fn the_table_says_what_spin_toml_says() {
    let manifest = manifest();
    let variables = manifest["variables"].as_table().expect("variables");
    let declared = variables.iter().map(|(name, variable)| {
        let default = variable["default"].as_str().expect("each has a safe default");
        let default = if default.is_empty() { "empty" } else { default };
        let readers = ["auth", "memo", "site"].into_iter();
        let readers: Vec<&str> = readers.filter(|id| read_by(&manifest, id).contains(name)).collect();
        (name.clone(), (default.to_owned(), readers.join(", ")))
    });
    assert_eq!(rows(), declared.collect());
    let tried: BTreeSet<&str> = WRONG.iter().map(|(name, _)| *name).collect();
    let all: BTreeSet<&str> = variables.keys().map(String::as_str).collect();
    assert_eq!(tried, all, "for each variable there is a wrong value");
}
