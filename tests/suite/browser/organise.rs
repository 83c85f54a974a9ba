//! What can be done with one memo: its menu, its boxes, and the way back.

use super::{open_as, write};
use crate::harness::{Browser, Screen, TestApp, User};

const ESCAPE: &str = "\u{e00c}";
const DOWN: &str = "\u{e015}";
const ENTER: &str = "\u{e007}";

/// Where the card of a memo stands: in the pinned ones, or in the others.
async fn group(browser: &Browser, list: &str, texts: &[&str]) {
    let script = format!(
        "return JSON.stringify(Array.from(document.querySelectorAll('{list} .memo-text'), e => e.textContent)) === {:?}",
        serde_json::json!(texts).to_string()
    );
    browser.until_true(&format!("{list} holds {texts:?}"), &script).await;
}

#[tokio::test]
async fn pinned_memos_stand_above_the_others_until_they_are_not() {
    let app = TestApp::shared();
    let user = app.user("pinning").await;
    let old = user.write("old").await;
    user.write("new").await;
    for screen in [Screen::Desktop, Screen::Phone] {
        let Some(browser) = open_as(&user, &app, screen).await else {
            return;
        };
        let card = format!(".memo[data-id='{}']", old.id);
        browser.from_menu(&card, ".pin").await;
        browser.tells("Pinned").await;
        group(&browser, ".pinned-memos", &["old"]).await;
        group(&browser, ".other-memos", &["new"]).await;
        browser.is_synced().await;
        assert!(user.read(&old).await.pinned);
        browser.reload().await;
        group(&browser, ".pinned-memos", &["old"]).await;
        browser.from_menu(&card, ".pin").await;
        browser.click("#status-action").await;
        browser.tells("Undone").await;
        group(&browser, ".pinned-memos", &["old"]).await;
        browser.from_menu(&card, ".pin").await;
        browser.tells("No longer").await;
        browser.shows(&["new", "old"]).await;
        browser.fits().await;
        browser.close().await;
    }
}

#[tokio::test]
async fn what_is_archived_leaves_the_stream_and_comes_back() {
    let app = TestApp::shared();
    let user = app.user("archiving").await;
    let memo = user.write("done with").await;
    user.write("stays").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    let card = format!(".memo[data-id='{}']", memo.id);
    browser.from_menu(&card, ".archive").await;
    browser.shows(&["stays"]).await;
    browser.focus_is_on(".memo a.open").await; // The neighbour's.
    browser.press("z").await;
    browser.shows(&["stays", "done with"]).await;
    browser.focus_is_on(&format!("{card} a.open")).await;
    browser.from_menu(&card, ".archive").await;
    browser.shows(&["stays"]).await;
    browser.click(".rail a[href='/archived']").await;
    browser.is_at("/archived").await;
    browser.shows(&["done with"]).await;
    browser.reload().await;
    browser.shows(&["done with"]).await;
    browser.from_menu(".memo", ".archive").await;
    browser.shows(&[]).await;
    browser.sees(".empty").await;
    browser.back().await;
    browser.shows(&["stays", "done with"]).await;
    browser.close().await;
}

#[tokio::test]
async fn the_menu_is_used_by_keyboard() {
    let app = TestApp::shared();
    let user = app.user("menu-keys").await;
    user.write("a memo").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.type_into(".memo .more-button", ENTER).await;
    browser.focus_is_on(".menu .pin").await;
    browser.press(DOWN).await;
    browser.focus_is_on(".menu .archive").await;
    browser.press("h").await;
    browser.focus_is_on(".menu .history").await;
    browser.press("\u{e010}").await; // End
    browser.focus_is_on(".menu .trash").await;
    browser.press(DOWN).await;
    browser.focus_is_on(".menu .pin").await;
    browser.press(ESCAPE).await;
    browser.focus_is_on(".memo .more-button").await;
    let closed = "return document.querySelector('.menu') === null
        && document.querySelector('.more-button').ariaExpanded === 'false'";
    browser.until_true("the menu is closed", closed).await;
    browser.press(DOWN).await;
    browser.focus_is_on(".menu .pin").await;
    browser.press("\u{e004}").await; // Tab goes on from the button.
    browser.until_true("the menu is closed", closed).await;
    browser.close().await;
}

/// Two boxes of a memo; another device changes the memo before this one has heard of it.
async fn ticking(user: &User, app: &TestApp, screen: Screen, elsewhere: &str) -> Option<Browser> {
    let memo = user.write("list\n\n- [ ] milk\n- [ ] bread").await;
    let browser = open_as(user, app, screen).await?;
    browser.sees(".memo .task input").await;
    user.edit(&memo, elsewhere).await;
    browser.click(".memo .task:nth-of-type(2) input").await;
    Some(browser)
}

#[tokio::test]
async fn a_box_is_ticked_in_the_card() {
    let app = TestApp::shared();
    let user = app.user("ticking").await;
    let memo = user.write("list\n\n- [ ] milk\n- [x] bread").await;
    for screen in [Screen::Desktop, Screen::Phone] {
        let Some(browser) = open_as(&user, &app, screen).await else {
            return;
        };
        let before = user.read(&memo).await;
        for index in [1, 2] {
            browser.click(&format!(".memo .task:nth-of-type({index}) input")).await;
        }
        let switched = match before.text.contains("[ ] milk") {
            true => "list\n\n- [x] milk\n- [ ] bread",
            false => "list\n\n- [ ] milk\n- [x] bread",
        };
        user.comes_to(&memo, switched).await;
        browser.is_synced().await;
        assert_ne!(user.read(&memo).await.version, before.version);
        browser.focus_is_on(".memo .task:nth-of-type(2) input").await;
        browser.close().await;
    }
}

#[tokio::test]
async fn a_box_is_ticked_in_what_was_changed_elsewhere() {
    let app = TestApp::shared();
    let user = app.user("merging").await;
    let elsewhere = "shopping\n\n- [ ] eggs\n- [ ] milk\n- [ ] bread";
    let Some(browser) = ticking(&user, &app, Screen::Desktop, elsewhere).await else {
        return;
    };
    browser.shows(&["shoppingeggsmilkbread"]).await;
    let ticked = "return Array.from(document.querySelectorAll('.memo .task input'), (box) => box.checked).join() === 'false,false,true'";
    browser.until_true("the same line is ticked", ticked).await;
    browser.is_synced().await;
    let memos = user.all_memos().await;
    assert_eq!(memos[0].text, elsewhere.replace("[ ] bread", "[x] bread"));
    browser.close().await;
}

#[tokio::test]
async fn a_box_whose_line_is_gone_is_asked_about() {
    let app = TestApp::shared();
    let user = app.user("line-gone").await;
    let elsewhere = "list\n\n- [ ] milk";
    let Some(browser) = ticking(&user, &app, Screen::Phone, elsewhere).await else {
        return;
    };
    browser.sees("memo-conflict").await;
    browser.fits().await;
    assert_eq!(user.all_memos().await[0].text, elsewhere);
    browser.click("[data-testid=theirs]").await;
    browser.click("[data-testid=decide]").await;
    browser.shows(&["listmilk"]).await;
    browser.is_synced().await;
    assert_eq!(user.all_memos().await[0].text, elsewhere);
    browser.close().await;
}

#[tokio::test]
async fn a_click_opens_and_keys_move_edit_and_search() {
    let app = TestApp::shared();
    let user = app.user("keys-everywhere").await;
    user.write("first").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    write(&browser, "n j k / x e ?").await; // Letters, as long as one writes.
    browser.shows(&["n j k / x e ?", "first"]).await;
    browser.is_at("/").await;
    browser.press(ESCAPE).await; // Out of the pad.
    browser
        .until_true(
            "nothing has the focus",
            "return document.activeElement === document.body",
        )
        .await;
    browser.press("j").await;
    browser.press("j").await;
    let second = ".other-memos .memo:nth-child(2)";
    browser.focus_is_on(&format!("{second} a.open")).await;
    browser.press("x").await;
    browser.sees(&format!("{second}.selected")).await;
    browser.press(ESCAPE).await;
    browser
        .until_true("nothing is selected", "return !document.querySelector('.selected')")
        .await;
    browser.press("k").await;
    browser.focus_is_on(".other-memos .memo:first-child a.open").await;
    browser.press("e").await;
    browser.focus_is_on("memo-editor textarea").await;
    browser.press(ESCAPE).await;
    browser.focus_is_on(".memo .edit").await;
    browser.press("/").await;
    browser.focus_is_on("#search").await;
    browser.type_into("#search", "\u{e004}").await; // Tab
    browser.press("n").await;
    browser.focus_is_on("#new-memo").await;
    browser.press(ESCAPE).await;
    browser.press("?").await;
    browser.is_at("/help").await;
    browser.back().await;
    browser.click(&format!("{second} .memo-text")).await;
    browser
        .until_true("the memo is open", "return location.pathname.startsWith('/m/')")
        .await;
    browser.shows(&["first"]).await;
    browser.close().await;
}

#[tokio::test]
async fn the_drawer_of_a_phone_keeps_the_focus_and_gives_it_back() {
    let app = TestApp::shared();
    let user = app.user("drawer").await;
    user.write("a memo #home/garden").await;
    let Some(browser) = open_as(&user, &app, Screen::Phone).await else {
        return;
    };
    browser.click("#open-rail").await;
    browser.sees("#drawer[open] .rail").await;
    browser
        .until_true(
            "the focus is inside",
            "return document.querySelector('#drawer').contains(document.activeElement)",
        )
        .await;
    browser.fits().await;
    browser.press(ESCAPE).await;
    browser.focus_is_on("#open-rail").await;
    browser.click("#open-rail").await;
    browser.click("#drawer .toggle").await;
    browser.click("#drawer a[href='/tag/home/garden']").await;
    browser.is_at("/tag/home/garden").await;
    browser
        .until_true("the drawer is closed", "return !document.querySelector('#drawer').open")
        .await;
    browser.shows(&["a memo #home/garden"]).await;
    browser.click("#new-memo-button").await;
    browser.is_at("/new").await;
    browser.focus_is_on("#new-memo").await;
    browser.close().await;
}

#[tokio::test]
async fn on_a_phone_no_screen_is_wider_than_it() {
    let app = TestApp::shared();
    let user = app.user("narrow").await;
    let long = "끝없는낱말".repeat(30);
    let memo = user.write(&format!("#{} {long}", "태그".repeat(40))).await;
    user.edit(&memo, "all of it went away #short").await;
    let Some(browser) = open_as(&user, &app, Screen::Phone).await else {
        return;
    };
    browser.sees(".memo").await;
    let id = &memo.id;
    for path in [
        "/",
        "/new",
        "/tag/short",
        "/search?q=went",
        "/archived",
        "/trash",
        "/help",
    ] {
        browser.go(&app, path).await;
        browser.sees("main h1").await;
        browser.fits().await;
    }
    for path in [
        format!("/m/{id}"),
        format!("/m/{id}/history"),
        format!("/search?q={long}"),
    ] {
        browser.go(&app, &path).await;
        browser.sees(".memo, .version, .empty").await;
        browser.fits().await;
    }
    browser.close().await;
}
