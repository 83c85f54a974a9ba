//! Two devices change one memo: the second sees both texts and chooses.

use super::{SAVE, open_as};
use crate::harness::{Browser, Memo, Screen, TestApp, User};

const THEIRS: &str = "what the phone wrote";
const MINE: &str = "what the desktop wrote";

/// Somebody who is editing on a desktop, and has just saved, what the phone changed meanwhile.
async fn conflict(app: &TestApp, user: &User) -> Option<(Browser, Memo)> {
    let memo = user.write("before").await;
    let browser = open_as(user, app, Screen::Desktop).await?;
    browser.shows(&["before"]).await;
    browser.click(".memo .edit").await;
    let theirs = user.edit(&memo, THEIRS).await;
    browser.fill("memo-editor textarea", &format!("{MINE}{SAVE}")).await;
    browser.sees(".theirs").await;
    assert_eq!(browser.text(".theirs").await, THEIRS);
    let mine = browser
        .run("return document.querySelector('memo-editor textarea').value")
        .await;
    assert_eq!(mine, MINE);
    assert_eq!(
        user.read(&memo).await,
        theirs,
        "nothing is overwritten before the choice"
    );
    let has_focus = "return document.activeElement === document.querySelector('memo-conflict')";
    browser.until_true("the question has the focus", has_focus).await;
    Some((browser, memo))
}

/// Nobody waits for the answer to what saves itself, so nothing is taken out of their hands.
#[tokio::test]
async fn who_goes_on_writing_is_told_and_not_interrupted() {
    let app = TestApp::shared();
    let user = app.user("writing-on").await;
    let memo = user.write("before").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.shows(&["before"]).await;
    browser.click(".memo .edit").await;
    let theirs = user.edit(&memo, THEIRS).await;
    browser.type_into("memo-editor textarea", ", mine").await;
    browser.sees(".theirs").await;
    let has_focus = "return document.activeElement === document.querySelector('memo-editor textarea')";
    assert_eq!(browser.run(has_focus).await, true);
    browser.type_into("memo-editor textarea", " and more").await;
    assert_eq!(user.read(&memo).await, theirs);
    browser.click(".keep-mine").await;
    browser.shows(&["before, mine and more"]).await;
    assert_eq!(user.read(&memo).await.text, "before, mine and more");
    browser.close().await;
}

#[tokio::test]
async fn theirs_can_be_taken() {
    let app = TestApp::shared();
    let user = app.user("theirs").await;
    let Some((browser, memo)) = conflict(&app, &user).await else {
        return;
    };
    browser.click(".take-theirs").await;
    browser.shows(&[THEIRS]).await;
    browser.sees(".memo .edit").await;
    assert_eq!(user.read(&memo).await.text, THEIRS);
    browser.reload().await;
    browser.shows(&[THEIRS]).await;
    browser.sees(".memo .edit").await; // No draft is left that would open the editor again.
    browser.close().await;
}

#[tokio::test]
async fn mine_can_be_kept() {
    let app = TestApp::shared();
    let user = app.user("mine").await;
    let Some((browser, memo)) = conflict(&app, &user).await else {
        return;
    };
    browser.click(".keep-mine").await;
    browser.shows(&[MINE]).await;
    let kept = user.read(&memo).await;
    assert_eq!((kept.text.as_str(), kept.version), (MINE, 3));
    browser.close().await;
}

#[tokio::test]
async fn mine_is_kept_only_over_what_was_seen() {
    let app = TestApp::shared();
    let user = app.user("unseen").await;
    let Some((browser, memo)) = conflict(&app, &user).await else {
        return;
    };
    let newest = user.edit(&user.read(&memo).await, "newer still").await;
    browser.click(".keep-mine").await;
    let shows_newest = "return document.querySelector('.theirs').textContent === 'newer still'";
    browser.until_true("what was saved meanwhile", shows_newest).await;
    assert_eq!(user.read(&memo).await, newest);
    browser.click(".keep-mine").await;
    browser.shows(&[MINE]).await;
    assert_eq!(user.read(&memo).await.text, MINE);
    browser.close().await;
}

#[tokio::test]
async fn the_choice_survives_a_reload() {
    let app = TestApp::shared();
    let user = app.user("reloading").await;
    let Some((browser, memo)) = conflict(&app, &user).await else {
        return;
    };
    browser.reload().await;
    let has_draft = format!("return document.querySelector('memo-editor textarea')?.value === {MINE:?}");
    browser.until_true("the text is still there", &has_draft).await;
    browser.sees(".theirs").await; // It tries to save by itself.
    assert_eq!(browser.text(".theirs").await, THEIRS);
    assert_eq!(user.read(&memo).await.text, THEIRS);
    browser.close().await;
}

#[tokio::test]
async fn what_was_deleted_elsewhere_can_be_saved_as_new() {
    let app = TestApp::shared();
    let user = app.user("deleted").await;
    let memo = user.write("before").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.shows(&["before"]).await;
    browser.click(".memo .edit").await;
    user.remove(&memo).await;
    browser.fill("memo-editor textarea", MINE).await;
    browser.sees(".keep-mine").await;
    browser.click(".keep-mine").await;
    browser.sees(".memo .edit").await;
    browser.shows(&[MINE]).await;
    let memos = user.all_memos().await;
    assert_eq!(memos.len(), 1);
    assert_eq!(memos[0].text, MINE);
    browser.close().await;
}
