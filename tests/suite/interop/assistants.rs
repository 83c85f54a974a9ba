//! Assistants on client libraries of the Model Context Protocol that nobody here wrote: they find the token issuer by themselves,
//! register, are let in by a person, and use the tools.

use reqwest::Url;
use serde_json::{Map, Value, json};

use crate::harness::{Foreign, TestApp, User, allow};

const READING: [&str; 3] = ["search_memos", "read_memo", "list_tags"];
const WRITING: [&str; 3] = ["create_memo", "update_memo", "trash_memo"];

fn task(app: &TestApp, name: &str) -> Value {
    json!({ "mcp": format!("{}/mcp", app.base_url()), "name": name, "word": "unusual" })
}

/// A person lets the program in, with this scope or with what it asks for.
async fn let_in(app: &TestApp, user: &User, program: &mut Foreign, scope: Option<&str>) {
    let said = program.says().await;
    let address = Url::parse(said["authorize"].as_str().expect("an address")).expect("an address");
    let request: Map<String, Value> = address
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
        .collect();
    let mut request = Value::from(request);
    assert_eq!(request["scope"], "memos:read memos:write", "what the metadata names");
    assert_eq!(request["resource"], format!("{}/mcp", app.base_url()));
    if let Some(scope) = scope {
        request["scope"] = scope.into();
    }
    let to = allow(user, request).await;
    let answer = reqwest::Client::builder().no_proxy().build().expect("a client").get(to);
    answer.send().await.expect("the program listens");
}

/// What the program found: the texts.
fn texts(found: &Value) -> Vec<&str> {
    let items = found["items"].as_array().expect("a list").iter();
    items.map(|item| item["excerpt"].as_str().expect("a text")).collect()
}

async fn is_let_in(script: &str, protocol: &str) {
    let app = TestApp::shared();
    let user = app.user("assisted").await;
    user.write("something unusual #old").await;
    app.user("else").await.write("unusual, and another person's").await;
    let Some(mut program) = Foreign::start(script, &task(&app, script)) else {
        return;
    };
    let_in(&app, &user, &mut program, None).await;
    let said = program.says().await;
    assert_eq!((&said["server"], &said["protocol"]), (&json!("memo"), &json!(protocol)));
    assert_eq!(
        (&said["instructions"], &said["scope"]),
        (&json!(true), &json!("memos:read memos:write"))
    );
    assert_eq!(said["tools"], json!([READING, WRITING].concat()));

    let wrote = program.says().await;
    assert_eq!(wrote["created"], wrote["again"], "the same key makes one memo");
    assert_eq!(wrote["changed"]["version"], 2);
    assert_eq!(wrote["stale"]["problem"]["type"], "/problems#stale-version");
    assert_eq!(
        (&wrote["stale"]["problem"]["current"], &wrote["read"]),
        (&wrote["changed"], &wrote["changed"])
    );
    assert!(wrote["trashed"]["trashed_at"].is_string(), "{wrote}");

    let looked = program.says().await;
    assert_eq!(
        texts(&looked["found"]),
        ["changed unusual #written", "something unusual #old"]
    );
    let tags = json!([{"tag": "old", "count": 1}, {"tag": "written", "count": 1}]);
    assert_eq!(looked["tags"]["items"], tags);
    assert_eq!(program.says().await, json!({ "asked": 1 }), "one consent is enough");
    let memos = user.all_memos().await;
    let seen: Vec<&str> = memos.iter().map(|memo| memo.text.as_str()).collect();
    assert_eq!(
        seen,
        ["changed unusual #written", "something unusual #old"],
        "the person sees what was done"
    );
}

#[tokio::test]
async fn the_reference_sdk_is_let_in_and_uses_the_tools() {
    is_let_in("mcp-sdk.js", "2025-11-25").await;
}

#[tokio::test]
async fn its_second_version_speaks_the_revision_without_a_handshake() {
    is_let_in("mcp-client.js", "2026-07-28").await;
}

#[tokio::test]
async fn an_assistant_that_may_only_read_is_offered_nothing_else() {
    let app = TestApp::shared();
    let user = app.user("assisted").await;
    user.write("something unusual").await;
    let Some(mut program) = Foreign::start("mcp-sdk.js", &task(&app, "a reader")) else {
        return;
    };
    let_in(&app, &user, &mut program, Some("memos:read")).await;
    let said = program.says().await;
    assert_eq!(
        (&said["tools"], &said["scope"]),
        (&json!(READING), &json!("memos:read"))
    );
    assert_eq!(texts(&program.says().await["found"]), ["something unusual"]);
    assert_eq!(program.says().await, json!({ "asked": 1 }));
}

#[tokio::test]
async fn the_inspector_lists_the_tools_and_uses_them() {
    let app = TestApp::shared();
    let user = app.user("inspected").await;
    let mut task = task(&app, "inspector");
    task["token"] = user.token().into();
    let Some(mut inspector) = Foreign::start("mcp-inspector.js", &task) else {
        return;
    };
    let listed = inspector.says().await;
    assert_eq!(listed["tools"].as_array().map(Vec::len), Some(6), "{listed}");
    let created = inspector.says().await;
    assert_eq!(created["structuredContent"]["text"], "unusual", "{created}");
    let found = inspector.says().await;
    assert_eq!(texts(&found["structuredContent"]), ["unusual"], "{found}");
}
