//! Connected programs.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use crate::browser::{ALLOW, open_as};
use crate::harness::{Browser, Client, LocalProgram, Screen, TestApp};

/// How long a token may be good after its program was disconnected, and some.
const PATIENCE: Duration = Duration::from_secs(60);

/// Connects a program in the browser, and gives what it may use.
async fn connect(browser: &Browser, app: &TestApp, program: &mut LocalProgram, scope: &str) -> Client {
    browser.go(app, &program.address(scope)).await;
    browser.click(ALLOW).await;
    let code = program.comes_back_with_a_code().await;
    program.begin(&code).await.1
}

#[tokio::test]
async fn one_is_listed_goes_by_its_name_and_is_disconnected() {
    let app = TestApp::shared();
    let user = app.user("connects").await;
    let Some(browser) = open_as(&user, &app, Screen::Phone).await else {
        return;
    };
    browser.go(&app, "/account/programs").await;
    let says_none = "return document.querySelector('.programs .lead')?.textContent.includes('No program is connected')";
    browser.until_true("there is none", says_none).await;
    let mut program = LocalProgram::register(&app, "Nightly <b>backup</b>").await;
    let mut other = LocalProgram::register(&app, "Other").await;
    let memos = connect(&browser, &app, &mut program, "memos:read memos:write").await;
    let kept = connect(&browser, &app, &mut other, "memos:read").await;
    let memo = memos.write("from a program").await;

    browser.go(&app, "/account/sessions").await;
    browser.sees(".session .is-program").await;
    let devices = "return [...document.querySelectorAll('.session')].map((it) =>
        `${it.querySelector('.device').textContent}|${it.querySelector('.is-program').checkVisibility()}`).sort().join()";
    let devices = browser.run(devices).await;
    let devices = devices.as_str().unwrap_or_default();
    assert!(
        devices.contains("Nightly <b>backup</b>|true") && devices.contains("Linux|false"),
        "{devices}"
    );

    browser.go(&app, "/account/programs").await;
    browser.sees(".program").await;
    browser.fits().await;
    let item = format!(".program:has(#disconnect-{})", program.client_id);
    let shown = browser.text(&item).await;
    for words in [
        "Nightly <b>backup</b>",
        "Read and write memos",
        "app.example",
        "Connected",
        "Last used",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let named = format!(
        "const ids = document.querySelector('{item} [data-testid=disconnect]').getAttribute('aria-labelledby').split(' ');
         return ids.map((id) => document.getElementById(id).textContent).join(' ')"
    );
    assert_eq!(browser.run(&named).await, "Disconnect Nightly <b>backup</b>");
    browser.click(&format!("{item} [data-testid=disconnect]")).await;
    browser.sees("[data-testid=question]").await;
    browser.click("[data-testid=no]").await;
    browser.click(&format!("{item} [data-testid=disconnect]")).await;
    browser.click("[data-testid=yes]").await;
    browser.tells("is disconnected").await;
    browser.focus_is_on("h1").await;
    let rest = "return document.querySelectorAll('.program').length === 1";
    browser.until_true("the other one is left", rest).await;

    let end = Instant::now() + PATIENCE;
    while memos.get(&memo.path()).await.status() != 401 {
        assert!(Instant::now() < end, "the memo service is never told");
        sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(kept.read(&memo).await, memo);
    let connected = user.get("/api/auth/clients").await.expect(200).value();
    assert_eq!(connected["items"][0]["client_name"], "Other");
    assert_eq!(connected["items"].as_array().map(Vec::len), Some(1));
    browser.close().await;
}

#[tokio::test]
async fn one_that_has_gone_meanwhile_is_off_the_list_all_the_same() {
    let app = TestApp::shared();
    let user = app.user("late").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    let mut program = LocalProgram::register(&app, "Gone").await;
    connect(&browser, &app, &mut program, "memos:read").await;
    browser.go(&app, "/account/programs").await;
    browser.sees(".program").await;
    let path = format!("/api/auth/clients/{}", program.client_id);
    user.call(reqwest::Method::DELETE, &path).send().await.expect_empty(204);
    browser.click("[data-testid=disconnect]").await;
    browser.click("[data-testid=yes]").await;
    browser.tells("is disconnected").await;
    browser.reload().await;
    browser.sees(".programs .lead").await;
    assert_eq!(
        user.get("/api/auth/clients").await.expect(200).value()["items"],
        json!([])
    );
    browser.close().await;
}
