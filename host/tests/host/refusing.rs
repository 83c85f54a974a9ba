//! Manifests and configurations that the host cannot honour: refused, and the message says what and where.

use crate::harness::{manifest, refusal};

#[test]
fn keys_that_this_host_does_not_know_are_refused_with_their_line() {
    for (grants, expected) in [
        ("sqlite_databases = [\"default\"]", &["line 17", "sqlite_databases"][..]),
        ("ai_models = [\"llama2-chat\"]", &["line 17", "ai_models"]),
        ("files = [\"a\"]", &["line 17", "files"]),
        ("key_value_store = [\"default\"]", &["line 17", "key_value_store"]),
        ("[trigger.redis]", &["redis"]),
        (
            "[[trigger.http]]\nroute = \"/x\"\ncomponent = \"guest\"\nexecutor = { type = \"wagi\" }",
            &["line 20", "wagi"],
        ),
        (
            "[[trigger.http]]\nroute = \"/x\"\nstatic_response = {}",
            &["line 19", "static_response"],
        ),
    ] {
        let said = refusal(&manifest(grants), &[]);
        assert!(
            expected.iter().all(|part| said.contains(part)),
            "{expected:?} not in: {said}"
        );
    }
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let route =
        |route: &str, component: &str| format!("[[trigger.http]]\nroute = {route}\ncomponent = \"{component}\"");
    for (grants, expected) in [
        (
            route("\"/...\"", "inner"),
            &["line 17", "\"/...\"", "inner", "guest"][..],
        ),
        (route("\"/x\"", "nobody"), &["line 17", "[component.nobody]"]),
        (route("\"x\"", "guest"), &["line 17", "must start with /"]),
        (
            route("\"/.well-known/spin/health\"", "guest"),
            &["line 17", "/.well-known/spin/"],
        ),
        (route("{ private = false }", "guest"), &["line 17", "private"]),
        (
            "variables = { a = \"{{ missing }}\" }".to_owned(),
            &["[component.guest]", "variables: a", "\"missing\""],
        ),
        (
            "variables = { a = \"{{ color\" }".to_owned(),
            &["[component.guest]", "variables: a", "}}"],
        ),
        (
            "variables = { Bad = \"\" }".to_owned(),
            &["[component.guest.variables] Bad"],
        ),
        (
            "allowed_outbound_hosts = [\"example.com\"]".to_owned(),
            &["[component.guest]", "example.com"],
        ),
        (
            "allowed_outbound_hosts = [\"http://nobody.spin.internal\"]".to_owned(),
            &["[component.guest]", "nobody"],
        ),
        (
            "key_value_stores = [\"other\"]".to_owned(),
            &["[component.guest]", "\"other\"", "[key_value_store.other]"],
        ),
    ] {
        let said = refusal(&manifest(&grants), &[]);
        assert!(
            expected.iter().all(|part| said.contains(part)),
            "{expected:?} not in: {said}"
        );
    }
}

#[test]
fn a_required_variable_without_a_value_is_refused_by_name() {
    let needy = manifest("").replace("color = { default = \"red\" }", "color = { required = true }");
    let said = refusal(&needy, &[]);
    assert!(
        said.contains("variable color is required") && said.contains("SPIN_VARIABLE_COLOR"),
        "{said}"
    );
    let said = refusal(&manifest("").replace("{ default = \"red\" }", "{}"), &[]);
    assert!(said.contains("[variables] color"), "{said}");
    let said = refusal(&manifest(""), &["--variable", "colour=blue"]);
    assert!(said.contains("colour"), "{said}");
}

#[test]
fn sources_that_are_not_local_components_are_refused() {
    let wasm = manifest("")
        .lines()
        .find_map(|line| line.strip_prefix("source = "))
        .unwrap()
        .to_owned();
    let source = |source: &str| manifest("").replacen(&wasm, source, 1);
    let said = refusal(
        &source("{ url = \"https://example.com/a.wasm\", digest = \"sha256:0\" }"),
        &[],
    );
    assert!(
        said.contains("line 14") && said.contains("this host downloads nothing"),
        "{said}"
    );
    let said = refusal(&source("\"missing.wasm\""), &[]);
    assert!(
        said.contains("[component.inner]") && said.contains("missing.wasm") && said.contains("--build"),
        "{said}"
    );
    let said = refusal(&source("\"spin.toml\""), &[]);
    assert!(
        said.contains("[component.inner]") && said.contains("no Wasm component"),
        "{said}"
    );
}

#[test]
fn other_versions_and_missing_manifests_are_refused() {
    let said = refusal(&manifest("").replace("version = 2", "version = 1"), &[]);
    assert!(said.contains("spin_manifest_version"), "{said}");
    let said = refusal(&manifest(""), &["--from", "nowhere.toml"]);
    assert!(said.contains("nowhere.toml"), "{said}");
}

#[test]
fn runtime_configurations_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    for (config, expected) in [
        (
            "[key_value_store.default]\ntype = \"azure_cosmos\"",
            &["azure_cosmos", "line 2"][..],
        ),
        (
            "[sqlite_database.default]\ntype = \"spin\"",
            &["sqlite_database", "line 1"],
        ),
        (
            "[key_value_store.default]\ntype = \"redis\"\nurl = \"nonsense\"",
            &["[key_value_store.default]", "url"],
        ),
    ] {
        let file = dir.path().join("rc.toml");
        std::fs::write(&file, config).unwrap();
        let said = refusal(&manifest(""), &["--runtime-config-file", file.to_str().unwrap()]);
        assert!(
            expected.iter().all(|part| said.contains(part)),
            "{expected:?} not in: {said}"
        );
    }
}
