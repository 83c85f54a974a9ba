//! Writing with an input method, and with the keyboard's shortcuts.

use serde_json::{Value, json};

use super::{SAVE, open_as};
use crate::harness::{Browser, Screen, TestApp};

/// What an input method would put at the caret so far.
async fn compose(browser: &Browser, text: &str) {
    let caret = text.encode_utf16().count();
    let composition = json!({ "text": text, "selectionStart": caret, "selectionEnd": caret });
    browser.devtools("Input.imeSetComposition", composition).await;
}

/// The key goes down and up while the composition goes on.
async fn press_ctrl_enter(browser: &Browser) {
    for kind in ["rawKeyDown", "keyUp"] {
        let key = json!({ "type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "modifiers": 2 });
        browser.devtools("Input.dispatchKeyEvent", key).await;
    }
}

#[tokio::test]
async fn a_shortcut_amid_a_syllable_saves_the_whole_text() {
    let app = TestApp::shared();
    let user = app.user("korean").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser
        .run(
            "window.heard = [];
             addEventListener('keydown', (event) => heard.push(event.isComposing), true);
             addEventListener('compositionend', () => heard.push('end'), true);",
        )
        .await;
    browser.type_into("#new-memo", "우유").await;
    compose(&browser, "ㅃ").await;
    compose(&browser, "빠").await;
    press_ctrl_enter(&browser).await;
    compose(&browser, "빵").await;
    let composing = browser.run("return document.querySelector('#new-memo').value").await;
    assert_eq!(composing, "우유빵", "the text is left alone as long as it is composed");
    browser.is_synced().await;
    assert!(user.all_memos().await.is_empty());
    browser.devtools("Input.insertText", json!({ "text": "빵" })).await;
    browser.shows(&["우유빵"]).await;
    browser
        .until_true(
            "an empty pad",
            "return document.querySelector('#new-memo').value === ''",
        )
        .await;
    let heard = browser.run("return heard.filter((what) => what !== false)").await;
    assert_eq!(heard, json!([true, "end"]), "the key came amid the composition");
    browser.is_synced().await;
    let texts: Vec<String> = user.all_memos().await.into_iter().map(|memo| memo.text).collect();
    assert_eq!(texts, ["우유빵"], "once");
    browser.close().await;
}

#[tokio::test]
async fn what_comes_from_elsewhere_does_not_disturb_a_composition() {
    let app = TestApp::shared();
    let user = app.user("undisturbed").await;
    let memo = user.write("before").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.shows(&["before"]).await;
    browser.click(".memo .edit").await;
    browser.focus_is_on("memo-editor textarea").await;
    compose(&browser, "하").await;
    user.edit(&memo, "changed elsewhere").await;
    user.write("new elsewhere").await;
    let refresh = "document.dispatchEvent(new Event('visibilitychange')); return true";
    assert_eq!(browser.run(refresh).await, Value::Bool(true));
    let is_there = "return document.querySelector('main').textContent.includes('new elsewhere')";
    browser.until_true("the new one", is_there).await;
    browser.sees("memo-conflict").await; // Of the other one there are two texts.
    compose(&browser, "한").await;
    browser.devtools("Input.insertText", json!({ "text": "한" })).await;
    let text = browser.run("return document.activeElement.value").await;
    assert_eq!(text, "before한");
    browser.close().await;
}

#[tokio::test]
async fn keys_save_and_close_and_are_told_where_there_is_a_keyboard() {
    let app = TestApp::shared();
    let user = app.user("keys").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.sees(".composer .shortcut").await;
    assert!(browser.text(".composer .shortcut").await.contains("Ctrl + Enter"));
    browser.type_into("#new-memo", &format!("by key{SAVE}")).await;
    browser.shows(&["by key"]).await;
    browser.click(".memo .edit").await;
    browser.type_into("memo-editor textarea", " and more\u{e00c}").await; // Escape
    browser.sees(".memo .edit").await;
    browser.shows(&["by key and more"]).await;
    browser.click(".memo .edit").await;
    browser
        .type_into("memo-editor textarea", &format!(" of it{SAVE}"))
        .await;
    browser.shows(&["by key and more of it"]).await;
    browser.close().await;

    let Some(phone) = open_as(&user, &app, Screen::Phone).await else {
        return;
    };
    let hidden = "return document.querySelector('.composer .shortcut').checkVisibility() === false";
    phone.until_true("no key is told where there is none", hidden).await;
    phone.close().await;
}

#[tokio::test]
async fn what_saves_itself_does_not_disturb_a_composition() {
    let app = TestApp::shared();
    let user = app.user("composing").await;
    let memo = user.write("before").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.click(".memo .edit").await;
    browser.sees("memo-editor textarea").await;
    compose(&browser, "하").await;
    let saved = "return document.querySelector('memo-editor .what').textContent === 'Saved'";
    browser.until_true("it is saved amid the syllable", saved).await;
    browser.is_synced().await;
    assert_eq!(user.read(&memo).await.text, "before하");
    compose(&browser, "한").await;
    browser.devtools("Input.insertText", json!({ "text": "한" })).await;
    let text = browser.run("return document.activeElement.value").await;
    assert_eq!(text, "before한");
    browser.type_into("memo-editor textarea", SAVE).await;
    browser.shows(&["before한"]).await;
    browser.is_synced().await;
    assert_eq!(user.read(&memo).await.text, "before한");
    browser.close().await;
}

/// A tool that changed the text amid a syllable would tear it.
#[tokio::test]
async fn a_tool_amid_a_syllable_waits_for_the_whole_of_it() {
    let app = TestApp::shared();
    let user = app.user("tools-ime").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.type_into("#new-memo", "- ").await;
    compose(&browser, "우").await;
    browser.click(".composer [data-tool=bold]").await;
    let text = browser.run("return document.querySelector('#new-memo').value").await;
    assert_eq!(text, "- 우****");
    compose(&browser, "유").await;
    browser.devtools("Input.insertText", json!({ "text": "유" })).await;
    let text = browser.run("return document.querySelector('#new-memo').value").await;
    assert_eq!(text, "- 우**유**");
    // Enter that ends a composition is the input method's; the next one goes on with the list.
    browser.type_into("#new-memo", "\u{e010}\u{e007}").await; // End, Enter
    let text = browser.run("return document.querySelector('#new-memo').value").await;
    assert_eq!(text, "- 우**유**\n- ");
    browser.close().await;
}
