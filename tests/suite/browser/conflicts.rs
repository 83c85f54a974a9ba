//! Two devices change one memo: what can come together does, and where it can't, both texts are there to choose from.

use super::open_as;
use crate::harness::{Browser, Memo, Screen, TestApp, User};

const BEFORE: &str = "milk";
const THEIRS: &str = "milk and bread, wrote the phone";
const MINE: &str = "milk and eggs, wrote the desktop";

/// Makes all requests fail, and all that come after them go well again.
const MEMOS: &[&str] = &["*/api/memos*"];

/// Somebody who changed on a desktop what the phone changed as well.
async fn conflict(app: &TestApp, user: &User) -> Option<(Browser, Memo)> {
    let memo = user.write(BEFORE).await;
    let browser = open_as(user, app, Screen::Desktop).await?;
    browser.shows(&[BEFORE]).await;
    browser.cut_off(MEMOS).await;
    edit(&browser, MINE).await;
    let theirs = user.edit(&memo, THEIRS).await;
    browser.cut_off(&[]).await;
    browser.sees("memo-conflict").await;
    assert_eq!(browser.text("[data-testid=mine] .text").await, MINE);
    assert_eq!(browser.text("[data-testid=theirs] .text").await, THEIRS);
    assert_eq!(
        user.read(&memo).await,
        theirs,
        "nothing is overwritten before the choice"
    );
    Some((browser, memo))
}

async fn edit(browser: &Browser, text: &str) {
    browser.click(".memo .edit").await;
    browser.fill("memo-editor textarea", text).await;
    browser.click(".memo .save").await;
    browser.sees(".memo .edit").await;
}

#[tokio::test]
async fn changes_of_other_words_come_together() {
    let app = TestApp::shared();
    let user = app.user("merging").await;
    let memo = user.write("milk\nbread").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.shows(&["milk\nbread"]).await;
    browser.cut_off(MEMOS).await;
    edit(&browser, "oat milk\nbread").await;
    user.edit(&memo, "milk\nrye bread").await;
    browser.cut_off(&[]).await;
    user.comes_to(&memo, "oat milk\nrye bread").await;
    browser.shows(&["oat milk\nrye bread"]).await;
    browser.tells("Merged").await;
    browser.click("#status-action").await;
    user.comes_to(&memo, "oat milk\nbread").await;
    browser.close().await;
}

/// Nobody waits for the answer to what saves itself, so nothing is taken out of their hands.
#[tokio::test]
async fn who_goes_on_writing_is_told_and_not_interrupted() {
    let app = TestApp::shared();
    let user = app.user("writing-on").await;
    let memo = user.write(BEFORE).await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.shows(&[BEFORE]).await;
    browser.click(".memo .edit").await;
    let theirs = user.edit(&memo, THEIRS).await;
    browser.type_into("memo-editor textarea", " and eggs").await;
    browser.sees("memo-conflict").await;
    let has_focus = "return document.activeElement === document.querySelector('memo-editor textarea')";
    assert_eq!(browser.run(has_focus).await, true);
    browser.type_into("memo-editor textarea", " and more").await;
    assert_eq!(user.read(&memo).await, theirs);
    browser
        .until_true(
            "mine is as it is by now",
            "return document.querySelector('[data-testid=mine] .text').textContent.includes('and eggs and more')",
        )
        .await;
    browser.click("[data-testid=decide]").await;
    user.comes_to(&memo, "milk and eggs and more").await;
    browser.close().await;
}

#[tokio::test]
async fn theirs_can_be_taken() {
    let app = TestApp::shared();
    let user = app.user("theirs").await;
    let Some((browser, memo)) = conflict(&app, &user).await else {
        return;
    };
    browser.click("[data-testid=theirs]").await;
    browser.click("[data-testid=decide]").await;
    browser.shows(&[THEIRS]).await;
    browser.is_synced().await;
    assert_eq!(user.read(&memo).await.text, THEIRS);
    browser.reload().await;
    browser.shows(&[THEIRS]).await;
    browser.close().await;
}

#[tokio::test]
async fn mine_can_be_kept_and_the_choice_taken_back() {
    let app = TestApp::shared();
    let user = app.user("mine").await;
    let Some((browser, memo)) = conflict(&app, &user).await else {
        return;
    };
    browser.click("[data-testid=decide]").await;
    user.comes_to(&memo, MINE).await;
    browser.shows(&[MINE]).await;
    browser.close().await;
}

#[tokio::test]
async fn both_can_be_kept() {
    let app = TestApp::shared();
    let user = app.user("both").await;
    let Some((browser, memo)) = conflict(&app, &user).await else {
        return;
    };
    browser.click(".option.both").await;
    browser.click("[data-testid=decide]").await;
    user.comes_to(&memo, &format!("{THEIRS}\n{MINE}")).await;
    browser.close().await;
}

#[tokio::test]
async fn mine_is_kept_only_over_what_was_seen() {
    let app = TestApp::shared();
    let user = app.user("unseen").await;
    let Some((browser, memo)) = conflict(&app, &user).await else {
        return;
    };
    browser.cut_off(MEMOS).await;
    let newest = user.edit(&user.read(&memo).await, "milk, newer still").await;
    browser.click("[data-testid=decide]").await;
    let is_decided = "return document.querySelector('memo-conflict') === null";
    browser.until_true("it is decided", is_decided).await;
    browser.cut_off(&[]).await;
    browser.sees("memo-conflict").await;
    assert_eq!(browser.text("[data-testid=theirs] .text").await, "milk, newer still");
    assert_eq!(user.read(&memo).await, newest);
    browser.click("[data-testid=decide]").await;
    user.comes_to(&memo, MINE).await;
    browser.close().await;
}

#[tokio::test]
async fn the_choice_survives_a_reload_and_a_closed_tab() {
    let app = TestApp::shared();
    let user = app.user("reloading").await;
    let Some((browser, memo)) = conflict(&app, &user).await else {
        return;
    };
    browser.reload().await;
    browser.sees("memo-conflict").await;
    browser.open_tab(&app).await;
    browser.sees("memo-conflict").await;
    assert_eq!(browser.text("[data-testid=mine] .text").await, MINE);
    assert_eq!(browser.text("[data-testid=theirs] .text").await, THEIRS);
    assert_eq!(user.read(&memo).await.text, THEIRS);
    browser.close().await;
}

#[tokio::test]
async fn what_was_deleted_elsewhere_is_asked_about() {
    let app = TestApp::shared();
    let user = app.user("deleted").await;
    let memo = user.write(BEFORE).await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.shows(&[BEFORE]).await;
    browser.cut_off(MEMOS).await;
    edit(&browser, MINE).await;
    user.remove(&memo).await;
    browser.cut_off(&[]).await;
    browser.sees("memo-conflict").await;
    browser.click("[data-testid=decide]").await;
    browser.is_synced().await;
    browser.shows(&[MINE]).await;
    let memos = user.all_memos().await;
    assert_eq!(memos.len(), 1);
    assert_eq!(memos[0].text, MINE);
    browser.close().await;
}
