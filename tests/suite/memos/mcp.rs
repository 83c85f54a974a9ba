//! `POST /mcp`: the tools of assistants, over HTTP and with the tokens of real people.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, Program, Response, TestApp};

async fn send(client: &Client, body: &Value) -> Response {
    let call = client
        .call(Method::POST, "/mcp")
        .header("mcp-protocol-version", "2025-11-25");
    call.json(body).send().await
}

async fn ask(client: &Client, method: &str, params: Value) -> Response {
    send(
        client,
        &json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}),
    )
    .await
}

/// Uses a tool: what it says, or what went wrong.
async fn tool(client: &Client, name: &str, arguments: Value) -> Result<Value, Value> {
    let answer = ask(client, "tools/call", json!({"name": name, "arguments": arguments})).await;
    let mut result = answer.expect(200).value()["result"].take();
    if result["isError"] == true {
        let problem = result["content"][0]["text"].as_str().expect("a text");
        return Err(serde_json::from_str(problem).expect("a problem"));
    }
    Ok(result["structuredContent"].take())
}

fn kind(outcome: Result<Value, Value>) -> String {
    let problem = outcome.expect_err("it is refused");
    problem["type"].as_str().expect("a type").replace("/problems#", "")
}

#[tokio::test]
async fn an_assistant_works_beside_the_person() {
    let app = TestApp::shared();
    let user = app.user("assisted").await;
    let memo = user.write("a list #home").await;
    let found = tool(&user, "search_memos", json!({"q": "LIST"})).await.unwrap();
    assert_eq!(
        (&found["items"][0]["id"], &found["items"][0]["excerpt"]),
        (&json!(memo.id), &json!("a list #home"))
    );
    let read = tool(&user, "read_memo", json!({"id": memo.id})).await.unwrap();
    assert_eq!(read, user.get(&memo.path()).await.expect(200).value());

    let memo = user.edit(&memo, "a longer list #home").await;
    let change = json!({"id": memo.id, "version": 1, "text": "too late"});
    assert_eq!(kind(tool(&user, "update_memo", change).await), "stale-version");
    let change = json!({"id": memo.id, "version": memo.version, "text": "in time #home", "pinned": true});
    tool(&user, "update_memo", change).await.unwrap();
    let memo = user.read(&memo).await;
    assert_eq!((memo.text.as_str(), memo.pinned), ("in time #home", true));

    let created = tool(
        &user,
        "create_memo",
        json!({"text": "new #home/desk", "idempotency_key": "k"}),
    )
    .await
    .unwrap();
    let again = tool(
        &user,
        "create_memo",
        json!({"text": "new #home/desk", "idempotency_key": "k"}),
    )
    .await
    .unwrap();
    assert_eq!(created, again);
    let trash = json!({"id": created["id"], "version": 1});
    tool(&user, "trash_memo", trash).await.unwrap();
    let trash = json!({"id": created["id"], "version": 2});
    assert_eq!(kind(tool(&user, "trash_memo", trash).await), "in-trash");
    let trashed = user.found("state=trashed").await;
    assert_eq!(trashed.len(), 1, "the person can take it out again");
    assert_eq!(user.restore(&trashed[0]).await.text, "new #home/desk");
}

#[tokio::test]
async fn another_persons_memo_is_not_there() {
    let app = TestApp::shared();
    let memo = app.user("owner").await.write("private").await;
    let other = app.user("other").await;
    for (name, arguments) in [
        ("read_memo", json!({"id": memo.id})),
        ("update_memo", json!({"id": memo.id, "version": 1, "text": "mine"})),
        ("trash_memo", json!({"id": memo.id, "version": 1})),
    ] {
        assert_eq!(kind(tool(&other, name, arguments).await), "not-found", "{name}");
    }
    let found = tool(&other, "search_memos", json!({"state": "all"})).await.unwrap();
    assert_eq!(found["items"], json!([]));
}

#[tokio::test]
async fn a_program_does_what_it_was_allowed_until_it_is_disconnected() {
    let app = TestApp::shared();
    let user = app.user("assisted").await;
    user.write("here").await;
    let program = Program::register(&app).await;
    let (reader, _) = program.connect(&user, "memos:read").await;
    let tools = ask(&reader, "tools/list", json!({})).await.expect(200).value();
    assert_eq!(tools["result"]["tools"].as_array().map(Vec::len), Some(3));
    let found = tool(&reader, "search_memos", json!({})).await.unwrap();
    assert_eq!(found["items"][0]["excerpt"], "here");
    let refused = ask(
        &reader,
        "tools/call",
        json!({"name": "create_memo", "arguments": {"text": "x"}}),
    )
    .await;
    let challenge = refused.header("www-authenticate").to_owned();
    assert_eq!(refused.problem(403).slug(), "insufficient-scope");
    assert!(
        challenge.contains("error=\"insufficient_scope\", scope=\"memos:read memos:write\""),
        "{challenge}"
    );
    assert!(challenge.contains("resource_metadata=\""), "{challenge}");
    assert_eq!(user.all_memos().await.len(), 1);
}

#[tokio::test]
async fn who_has_no_token_is_led_to_where_tokens_come_from() {
    let app = TestApp::shared();
    let nobody = app.anonymous();
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize"});
    let refused = send(&nobody, &body).await;
    let challenge = refused.header("www-authenticate").to_owned();
    refused.problem(401);
    let (_, address) = challenge
        .split_once("resource_metadata=\"")
        .expect("where the metadata is");
    let path = address.trim_end_matches('"').replace(app.base_url(), "");
    assert_eq!(path, "/.well-known/oauth-protected-resource/mcp");
    let metadata = nobody.get(&path).await.expect(200).value();
    assert_eq!(metadata["resource"], format!("{}/mcp", app.base_url()));
    let server = metadata["authorization_servers"][0].as_str().expect("an issuer");
    let issuer = nobody
        .get("/.well-known/oauth-authorization-server")
        .await
        .expect(200)
        .value();
    assert_eq!(issuer["issuer"], server, "the issuer calls itself the same");
    let whole = nobody
        .get("/.well-known/oauth-protected-resource")
        .await
        .expect(200)
        .value();
    assert_eq!(whole["resource"], app.base_url());
    nobody.get("/other/oauth-protected-resource").await.problem(404);
    nobody
        .get("/.well-known/oauth-protected-resource/else")
        .await
        .problem(404);
}

#[tokio::test]
async fn hostile_messages_are_refused_and_change_nothing() {
    let app = TestApp::shared();
    let user = app.user("attacked").await;
    let memo = user.write("kept").await;
    let call = |body: String| {
        user.call(Method::POST, "/mcp")
            .header("content-type", "application/json")
            .body(body)
    };
    let deep = |open: &str| {
        format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{}",
            open.repeat(100_000)
        )
    };
    for body in [
        String::new(),
        "\u{0}".to_owned(),
        "[]".to_owned(),
        format!(
            "[{}]",
            vec!["{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}"; 1000].join(",")
        ),
        deep("["),
        deep("{\"a\":"),
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":\"\\ud800\"}".to_owned(),
        "{\"jsonrpc\":\"2.0\",\"id\":1e999,\"method\":\"ping\"}".to_owned(),
        format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{{}},\"method\":\"{}\"}}",
            "x".repeat(500_000)
        ),
    ] {
        let answer = call(body).send().await.expect(400).value();
        assert!(
            matches!(answer["error"]["code"].as_i64(), Some(-32700 | -32600)),
            "{answer}"
        );
    }
    call("x".repeat(2 * 1024 * 1024)).send().await.problem(413);
    user.call(Method::POST, "/mcp").body("{}").send().await.problem(415);
    user.call(Method::GET, "/mcp").send().await.problem(405);
    user.call(Method::DELETE, "/mcp").send().await.problem(405);
    let evil = user.call(Method::POST, "/mcp").header("origin", "https://evil.example");
    evil.json(&json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}))
        .send()
        .await
        .problem(403);
    for (name, arguments) in [
        ("search_memos", json!({"q": "\u{0}".repeat(5000)})),
        ("search_memos", json!({"limit": 1e300})),
        ("search_memos", json!({"cursor": "A".repeat(200_000)})),
        ("read_memo", json!({"id": "../../auth/users"})),
        (
            "update_memo",
            json!({"id": memo.id, "version": 18_446_744_073_709_551_615_u64, "text": "x"}),
        ),
        ("create_memo", json!({"text": "x".repeat(100_000)})),
        ("create_memo", json!([["text", "x"]])),
    ] {
        tool(&user, name, arguments).await.expect_err(name);
    }
    let memos = user.all_memos().await;
    assert_eq!((memos.len(), memos[0].version), (1, 1));
}
