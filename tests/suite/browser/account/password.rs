//! Another password.

use super::{ACT, is_wrong};
use crate::browser::open_as;
use crate::harness::{Browser, PASSWORD, Screen, TestApp};

const NEW: &str = "a better horse battery staple";

/// What the meter shows, and the words beside it.
async fn shows_strength(browser: &Browser, level: u8, words: &str) {
    let script = format!(
        "return document.querySelector('[data-testid=strength]').value === {level}
             && document.querySelector('.strength').checkVisibility()
             && document.querySelector('.strength [role=status]').textContent.includes({words:?})"
    );
    browser
        .until_true(&format!("strength {level}, {words:?}"), &script)
        .await;
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_this_one_goes_on() {
    let app = TestApp::shared();
    let user = app.user("renewing").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.go(&app, "/account/password").await;
    browser.click(ACT).await;
    is_wrong(&browser, "current_password", "enter your password").await;
    browser.type_into("#current_password", "not the password").await;
    browser.type_into("#new_password", "short").await;
    browser.click(ACT).await;
    is_wrong(&browser, "new_password", "8 to 128").await;
    browser.fill("#new_password", NEW).await;
    browser.click(ACT).await;
    is_wrong(&browser, "current_password", "not your password").await;
    browser.fill("#current_password", PASSWORD).await;
    browser.fill("#new_password", &format!("{} 12", user.username)).await;
    shows_strength(&browser, 0, "Your name").await;
    browser.click(ACT).await;
    is_wrong(&browser, "new_password", "Too common").await;
    browser.fill("#new_password", NEW).await;
    shows_strength(&browser, 4, "Strong").await;
    // Password managers read whose password it is, and which of the two is which.
    let names = browser
        .run("return [...document.querySelectorAll('.account-form input')].map((input) => [input.autocomplete, input.value].join(': ')).slice(0, 2)")
        .await;
    assert_eq!(
        names,
        serde_json::json!([
            format!("username: {}", user.username),
            format!("current-password: {PASSWORD}")
        ])
    );
    browser.click(ACT).await;
    browser.is_at("/account").await;
    browser.tells("all other devices are signed out").await;
    browser.sees(".overview").await;
    user.get("/api/auth/me").await.problem(401);
    browser.click("[data-testid=sign-out]").await;
    browser.fill("#username", &user.username).await;
    browser.fill("#password", PASSWORD).await;
    browser.click("#sign-in").await;
    is_wrong(&browser, "password", "not right").await;
    browser.fill("#password", NEW).await;
    browser.click("#sign-in").await;
    browser.sees("#new-memo").await;
    browser.close().await;
}

#[tokio::test]
async fn the_strength_is_shown_where_a_password_is_chosen_and_nowhere_else() {
    let app = TestApp::shared();
    let Some(browser) = Browser::open(&app, Screen::Phone).await else {
        return;
    };
    browser.stroll("/sign-up").await;
    browser.cut_off(&["*/api/*"]).await;
    browser.fill("#password", "password1").await;
    shows_strength(&browser, 0, "tried first").await;
    browser.fill("#password", "우리집 고양이는 노랗다").await;
    shows_strength(&browser, 4, "Strong").await;
    browser.fits().await;
    browser.cut_off(&[]).await;
    browser.stroll("/sign-in").await;
    browser.fill("#password", "password1").await;
    let is_hidden = "return !document.querySelector('.strength').checkVisibility()";
    browser
        .until_true("nothing is said of a password that is there", is_hidden)
        .await;
    browser.close().await;
}
