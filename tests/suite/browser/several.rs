//! Several memos at once: selected by box, key or a long press, and changed together.

use serde_json::json;

use super::open_as;
use crate::harness::{Browser, Memo, Screen, TestApp, User};

async fn three(user: &User) -> [Memo; 3] {
    [
        user.write("one").await,
        user.write("two").await,
        user.write("three").await,
    ]
}

fn card(memo: &Memo) -> String {
    format!(".memo[data-id='{}']", memo.id)
}

/// As somebody who listens hears of it: the boxes have names and are there without a mouse.
async fn select(browser: &Browser, memo: &Memo) {
    browser.click(&format!("{} .pick", card(memo))).await;
    browser.sees(&format!("{}.selected", card(memo))).await;
}

#[tokio::test]
async fn several_are_archived_and_come_back() {
    let app = TestApp::shared();
    let user = app.user("several").await;
    let long = "a memo that is longer than the window\n\n".repeat(60);
    let long = user.write(long.trim()).await;
    let shown = format!(
        "return document.querySelectorAll(\".memo:not([data-id='{}'])\").length === ",
        long.id
    );
    let [one, two, _] = three(&user).await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    select(&browser, &one).await;
    select(&browser, &two).await;
    browser.sees(".selection-bar").await;
    assert!(browser.text(".selection-bar .count").await.contains('2'));
    let in_sight = "const bar = document.querySelector('.selection-bar').getBoundingClientRect();
        return bar.top > 0 && bar.bottom <= innerHeight";
    browser.run("scrollTo(0, 0)").await;
    browser.until_true("the bar is in sight", in_sight).await;
    browser.click(".archive-all").await;
    browser.until_true("two are gone", &format!("{shown} 1")).await;
    browser.tells("2 memos archived").await;
    browser
        .until_true(
            "the bar is gone",
            "return document.querySelector('.selection-bar').hidden",
        )
        .await;
    browser.is_synced().await;
    assert!(user.read(&one).await.archived && user.read(&two).await.archived);
    browser.click("#status-action").await;
    browser.until_true("two are back", &format!("{shown} 3")).await;
    browser.is_synced().await;
    assert!(!user.read(&one).await.archived);
    browser.close().await;
}

#[tokio::test]
async fn several_go_to_the_trash_and_out_of_it() {
    let app = TestApp::shared();
    let user = app.user("several-trash").await;
    let [one, two, three] = three(&user).await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    select(&browser, &one).await;
    select(&browser, &three).await;
    // Another device changes one of them meanwhile: that one does not go to the trash unseen.
    user.edit(&one, "one, changed").await;
    browser.click(".trash-all").await;
    browser.shows(&["two", "one, changed"]).await;
    browser.click(".rail a[href='/trash']").await;
    browser.shows(&["three"]).await;
    select(&browser, &three).await;
    browser.click(".restore-all").await;
    browser.shows(&[]).await;
    browser.click(".rail a[href='/']").await;
    browser.shows(&["three", "two", "one, changed"]).await;
    browser.is_synced().await;
    assert_eq!(user.read(&two).await, two);
    browser.close().await;
}

/// A finger that stays where it is.
async fn hold(browser: &Browser, memo: &Memo) {
    let place = browser
        .run(&format!(
            "const box = document.querySelector(\"{} .memo-text\").getBoundingClientRect(); return [box.x + 20, box.y + 10]",
            card(memo)
        ))
        .await;
    let touch = |kind: &str, points: serde_json::Value| json!({ "type": kind, "touchPoints": points });
    let point = json!([{ "x": place[0], "y": place[1] }]);
    browser
        .devtools("Input.dispatchTouchEvent", touch("touchStart", point))
        .await;
    browser.sees(&format!("{}.selected", card(memo))).await;
    browser
        .devtools("Input.dispatchTouchEvent", touch("touchEnd", json!([])))
        .await;
}

#[tokio::test]
async fn on_a_phone_a_long_press_selects_and_a_tag_is_added_to_all() {
    let app = TestApp::shared();
    let user = app.user("long-press").await;
    let [one, two, three] = three(&user).await;
    user.edit(&two, "two #list").await;
    let Some(phone) = open_as(&user, &app, Screen::Phone).await else {
        return;
    };
    phone.sees(&card(&two)).await;
    hold(&phone, &two).await;
    phone.is_at("/").await;
    phone.run("scrollTo(0, document.documentElement.scrollHeight)").await; // Out from under the bar.
    phone.click(&format!("{} .memo-text", card(&one))).await; // A tap is enough from now on.
    phone.sees(&format!("{}.selected", card(&one))).await;
    phone.fits().await;
    phone.click(".tag-all").await;
    phone.fill("#tag-name", "12").await;
    phone.click(".tag-dialog .yes").await;
    phone
        .until_true(
            "a name that is none is refused",
            "return document.querySelector('.tag-dialog .wrong').textContent !== ''",
        )
        .await;
    phone.fill("#tag-name", "모임/봄").await;
    phone.click(".tag-dialog .yes").await;
    phone.tells("2 memos tagged").await;
    phone.is_synced().await;
    let tagged = [user.read(&one).await.text, user.read(&two).await.text];
    phone.click("#status-action").await; // It is there for seconds only.
    assert_eq!(tagged, ["one\n\n#모임/봄", "two #list\n\n#모임/봄"]);
    user.comes_to(&one, "one").await;
    user.comes_to(&two, "two #list").await;
    phone.is_synced().await;
    assert_eq!(user.read(&three).await, three);
    phone.close().await;
}
