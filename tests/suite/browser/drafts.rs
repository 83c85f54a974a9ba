//! What is written and not saved: kept through a session that ends, gone after a sign-out, which asks first.

use super::{SAVE, open_as, sign_in};
use crate::harness::{Browser, Screen, TestApp};

const DRAFT: &str = "not saved yet";

async fn holds(browser: &Browser, text: &str) {
    let script = format!("return document.querySelector('#new-memo')?.value === {text:?}");
    browser.until_true(&format!("the pad holds {text:?}"), &script).await;
}

async fn kept(browser: &Browser) -> String {
    let script = "return JSON.stringify([{ ...localStorage }, { ...sessionStorage }])";
    browser.run(script).await.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_sign_out_asks_before_it_throws_drafts_away() {
    let app = TestApp::shared();
    let user = app.user("drafts").await;
    user.write("a memo").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.fill("#new-memo", DRAFT).await;
    browser.click(".memo .edit").await;
    browser.fill("memo-editor textarea", "  ").await; // Nothing that could be saved.

    browser.click("#sign-out").await;
    browser.sees(".question .no").await;
    let safe_focus = "return document.activeElement === document.querySelector('.question .no')";
    browser.until_true("the safe answer has the focus", safe_focus).await;
    assert!(browser.text(".question").await.contains('2'), "it says how much");
    browser.type_into(".question .no", "\u{e00c}").await; // Escape
    browser
        .until_true("no question", "return !document.querySelector('.question')")
        .await;
    holds(&browser, DRAFT).await;
    browser.sees("#sign-out").await;

    browser.click("#sign-out").await;
    browser.click(".question .no").await;
    holds(&browser, DRAFT).await;
    let focus = "return document.activeElement === document.querySelector('#sign-out')";
    browser.until_true("the focus is back", focus).await;

    browser.click("#sign-out").await;
    browser.click(".question .yes").await;
    browser.is_at("/sign-in").await;
    let left = kept(&browser).await;
    assert!(!left.contains("not saved") && !left.contains("draft/"), "{left}");
    sign_in(&browser, &user.username).await;
    browser.shows(&["a memo"]).await;
    browser.sees(".memo .edit").await;
    holds(&browser, "").await;
    browser.close().await;
}

#[tokio::test]
async fn a_sign_out_without_drafts_does_not_ask() {
    let app = TestApp::shared();
    let user = app.user("no-drafts").await;
    let memo = user.write("a memo").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    // What was written and taken back, or saved, is nothing to ask about.
    browser.type_into("#new-memo", "x\u{e003}").await; // Backspace
    browser.click(".memo .edit").await;
    browser.type_into("memo-editor textarea", "x\u{e003}").await;
    browser.click("#sign-out").await;
    browser.is_at("/sign-in").await;
    assert!(!kept(&browser).await.contains("a memo"));
    assert_eq!(user.read(&memo).await, memo);
    browser.close().await;
}

/// Waits until the page says that the session has ended.
async fn is_ended(browser: &Browser) {
    browser.tells("You have been signed out").await;
    let asks = "return document.querySelector('#sync-state').textContent.includes('sign in again')";
    browser.until_true("the page asks to sign in again", asks).await;
}

#[tokio::test]
async fn drafts_wait_for_their_author_where_a_session_ends() {
    let app = TestApp::shared();
    let user = app.user("ended").await;
    let other = app.user("other").await;
    user.write("a memo").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.fill("#new-memo", DRAFT).await;
    browser.drop_cookies().await;
    browser.reload().await;
    is_ended(&browser).await;
    browser.shows(&["a memo"]).await;
    holds(&browser, DRAFT).await;
    sign_in(&browser, &other.username).await;
    browser.is_synced().await;
    browser.shows(&[]).await; // One person's memos are never shown to another.
    holds(&browser, "").await;
    browser.drop_cookies().await;
    browser.reload().await;
    is_ended(&browser).await;
    sign_in(&browser, &user.username).await;
    browser.shows(&["a memo"]).await;
    holds(&browser, DRAFT).await;
    browser.close().await;
}

/// Neither of them hears of what the other one writes, and each finds its own text again.
#[tokio::test]
async fn two_tabs_do_not_take_each_others_drafts() {
    let app = TestApp::shared();
    let user = app.user("tabs").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.fill("#new-memo", DRAFT).await;
    let first = browser.open_tab(&app).await;
    browser.sees("#new-memo").await;
    holds(&browser, "").await;
    browser.fill("#new-memo", "the other tab").await;
    browser.reload().await;
    holds(&browser, "the other tab").await;
    browser.switch_to(first).await;
    browser.reload().await;
    holds(&browser, DRAFT).await;
    browser.close().await;
}

#[tokio::test]
async fn what_a_crashed_tab_held_is_in_the_next_one() {
    let app = TestApp::shared();
    let user = app.user("crash").await;
    let memo = user.write("a memo").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.cut_off(&["*/api/memos/*"]).await;
    browser.fill("#new-memo", DRAFT).await;
    browser.click(".memo .edit").await;
    browser.fill("memo-editor textarea", "changed, then crashed").await;
    let crashed = browser.tab().await;
    browser.open_tab(&app).await;
    browser.go(&app, "/help").await;
    let next = browser.tab().await;
    browser.switch_to(crashed).await;
    browser.crash().await;
    browser.switch_to(next).await;
    browser.visit(&app).await;
    holds(&browser, DRAFT).await;
    browser.shows(&["changed, then crashed"]).await;
    user.comes_to(&memo, "changed, then crashed").await;
    browser.close().await;
}

/// The edit could not be sent before the session ended; its author goes on writing, signs in again, and all of it is.
#[tokio::test]
async fn what_was_written_around_the_end_of_a_session_is_sent_after_the_next_sign_in() {
    let app = TestApp::shared();
    let user = app.user("expired").await;
    let memo = user.write("a memo").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.cut_off(&["*/api/memos*"]).await;
    browser.click(".memo .edit").await;
    browser.fill("memo-editor textarea", "written before the end").await;
    browser.click(".memo .save").await;
    browser.shows(&["written before the end"]).await;
    browser.drop_cookies().await;
    browser.cut_off(&[]).await;
    browser.reload().await;
    is_ended(&browser).await;
    browser.type_into("#new-memo", &format!("written after it{SAVE}")).await;
    browser.shows(&["written after it", "written before the end"]).await;
    assert_eq!(user.read(&memo).await, memo);
    sign_in(&browser, &user.username).await;
    browser.is_synced().await;
    assert_eq!(user.read(&memo).await.text, "written before the end");
    assert_eq!(user.all_memos().await.len(), 2);
    browser.close().await;
}

/// Before the memos were on the device, a draft of each memo was kept that could not be saved.
#[tokio::test]
async fn an_edit_that_an_older_version_of_the_site_has_kept_goes_to_its_memo() {
    let app = TestApp::shared();
    let user = app.user("older").await;
    let memo = user.write("one\ntwo\nthree").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.is_synced().await;
    let keep = "const draft = { text: 'one\\ntwo\\nthree, edited', version: 1, format: 1, at: Date.now() };
        const { id } = JSON.parse(localStorage.getItem('owner'));
        localStorage.setItem(`draft/${id}/${arguments[0]}/a-tab-of-old`, JSON.stringify(draft))";
    browser.run_with(keep, vec![memo.id.clone().into()]).await;
    browser.reload().await;
    user.comes_to(&memo, "one\ntwo\nthree, edited").await;
    let is_gone = "return !Object.keys(localStorage).some((key) => key.endsWith('a-tab-of-old'))";
    browser.until_true("nothing is left behind", is_gone).await;
    browser.close().await;
}
