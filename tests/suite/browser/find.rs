//! Search: as one types, also amid a syllable and by initial consonants.

use serde_json::json;

use super::open_as;
use crate::harness::{Browser, Screen, TestApp, User};

/// More memos than one page of the list has, with one at its end.
async fn many(user: &User, oldest: &str) {
    user.write(oldest).await;
    for number in 1..=25 {
        user.write(&format!("메모 {number}")).await;
    }
}

async fn marked(browser: &Browser, words: &str) {
    let script = format!(
        "return Array.from(document.querySelectorAll('.memo mark'), (mark) => mark.textContent).join() === {words:?}"
    );
    browser.until_true(&format!("{words} is marked"), &script).await;
}

#[tokio::test]
async fn what_is_typed_is_found_marked_and_kept_in_the_address() {
    let app = TestApp::shared();
    let user = app.user("finding").await;
    many(&user, "The **Needle** in the haystack").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.type_into("#search", "hay nee").await;
    browser.is_at("/search?q=hay%20nee").await;
    browser.shows(&["The Needle in the haystack"]).await;
    marked(&browser, "Nee,hay").await;
    assert!(browser.text(".found").await.contains('1'));
    browser.focus_is_on("#search").await;
    browser.type_into("#search", "dle").await;
    browser.is_at("/search?q=hay%20needle").await;
    browser.reload().await;
    browser.shows(&["The Needle in the haystack"]).await;
    let kept = "return document.querySelector('#search').value === 'hay needle'";
    browser.until_true("the words are in the field", kept).await;
    browser.fill("#search", "nothing like it").await;
    browser.shows(&[]).await;
    browser.sees(".empty").await;
    browser.back().await; // What was typed is one place, not a place per letter.
    browser.is_at("/").await;
    browser.sees(".memo").await;
    browser.close().await;
}

#[tokio::test]
async fn initial_consonants_find_what_is_far_down() {
    let app = TestApp::shared();
    let user = app.user("chosung").await;
    many(&user, "어제 배달의 민족에서").await;
    for screen in [Screen::Desktop, Screen::Phone] {
        let Some(browser) = open_as(&user, &app, screen).await else {
            return;
        };
        if matches!(screen, Screen::Phone) {
            browser.click("#to-search").await;
            browser.is_at("/search").await;
            browser.sees(".empty").await;
            browser.focus_is_on("#search").await;
        }
        browser.type_into("#search", "ㅂㄷㅇㅁㅈ").await;
        browser.shows(&["어제 배달의 민족에서"]).await;
        marked(&browser, "배달의 민족").await;
        browser.fits().await;
        browser.close().await;
    }
}

#[tokio::test]
async fn a_syllable_is_searched_for_while_it_is_composed() {
    let app = TestApp::shared();
    let user = app.user("composing").await;
    user.write("새 가방").await;
    user.write("나무").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.shows(&["나무", "새 가방"]).await;
    browser.click("#search").await;
    for part in ["ㄱ", "가", "갑"] {
        let composition = json!({ "text": part, "selectionStart": 1, "selectionEnd": 1 });
        browser.devtools("Input.imeSetComposition", composition).await;
        browser.shows(&["새 가방"]).await;
        let value = browser.run("return document.querySelector('#search').value").await;
        assert_eq!(value, part, "the field is left alone");
    }
    browser.devtools("Input.insertText", json!({ "text": "가" })).await;
    let composition = json!({ "text": "방", "selectionStart": 1, "selectionEnd": 1 });
    browser.devtools("Input.imeSetComposition", composition).await;
    browser.is_at("/search?q=%EA%B0%80%EB%B0%A9").await;
    browser.shows(&["새 가방"]).await;
    browser.close().await;
}
