//! Recovery codes, and the way back in.

use serde_json::json;

use super::{ACT, account, downloaded, is_wrong};
use crate::auth::second_factor::turn_on;
use crate::browser::open_as;
use crate::harness::{Browser, PASSWORD, Screen, TestApp, unique};

const NEW: &str = "a better horse battery staple";
const KEPT: &str = "[data-testid=codes-kept]";

/// The codes that the page shows.
async fn codes(browser: &Browser) -> Vec<String> {
    browser.sees(KEPT).await;
    let shown = browser
        .run("return [...document.querySelectorAll('[data-testid=recovery-codes] li')].map((it) => it.textContent)")
        .await;
    let codes: Vec<String> = serde_json::from_value(shown).expect("a list");
    assert_eq!(codes.len(), 10);
    codes
}

#[tokio::test]
async fn they_are_shown_once_after_the_sign_up_and_can_be_taken_away() {
    let app = TestApp::shared();
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let allow = json!({ "behavior": "allow", "downloadPath": folder.path() });
    browser.devtools("Page.setDownloadBehavior", allow).await;
    browser.fill("#new-memo", "begun as a guest").await;
    let is_kept = "return Object.keys(localStorage).some((key) => key.startsWith('draft/'))";
    browser.until_true("what is begun is kept", is_kept).await;
    browser.stroll("/sign-up").await;
    let name = unique("newly");
    browser.fill("#username", &name).await;
    browser.fill("#password", PASSWORD).await;
    browser.click("#sign-up").await;
    browser.is_at("/account/recovery-codes").await;
    let shown = codes(&browser).await;
    browser.click("[data-testid=download-codes]").await;
    let file = downloaded(folder.path(), "txt").await;
    let file = std::fs::read_to_string(file).expect("the codes are text");
    assert!(
        file.contains(&name) && shown.iter().all(|code| file.contains(code)),
        "{file}"
    );
    browser.click("[data-testid=copy-codes]").await;
    browser.tells("Copied").await;

    // On paper there is nothing but them.
    browser
        .devtools("Emulation.setEmulatedMedia", json!({ "media": "print" }))
        .await;
    let printed = "return ['.side', '.ways .print', '.kept', '.download', '.toast'].every((css) =>
            document.querySelector(css)?.checkVisibility() === false)
        && document.querySelector('[data-testid=recovery-codes]').checkVisibility()";
    browser.until_true("only the codes are printed", printed).await;
    browser
        .devtools("Emulation.setEmulatedMedia", json!({ "media": "" }))
        .await;

    let stored = browser
        .run("return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, history.state])")
        .await;
    assert!(!stored.as_str().unwrap_or_default().contains(&shown[0]), "{stored}");
    browser.click(KEPT).await;
    browser.is_at("/").await;
    let goes_on = "return document.querySelector('#new-memo').value === 'begun as a guest'";
    browser.until_true("what was begun goes on", goes_on).await;
    browser.go(&app, "/account/recovery-codes").await;
    browser.sees(ACT).await;
    let are_away = "return document.querySelector('[data-testid=recovery-codes]') === null";
    browser.until_true("they are shown once", are_away).await;
    browser.close().await;
}

#[tokio::test]
async fn who_leaves_before_they_are_kept_sees_them_again_but_not_after_a_reload() {
    let app = TestApp::shared();
    let user = app.user("hasty").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.go(&app, "/account/recovery-codes").await;
    browser.fill("#password", "not the password").await;
    browser.click(ACT).await;
    is_wrong(&browser, "password", "not your password").await;
    browser.fill("#password", PASSWORD).await;
    browser.click(ACT).await;
    let first = codes(&browser).await;
    browser.focus_is_on(".recovery-codes h2").await;
    browser.click(".rail .places a[href='/']").await;
    browser.sees("#new-memo").await;
    browser.back().await;
    assert_eq!(codes(&browser).await, first);
    let asks = "return !dispatchEvent(new Event('beforeunload', { cancelable: true }))";
    browser.until_true("it asks before they are lost", asks).await;
    browser.reload().await;
    browser.sees(ACT).await;
    browser.close().await;
}

#[tokio::test]
async fn a_code_opens_the_account_for_who_has_lost_the_password_and_the_phone() {
    let app = TestApp::shared();
    let user = app.user("locked-out").await;
    let password = json!({ "password": PASSWORD });
    let made = user
        .post("/api/auth/recovery-codes", &password)
        .await
        .expect(201)
        .value();
    let codes: Vec<String> = serde_json::from_value(made["recovery_codes"].clone()).expect("codes");
    turn_on(&user).await;
    assert_eq!(account(&user).await["second_factor"], true);
    let Some(browser) = Browser::open(&app, Screen::Phone).await else {
        return;
    };
    browser.stroll("/sign-in").await;
    browser.click("[data-testid=to-recover]").await;
    browser.is_at("/recover").await;
    browser.fill("#username", &user.username).await;
    browser.fill("#recovery_code", "0000-0000-0000-0000").await;
    browser.fill("#new_password", NEW).await;
    browser.fits().await;
    browser.click("[data-testid=recover]").await;
    is_wrong(&browser, "recovery_code", "not right").await;
    browser
        .fill("#recovery_code", &codes[0].to_lowercase().replace('-', " "))
        .await;
    browser.fill("#new_password", "password1").await;
    browser.click("[data-testid=recover]").await;
    is_wrong(&browser, "new_password", "Too common").await;
    browser.fill("#new_password", NEW).await;
    browser.click("[data-testid=recover]").await;
    browser.is_at("/account").await;
    browser.tells("Your password is changed").await;
    browser.sees(".overview").await;
    let parts = browser.text(".overview .parts").await;
    assert!(parts.contains("9 left") && parts.contains("Off"), "{parts}");
    user.get("/api/auth/me").await.problem(401);

    // With few of them left, the account says so.
    for code in &codes[1..8] {
        let body = json!({ "username": user.username, "recovery_code": code, "new_password": NEW });
        app.anonymous().post("/api/auth/recover", &body).await.expect_empty(204);
    }
    browser.reload().await;
    browser.is_at("/sign-in").await;
    browser.fill("#username", &user.username).await;
    browser.fill("#password", NEW).await;
    browser.click("#sign-in").await;
    browser.sees(".call").await;
    assert!(browser.text(".call").await.contains("2 recovery codes left"));
    browser.click(".call a").await;
    browser.is_at("/account/recovery-codes").await;
    browser.close().await;
}
