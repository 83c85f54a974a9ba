//! The site in a real browser.

use crate::auth::second_factor::{code, turn_on};
use crate::harness::{Browser, HostPlan, PASSWORD, Screen, TestApp, User, unique};

mod accessibility;
mod account;
mod addresses;
mod authorize;
mod capture;
mod conflicts;
mod device;
mod drafts;
mod engines;
mod find;
mod guests;
mod history;
mod languages;
mod live;
mod model;
mod offline;
mod organise;
mod origins;
mod passkeys;
mod policy;
mod reference;
mod releases;
mod replaced;
mod scripting;
mod several;
mod shares;
mod tags;
mod trash;
mod typing;
mod writing;

pub use authorize::{ALLOW, DENY};

/// Ctrl with Enter, as WebDriver spells it.
const SAVE: &str = "\u{e009}\u{e007}\u{e000}";

async fn sign_up(browser: &Browser, name: &str) {
    browser.stroll("/sign-up").await;
    browser.fill("#username", name).await;
    browser.fill("#password", PASSWORD).await;
    browser.click("#sign-up").await;
    browser.click("[data-testid=codes-kept]").await;
    browser.sees("#new-memo").await;
    browser.is_synced().await;
}

async fn sign_in(browser: &Browser, username: &str) {
    browser.stroll("/sign-in").await;
    browser.fill("#username", username).await;
    browser.fill("#password", PASSWORD).await;
    browser.click("#sign-in").await;
}

/// A browser in which `user` has signed in.
pub async fn open_as(user: &User, app: &TestApp, screen: Screen) -> Option<Browser> {
    let browser = Browser::open(app, screen).await?;
    sign_in(&browser, &user.username).await;
    browser.sees("#new-memo").await;
    browser.is_synced().await;
    Some(browser)
}

/// Waits until the service worker is in charge of the page.
async fn is_kept(browser: &Browser) {
    let script = "return navigator.serviceWorker.controller !== null";
    browser.until_true("the worker is in charge", script).await;
}

async fn write(browser: &Browser, text: &str) {
    browser.fill("#new-memo", text).await;
    browser.click("#save-memo").await;
}

#[tokio::test]
async fn what_a_person_writes_is_there_after_a_reload_and_a_restart() {
    let Some(plan) = HostPlan::lasting() else { return };
    let mut host = plan.start();
    let Some(browser) = Browser::open(&TestApp::on(&host), Screen::Desktop).await else {
        return;
    };
    sign_up(&browser, &unique("person")).await;
    write(&browser, "장보기: 우유, 빵").await;
    browser.shows(&["장보기: 우유, 빵"]).await;
    write(&browser, "the second one").await;
    browser.shows(&["the second one", "장보기: 우유, 빵"]).await;
    browser.reload().await;
    browser.shows(&["the second one", "장보기: 우유, 빵"]).await;

    host = host.kill().start();
    browser.reload().await;
    browser.shows(&["the second one", "장보기: 우유, 빵"]).await;
    browser.picture("desktop").await;
    // The page that stayed open over a restart goes on, too.
    let _host = host.kill().start();
    write(&browser, "the third one").await;
    browser
        .shows(&["the third one", "the second one", "장보기: 우유, 빵"])
        .await;
    browser.close().await;
}

#[tokio::test]
async fn a_person_edits_and_deletes_and_signs_out_and_in() {
    let app = TestApp::shared();
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    let name = unique("editor");
    sign_up(&browser, &name).await;
    write(&browser, "first").await;
    browser.shows(&["first"]).await;
    write(&browser, "second").await;
    browser.shows(&["second", "first"]).await;

    browser.click(".memo .edit").await;
    browser.fill("memo-editor textarea", "second, better").await;
    browser.click(".memo .save").await;
    browser.shows(&["second, better", "first"]).await;
    browser.click(".memo .edit").await;
    browser.fill("memo-editor textarea", "never mind").await;
    browser.click(".memo .cancel").await;
    browser.shows(&["second, better", "first"]).await;

    browser.from_menu(".memo", ".trash").await;
    browser.shows(&["first"]).await;
    browser.is_synced().await;
    browser.click("#sign-out").await;
    browser.sees("#sign-in").await;
    browser.shows(&[]).await;
    browser.visit(&app).await;
    browser.sees("#new-memo").await;
    browser.shows(&[]).await;

    sign_in(&browser, &name).await;
    browser.shows(&["first"]).await;
    browser.close().await;
}

/// Nobody is signed in, and nothing is wrong about that.
#[tokio::test]
async fn a_first_visit_leaves_nothing_in_the_console() {
    let app = TestApp::shared();
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    browser.sees("#new-memo").await;
    browser.stroll("/sign-in").await;
    browser.sees("#sign-in").await;
    assert_eq!(browser.whole_console().await, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test]
async fn a_wrong_password_is_told() {
    let app = TestApp::shared();
    let user = app.user("forgetful").await;
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    browser.stroll("/sign-in").await;
    browser.fill("#username", &user.username).await;
    browser.fill("#password", "not the password").await;
    browser.click("#sign-in").await;
    let told = "const field = document.querySelector('#password');
        return field.ariaInvalid === 'true' && field === document.activeElement
            && document.querySelector('#password-error').textContent.includes('not right')";
    browser.until_true("it is told at the field", told).await;
    browser.close().await;
}

#[tokio::test]
async fn who_has_a_second_factor_is_asked_for_its_code() {
    let app = TestApp::shared();
    let user = app.user("two-steps").await;
    let authenticator = turn_on(&user).await;
    user.write("behind two doors").await;
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    sign_in(&browser, &user.username).await;
    browser.focus_is_on("#code").await;
    browser.type_into("#code", "000000").await;
    browser.click("#sign-in").await;
    browser
        .until_true(
            "the code is not right",
            "return document.querySelector('#code').value === ''",
        )
        .await;
    browser.type_into("#code", &code(&authenticator, 1)).await;
    browser.click("#sign-in").await;
    browser.shows(&["behind two doors"]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_password_that_everybody_has_is_refused_with_the_reason() {
    let app = TestApp::shared();
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    browser.stroll("/sign-up").await;
    browser.fill("#username", &unique("careless")).await;
    browser.fill("#password", "password1").await;
    browser.click("#sign-up").await;
    let told = "return document.querySelector('#password-error').textContent.includes('Too common')";
    browser.until_true("it is told why", told).await;
    browser.close().await;
}

#[tokio::test]
async fn no_token_lies_where_scripts_can_find_it() {
    let app = TestApp::shared();
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    sign_up(&browser, &unique("storage")).await;
    write(&browser, "short").await;
    browser.shows(&["short"]).await;
    browser.reload().await;
    browser.shows(&["short"]).await;
    let stored = browser
        .run("return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, name, location.href, history.state])")
        .await;
    let stored = stored.as_str().unwrap();
    let longest = stored
        .split(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c))
        .map(str::len)
        .max();
    assert!(
        !stored.contains("eyJ") && !stored.contains(PASSWORD) && longest < Some(40),
        "{stored}"
    );
    browser.close().await;
}

#[tokio::test]
async fn a_memo_of_html_is_shown_as_text() {
    let app = TestApp::shared();
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    sign_up(&browser, &unique("html")).await;
    let html = "<img src=x onerror=\"window.hit=1\"><script>window.hit=1</script><b>bold</b>";
    write(&browser, html).await;
    browser.shows(&[html]).await;
    browser.reload().await;
    browser.shows(&[html]).await;
    assert_eq!(browser.run("return window.hit ?? null").await, serde_json::Value::Null);
    let elements = "return document.querySelectorAll('.memo-text :not(p)').length";
    assert_eq!(browser.run(elements).await, 0);
    browser.close().await;
}

#[tokio::test]
async fn on_a_phone_nothing_is_wider_than_the_screen() {
    let app = TestApp::shared();
    let Some(browser) = Browser::open(&app, Screen::Phone).await else {
        return;
    };
    let fits = "return innerWidth === 360 && document.documentElement.scrollWidth <= 360";
    browser.stroll("/sign-in").await;
    browser.sees("#sign-in").await;
    browser.until_true("the sign-in form fits", fits).await;
    sign_up(&browser, &unique("phone")).await;
    let long = "A word without end: ".to_owned() + &"끝없는낱말".repeat(40) + &"x".repeat(200);
    write(&browser, &long).await;
    browser.shows(&[&long]).await;
    browser.until_true("a memo fits", fits).await;
    browser.picture("phone").await;
    browser.click(".memo .edit").await;
    browser.sees("memo-editor textarea").await;
    browser.until_true("the editor fits", fits).await;
    browser.close().await;
}
