//! Tags: their tree with counts, the memos of one, and a new name for one everywhere.

use serde_json::json;

use super::open_as;
use crate::harness::{Browser, Screen, TestApp, User};

async fn tree(browser: &Browser, expected: &str) {
    let script = format!(
        "return Array.from(document.querySelectorAll('.rail .tags :is(.tag-name, .tag-count)'), (part) => part.textContent).join('') === {expected:?}"
    );
    browser.until_true(&format!("the tags are {expected}"), &script).await;
}

async fn archive(user: &User, text: &str) {
    let body = json!({ "text": text, "archived": true });
    user.post("/api/memos", &body).await.expect(201);
}

#[tokio::test]
async fn tags_are_a_tree_and_each_leads_to_its_memos() {
    let app = TestApp::shared();
    let user = app.user("tag-tree").await;
    user.write("milk #shop/food").await;
    user.write("hammer #shop").await;
    user.write("무 #텃밭/여름 작물").await;
    archive(&user, "old #shop").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    tree(&browser, "#shop2#텃밭1").await;
    browser.click(".rail .tags li:first-child .toggle").await;
    tree(&browser, "#shop2#food1#텃밭1").await;
    browser.focus_is_on(".toggle[aria-expanded=true]").await;
    browser.click(".rail .tags a[href='/tag/shop']").await;
    browser.is_at("/tag/shop").await;
    browser.shows(&["hammer #shop", "milk #shop/food"]).await;
    browser.sees(".rail a[aria-current=page][href='/tag/shop']").await;
    browser.click(".memo .memo-text a[href='/tag/shop/food']").await;
    browser.is_at("/tag/shop/food").await;
    browser.shows(&["milk #shop/food"]).await;
    browser.reload().await;
    browser.shows(&["milk #shop/food"]).await;
    tree(&browser, "#shop2#food1#텃밭1").await;
    browser.from_menu(".memo", ".trash").await;
    browser.sees(".empty").await;
    tree(&browser, "#shop1#텃밭1").await;
    browser.go(&app, "/tag/%ED%85%83%EB%B0%AD").await;
    browser.shows(&["무 #텃밭/여름 작물"]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_tag_is_renamed_in_all_memos_but_those_in_the_trash() {
    let app = TestApp::shared();
    let user = app.user("renaming").await;
    for number in 1..=3 {
        user.write(&format!("memo {number} #old/x")).await;
    }
    archive(&user, "archived #old").await;
    let trashed = user.write("trashed #old").await;
    user.trash(&trashed).await;
    for (screen, from, to) in [(Screen::Desktop, "old", "new"), (Screen::Phone, "new", "again/new")] {
        let Some(browser) = open_as(&user, &app, screen).await else {
            return;
        };
        browser.go(&app, &format!("/tag/{from}")).await;
        browser
            .shows(
                &[3, 2, 1]
                    .map(|n| format!("memo {n} #{from}/x"))
                    .each_ref()
                    .map(String::as_str),
            )
            .await;
        browser.click(".renameTag").await;
        browser.fill("#tag-name", to).await;
        browser.click(".tag-dialog .yes").await;
        browser.tells("4 memos now have").await;
        browser.is_at(&format!("/tag/{to}")).await;
        browser
            .shows(
                &[3, 2, 1]
                    .map(|n| format!("memo {n} #{to}/x"))
                    .each_ref()
                    .map(String::as_str),
            )
            .await;
        browser
            .until_true("no job is left", "return document.querySelector('.job').hidden")
            .await;
        browser.is_synced().await;
        browser.close().await;
    }
    assert_eq!(user.page("state=archived").await.items[0].text, "archived #again/new");
    assert_eq!(user.page("state=trashed").await.items[0].text, "trashed #old");
}

#[tokio::test]
async fn a_renaming_that_was_broken_off_goes_on_after_a_reload() {
    let app = TestApp::shared();
    let user = app.user("resuming").await;
    let memo = user.write("a secret text #old").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.go(&app, "/tag/old").await;
    browser.shows(&["a secret text #old"]).await;
    let block = |urls: serde_json::Value| json!({ "urls": urls });
    browser.devtools("Network.enable", json!({})).await;
    browser
        .devtools("Network.setBlockedURLs", block(json!(["*/api/memos/batch"])))
        .await;
    browser.click(".renameTag").await;
    browser.fill("#tag-name", "new").await;
    browser.click(".tag-dialog .yes").await;
    browser.sees(".job .go-on").await;
    let kept = browser.run("return JSON.stringify({ ...localStorage })").await;
    let kept = kept.as_str().unwrap();
    assert!(kept.contains("old") && !kept.contains("secret"), "{kept}");
    browser.is_synced().await;
    assert_eq!(user.read(&memo).await, memo);
    browser.devtools("Network.setBlockedURLs", block(json!([]))).await;
    browser.reload().await;
    browser.tells("1 memo now has").await;
    browser.is_synced().await;
    assert_eq!(user.read(&memo).await.text, "a secret text #new");
    browser.close().await;
}
