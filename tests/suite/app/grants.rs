//! What spin.toml lets each component touch: least permissions, by name.

use toml::{Table, Value};

use crate::harness::workspace;

fn manifest() -> Table {
    let text = std::fs::read_to_string(workspace().join("spin.toml")).expect("spin.toml is there");
    text.parse().expect("spin.toml is TOML")
}

/// The strings of a component's list; none where the list is absent.
fn list(manifest: &Table, component: &str, name: &str) -> Vec<String> {
    let list = manifest["component"][component].get(name);
    let list = list.and_then(Value::as_array).cloned().unwrap_or_default();
    list.iter()
        .map(|entry| entry.as_str().expect("a string").to_owned())
        .collect()
}

#[test]
fn the_services_call_each_other_and_their_store_and_nobody_else() {
    let manifest = manifest();
    for component in ["memo", "events"] {
        let hosts = list(&manifest, component, "allowed_outbound_hosts");
        assert_eq!(hosts, ["{{ jwks_origin }}", "{{ redis_url }}"], "{component}");
    }
    let hosts = list(&manifest, "auth", "allowed_outbound_hosts");
    assert_eq!(hosts, ["{{ memo_origin }}", "{{ redis_url }}"]);
    // An entry that is empty allows nothing.
    assert_eq!(manifest["variables"]["redis_url"]["default"].as_str(), Some(""));
    assert!(list(&manifest, "site", "allowed_outbound_hosts").is_empty());
    for (origin, expected) in [("jwks_origin", "auth"), ("memo_origin", "memo")] {
        let default = manifest["variables"][origin]["default"].as_str();
        assert_eq!(default, Some(format!("http://{expected}.spin.internal").as_str()));
    }
}

#[test]
fn only_the_services_have_a_store_and_only_the_issuer_knows_the_signing_key() {
    let manifest = manifest();
    for component in ["auth", "memo", "events"] {
        assert_eq!(list(&manifest, component, "key_value_stores"), ["default"]);
    }
    assert!(list(&manifest, "site", "key_value_stores").is_empty());
    assert!(manifest["component"]["site"].get("variables").is_none());
    for (component, knows) in [("auth", true), ("memo", false)] {
        let variables = manifest["component"][component]["variables"].to_string();
        assert_eq!(variables.contains("signing_key"), knows, "{component}");
    }
    for secret in ["signing_key", "maintenance_token", "redis_password"] {
        assert_eq!(
            manifest["variables"][secret]["secret"].as_bool(),
            Some(true),
            "{secret}"
        );
    }
}

/// Whichever of the two answers, the answer is the same.
#[test]
fn event_streams_come_from_the_memo_service_with_the_same_settings() {
    let manifest = manifest();
    assert_eq!(manifest["component"]["events"], manifest["component"]["memo"]);
}

#[test]
fn no_component_has_files_or_an_environment() {
    let manifest = manifest();
    let components = manifest["component"].as_table().expect("components");
    assert_eq!(components.len(), 4);
    for (id, component) in components {
        for power in ["files", "environment", "sqlite_databases", "ai_models", "dependencies"] {
            assert!(component.get(power).is_none(), "{id} has {power}");
        }
    }
}
