//! The pages of the account.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{open_as, sign_in};
use crate::harness::{Browser, PASSWORD, Screen, TestApp, User};

mod codes;
mod deletion;
pub mod passkeys;
mod password;
mod programs;
mod second_factor;
mod sessions;
mod tokens;
mod transfer;

/// Everything that there is to look after.
const PATHS: [&str; 10] = [
    "/account",
    "/account/password",
    "/account/passkeys",
    "/account/sessions",
    "/account/second-factor",
    "/account/transfer",
    "/account/recovery-codes",
    "/account/programs",
    "/account/tokens",
    "/account/delete",
];

/// Presses the button of the page's form.
const ACT: &str = "[data-testid=act]";

/// Keys, as WebDriver spells them.
const TAB: &str = "\u{e004}";
pub const ENTER: &str = "\u{e007}";

/// Waits until a field says what is wrong with it, in words with these in it, and has the focus.
async fn is_wrong(browser: &Browser, field: &str, words: &str) {
    let script = format!(
        "const field = document.querySelector('#{field}');
         return field.ariaInvalid === 'true' && field === document.activeElement
             && document.querySelector('#{field}-error').textContent.includes({words:?})"
    );
    browser.until_true(&format!("{field} says {words:?}"), &script).await;
}

/// Goes on from one control to the next until this one has the focus.
pub async fn tab_to(browser: &Browser, css: &str) {
    for _ in 0..40 {
        browser.press(TAB).await;
        let script = format!("return document.activeElement.matches({css:?})");
        if browser.run(&script).await == true {
            return;
        }
    }
    panic!("{css} can't be reached by keyboard");
}

/// Waits until a file of that kind, which a page gave, has arrived.
async fn downloaded(folder: &Path, kind: &str) -> PathBuf {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths = files.map(|file| file.path());
        if let Some(path) = paths.find(|path| path.extension().is_some_and(|it| it == kind)) {
            return path;
        }
        assert!(Instant::now() < end, "no {kind} was downloaded");
        sleep(Duration::from_millis(50)).await;
    }
}

/// What the service tells of the account.
async fn account(user: &User) -> Value {
    user.get("/api/auth/me").await.expect(200).value()
}

#[tokio::test]
async fn a_guest_is_sent_to_sign_in_and_comes_back() {
    let app = TestApp::shared();
    let user = app.user("accounted").await;
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    for path in PATHS {
        browser.go(&app, path).await;
        browser.is_at("/sign-in").await;
    }
    browser.fill("#username", &user.username).await;
    browser.fill("#password", PASSWORD).await;
    browser.click("#sign-in").await;
    browser.is_at("/account/delete").await;
    browser.sees(ACT).await;
    browser.click(".back").await;
    browser.sees("[data-testid=account-name]").await;
    assert_eq!(browser.text("[data-testid=account-name]").await, user.username);
    let all = browser.text(".overview .parts").await;
    for words in ["Last changed", "Off", "10 left"] {
        assert!(all.contains(words), "{all}");
    }
    browser.focus_is_on("h1").await;
    browser
        .until_true("the title", "return document.title === 'Account – Memo'")
        .await;
    browser.close().await;
}

#[tokio::test]
async fn it_is_reached_from_the_menu_of_a_phone_and_nothing_is_wider_than_the_screen() {
    let app = TestApp::shared();
    let user = app.user("pocket").await;
    let Some(browser) = open_as(&user, &app, Screen::Phone).await else {
        return;
    };
    browser.click("[data-testid=open-rail]").await;
    browser.click("[data-testid=who]").await;
    browser.is_at("/account").await;
    for path in &PATHS[1..] {
        browser.sees(".overview").await;
        browser.fits().await;
        browser.click(&format!(".overview .parts a[href='{path}']")).await;
        browser.is_at(path).await;
        browser.sees(".part > *").await;
        browser.fits().await;
        browser.back().await;
    }
    browser.go(&app, "/account/second-factor").await;
    browser.click("[data-testid=begin-second-factor]").await;
    browser.sees("[data-testid=qr] path").await;
    browser.fits().await;
    browser.close().await;
}

#[tokio::test]
async fn without_a_server_it_says_so_and_comes_when_asked_again() {
    let app = TestApp::shared();
    let user = app.user("cut-off").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.cut_off(&["*/api/*"]).await;
    browser.click("[data-testid=who]").await;
    browser.sees("[data-testid=try-again-account]").await;
    let says = |css: &str| format!("return document.querySelector({css:?}).textContent.includes('needs the server')");
    browser.until_true("it says why", &says(".account-screen .state")).await;
    browser.cut_off(&[]).await;
    browser.click("[data-testid=try-again-account]").await;
    browser.sees(".overview").await;

    browser.cut_off(&["*/api/*"]).await;
    browser.go(&app, "/account/password").await;
    browser.sees("#try-again").await;
    browser.until_true("it says why", &says(".why")).await;
    browser.cut_off(&[]).await;
    browser.click("#try-again").await;
    browser.sees("#current_password").await;
    // A form that can't be sent keeps what was entered.
    browser.fill("#current_password", PASSWORD).await;
    browser.fill("#new_password", "a better horse").await;
    browser.cut_off(&["*/api/*"]).await;
    browser.click(ACT).await;
    let says = "return document.querySelector('.form-trouble').textContent.includes('cannot be reached')";
    browser.until_true("it says why", says).await;
    let is_kept = "return document.querySelector('#new_password').value === 'a better horse'";
    browser.until_true("it is kept", is_kept).await;
    browser.cut_off(&[]).await;
    browser.click(ACT).await;
    browser.is_at("/account").await;
    browser.close().await;
}

/// Somebody else has used an old refresh token of this person's.
#[tokio::test]
async fn a_stolen_session_is_told_in_front_of_the_page() {
    let app = TestApp::shared();
    let user = app.user("robbed").await;
    let nobody = app.anonymous();
    let second = nobody.refresh(&user.cookie).await.expect(200);
    nobody.refresh(second.cookie()).await.expect(200);
    nobody.refresh(&user.cookie).await.problem(401);
    let Some(browser) = Browser::open(&app, Screen::Phone).await else {
        return;
    };
    sign_in(&browser, &user.username).await;
    browser.sees("[data-testid=question]").await;
    let told = browser.text("[data-testid=question]").await;
    assert!(told.contains("Somebody else") && told.contains("20"), "{told}");
    browser.click("[data-testid=yes]").await;
    browser.is_at("/account/sessions").await;
    browser.sees(".session").await;
    browser.reload().await;
    browser.sees(".session").await;
    let is_away = "return document.querySelector('dialog[open]') === null";
    browser.until_true("it was put away", is_away).await;
    browser.close().await;
}

#[tokio::test]
async fn too_many_tries_are_told_with_the_time_to_wait() {
    let app = TestApp::shared();
    let user = app.user("impatient").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    // Ten are let in; the clock may begin a new count once while they are made.
    let guess = json!({ "password": "not the password" });
    for _ in 0..21 {
        user.post("/api/auth/recovery-codes", &guess).await;
    }
    browser.go(&app, "/account/recovery-codes").await;
    browser.fill("#password", PASSWORD).await;
    browser.click(ACT).await;
    let says = "return /in \\d+ seconds?/.test(document.querySelector('.form-trouble').textContent)";
    browser.until_true("it says how long", says).await;
    browser.close().await;
}
