//! Without a network: what is done is done here, kept through reloads and crashes, and brought to the server in order.

use serde_json::json;

use super::{is_kept, open_as, write};
use crate::harness::{Browser, HostPlan, Screen, TestApp};

const MEMOS: &[&str] = &["*/api/memos*"];

/// The words below each card, from the top.
async fn says(browser: &Browser, words: &[&str]) {
    let script = format!(
        "return JSON.stringify(Array.from(document.querySelectorAll('.memo .where .what'), (it) => it.textContent)) === {:?}",
        json!(words).to_string()
    );
    browser.until_true(&format!("the cards say {words:?}"), &script).await;
}

#[tokio::test]
async fn everything_can_be_done_and_survives_a_reload_and_a_crash() {
    let app = TestApp::shared();
    let user = app.user("offline").await;
    let old = user.write("old").await;
    let kept = user.write("kept").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.shows(&["kept", "old"]).await;
    browser.cut_off(MEMOS).await;
    write(&browser, "new, offline").await;
    browser.shows(&["new, offline", "kept", "old"]).await;
    browser.click(".memo .edit").await;
    browser.type_into("memo-editor textarea", ", and changed").await;
    browser.click(".memo .save").await;
    browser
        .from_menu(&format!(".memo[data-id='{}']", old.id), ".trash")
        .await;
    browser.shows(&["new, offline, and changed", "kept"]).await;
    browser
        .from_menu(&format!(".memo[data-id='{}']", kept.id), ".pin")
        .await;
    browser.shows(&["kept", "new, offline, and changed"]).await;
    says(&browser, &["On this device only", "On this device only"]).await;
    browser
        .until_true(
            "the page says so",
            "return document.querySelector('#sync-state').textContent.includes('Offline · 3')",
        )
        .await;

    browser.reload().await;
    browser.shows(&["kept", "new, offline, and changed"]).await;
    let crashed = browser.tab().await;
    browser.open_tab(&app).await;
    browser.cut_off(MEMOS).await;
    browser.shows(&["kept", "new, offline, and changed"]).await;
    let next = browser.tab().await;
    browser.switch_to(crashed).await;
    browser.crash().await;
    browser.switch_to(next).await;
    assert_eq!(user.read(&kept).await, kept, "nothing has come to the server");

    browser.cut_off(&[]).await;
    browser.is_synced().await;
    says(&browser, &["Saved", "Saved"]).await;
    assert!(user.read(&kept).await.pinned);
    assert!(user.read(&old).await.trashed_at.is_some());
    let texts: Vec<String> = user.all_memos().await.into_iter().map(|memo| memo.text).collect();
    assert_eq!(texts, ["new, offline, and changed", "kept"]);
    browser.close().await;
}

#[tokio::test]
async fn two_tabs_show_the_same_and_one_of_them_sends() {
    let app = TestApp::shared();
    let user = app.user("tabs-together").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    write(&browser, "from the first").await;
    browser.shows(&["from the first"]).await;
    let first = browser.open_tab(&app).await;
    browser.shows(&["from the first"]).await;
    write(&browser, "from the second").await;
    browser.shows(&["from the second", "from the first"]).await;
    browser.is_synced().await;
    browser.switch_to(first).await;
    browser.shows(&["from the second", "from the first"]).await;
    browser.is_synced().await;
    assert_eq!(user.all_memos().await.len(), 2);
    browser.close().await;
}

/// The first paint waits for nothing that the network does.
#[tokio::test]
async fn a_reload_shows_the_memos_while_no_service_answers() {
    let app = TestApp::shared();
    let user = app.user("no-service").await;
    user.write("here").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.shows(&["here"]).await;
    browser.cut_off(&["*/api/*"]).await;
    browser.reload().await;
    browser.shows(&["here"]).await;
    browser.sees("#new-memo").await;
    browser.type_into("#new-memo", "written at once").await;
    browser.click("#save-memo").await;
    browser.shows(&["written at once", "here"]).await;
    let says = "return document.querySelector('#sync-state').textContent.includes('Offline')";
    browser.until_true("nobody is asked to sign in again", says).await;
    browser.cut_off(&[]).await;
    browser.is_synced().await; // By itself.
    assert_eq!(user.all_memos().await.len(), 2);
    browser.close().await;
}

/// The device takes its memos over in pieces of 500, and these are two of them.
#[tokio::test]
async fn a_thousand_memos_are_all_there_after_a_reload() {
    let app = TestApp::shared();
    let user = app.user("thousand").await;
    for hundred in 0..10 {
        let text = |number| format!("memo {hundred}-{number} #all");
        let operations = (0..100).map(|number| json!({ "method": "POST", "body": { "text": text(number) } }));
        let body = json!({ "operations": operations.collect::<Vec<_>>() });
        user.post("/api/memos/batch", &body).await.expect(200);
    }
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    let counted = "return document.querySelector('.rail [data-tag=all] .tag-count')?.textContent === '1000'";
    browser.until_true("all have come", counted).await;
    browser.cut_off(MEMOS).await;
    browser.reload().await;
    browser.until_true("all are there", counted).await;
    browser.go(&app, "/search?q=0-0").await;
    browser
        .until_true(
            "the oldest is found",
            "return document.querySelector('.memo-text')?.textContent.includes('memo 0-0')",
        )
        .await;
    browser.close().await;
}

/// One of them asks the server for both, and the other one has to find out by it.
#[tokio::test]
async fn a_window_that_was_opened_while_no_server_answered_finds_its_session() {
    let Some(plan) = HostPlan::lasting() else { return };
    let host = plan.start();
    let app = TestApp::on(&host);
    let user = app.user("second-tab").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    is_kept(&browser).await;
    // A window beside another one: it stays in sight, and goes on to listen for both.
    browser
        .run("Object.defineProperty(document, 'hidden', { value: false })")
        .await;
    let stopped = host.kill();
    let first = browser.empty_tab().await;
    browser.go(&app, "/sign-in").await;
    browser.sees("#try-again").await;
    let _host = stopped.start();
    let second = browser.tab().await;
    browser.switch_to(first).await;
    write(&browser, "to be brought to the server").await;
    browser.is_synced().await;
    browser.switch_to(second).await;
    browser.sees("#sign-out").await;
    browser.close().await;
}

/// A browser may let a page sleep when one leaves it, and wake it up when one comes back.
#[tokio::test]
async fn a_page_that_slept_keeps_what_was_begun_and_goes_on() {
    let app = TestApp::shared();
    let user = app.user("sleeper").await;
    user.write("old").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.shows(&["old"]).await;
    browser.click(".memo .edit").await;
    browser.type_into("memo-editor textarea", " and new").await;
    let is_kept = "return document.querySelector('memo-editor .state .what').textContent === 'Saved'";
    browser.until_true("it is kept", is_kept).await;
    let sleep = "dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))";
    browser.run(sleep).await;
    let other = browser.open_tab(&app).await;
    browser.shows(&["old and new"]).await;
    browser.click(".memo .edit").await;
    browser.type_into("memo-editor textarea", ", from the other").await;
    browser.click(".memo .save").await;
    browser.shows(&["old and new, from the other"]).await;
    browser.close_tab(other).await;
    let wake = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))";
    browser.run(wake).await;
    browser.shows(&["old and new, from the other"]).await;
    browser.type_into("memo-editor textarea", "!").await; // The caret is where it was.
    browser.click(".memo .save").await;
    browser.shows(&["old and new!, from the other"]).await;
    browser.is_synced().await;
    let texts: Vec<String> = user.all_memos().await.into_iter().map(|memo| memo.text).collect();
    assert_eq!(texts, ["old and new!, from the other"]);
    browser.close().await;
}
