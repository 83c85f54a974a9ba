//! The site in Korean and English.

use serde_json::json;

use crate::harness::{Browser, Screen, TestApp};

fn is_korean(text: &str) -> bool {
    text.chars().any(|c| ('가'..='힣').contains(&c))
}

async fn speaks(browser: &Browser, language: &str) {
    let script = format!("return document.documentElement.lang === {language:?}");
    browser.until_true(language, &script).await;
    assert_eq!(is_korean(&browser.text("#sign-in").await), language == "ko");
    // The words of a screen that came later.
    assert_eq!(
        is_korean(&browser.text("[data-testid=to-recover]").await),
        language == "ko"
    );
}

#[tokio::test]
async fn the_language_can_be_switched_and_is_remembered() {
    let app = TestApp::shared();
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    browser.stroll("/sign-in").await;
    browser.sees("#sign-in").await;
    browser.pick("#language", "en").await;
    speaks(&browser, "en").await;
    browser.pick("#language", "ko").await;
    speaks(&browser, "ko").await;
    browser.reload().await;
    browser.sees("#sign-in").await;
    speaks(&browser, "ko").await;
    browser.close().await;
}

#[tokio::test]
async fn one_language_is_loaded() {
    let app = TestApp::shared();
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    browser.stroll("/sign-in").await;
    browser.sees("#sign-in").await;
    let loaded = "return performance.getEntriesByType('resource').map((entry) => new URL(entry.name).pathname)
        .flatMap((path) => /\\/locales\\/(?:late\\/)?..\\.js$/.exec(path) ?? []).sort().join()";
    assert_eq!(browser.run(loaded).await, "/locales/en.js,/locales/late/en.js");
    browser.pick("#language", "ko").await;
    speaks(&browser, "ko").await;
    browser.reload().await;
    browser.sees("#sign-in").await;
    assert_eq!(browser.run(loaded).await, "/locales/ko.js,/locales/late/ko.js");
    browser.close().await;
}

/// Blocks the files from now on, in pages that are loaded from now on as well.
async fn block(browser: &Browser, urls: &[&str]) {
    browser.devtools("Network.enable", json!({})).await;
    browser
        .devtools("Network.setCacheDisabled", json!({ "cacheDisabled": true }))
        .await;
    browser
        .devtools("Network.setBlockedURLs", json!({ "urls": urls }))
        .await;
}

#[tokio::test]
async fn where_the_words_do_not_come_the_page_speaks_the_other_language() {
    let app = TestApp::shared();
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    browser.stroll("/sign-in").await;
    browser.sees("#sign-in").await;
    block(&browser, &["*/locales/ko.js"]).await;
    browser.pick("#language", "ko").await;
    browser
        .until_true(
            "a message in the language that stays",
            "return document.querySelector('#status').textContent.trim() !== ''
                && document.querySelector('#language').value === 'en'",
        )
        .await;
    speaks(&browser, "en").await;
    browser.run("localStorage.setItem('language', 'ko')").await;
    browser.reload().await;
    browser.sees("#sign-in").await;
    speaks(&browser, "en").await;
    browser.close().await;
}

#[tokio::test]
async fn where_no_words_come_the_page_says_so_in_both_languages() {
    let app = TestApp::shared();
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    browser.stroll("/sign-in").await;
    browser.sees("#sign-in").await;
    block(&browser, &["*/locales/ko.js", "*/locales/en.js"]).await;
    browser.reload().await;
    browser.sees(".cannot-start [lang=en]").await;
    browser.sees(".cannot-start [lang=ko]").await;
    let visible = "return getComputedStyle(document.querySelector('.cannot-start')).visibility === 'visible'";
    browser.until_true("it can be read", visible).await;
    browser.console().await; // It tells why.
    browser.close().await;
}
