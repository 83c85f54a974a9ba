//! `/api/memos/{id}/shares`, `/api/memos/shares` and `/api/shares/{token}`

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, Memo, Response, TestApp, is_time};

/// A link to a memo: its id and its token.
async fn share(client: &Client, memo: &Memo) -> (String, String) {
    let path = format!("{}/shares", memo.path());
    let made = client
        .post(&path, &json!({ "expires_in_days": 1 }))
        .await
        .expect(201)
        .value();
    let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
    assert!(is_time(&text("created_at")) && is_time(&text("expires_at")), "{made}");
    assert!(
        text("url").ends_with(&format!("/api/shares/{}", text("token"))),
        "{made}"
    );
    (text("id"), text("token"))
}

async fn open(app: &TestApp, token: &str, accept: &str) -> Response {
    let call = app.anonymous().call(Method::GET, &format!("/api/shares/{token}"));
    call.header("accept", accept).send().await
}

async fn end(client: &Client, link: &str) -> Response {
    let path = format!("/api/memos/shares/{link}");
    client.call(Method::DELETE, &path).send().await
}

#[tokio::test]
async fn anybody_with_the_link_reads_the_memo_and_nobody_once_it_has_ended() {
    let app = TestApp::shared();
    let user = app.user("sharer").await;
    let memo = user.write("# 장보기\n- [x] 우유 & <b>빵</b>").await;
    let (id, token) = share(&user, &memo).await;
    let page = open(&app, &token, "text/html").await.expect(200);
    assert!(
        page.text().contains("<h2 class=\"size-1\">장보기</h2>"),
        "{}",
        page.text()
    );
    assert!(
        page.text().contains("우유 &amp; &lt;b&gt;빵&lt;/b&gt;"),
        "{}",
        page.text()
    );
    assert!(!page.text().contains("<script"), "{}", page.text());
    assert!(
        page.header("content-security-policy")
            .starts_with("default-src 'none'; style-src 'sha256-")
    );
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("x-robots-tag"), "noindex, nofollow");
    let shown: Value = open(&app, &token, "application/json").await.expect(200).json();
    assert_eq!(shown["text"], memo.text);

    let listed: Value = user.get(&format!("{}/shares", memo.path())).await.expect(200).json();
    assert_eq!(listed["items"][0]["id"], id);
    assert!(!listed.to_string().contains(&token), "{listed}");
    end(&user, &id).await.expect_empty(204);
    open(&app, &token, "application/json").await.problem(404);
    let gone = open(&app, &token, "text/html").await.expect(404);
    let unknown = open(&app, &"A".repeat(43), "text/html").await.expect(404);
    assert_eq!(gone.text(), unknown.text(), "why a link opens nothing is not told");
    end(&user, &id).await.problem(404);
}

#[tokio::test]
async fn another_persons_memos_and_links_are_not_there() {
    let app = TestApp::shared();
    let (owner, other) = (app.user("owner").await, app.user("other").await);
    let memo = owner.write("mine").await;
    let (id, token) = share(&owner, &memo).await;
    // A memo that the other one does not have: ids are counted for each person.
    let path = format!("{}/shares", memo.path());
    other.post(&path, &json!({})).await.problem(404);
    other.get(&path).await.problem(404);
    end(&other, &id).await.problem(404);
    end(&other, &token).await.problem(404);
    app.anonymous().post(&path, &json!({})).await.problem(401);
    open(&app, &token, "application/json").await.expect(200);
}

#[tokio::test]
async fn a_memo_in_the_trash_is_not_shown_until_it_is_taken_out() {
    let app = TestApp::shared();
    let user = app.user("trashed-share").await;
    let memo = user.write("now and then").await;
    let (_, token) = share(&user, &memo).await;
    let memo = user.trash(&memo).await;
    open(&app, &token, "application/json").await.problem(404);
    assert_eq!(
        user.post(&format!("{}/shares", memo.path()), &json!({}))
            .await
            .problem(409)
            .slug(),
        "in-trash"
    );
    user.restore(&memo).await;
    open(&app, &token, "application/json").await.expect(200);
}

#[tokio::test]
async fn what_is_no_request_for_a_link_is_refused() {
    let app = TestApp::shared();
    let user = app.user("hostile-sharer").await;
    let memo = user.write("short").await;
    let path = format!("{}/shares", memo.path());
    for days in [json!(0), json!(366), json!(-1), json!(0.5), json!("1"), json!([])] {
        let refused = user.post(&path, &json!({ "expires_in_days": days })).await.problem(422);
        assert_eq!(refused.fields(), ["expires_in_days"], "{days}");
    }
    for body in ["", "{", "[]", "7", "\"\"", "{\"days\":1}", "{}{}", "\u{0}"] {
        let call = user
            .call(Method::POST, &path)
            .header("content-type", "application/json");
        call.body(body).send().await.problem_among(&[400, 422]);
    }
    for token in ["1", "..%2f", "%00", "%ff", &"A".repeat(2000)] {
        open(&app, token, "application/json").await.problem(404);
        end(&user, token).await.problem(404);
    }
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let call = app.anonymous().call(method, &format!("/api/shares/{}", "A".repeat(43)));
        call.send().await.problem(405);
    }
}
