//! What dashboards and alerts name must be what hosts tell.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::harness::{HostPlan, TestApp, exposition, free_port, promtool, workspace};

/// Metrics by name, each with its labels.
type Told = BTreeMap<String, BTreeSet<String>>;

/// What Prometheus itself adds.
const FROM_PROMETHEUS: [&str; 2] = ["up", "ALERTS"];
const LABELS_FROM_PROMETHEUS: [&str; 2] = ["job", "instance"];

fn file(name: &str) -> String {
    std::fs::read_to_string(workspace().join("deploy/observability").join(name)).expect("the file is shipped")
}

/// What an exposition tells.
fn told(exposition: &str) -> Told {
    let mut told = Told::new();
    for line in exposition.lines().filter(|line| !line.starts_with('#')) {
        let (series, _) = line.rsplit_once(' ').expect("a series has a value");
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let labels = labels.split("\",").filter_map(|label| label.split_once('='));
        let known = told.entry(name.to_owned()).or_default();
        known.extend(labels.map(|(label, _)| label.to_owned()));
    }
    told
}

/// The metrics that a query names, each with the labels that its selectors name.
fn named(query: &str) -> Vec<(String, Vec<String>)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    // Values of labels, lists of labels and durations hold no metrics.
    let (mut names, mut rest) = (Vec::new(), query.to_owned());
    for (opening, closing) in [("by (", ')'), ("[", ']')] {
        while let Some(start) = rest.find(opening) {
            let end = start + rest[start..].find(closing).expect("a bracket is closed");
            rest.replace_range(start..=end, " ");
        }
    }
    let mut rest = rest.as_str();
    while let Some(start) = rest.find(|c: char| is_name(c) && !c.is_ascii_digit()) {
        let end = rest[start..]
            .find(|c| !is_name(c))
            .map_or(rest.len(), |end| start + end);
        let (name, after) = (&rest[start..end], &rest[end..]);
        rest = after;
        let is_function = after.trim_start().starts_with('(');
        if is_function || ["and", "or", "unless"].contains(&name) {
            continue;
        }
        let mut labels = Vec::new();
        if let Some(selectors) = after.strip_prefix('{') {
            let (selectors, after) = selectors.split_once('}').expect("a bracket is closed");
            rest = after;
            // Odd parts are values, in quotes.
            let names = selectors.split('"').step_by(2);
            let trim = |name: &str| name.trim_matches(|c: char| !is_name(c)).to_owned();
            labels = names.map(trim).filter(|name| !name.is_empty()).collect();
        }
        names.push((name.to_owned(), labels));
    }
    names
}

/// All queries of the alerts and the dashboard.
fn queries() -> Vec<String> {
    let mut queries = Vec::new();
    let alerts = file("alerts.yaml");
    // A query is on one line, or below it and deeper than `expr: |`.
    let mut lines = alerts.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((_, query)) = line.split_once(" expr: ") else {
            continue;
        };
        let mut query = query.trim_start_matches('|').to_owned();
        while let Some(more) = lines.next_if(|line| line.starts_with("          ")) {
            query.push_str(more);
        }
        queries.push(query);
    }
    let dashboard: Value = serde_json::from_str(&file("dashboard.json")).expect("the dashboard is JSON");
    let panels = dashboard["panels"].as_array().expect("a dashboard has panels");
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    queries.extend(targets.filter_map(|target| target["expr"].as_str()).map(str::to_owned));
    assert!(
        queries.len() > 30 && queries.iter().all(|query| !query.trim().is_empty()),
        "{queries:#?}"
    );
    queries
}

#[test]
fn queries_are_read_as_prometheus_reads_them() {
    let query = r#"histogram_quantile(0.9, sum by (le, a) (rate(x_bucket{job="up",b=~"c|d"}[5m]))) > 1 or absent(up{job="j"}) == 0"#;
    let expected = [
        ("x_bucket".to_owned(), vec!["job".to_owned(), "b".to_owned()]),
        ("up".to_owned(), vec!["job".to_owned()]),
    ];
    assert_eq!(named(query), expected);
}

#[tokio::test]
async fn hosts_tell_what_dashboards_and_alerts_name() {
    let Some(plan) = HostPlan::fresh() else { return };
    let address = format!("127.0.0.1:{}", free_port());
    let host = plan.metrics(&address).start();
    TestApp::on(&host).user("counted").await.write("a memo").await;
    let exposition = exposition(&address).await;
    let told = told(&exposition);
    for query in queries() {
        for (name, labels) in named(&query) {
            if FROM_PROMETHEUS.contains(&name.as_str()) {
                continue;
            }
            let known = told.get(&name).unwrap_or_else(|| panic!("no {name} in:\n{exposition}"));
            let label = |label: &&String| !known.contains(*label) && !LABELS_FROM_PROMETHEUS.contains(&label.as_str());
            assert_eq!(labels.iter().find(label), None, "a label of {name} in {query}");
        }
    }
    // Nothing of people: no names, no ids, no paths but the manifest's routes.
    for private in ["counted", "/api/auth/users", "/api/memos/1"] {
        assert!(!exposition.contains(private), "{private}:\n{exposition}");
    }
}

#[test]
fn promtool_finds_nothing_wrong_with_the_alerts_and_each_fires_when_it_should() {
    promtool(&[
        "check",
        "rules",
        "deploy/observability/alerts.yaml",
        "deploy/observability/alerts-spin.yaml",
    ]);
    promtool(&["check", "config", "deploy/observability/prometheus.yaml"]);
    promtool(&["test", "rules", "deploy/observability/alerts.test.yaml"]);
}
