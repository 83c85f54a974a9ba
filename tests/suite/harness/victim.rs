//! Whose token is abused.

use reqwest::Method;
use serde_json::json;

use super::app::TestApp;
use super::memo::Memo;
use super::response::Response;
use super::token::Forge;
use super::user::User;

/// Somebody with a memo, whose token is about to be abused.
pub struct Victim {
    pub app: TestApp,
    pub user: User,
    pub memo: Memo,
}

impl Victim {
    pub async fn new(name: &str) -> Self {
        let app = TestApp::shared();
        let user = app.user(name).await;
        let memo = user.write("secret").await;
        Self { app, user, memo }
    }

    /// Their token, taken apart.
    pub fn forge(&self) -> Forge {
        Forge::from(self.user.token())
    }

    /// Every way in says 401, in the words of RFC 6750, and the memo stays.
    pub async fn is_safe_from(&self, what: &str, token: &str) {
        let thief = self.app.anonymous().with_token(token);
        let (path, etag, body) = (self.memo.path(), self.memo.etag(), json!({ "text": "stolen" }));
        for answer in [
            thief.get("/api/auth/me").await,
            thief.get("/api/memos").await,
            thief.get(&path).await,
            thief.post("/api/memos", &body).await,
            thief.put(&path, &etag, &body).await,
            thief.patch(&path, &etag, &body).await,
            thief.delete(&path, &etag).await,
            thief.post(&format!("{path}/restore"), &json!(null)).await,
            thief.get(&format!("{path}/versions")).await,
            thief.get(&format!("{path}/shares")).await,
            thief.post(&format!("{path}/shares"), &json!({})).await,
            thief.get("/api/memos/tags").await,
            thief.get("/api/memos/changes").await,
            thief.post("/api/memos/batch", &json!({ "operations": [] })).await,
            thief.delete("/api/memos/trash", &etag).await,
            thief
                .call(Method::DELETE, "/api/memos")
                .json(&json!({ "confirm": "all" }))
                .send()
                .await,
        ] {
            refused(what, answer);
        }
        assert_eq!(self.user.all_memos().await, std::slice::from_ref(&self.memo), "{what}");
    }
}

fn refused(what: &str, answer: Response) {
    assert_eq!(answer.status(), 401, "{what}: {answer:?}");
    let challenge = answer.header("www-authenticate");
    assert!(
        challenge.starts_with("Bearer ") && challenge.contains("error=\"invalid_token\""),
        "{what}: {challenge}"
    );
    answer.problem(401);
}
