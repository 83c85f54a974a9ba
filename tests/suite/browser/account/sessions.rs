//! Where somebody is signed in.

use reqwest::Method;
use serde_json::json;

use crate::browser::open_as;
use crate::harness::{Browser, PASSWORD, Screen, TestApp, User};

const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
    Version/18.0 Mobile/15E148 Safari/604.1";

/// Signs in from a telephone.
async fn sign_in_elsewhere(app: &TestApp, user: &User) {
    let call = app.anonymous().call(Method::POST, "/api/auth/session");
    let body = json!({ "username": user.username, "password": PASSWORD });
    call.header("user-agent", IPHONE).json(&body).send().await.expect(200);
}

/// Waits until these devices are listed, the latest first.
async fn lists(browser: &Browser, devices: &[&str]) {
    let script = format!(
        "return [...document.querySelectorAll('.session .device')].map((it) => it.textContent).join() === {:?}",
        devices.join(",")
    );
    browser.until_true(&format!("{devices:?}"), &script).await;
}

#[tokio::test]
async fn devices_are_told_in_plain_words_and_can_be_signed_out() {
    let app = TestApp::shared();
    let user = app.user("everywhere").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    sign_in_elsewhere(&app, &user).await;
    browser.go(&app, "/account/sessions").await;
    // The first one is that of the test itself, which says nothing of what it is.
    lists(&browser, &["Safari, iPhone", "Chrome, Linux", "Unknown device"]).await;
    let here = "return [...document.querySelectorAll('.session')].map((it) =>
        [it.querySelector('.here').checkVisibility(), it.querySelector('.end').checkVisibility()].join()).join(' ')";
    assert_eq!(browser.run(here).await, "false,true true,false false,true");
    let named =
        "const ids = document.querySelector('[data-testid=end-session]').getAttribute('aria-labelledby').split(' ');
        return ids.map((id) => document.getElementById(id).textContent).join(' ')";
    assert_eq!(browser.run(named).await, "Sign out Safari, iPhone");
    browser.click("[data-testid=end-session]").await;
    browser.tells("signed out").await;
    lists(&browser, &["Chrome, Linux", "Unknown device"]).await;
    browser.focus_is_on("h1").await;
    user.get("/api/auth/me").await.expect(200);

    sign_in_elsewhere(&app, &user).await;
    browser.reload().await;
    browser.click("[data-testid=end-others]").await;
    browser.tells("All other devices").await;
    lists(&browser, &["Chrome, Linux"]).await;
    let is_gone = "return !document.querySelector('[data-testid=end-others]').checkVisibility()";
    browser.until_true("there are no others", is_gone).await;
    user.get("/api/auth/me").await.problem(401);
    browser.reload().await;
    lists(&browser, &["Chrome, Linux"]).await;
    browser.close().await;
}
