//! The question whether a program may use the memos, and what comes of the answer.

use serde_json::json;

use super::account::{ENTER, tab_to};
use super::passkeys::plug_in_for;
use super::{code, open_as, turn_on};
use crate::harness::{Browser, LocalProgram, PASSWORD, STATE, Screen, TestApp};

const BOTH: &str = "memos:read memos:write";

/// "Allow", once it hears.
pub const ALLOW: &str = "[data-testid=allow][aria-disabled=false]";

/// "Don’t allow".
pub const DENY: &str = "[data-testid=deny]";

/// What the browser keeps of this site, where scripts can find it.
const KEPT: &str = "
    const databases = await indexedDB.databases();
    const caches_ = await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map((it) => it.url)));
    return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, name, databases, caches_]);";

/// Waits until the page says that a request can't be answered, in words with these in it.
async fn is_refused(browser: &Browser, words: &str) {
    let script = format!(
        "return document.querySelector('h1')?.textContent === 'This request cannot be answered'
             && document.querySelector('.authorize .state').textContent.includes({words:?})
             && document.querySelector('{DENY}') === null"
    );
    browser.until_true(&format!("{words:?} is told"), &script).await;
}

#[tokio::test]
async fn a_program_gets_what_is_left_ticked_and_nothing_is_kept_of_it() {
    let app = TestApp::shared();
    let user = app.user("allows").await;
    let memo = user.write("for a program").await;
    let mut program = LocalProgram::register(&app, "밤마다 백업").await;
    let Some(browser) = open_as(&user, &app, Screen::Phone).await else {
        return;
    };
    browser.go(&app, &program.address(BOTH)).await;
    browser.sees(DENY).await;
    browser.fits().await;
    let shown = browser.text(".authorize").await;
    let address = program.redirect_uri.replace("http://", "").replace("/callback", "");
    for words in [
        "밤마다 백업",
        &user.username,
        &format!("on this device ({address})"),
        "Write memos",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    browser.focus_is_on("h1").await;
    browser.click("[data-testid=may-write]").await;
    browser.click(ALLOW).await;
    let code = program.comes_back_with_a_code().await;
    browser.sees("#back").await;
    let (scope, memos) = program.begin(&code).await;
    assert_eq!(scope, "memos:read");
    assert_eq!(memos.read(&memo).await, memo);
    memos.post("/api/memos", &json!({ "text": "no" })).await.problem(403);

    // Back from the program there is what was before it, and no question that is answered.
    browser.back().await;
    browser.is_at("/").await;
    let kept = browser.run_async(KEPT, Vec::new()).await;
    let kept = kept.as_str().unwrap_or_default();
    for secret in [code.as_str(), memos.token(), STATE, "state="] {
        assert!(!kept.contains(secret), "{secret}: {kept}");
    }
    browser.close().await;
}

#[tokio::test]
async fn with_nothing_ticked_nothing_is_allowed_and_no_is_an_answer() {
    let app = TestApp::shared();
    let user = app.user("denies").await;
    let mut program = LocalProgram::register(&app, "Nosy").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.go(&app, &program.address(BOTH)).await;
    browser.click("[data-testid=may-read]").await;
    browser.click("[data-testid=may-write]").await;
    browser.click(ALLOW).await;
    let told = "return document.querySelector('.access .form-trouble').textContent.includes('at least one')";
    browser.until_true("it asks for one", told).await;
    // All by keyboard.
    tab_to(&browser, "[data-testid=may-read]").await;
    browser.press(" ").await;
    browser
        .until_true("it is answered", &told.replace("return", "return !"))
        .await;
    tab_to(&browser, DENY).await;
    browser.press(ENTER).await;
    let answer = program.comes_back().await;
    let find = |name: &str| {
        answer
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(find("error"), Some("access_denied"), "{answer:?}");
    assert_eq!((find("state"), find("code")), (Some(STATE), None), "{answer:?}");
    assert!(find("iss").is_some(), "{answer:?}");
    let connected = user.get("/api/auth/clients").await.expect(200).value();
    assert_eq!(connected["items"], json!([]));
    browser.close().await;
}

#[tokio::test]
async fn who_is_signed_out_signs_in_with_two_steps_and_comes_back_to_the_question() {
    let app = TestApp::shared();
    let user = app.user("signs-in").await;
    let authenticator = turn_on(&user).await;
    let mut program = LocalProgram::register(&app, "Reader").await;
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    let address = program.address("memos:read");
    browser.go(&app, &address).await;
    browser.is_at("/sign-in").await;
    let told = "return document.querySelector('.entry .lead').textContent.includes('wants to be connected')";
    browser.until_true("it says why", told).await;
    browser.fill("#username", &user.username).await;
    browser.fill("#password", PASSWORD).await;
    browser.click("#sign-in").await;
    browser.focus_is_on("#code").await;
    browser.type_into("#code", &code(&authenticator, 1)).await;
    browser.click("#sign-in").await;
    browser.is_at(&address).await;
    browser.sees(DENY).await;
    let asked = browser.text(".access fieldset").await;
    assert!(asked.contains("Read") && !asked.contains("Write"), "{asked}");
    browser.reload().await;
    browser.click(ALLOW).await;
    let code = program.comes_back_with_a_code().await;
    assert_eq!(program.begin(&code).await.0, "memos:read");
    browser.close().await;
}

#[tokio::test]
async fn a_passkey_leads_back_to_the_question_as_well() {
    let app = TestApp::shared().at_localhost();
    let user = app.user("touches").await;
    let program = LocalProgram::register(&app, "Reader").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    plug_in_for(&browser, "internal", true).await;
    browser.stroll("/account/passkeys").await;
    super::account::passkeys::add(&browser, "a laptop").await;
    browser.sees(".passkey").await;
    browser.drop_cookies().await;
    let address = program.address(BOTH);
    browser.go(&app, &address).await; // The authenticator answers the sign-in as soon as it is asked.
    browser.sees(DENY).await;
    browser.is_at(&address).await;
    assert_eq!(browser.text("[data-testid=answer-as]").await, user.username);
    browser.close().await;
}

/// It would lead anywhere: everybody may register a program.
#[tokio::test]
async fn a_wrong_request_is_told_and_leads_nowhere_by_itself() {
    let app = TestApp::shared();
    let user = app.user("careful").await;
    let mut program = LocalProgram::register(&app, "Clumsy").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    let with = |name: &str, value: &str| {
        let mut request = program.request(BOTH);
        request[name] = json!(value);
        LocalProgram::address_of(&request)
    };
    let good = program.address(BOTH);
    for (address, words) in [
        ("/authorize".to_owned(), "No such program"),
        (with("client_id", "nobody"), "No such program"),
        (with("redirect_uri", "https://evil.example/callback"), "not right"),
        (with("redirect_uri", &format!("{}/", program.redirect_uri)), "not right"),
        (with("redirect_uri", "javascript:alert(1)"), "not right"),
        (format!("{good}&client_id={}", program.client_id), "not right"),
        (format!("{good}&redirect_uri=https%3A%2F%2Fevil.example"), "not right"),
    ] {
        browser.go(&app, &address).await;
        is_refused(&browser, words).await;
        let leads_away = "return document.querySelector('[data-testid=back-to-program]') !== null";
        assert_eq!(browser.run(leads_away).await, false, "{address}");
    }
    // Of these the program may hear, when the person wants to go there.
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("scope", "account", "invalid_scope"),
    ] {
        let address = {
            let mut request = program.request(BOTH);
            request[name] = json!(value);
            LocalProgram::address_of(&request)
        };
        browser.go(&app, &address).await;
        is_refused(&browser, "not right").await;
        assert!(!program.has_come(), "{name}");
        browser.click("[data-testid=back-to-program]").await;
        let answer = program.comes_back().await;
        let told = ("error".to_owned(), error.to_owned());
        assert!(answer.contains(&told), "{name}: {answer:?}");
        assert!(answer.iter().all(|(name, _)| name != "code"), "{answer:?}");
    }
    let connected = user.get("/api/auth/clients").await.expect(200).value();
    assert_eq!(connected["items"], json!([]));
    browser.close().await;
}

/// Another page may come to the front just before a click, and go away under it.
#[tokio::test]
async fn a_click_that_was_meant_for_another_page_allows_nothing() {
    let app = TestApp::shared();
    let user = app.user("clicked").await;
    let mut program = LocalProgram::register(&app, "Grabber").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.go(&app, &program.address(BOTH)).await;
    browser.sees(ALLOW).await;
    browser.requests().await;
    let grab = "window.dispatchEvent(new Event('focus'));
        const button = document.querySelector('[data-testid=allow]');
        button.click();
        return button.ariaDisabled";
    assert_eq!(browser.run(grab).await, "true");
    browser.sees(ALLOW).await;
    let asked = browser.requests().await;
    assert!(
        !asked.iter().any(|address| address.ends_with("/authorize")),
        "{asked:?}"
    );
    assert!(!program.has_come());
    browser.click(ALLOW).await;
    program.comes_back_with_a_code().await;
    browser.close().await;
}

#[tokio::test]
async fn whoever_signs_in_meanwhile_is_asked_in_their_own_name() {
    let app = TestApp::shared();
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let mut program = LocalProgram::register(&app, "Shared").await;
    let Some(browser) = open_as(&ann, &app, Screen::Desktop).await else {
        return;
    };
    browser.go(&app, &program.address(BOTH)).await;
    browser.sees(DENY).await;
    let whose = "[data-testid=answer-as]";
    assert_eq!(browser.text(whose).await, ann.username);
    // As another tab does it.
    let sign_in = "const [username, password] = args;
        const headers = { 'content-type': 'application/json' };
        await fetch('/api/auth/session', { method: 'POST', headers, body: JSON.stringify({ username, password }) });
        new BroadcastChannel('session').postMessage('signed-in');";
    let credentials = vec![json!(bob.username), json!(PASSWORD)];
    browser.run_async(sign_in, credentials).await;
    let is_bobs = format!(
        "return document.querySelector({whose:?})?.textContent === {:?}",
        bob.username
    );
    browser.until_true("it is the other one's question", &is_bobs).await;
    browser.click(ALLOW).await;
    let code = program.comes_back_with_a_code().await;
    let (_, memos) = program.begin(&code).await;
    let memo = memos.write("whose?").await;
    assert_eq!(bob.read(&memo).await, memo);
    browser.close().await;
}

#[tokio::test]
async fn without_a_server_it_says_so_and_asks_when_it_is_back() {
    let app = TestApp::shared();
    let user = app.user("patient").await;
    let mut program = LocalProgram::register(&app, "Waiting").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.go(&app, &program.address(BOTH)).await;
    browser.sees(ALLOW).await;
    browser.cut_off(&["*/api/*"]).await;
    browser.click(ALLOW).await;
    let told = "return document.querySelector('.access .form-trouble').textContent.includes('cannot be reached')";
    browser.until_true("it says why", told).await;
    browser.cut_off(&[]).await;
    browser.click(ALLOW).await;
    program.comes_back_with_a_code().await;
    browser.close().await;
}
