//! Before there is an account: who comes writes at once, and keeps it.

use super::{sign_in, write};
use crate::harness::{Browser, PASSWORD, Screen, TestApp, unique};

#[tokio::test]
async fn what_a_guest_has_written_is_theirs_when_they_sign_up_and_nobody_elses() {
    let app = TestApp::shared();
    let other = app.user("other-person").await;
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    write(&browser, "one").await;
    write(&browser, "two").await;
    browser.shows(&["two", "one"]).await;
    assert_eq!(browser.text(".memo .where .what").await, "Saved on this device");
    browser.reload().await;
    browser.shows(&["two", "one"]).await;
    browser
        .until_true(
            "the page says where they are",
            "return document.querySelector('#sync-state').textContent.includes('2 memos on this device only')",
        )
        .await;

    browser.fill("#new-memo", "being written").await;
    browser.stroll("/sign-up").await;
    let name = unique("guest");
    browser.fill("#username", &name).await;
    browser.fill("#password", PASSWORD).await;
    browser.click("#sign-up").await;
    browser.click("[data-testid=codes-kept]").await;
    browser.is_at("/").await;
    browser.is_synced().await;
    browser.shows(&["two", "one"]).await;
    browser.reload().await;
    browser.shows(&["two", "one"]).await;
    let goes_on = "return document.querySelector('#new-memo').value === 'being written'";
    browser.until_true("what was being written goes on", goes_on).await;
    browser.click("#save-memo").await;
    browser.shows(&["being written", "two", "one"]).await;
    browser.is_synced().await;

    browser.click("#sign-out").await;
    browser.is_at("/sign-in").await;
    browser.visit(&app).await;
    browser.sees("#new-memo").await;
    browser.shows(&[]).await;
    sign_in(&browser, &other.username).await;
    browser.is_synced().await;
    browser.shows(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_guest_who_has_an_account_already_has_both() {
    let app = TestApp::shared();
    let user = app.user("returning").await;
    user.write("from before").await;
    let Some(browser) = Browser::open(&app, Screen::Phone).await else {
        return;
    };
    browser.stroll("/new").await;
    write(&browser, "as a guest").await;
    browser.fits().await;
    sign_in(&browser, &user.username).await;
    browser.is_synced().await;
    browser.visit(&app).await;
    browser.shows(&["as a guest", "from before"]).await;
    let texts: Vec<String> = user.all_memos().await.into_iter().map(|memo| memo.text).collect();
    assert_eq!(texts, ["as a guest", "from before"], "each once");
    browser.close().await;
}
