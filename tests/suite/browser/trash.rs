//! The trash: into it without a question, out of it, and gone for good after one.

use super::open_as;
use crate::harness::{Screen, TestApp};

#[tokio::test]
async fn what_was_deleted_can_be_taken_back() {
    let app = TestApp::shared();
    let user = app.user("undoing").await;
    let memo = user.write("precious").await;
    user.write("other").await;
    for screen in [Screen::Desktop, Screen::Phone] {
        let Some(browser) = open_as(&user, &app, screen).await else {
            return;
        };
        let card = format!(".memo[data-id='{}']", memo.id);
        browser.from_menu(&card, ".trash").await;
        browser.shows(&["other"]).await;
        browser.is_synced().await;
        assert!(user.read(&memo).await.trashed_at.is_some());
        // By keyboard, and for as long as the focus is there.
        browser.type_into("#status-action", "\u{e007}").await;
        browser.shows(&["other", "precious"]).await;
        browser.focus_is_on(&format!("{card} a.open")).await;
        browser.is_synced().await;
        assert_eq!(user.read(&memo).await.trashed_at, None);
        browser.from_menu(&card, ".trash").await;
        browser.shows(&["other"]).await;
        browser.go(&app, "/trash").await;
        browser.shows(&["precious"]).await;
        browser.click(".memo .restore").await;
        browser.shows(&[]).await;
        browser.tells("Taken back").await;
        browser.sees(".empty").await;
        browser.fits().await;
        browser.go(&app, "/").await;
        browser.shows(&["other", "precious"]).await;
        browser.close().await;
    }
}

#[tokio::test]
async fn deleting_for_good_is_asked_about() {
    let app = TestApp::shared();
    let user = app.user("purging").await;
    let memo = user.write("old").await;
    user.trash(&memo).await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.go(&app, &format!("/m/{}", memo.id)).await;
    browser.sees(".memo .restore").await;
    browser
        .until_true(
            "it can't be edited",
            "return !document.querySelector('.memo .edit').checkVisibility()",
        )
        .await;
    browser.click(".rail a[href='/trash']").await;
    browser.from_menu(".memo", ".purge").await;
    browser.focus_is_on(".question .no").await;
    browser.press("\u{e00c}").await; // Escape
    browser.shows(&["old"]).await;
    browser.is_synced().await;
    assert!(user.read(&memo).await.trashed_at.is_some());
    browser.from_menu(".memo", ".purge").await;
    browser.click(".question .yes").await;
    browser.shows(&[]).await;
    browser.tells("Deleted for good").await;
    browser.is_synced().await;
    user.get(&memo.path()).await.expect(404);
    browser.close().await;
}

#[tokio::test]
async fn the_trash_is_emptied_after_a_question() {
    let app = TestApp::shared();
    let user = app.user("emptying").await;
    for number in 1..=25 {
        let memo = user.write(&format!("memo {number}")).await;
        user.trash(&memo).await;
    }
    user.write("stays").await;
    let Some(browser) = open_as(&user, &app, Screen::Phone).await else {
        return;
    };
    browser.go(&app, "/trash").await;
    browser.sees(".memo").await;
    browser.click(".emptyTrash").await;
    browser.click(".question .no").await;
    browser.is_synced().await;
    assert_eq!(user.page("state=trashed&limit=100").await.items.len(), 25);
    browser.click(".emptyTrash").await;
    browser.click(".question .yes").await;
    browser.shows(&[]).await;
    browser.tells("The trash is empty").await;
    browser.is_synced().await;
    assert!(user.page("state=trashed").await.items.is_empty());
    browser.go(&app, "/").await;
    browser.shows(&["stays"]).await;
    browser.close().await;
}

#[tokio::test]
async fn what_was_changed_elsewhere_is_seen_before_it_is_deleted() {
    let app = TestApp::shared();
    let user = app.user("look-first").await;
    let memo = user.write("before").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.shows(&["before"]).await;
    user.edit(&memo, "after").await;
    browser.from_menu(".memo", ".trash").await;
    browser.tells("Not moved to the trash").await;
    browser.shows(&["after"]).await;
    browser.is_synced().await;
    assert_eq!(user.read(&memo).await.trashed_at, None);
    browser.from_menu(".memo", ".trash").await;
    browser.shows(&[]).await;
    browser.is_synced().await;
    assert!(user.read(&memo).await.trashed_at.is_some());
    browser.close().await;
}
