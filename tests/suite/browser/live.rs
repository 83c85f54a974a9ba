//! What other devices do is seen without being asked for.

use serde_json::json;

use super::open_as;
use crate::harness::{Browser, Screen, TestApp};

/// Nobody waits in these tests as long as it takes until a page that hears nothing asks by itself.
#[tokio::test]
async fn what_another_device_does_is_seen_at_once() {
    let app = TestApp::shared();
    let user = app.user("elsewhere").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    let memo = user.write("from elsewhere").await;
    browser.shows(&["from elsewhere"]).await;
    let memo = user.edit(&memo, "changed elsewhere").await;
    browser.shows(&["changed elsewhere"]).await;
    user.trash(&memo).await;
    browser.shows(&[]).await;
    browser.close().await;
}

/// How many tabs of the browser listen, and how many would.
async fn listening(browser: &Browser) -> (u64, u64) {
    let script = "const { held, pending } = await navigator.locks.query();
        const count = (locks) => locks.filter(({ name }) => name.endsWith('/events')).length;
        return [count(held), count(pending)];";
    let counts = browser.run_async(script, Vec::new()).await;
    let count = |index: usize| counts[index].as_u64().expect("a number");
    (count(0), count(1))
}

#[tokio::test]
async fn of_several_tabs_the_one_that_is_to_be_seen_listens_and_all_show_it() {
    let app = TestApp::shared();
    let user = app.user("several-tabs").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    let first = browser.open_tab(&app).await;
    browser.is_synced().await;
    let is_hidden = |is_hidden: bool| format!("return document.hidden === {is_hidden}");
    browser.until_true("the tab is to be seen", &is_hidden(false)).await;
    assert_eq!(listening(&browser).await, (1, 0));
    user.write("heard by the second").await;
    browser.shows(&["heard by the second"]).await;
    let second = browser.tab().await;
    browser.switch_to(first).await;
    browser.shows(&["heard by the second"]).await;
    browser.close_tab(second).await;
    user.write("heard by the other").await;
    browser.shows(&["heard by the other", "heard by the second"]).await;
    assert_eq!(listening(&browser).await, (1, 0));
    browser.close().await;
}

/// A page that is not to be seen costs the server nothing.
#[tokio::test]
async fn a_hidden_page_does_not_listen_and_catches_up() {
    let app = TestApp::shared();
    let user = app.user("hidden").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    let show = async |is_shown: bool| {
        let script = "Object.defineProperty(document, 'hidden', { configurable: true, value: arguments[0] });
            document.dispatchEvent(new Event('visibilitychange'));";
        browser.run_with(script, vec![json!(!is_shown)]).await;
    };
    user.write("one").await;
    browser.shows(&["one"]).await;
    show(false).await;
    assert_eq!(listening(&browser).await, (0, 0));
    user.write("two").await;
    show(true).await;
    browser.shows(&["two", "one"]).await;
    assert_eq!(listening(&browser).await, (1, 0));
    browser.close().await;
}
