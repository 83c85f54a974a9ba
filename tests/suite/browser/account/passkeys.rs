//! Passkeys: the page about them, and signing in with one.

use serde_json::json;

use super::{ACT, ENTER, account, is_wrong, tab_to};
use crate::auth::second_factor::{code, turn_on};
use crate::browser::passkeys::plug_in_for;
use crate::browser::{open_as, write};
use crate::harness::{Browser, PASSWORD, Screen, TestApp};

const ADD: &str = "[data-testid=add-passkey]";
const REMOVE: &str = "[data-testid=remove-passkey]";
const SIGN_IN: &str = "[data-testid=by-passkey]";

/// Waits until these passkeys are listed, the oldest first.
async fn lists(browser: &Browser, names: &[&str]) {
    let script = format!(
        "return [...document.querySelectorAll('.passkey .device')].map((it) => it.textContent).join() === {:?}",
        names.join(",")
    );
    browser.until_true(&format!("{names:?}"), &script).await;
}

/// Waits until the form says something with these words in it.
async fn form_says(browser: &Browser, words: &str) {
    let script = format!("return document.querySelector('.form-trouble').textContent.includes({words:?})");
    browser.until_true(&format!("it says {words:?}"), &script).await;
}

/// Adds a passkey on the page about them.
pub async fn add(browser: &Browser, name: &str) {
    browser.click(ADD).await;
    browser.fill("#name", name).await;
    browser.fill("#password", PASSWORD).await;
    browser.click(ACT).await;
}

#[tokio::test]
async fn one_is_added_and_removed_by_keyboard_alone() {
    let app = TestApp::shared().at_localhost();
    let user = app.user("fingers").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    plug_in_for(&browser, "internal", false).await;
    browser.go(&app, "/account/passkeys").await;
    browser.sees(ADD).await;
    tab_to(&browser, ADD).await;
    browser.press(ENTER).await;
    browser.focus_is_on("#name").await;
    let proposed = browser.run("return document.querySelector('#name').value").await;
    assert_eq!(proposed, "Chrome, Linux");
    tab_to(&browser, "#password").await;
    browser.press("not the password").await;
    browser.press(ENTER).await;
    is_wrong(&browser, "password", "not your password").await;
    browser.press(PASSWORD).await;
    browser.press(ENTER).await;
    // The device does not know who this is.
    form_says(&browser, "cancelled").await;
    let is_calm = "const color = (css) => getComputedStyle(document.querySelector(css)).color;
        return document.querySelector('[aria-invalid=true]') === null && color('.form-trouble') === color('.part > .passkeys > .hint')";
    browser.until_true("nothing is wrong about that", is_calm).await;
    plug_in_for(&browser, "internal", true).await;
    browser.press(ENTER).await;
    browser.tells("is added").await;
    lists(&browser, &["Chrome, Linux"]).await;
    browser.focus_is_on("h1").await;
    assert_eq!(account(&user).await["passkeys"], 1);

    add(&browser, "again").await;
    form_says(&browser, "on this device already").await;

    let named = format!(
        "const ids = document.querySelector('{REMOVE}').getAttribute('aria-labelledby').split(' ');
         return ids.map((id) => document.getElementById(id).textContent).join(' ')"
    );
    assert_eq!(browser.run(&named).await, "Remove Chrome, Linux");
    browser.reload().await;
    lists(&browser, &["Chrome, Linux"]).await;
    tab_to(&browser, REMOVE).await;
    browser.press(ENTER).await;
    browser.focus_is_on("#password").await;
    browser.press("not the password").await;
    browser.press(ENTER).await;
    is_wrong(&browser, "password", "not your password").await;
    browser.press(PASSWORD).await;
    browser.press(ENTER).await;
    browser.tells("is removed").await;
    lists(&browser, &[]).await;
    browser.focus_is_on("h1").await;
    assert_eq!(account(&user).await["passkeys"], 0);
    browser.close().await;
}

#[tokio::test]
async fn a_name_is_asked_for_and_a_code_where_there_is_a_second_factor() {
    let app = TestApp::shared().at_localhost();
    let user = app.user("careful").await;
    let Some(browser) = open_as(&user, &app, Screen::Phone).await else {
        return;
    };
    let authenticator = turn_on(&user).await;
    plug_in_for(&browser, "internal", true).await;
    browser.go(&app, "/account/passkeys").await;
    add(&browser, " ").await;
    is_wrong(&browser, "name", "give it a name").await;
    is_wrong_too(&browser, "code", "Please enter the code").await;
    browser.fits().await;
    browser.fill("#name", "my phone").await;
    browser.type_into("#code", &code(&authenticator, 1)).await;
    browser.click(ACT).await;
    lists(&browser, &["my phone"]).await;
    browser.fits().await;
    browser.close().await;
}

/// A field says what is wrong with it, and another one has the focus.
async fn is_wrong_too(browser: &Browser, field: &str, words: &str) {
    let script = format!("return document.querySelector('#{field}-error').textContent.includes({words:?})");
    browser.until_true(&format!("{field} says {words:?}"), &script).await;
}

/// Chromium's authenticator offers its passkeys in the field without being asked, once somebody touches it.
#[tokio::test]
async fn it_signs_in_by_the_button_and_from_the_field_of_the_name() {
    let app = TestApp::shared().at_localhost();
    let user = app.user("keyless").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    write(&browser, "behind a passkey").await;
    browser.is_synced().await;
    plug_in_for(&browser, "internal", true).await;
    browser.stroll("/account/passkeys").await;
    add(&browser, "a laptop").await;
    lists(&browser, &["a laptop"]).await;

    // As long as the browser offers nothing in the field, there is the button.
    let cannot = "PublicKeyCredential.isConditionalMediationAvailable = async () => false";
    browser.run(cannot).await;
    browser.click("#sign-out").await;
    browser.sees(SIGN_IN).await;
    browser.click(SIGN_IN).await;
    browser.shows(&["behind a passkey"]).await;
    browser.is_at("/").await;

    // Where it does, somebody who touches the authenticator is in.
    browser.stroll("/account/passkeys").await;
    lists(&browser, &["a laptop"]).await;
    browser.requests().await;
    browser.click("#sign-out").await;
    browser.is_at("/").await; // Past the sign-in, which is left as soon as it is there.
    let asked = browser.requests().await;
    assert!(
        asked.iter().any(|address| address.ends_with("/session/passkey")),
        "{asked:?}"
    );
    browser.shows(&["behind a passkey"]).await;
    browser.stroll("/account/passkeys").await;
    browser.sees(".passkey .used").await;
    let listed = user
        .sign_in_again(&app)
        .await
        .get("/api/auth/passkeys")
        .await
        .expect(200)
        .value();
    assert!(listed["items"][0]["last_used_at"].is_string(), "{listed}");
    browser.close().await;
}

const INSTEAD: &str = "[data-testid=passkey-instead]";

/// Waits until the button for a passkey in the place of a code is there, or is not.
async fn offers_instead(browser: &Browser, is_offered: bool) {
    let script = format!("return document.querySelector('{INSTEAD}').checkVisibility() === {is_offered}");
    browser
        .until_true(&format!("a passkey is offered: {is_offered}"), &script)
        .await;
}

/// Signs in with the password, and then with what else is asked for.
async fn enter_by_password(browser: &Browser, username: &str) {
    browser.sees("#username").await;
    browser.fill("#username", username).await;
    browser.fill("#password", PASSWORD).await;
    browser.click("#sign-in").await;
}

/// Browsers offer no passkey in the field from now on, where Chromium's authenticator would sign in by itself.
async fn offers_none(browser: &Browser) {
    let cannot = "PublicKeyCredential.isConditionalMediationAvailable = async () => false";
    browser.run(cannot).await;
}

#[tokio::test]
async fn one_is_asked_for_after_the_password_by_keyboard_alone() {
    let app = TestApp::shared().at_localhost();
    let user = app.user("after").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    write(&browser, "behind both").await;
    browser.is_synced().await;
    plug_in_for(&browser, "internal", true).await;
    browser.stroll("/account/passkeys").await;
    add(&browser, "a laptop").await;
    lists(&browser, &["a laptop"]).await;
    browser.stroll("/account/second-factor").await;
    browser.sees("[data-testid=ask-for-passkey]").await;
    tab_to(&browser, "[data-testid=ask-for-passkey]").await;
    browser.press(ENTER).await;
    browser.tells("is on").await;
    assert_eq!(account(&user).await["second_factors"], json!(["passkey"]));
    browser.fits().await;

    offers_none(&browser).await;
    browser.click("#sign-out").await;
    // Who cancels is told so, and no code is asked for.
    let real = "window.real = navigator.credentials.get.bind(navigator.credentials);
        navigator.credentials.get = async () => { throw new DOMException('', 'NotAllowedError'); };";
    browser.run(real).await;
    enter_by_password(&browser, &user.username).await;
    form_says(&browser, "cancelled").await;
    let no_code = "return !document.querySelector('#code').checkVisibility()";
    browser.until_true("no code is asked for", no_code).await;
    browser.run("navigator.credentials.get = window.real").await;
    tab_to(&browser, "#password").await;
    browser.press(ENTER).await;
    browser.shows(&["behind both"]).await;

    // The account asks for it as well, and it ends for password and passkey.
    browser.stroll("/account/second-factor").await;
    browser.sees(ACT).await;
    tab_to(&browser, "#password").await;
    browser.press("not the password").await;
    browser.press(ENTER).await;
    is_wrong(&browser, "password", "not your password").await;
    browser.press(PASSWORD).await;
    browser.press(ENTER).await;
    browser.tells("is off").await;
    let again = user.sign_in_again(&app).await;
    assert_eq!(account(&again).await["second_factors"], json!([]));
    browser.close().await;
}

#[tokio::test]
async fn one_stands_in_for_a_code_at_sign_in_and_for_changes() {
    let app = TestApp::shared().at_localhost();
    let user = app.user("instead").await;
    let Some(browser) = open_as(&user, &app, Screen::Phone).await else {
        return;
    };
    plug_in_for(&browser, "internal", true).await;
    browser.stroll("/account/passkeys").await;
    add(&browser, "a phone").await;
    lists(&browser, &["a phone"]).await;
    let authenticator = turn_on(&user).await;
    browser.go(&app, "/account/recovery-codes").await;
    offers_instead(&browser, true).await;
    browser.fits().await;
    browser.click(INSTEAD).await;
    is_wrong(&browser, "password", "Please enter your password").await;
    browser.fill("#password", PASSWORD).await;
    browser.click(INSTEAD).await;
    browser.sees("[data-testid=codes-kept]").await;
    browser.click("[data-testid=codes-kept]").await;

    browser.go(&app, "/account/password").await;
    offers_instead(&browser, true).await;
    browser.fill("#current_password", PASSWORD).await;
    browser.fill("#new_password", "a better horse").await;
    browser.click(INSTEAD).await;
    browser.is_at("/account").await;
    browser.go(&app, "/account/password").await;
    browser.sees("#current_password").await;
    browser.fill("#current_password", "a better horse").await;
    browser.fill("#new_password", PASSWORD).await;
    browser.type_into("#code", &code(&authenticator, 1)).await;
    browser.click(ACT).await;
    browser.is_at("/account").await;

    offers_none(&browser).await;
    browser
        .run("document.querySelector('[data-testid=sign-out]').click()")
        .await; // It may be in the drawer.
    offers_instead(&browser, false).await;
    enter_by_password(&browser, &user.username).await;
    is_wrong(&browser, "code", "or a passkey").await;
    offers_instead(&browser, true).await;
    browser.fits().await;
    browser.click(INSTEAD).await;
    browser.is_at("/").await;
    browser.sees("#new-memo").await;
    browser.close().await;
}

#[tokio::test]
async fn an_app_for_codes_is_added_beside_a_passkey_by_that_passkey() {
    let app = TestApp::shared().at_localhost();
    let user = app.user("both").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    plug_in_for(&browser, "internal", true).await;
    browser.stroll("/account/passkeys").await;
    add(&browser, "a laptop").await;
    lists(&browser, &["a laptop"]).await;
    browser.stroll("/account/second-factor").await;
    browser.sees("[data-testid=ask-for-passkey]").await;
    browser.click("[data-testid=ask-for-passkey]").await;
    browser.tells("is on").await;
    browser.sees("[data-testid=begin-second-factor]").await;
    browser.click("[data-testid=begin-second-factor]").await;
    let authenticator = super::second_factor::app_with_secret(&browser, &user.username).await;
    browser.fill("#code", &code(&authenticator, 0)).await;
    browser.fill("#password", PASSWORD).await;
    browser.click(ACT).await;
    browser.sees(".second-factor.on").await;
    let both = json!(["totp", "passkey"]);
    let is_on = async || account(&user).await["second_factors"] == both;
    assert!(is_on().await);
    browser.close().await;
}

/// The button's question is asked in the place of what was offered in the field, and the offer comes back after it.
#[tokio::test]
async fn one_question_is_asked_at_a_time() {
    let app = TestApp::shared().at_localhost();
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    plug_in_for(&browser, "internal", true).await;
    browser.stroll("/").await;
    browser.sees("#new-memo").await;
    browser
        .run(
            "window.asked = [];
             navigator.credentials.get = ({ mediation = 'modal', signal }) => new Promise((_, reject) => {
                 asked.push(mediation);
                 signal?.addEventListener('abort', () => {
                     asked.push('ended');
                     reject(new DOMException('', 'AbortError'));
                 });
                 if (mediation === 'modal') reject(new DOMException('', 'NotAllowedError'));
             });
             document.querySelector('#to-sign-in').click();",
        )
        .await;
    let were = |what: &str| format!("return asked.join() === {what:?}");
    browser.until_true("it is offered", &were("conditional")).await;
    let field = browser
        .run("return document.querySelector('#username').autocomplete")
        .await;
    assert_eq!(field, "username webauthn");
    browser.click(SIGN_IN).await;
    form_says(&browser, "cancelled").await;
    browser
        .until_true("it is offered again", &were("conditional,ended,modal,conditional"))
        .await;
    browser.click("#sign-up").await;
    browser
        .until_true("it has ended", &were("conditional,ended,modal,conditional,ended"))
        .await;
    let is_away = format!("return !document.querySelector('{SIGN_IN}').checkVisibility()");
    browser.until_true("no passkey makes an account", &is_away).await;
    browser.close().await;
}

#[tokio::test]
async fn where_there_can_be_none_it_says_so() {
    let app = TestApp::shared();
    let user = app.user("numbers").await;
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    browser.stroll("/sign-in").await;
    browser.sees("#sign-in").await;
    let is_away = format!("return !document.querySelector('{SIGN_IN}').checkVisibility()");
    browser.until_true("there is no button", &is_away).await;
    let says = |words: &str| {
        format!(
            "return document.querySelector('.obstacle')?.textContent.includes({words:?}) === true
                 && !document.querySelector('{ADD}').checkVisibility()"
        )
    };
    crate::browser::sign_in(&browser, &user.username).await;
    browser.sees("#new-memo").await;
    browser.go(&app, "/account/passkeys").await;
    browser.until_true("the address has none", &says("this address")).await;

    let named = app.at_localhost();
    browser.go(&named, "/sign-in").await;
    browser.devtools("Page.enable", json!({})).await;
    let without = json!({ "source": "delete window.PublicKeyCredential" });
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", without).await;
    crate::browser::sign_in(&browser, &user.username).await;
    browser.sees("#new-memo").await;
    browser.go(&named, "/account/passkeys").await;
    browser.until_true("the browser has none", &says("This browser")).await;
    browser.close().await;
}
