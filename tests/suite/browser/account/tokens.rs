//! Personal tokens.

use serde_json::json;

use super::{ACT, is_wrong};
use crate::browser::open_as;
use crate::harness::{PASSWORD, Screen, TestApp};

const NEW: &str = "[data-testid=new-token]";

#[tokio::test]
async fn a_token_is_made_shown_once_and_revoked() {
    let app = TestApp::shared();
    let user = app.user("scripted").await;
    let memo = user.write("for a script").await;
    let Some(browser) = open_as(&user, &app, Screen::Phone).await else {
        return;
    };
    browser.go(&app, "/account/tokens").await;
    browser.click(ACT).await;
    is_wrong(&browser, "name", "give it a name").await;
    browser.fill("#name", "nightly backup").await;
    browser.fill("#password", "not the password").await;
    browser.click(ACT).await;
    is_wrong(&browser, "password", "not your password").await;
    browser.fill("#password", PASSWORD).await;
    browser.click(ACT).await;
    browser.sees(NEW).await;
    browser.focus_is_on(".new-token h2").await;
    browser.fits().await;
    let token = browser.text(NEW).await;
    let program = app.anonymous().with_token(token.clone());
    assert_eq!(program.read(&memo).await, memo);
    program.post("/api/memos", &json!({ "text": "no" })).await.problem(403);
    browser.click("[data-testid=copy-token]").await;
    browser.tells("Copied").await;
    let kept = "return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, history.state])";
    let kept = browser.run(kept).await;
    assert!(!kept.as_str().unwrap_or_default().contains(&token), "{kept}");
    browser.click("[data-testid=token-kept]").await;
    browser.focus_is_on("h1").await;

    browser.reload().await;
    browser.sees(".token").await;
    let shown = browser.text(".tokens").await;
    for words in ["nightly backup", "Read memos", "Until", "Last used"] {
        assert!(shown.contains(words), "{shown}");
    }
    let until = "return document.querySelector('.token .until span').textContent";
    assert_ne!(browser.run(until).await, "now");
    assert!(!browser.text("body").await.contains(&token));
    let named =
        "const ids = document.querySelector('[data-testid=revoke-token]').getAttribute('aria-labelledby').split(' ');
        return ids.map((id) => document.getElementById(id).textContent).join(' ')";
    assert_eq!(browser.run(named).await, "Revoke nightly backup");
    browser.click("[data-testid=revoke-token]").await;
    browser.sees("[data-testid=question]").await;
    browser.click("[data-testid=yes]").await;
    browser.tells("revoked").await;
    let is_empty = "return document.querySelector('.token') === null";
    browser.until_true("it is off the list", is_empty).await;
    let listed = user.get("/api/auth/tokens").await.expect(200).value();
    assert_eq!(listed["items"], json!([]));
    browser.close().await;
}

#[tokio::test]
async fn one_that_may_write_lasts_as_long_as_was_chosen_and_is_told_to_be_older_than_the_password() {
    let app = TestApp::shared();
    let user = app.user("longterm").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.go(&app, "/account/tokens").await;
    browser.fill("#name", "editor").await;
    browser.click("[data-testid=scope-write]").await;
    browser
        .run("document.querySelector('#expires_in_days').value = '366'; return true")
        .await;
    browser.fill("#password", PASSWORD).await;
    browser.click(ACT).await;
    browser.sees(NEW).await;
    let program = app.anonymous().with_token(browser.text(NEW).await);
    program.write("from an editor").await;
    let listed = user.get("/api/auth/tokens").await.expect(200).value();
    let (from, until) = (&listed["items"][0]["created_at"], &listed["items"][0]["expires_at"]);
    let year = |time: &serde_json::Value| {
        time.as_str().unwrap_or_default()[..4]
            .parse::<u32>()
            .unwrap_or_default()
    };
    assert!(year(until) > year(from), "{listed}");
    let body = json!({ "current_password": PASSWORD, "new_password": "a better horse battery" });
    let call = user.call(reqwest::Method::PUT, "/api/auth/me/password").json(&body);
    call.send().await.expect_empty(204);
    let list = user.get("/api/auth/tokens").await.expect(200).value();
    assert_eq!(list["items"][0]["older_than_password"], true);
    program.get("/api/memos").await.expect(200);
    browser.close().await;
}
