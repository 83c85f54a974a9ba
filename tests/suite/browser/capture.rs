//! How a text comes to the pad: by typing at once, and from other pages.

use super::open_as;
use crate::harness::{Browser, Screen, TestApp};

#[tokio::test]
async fn who_opens_the_page_can_write_at_once_and_is_told_where_it_is() {
    let app = TestApp::shared();
    let user = app.user("at-once").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.reload().await;
    let has_focus = "return document.activeElement === document.querySelector('#new-memo')";
    browser.until_true("the pad has the focus", has_focus).await;
    browser.type_into("#new-memo", "x").await;
    browser.sees(".composer .state").await;
    assert!(browser.text(".composer .state").await.contains("on this device"));
    browser.type_into("#new-memo", "\u{e003}").await; // Backspace
    browser.sees(".composer .shortcut").await;
    browser.type_into("#new-memo", "one").await;
    browser.click("#save-memo").await;
    browser.shows(&["one"]).await;
    browser.until_true("the next one can be begun", has_focus).await;
    browser.close().await;
}

#[tokio::test]
async fn the_bookmark_is_to_be_dragged_and_no_click_runs_it() {
    let app = TestApp::shared();
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    browser.go(&app, "/help").await;
    browser.click(".bookmarklet").await;
    browser.sees("#status:not(:empty)").await;
    browser.is_at("/help").await;
    let code = browser.run("return document.querySelector('.copy .code').value").await;
    let code = code.as_str().unwrap();
    assert!(code.starts_with("javascript:"), "{code}");
    let address = format!("{}/new?", app.base_url());
    assert!(
        code.contains(&address.replace(':', "%3A").replace('/', "%2F").replace('?', "%3F")),
        "{code}"
    );
    browser.close().await; // The policy had nothing to refuse.
}
