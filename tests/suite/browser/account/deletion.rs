//! The end of the account.

use serde_json::json;

use super::{ACT, is_wrong};
use crate::browser::{open_as, sign_in, write};
use crate::harness::{PASSWORD, Screen, TestApp};

const YES: &str = "[data-testid=yes]";

#[tokio::test]
async fn it_goes_from_the_server_from_this_device_and_from_other_tabs() {
    let app = TestApp::shared();
    let user = app.user("leaving").await;
    let Some(browser) = open_as(&user, &app, Screen::Phone).await else {
        return;
    };
    write(&browser, "a memo that goes").await;
    browser.is_synced().await;
    let other = browser.open_tab(&app).await;
    browser.shows(&["a memo that goes"]).await;
    browser.fill("#new-memo", "a draft that goes").await;
    browser.stroll("/account/delete").await;
    browser.fill("#password", "not the password").await;
    browser.click(ACT).await;
    browser.click("[data-testid=no]").await;
    browser.sees(ACT).await;
    browser.click(ACT).await;
    browser.click(YES).await;
    is_wrong(&browser, "password", "not your password").await;
    browser.fill("#password", PASSWORD).await;
    browser.fits().await;
    browser.click(ACT).await;
    browser.click(YES).await;
    browser.is_at("/account/deleted").await;
    browser.focus_is_on("h1").await;
    browser.fits().await;
    let told = browser.text(".account-screen").await;
    assert!(
        told.ends_with("Nothing of yours is left on the server or on this device."),
        "{told}"
    );
    browser
        .until_true(
            "the form is gone",
            "return document.querySelector('.account-form') === null",
        )
        .await;

    browser.switch_to(other).await;
    browser.is_at("/sign-in").await;
    let is_gone = "const names = (await indexedDB.databases()).map(({ name }) => name);
        const kept = JSON.stringify({ ...localStorage });
        return names.every((name) => !name.includes(args[0])) && !kept.includes('a draft') && !kept.includes(args[0])";
    let end = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
    while browser.run_async(is_gone, vec![user.id.as_str().into()]).await != true {
        assert!(tokio::time::Instant::now() < end, "something is left on the device");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    sign_in(&browser, &user.username).await;
    is_wrong(&browser, "password", "not right").await;
    browser.close().await;
}

#[tokio::test]
async fn who_gets_no_answer_can_ask_again() {
    let app = TestApp::shared();
    let user = app.user("unsure").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.stroll("/account/delete").await;
    browser.fill("#password", PASSWORD).await;
    browser.cut_off(&["*/api/auth/me"]).await;
    browser.click(ACT).await;
    browser.click(YES).await;
    let says = "return document.querySelector('.form-trouble').textContent.includes('try again')";
    browser.until_true("it says that it may not be done", says).await;
    // It was done, and that is what asking again finds out.
    let call = user.call(reqwest::Method::DELETE, "/api/auth/me");
    call.json(&json!({ "password": PASSWORD }))
        .send()
        .await
        .expect_empty(204);
    browser.cut_off(&[]).await;
    browser.click(ACT).await;
    browser.click(YES).await;
    browser.is_at("/account/deleted").await;
    browser.close().await;
}
