//! An assistant, as it speaks to the service.

use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::{Answer, TestApp};

/// The newest revision of the protocol that has a handshake.
pub const HANDSHAKE: &str = "2025-11-25";

/// One that has none.
pub const PER_REQUEST: &str = "2026-07-28";

/// Both of these scopes.
pub const BOTH: &str = "memos:read memos:write";

impl TestApp {
    /// Sends a body to the door for assistants.
    pub async fn post_mcp(&self, token: Option<&str>, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::post("/mcp").header("host", "127.0.0.1:3000");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.send(request.body(body.to_owned().into()).unwrap()).await
    }

    /// A call of an older revision.
    pub async fn ask(&self, user: &str, method: &str, params: Value) -> Answer {
        self.ask_for(user, BOTH, method, params).await
    }

    /// The same with a token that is for this.
    pub async fn ask_for(&self, user: &str, scope: &str, method: &str, params: Value) -> Answer {
        let token = self.token_for(user, "memo-api", 600, scope);
        let body = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
        let headers = [("mcp-protocol-version", HANDSHAKE)];
        self.post_mcp(Some(&token), &headers, &body.to_string()).await
    }

    /// Uses a tool: what it says, or what went wrong.
    pub async fn tool(&self, user: &str, name: &str, arguments: Value) -> Result<Value, Value> {
        let answer = self
            .ask(user, "tools/call", json!({"name": name, "arguments": arguments}))
            .await;
        used(&answer)
    }
}

/// What a tool said in an answer, or what went wrong. Both stand in it as text.
pub fn used(answer: &Answer) -> Result<Value, Value> {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let result = &answer.body["result"];
    let [content] = result["content"].as_array().unwrap().as_slice() else {
        panic!("{answer:?}");
    };
    assert_eq!(content["type"], "text");
    let said: Value = serde_json::from_str(content["text"].as_str().unwrap()).unwrap();
    if result["isError"] == true {
        assert!(result.get("structuredContent").is_none(), "{answer:?}");
        return Err(said);
    }
    assert_eq!(result["structuredContent"], said);
    Ok(said)
}
