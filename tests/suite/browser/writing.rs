//! The editor: it saves itself and says so, and helps to write Markdown.

use super::open_as;
use crate::harness::{Browser, Screen, TestApp};

const EDITOR: &str = "memo-editor textarea";

/// Waits until the editor says that of its text.
async fn says(browser: &Browser, state: &str) {
    let script = format!("return document.querySelector('memo-editor .what')?.textContent.startsWith({state:?})");
    browser.until_true(&format!("the editor says {state:?}"), &script).await;
}

/// Waits until a field holds the text.
async fn holds(browser: &Browser, css: &str, text: &str) {
    let script = format!("return document.querySelector({css:?})?.value === {text:?}");
    browser.until_true(&format!("{css} holds {text:?}"), &script).await;
}

async fn has_focus(browser: &Browser, css: &str) {
    let script = format!("return document.activeElement === document.querySelector({css:?})");
    browser.until_true(&format!("{css} has the focus"), &script).await;
}

#[tokio::test]
async fn an_edit_saves_itself_and_says_so() {
    let app = TestApp::shared();
    let user = app.user("autosave").await;
    let memo = user.write("one").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.click(".memo .edit").await;
    says(&browser, "Saved").await;
    browser.type_into(EDITOR, " two").await;
    says(&browser, "Saved").await;
    holds(&browser, EDITOR, "one two").await;
    browser.is_synced().await;
    assert_eq!(user.read(&memo).await.text, "one two");
    // Each time over the version that it got last.
    browser.type_into(EDITOR, " three").await;
    says(&browser, "Saved").await;
    browser.is_synced().await;
    assert_eq!(user.read(&memo).await.text, "one two three");
    has_focus(&browser, EDITOR).await;
    browser.type_into(EDITOR, " four").await;
    browser.click(".memo .save").await;
    browser.shows(&["one two three four"]).await;
    browser.sees(".memo .edit").await;
    browser.is_synced().await;
    assert_eq!(user.read(&memo).await.text, "one two three four");
    browser.close().await;
}

#[tokio::test]
async fn what_is_left_is_saved_at_once() {
    let app = TestApp::shared();
    let user = app.user("leaving").await;
    let memo = user.write("one").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.click(".memo .edit").await;
    // A pause that nobody waits for: what does not save at once, does not save.
    browser
        .run("const later = setTimeout; window.setTimeout = (act, wait, ...rest) => (wait > 300 ? 0 : later(act, wait, ...rest))")
        .await;
    browser.type_into(EDITOR, " two").await;
    browser.click("#new-memo").await;
    says(&browser, "Saved").await;
    browser.is_synced().await;
    assert_eq!(user.read(&memo).await.text, "one two");
    browser.close().await;
}

/// No pause, no other field: the page goes away amid a word.
#[tokio::test]
async fn what_is_typed_when_the_page_goes_away_is_there_when_it_is_back() {
    let app = TestApp::shared();
    let user = app.user("reloading").await;
    let memo = user.write("one").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.click(".memo .edit").await;
    browser.type_into(EDITOR, " two").await;
    browser
        .run(
            "const field = document.querySelector('memo-editor textarea');
             field.value += ' three';
             field.dispatchEvent(new Event('input', { bubbles: true }));
             location.reload();",
        )
        .await;
    browser.shows(&["one two three"]).await;
    browser.is_synced().await;
    assert_eq!(user.read(&memo).await.text, "one two three");
    browser.close().await;
}

#[tokio::test]
async fn without_a_connection_the_text_is_on_the_device_and_saved_later() {
    let app = TestApp::shared();
    let user = app.user("cut-off").await;
    let memo = user.write("one").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.click(".memo .edit").await;
    browser.cut_off(&["*/api/memos*"]).await;
    browser.type_into(EDITOR, " two").await;
    says(&browser, "On this device only").await;
    let is_told = "return document.querySelector('memo-editor .state').ariaLive === 'polite'";
    assert_eq!(browser.run(is_told).await, true, "a screen reader hears of it");
    browser.click(".memo .save").await;
    browser.shows(&["one two"]).await;
    browser.reload().await;
    browser.shows(&["one two"]).await;
    assert_eq!(user.read(&memo).await, memo);
    let where_it_is = "return document.querySelector('.memo .where .what').textContent === 'On this device only'";
    browser.until_true("the card says where it is", where_it_is).await;
    browser.cut_off(&[]).await;
    user.comes_to(&memo, "one two").await;
    browser.is_synced().await;
    browser.close().await;
}

#[tokio::test]
async fn what_cannot_be_saved_is_told_with_its_reason() {
    let app = TestApp::shared();
    let user = app.user("blank").await;
    let memo = user.write("one").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.click(".memo .edit").await;
    browser.fill(EDITOR, " ").await;
    says(&browser, "Not saved").await;
    let why = "return document.querySelector('memo-editor .state .why').textContent.includes('nothing to save')";
    browser.until_true("it says why", why).await;
    browser.type_into(EDITOR, "\u{e00c}").await; // Escape
    browser.sees(EDITOR).await;
    assert_eq!(user.read(&memo).await, memo);
    browser.close().await;
}

#[tokio::test]
async fn an_edit_can_be_discarded_and_taken_back() {
    let app = TestApp::shared();
    let user = app.user("discarding").await;
    let memo = user.write("one").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.click(".memo .edit").await;
    browser.type_into(EDITOR, " two").await;
    says(&browser, "Saved").await;
    browser.click(".memo .cancel").await;
    browser.shows(&["one"]).await;
    browser.sees(".memo .edit").await;
    browser.is_synced().await;
    assert_eq!(user.read(&memo).await.text, "one", "also what had saved itself");
    browser.click("#status-action").await;
    holds(&browser, EDITOR, "one two").await;
    says(&browser, "Saved").await;
    browser.is_synced().await;
    assert_eq!(user.read(&memo).await.text, "one two");
    browser.close().await;
}

#[tokio::test]
async fn lists_go_on_by_themselves_and_the_browser_takes_it_back() {
    let app = TestApp::shared();
    let user = app.user("lists").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.type_into("#new-memo", "- [ ] a\nb").await;
    holds(&browser, "#new-memo", "- [ ] a\n- [ ] b").await;
    browser.type_into("#new-memo", "\u{e004}").await; // Tab
    holds(&browser, "#new-memo", "- [ ] a\n  - [ ] b").await;
    has_focus(&browser, "#new-memo").await;
    browser.type_into("#new-memo", "\u{e008}\u{e004}\u{e000}").await; // Shift and Tab
    holds(&browser, "#new-memo", "- [ ] a\n- [ ] b").await;
    browser.type_into("#new-memo", "\u{e009}z\u{e000}").await; // Ctrl and z
    holds(&browser, "#new-memo", "- [ ] a\n  - [ ] b").await;
    browser.type_into("#new-memo", "\u{e010}\n\nc").await; // End
    holds(&browser, "#new-memo", "- [ ] a\n  - [ ] b\nc").await;
    browser.type_into("#new-memo", "\u{e004}").await; // Tab leads on where there is no list.
    has_focus(&browser, ".composer [data-tool=bold]").await;
    browser.close().await;
}

#[tokio::test]
async fn the_toolbar_works_by_mouse_and_by_keyboard() {
    let app = TestApp::shared();
    let user = app.user("tools").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.type_into("#new-memo", "word").await;
    browser.run("document.querySelector('#new-memo').select()").await;
    browser.click(".composer [data-tool=bold]").await;
    holds(&browser, "#new-memo", "**word**").await;
    has_focus(&browser, "#new-memo").await;
    // One stop of the Tab key; the arrows lead from tool to tool.
    browser.type_into("#new-memo", "\u{e004}").await;
    has_focus(&browser, ".composer [data-tool=bold]").await;
    browser
        .type_into(".composer [data-tool=bold]", "\u{e014}\u{e014}")
        .await; // Right, right
    has_focus(&browser, ".composer [data-tool=checklist]").await;
    browser.type_into(".composer [data-tool=checklist]", "\u{e007}").await;
    holds(&browser, "#new-memo", "- [ ] **word**").await;
    has_focus(&browser, "#new-memo").await;
    browser.type_into("#new-memo", "\u{e009}b\u{e000}").await; // Ctrl and b, on what is selected
    holds(&browser, "#new-memo", "- [ ] word").await;
    let names = "return [...document.querySelectorAll('.composer .tools button')].every((button) => button.ariaLabel && !button.disabled)";
    assert_eq!(browser.run(names).await, true);
    browser.close().await;
}

#[tokio::test]
async fn the_preview_shows_what_is_written() {
    let app = TestApp::shared();
    let user = app.user("preview").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.click(".composer [data-tool=preview]").await;
    browser.type_into("#new-memo", "# Title\n<b>x</b> **y**").await;
    let shown = "return document.querySelector('.preview h2')?.textContent === 'Title' \
                 && document.querySelector('.preview p')?.textContent === '<b>x</b> y' \
                 && document.querySelector('.preview strong')?.textContent === 'y'";
    browser.until_true("the preview follows", shown).await;
    browser.close().await;

    let Some(phone) = open_as(&user, &app, Screen::Phone).await else {
        return;
    };
    phone.type_into("#new-memo", "*z*").await;
    phone.click(".composer [data-tool=preview]").await;
    let instead = "return !document.querySelector('#new-memo').checkVisibility() && document.querySelector('.preview em') !== null";
    phone.until_true("the preview is in the text's place", instead).await;
    let fits = "return document.documentElement.scrollWidth <= innerWidth \
                && [...document.querySelectorAll('.tools button')].every((button) => button.offsetWidth >= 44 && button.offsetHeight >= 44)";
    phone.until_true("it fits, and fingers find the tools", fits).await;
    phone.click(".composer [data-tool=bold]").await;
    phone.sees("#new-memo").await;
    phone.close().await;
}

#[tokio::test]
async fn tags_are_offered_to_who_begins_one() {
    let app = TestApp::shared();
    let user = app.user("offers").await;
    user.write("#trip/jeju and #work").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.sees(".memo .edit").await;
    let offers = "return JSON.stringify(Array.from(document.querySelectorAll('.composer .offer:not([hidden]) [role=option]'), (option) => option.textContent))";
    let are = |tags: &str| format!("return (() => {{ {offers} }})() === {tags:?}");
    browser.type_into("#new-memo", "on #").await;
    browser
        .until_true("all tags", &are(r##"["#trip/jeju","#work"]"##))
        .await;
    browser.type_into("#new-memo", "je").await;
    browser
        .until_true("the tags that fit", &are(r##"["#trip/jeju"]"##))
        .await;
    let chosen = "return document.querySelector('#new-memo').getAttribute('aria-activedescendant') \
                  === document.querySelector('.composer [role=option][aria-selected=true]')?.id";
    browser.type_into("#new-memo", "\u{e015}").await; // Down
    browser.until_true("a screen reader hears of the choice", chosen).await;
    browser.type_into("#new-memo", "\n").await;
    holds(&browser, "#new-memo", "on #trip/jeju ").await;
    // Where nothing is chosen, Enter is Enter, and Escape closes the offer alone.
    browser.type_into("#new-memo", "#wo\n").await;
    holds(&browser, "#new-memo", "on #trip/jeju #wo\n").await;
    browser.type_into("#new-memo", "#wo\u{e00c}").await;
    browser.until_true("no offer", &are("[]")).await;
    has_focus(&browser, "#new-memo").await;
    browser.close().await;
}
