//! Every screen has an address, and the browser's history works.

use super::{open_as, sign_in};
use crate::harness::{Browser, Screen, TestApp};

#[tokio::test]
async fn a_memos_address_leads_there_through_the_sign_in() {
    let app = TestApp::shared();
    let user = app.user("deep-link").await;
    let memo = user.write("the one").await;
    user.write("another").await;
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    let address = format!("/m/{}", memo.id);
    browser.go(&app, &address).await;
    browser.is_at("/sign-in").await;
    // Who has no account yet goes there by another address, and comes back by it as well.
    browser.click("#sign-up").await;
    browser.is_at("/sign-up").await;
    browser.reload().await;
    browser.click("#sign-in").await;
    browser.is_at("/sign-in").await;
    sign_in(&browser, &user.username).await;
    browser.is_at(&address).await;
    browser.shows(&["the one"]).await;
    browser.reload().await;
    browser.shows(&["the one"]).await;

    browser.click(".back").await;
    browser.is_at("/").await;
    browser.shows(&["another", "the one"]).await;
    browser.go(&app, "/sign-in").await;
    browser.is_at("/").await;
    browser.shows(&["another", "the one"]).await;
    browser.close().await;
}

#[tokio::test]
async fn back_leads_to_the_place_in_the_list() {
    let app = TestApp::shared();
    let user = app.user("scrolling").await;
    let mut last = None;
    for number in 0..25 {
        let memo = user.write(&number.to_string()).await;
        last = last.or(Some(memo));
    }
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    let open = format!(".memo[data-id='{}'] a.open", last.unwrap().id);
    browser.sees(".memo").await;
    // The next page comes as one gets near the end.
    browser.sees(".memo").await;
    browser.run("scrollTo(0, document.documentElement.scrollHeight)").await;
    browser.sees(&open).await;
    browser.click(&open).await; // The driver scrolls there.
    browser.shows(&["0"]).await;
    browser.until_true("the memo is in sight", "return scrollY === 0").await;
    browser.back().await;
    browser.is_at("/").await;
    let is_back = format!(
        "const place = document.querySelector({open:?})?.getBoundingClientRect();
         return document.querySelectorAll('.memo').length === 25 && scrollY > 0 && place.top < innerHeight && place.bottom > 0"
    );
    browser.until_true("the place in the list", &is_back).await;
    let focus = format!("return document.activeElement === document.querySelector({open:?})");
    browser.until_true("the focus is on the memo", &focus).await;
    browser.close().await;
}

#[tokio::test]
async fn a_memo_can_be_begun_by_an_address() {
    let app = TestApp::shared();
    let user = app.user("sharing").await;
    let Some(browser) = open_as(&user, &app, Screen::Phone).await else {
        return;
    };
    let is_there = |text: &str| format!("return document.querySelector('#new-memo').value === {text:?}");
    browser
        .go(
            &app,
            "/new?title=%EC%A0%9C%EB%AA%A9&text=a%26b&url=https%3A%2F%2Fexample.org%2F",
        )
        .await;
    browser.is_at("/new").await;
    let shared = "제목\na&b\nhttps://example.org/";
    browser.until_true("what was shared", &is_there(shared)).await;
    let has_focus = "return document.activeElement === document.querySelector('#new-memo')";
    browser.until_true("the caret is in the pad", has_focus).await;
    browser.reload().await;
    browser.until_true("what was shared, once", &is_there(shared)).await;
    browser.go(&app, "/new?text=more").await;
    let both = format!("{shared}\n\nmore");
    browser.until_true("nothing was lost", &is_there(&both)).await;
    browser.click("#save-memo").await;
    browser.shows(&[&both.replace("\n\n", "")]).await; // Two paragraphs.
    browser.close().await;
}

#[tokio::test]
async fn a_memo_that_is_not_there_is_told_and_a_deleted_one_left() {
    let app = TestApp::shared();
    let user = app.user("gone").await;
    let memo = user.write("short-lived").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    for address in ["/m/987654321", "/m/nothing", "/m/%2f"] {
        browser.go(&app, address).await;
        browser.sees(".missing").await;
        browser.shows(&[]).await;
    }
    browser.go(&app, &format!("/m/{}", memo.id)).await;
    browser.shows(&["short-lived"]).await;
    browser.from_menu(".memo", ".trash").await;
    browser.is_at("/").await;
    browser.shows(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn help_is_for_everybody_and_unknown_addresses_are_told() {
    let app = TestApp::shared();
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    browser.sees("#new-memo").await;
    browser.click(".rail a[href='/help']").await;
    browser.is_at("/help").await;
    browser.sees(".help kbd").await;
    browser.reload().await;
    browser.sees(".help kbd").await;
    browser.back().await;
    browser.sees("#new-memo").await;
    browser.go(&app, "/no/such/page").await;
    browser.sees("main.text h1").await;
    browser.close().await;
}
