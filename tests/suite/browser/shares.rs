//! Links to a memo: made, opened by a stranger, and ended.

use serde_json::json;

use super::open_as;
use crate::harness::{Browser, Screen, TestApp};

/// The links of the page, once they are there.
async fn sees_links(browser: &Browser, count: usize) {
    let script = format!(
        "return document.querySelector('.share .state')?.textContent !== undefined
         && document.querySelectorAll('[data-testid=link]').length === {count}"
    );
    browser.until_true("the links", &script).await;
}

#[tokio::test]
async fn a_link_is_made_opened_and_ended() {
    let app = TestApp::shared();
    let user = app.user("link").await;
    for screen in [Screen::Desktop, Screen::Phone] {
        let memo = user
            .write("# 함께 볼 메모\n\n| 날 | 할 일 |\n|---|---|\n| 월 | **장보기** |\n\n- [x] 우유 #장보기")
            .await;
        let Some(browser) = open_as(&user, &app, screen).await else {
            return;
        };
        browser
            .from_menu(&format!(".memo[data-id='{}']", memo.id), ".share")
            .await;
        browser.is_at(&format!("/m/{}/share", memo.id)).await;
        browser.until_true("it says that there is none", SAYS_NONE).await;
        browser.pick("#link-days", "30").await;
        browser.click("[data-testid=make-link] [type=submit]").await;
        browser.sees("[data-testid=link-address]").await;
        browser.focus_is_on("[data-testid=link-address]").await;
        sees_links(&browser, 1).await;
        browser.fits().await;
        browser.picture("share").await;
        let address = browser.text("[data-testid=link-address]").await;
        let path = address.strip_prefix(app.base_url()).expect("an address of this app");
        let stranger = app.anonymous();
        stranger.get(path).await.expect(200);

        browser.go(&app, path).await;
        browser.sees("[data-testid=memo-text] h2").await;
        browser.fits().await;
        browser.picture("shared").await;
        let is_styled = "return getComputedStyle(document.querySelector('article')).borderTopStyle === 'solid'
            && document.title === '함께 볼 메모' && document.querySelector('article').lang === 'ko'";
        browser.until_true("it has its style and its title", is_styled).await;
        assert_eq!(browser.whole_console().await, Vec::<String>::new());

        browser.go(&app, &format!("/m/{}/share", memo.id)).await;
        sees_links(&browser, 1).await;
        let has_no_address = "return !document.querySelector('[data-testid=link-address]').checkVisibility()";
        browser
            .until_true("the address is not shown again", has_no_address)
            .await;
        browser.click("[data-testid=end-link]").await;
        browser.click("[data-testid=yes]").await;
        sees_links(&browser, 0).await;
        stranger.get(path).await.expect(404);
        browser.go(&app, path).await;
        browser.sees("h1").await;
        browser.fits().await;
        browser.close().await;
    }
}

const SAYS_NONE: &str = "return document.querySelector('.share .state')?.dataset.text === 'noLinks'";

/// A page that is read in the dark, at 320 px and by the keyboard alone: its tables scroll, and nothing else does.
#[tokio::test]
async fn the_page_of_a_link_fits_a_narrow_screen_in_light_and_dark() {
    let app = TestApp::shared();
    let user = app.user("narrow").await;
    let wide = "a very wide column of this table | ".repeat(8);
    let memo = user
        .write(&format!(
            "{wide}b\n{}-\n\n`{}`\n\n{}",
            "-|".repeat(8),
            "code ".repeat(40),
            "긴단어".repeat(60)
        ))
        .await;
    let path = format!("{}/shares", memo.path());
    let made = user.post(&path, &json!({})).await.expect(201).value();
    let page = format!("/api/shares/{}", made["token"].as_str().unwrap_or_default());
    let Some(browser) = Browser::open(&app, Screen::Phone).await else {
        return;
    };
    let narrow = json!({ "width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": true });
    browser.devtools("Emulation.setDeviceMetricsOverride", narrow).await;
    browser.go(&app, &page).await;
    browser.fits().await;
    let mut colours = Vec::new();
    for scheme in ["light", "dark"] {
        let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        browser.devtools("Emulation.setEmulatedMedia", feature).await;
        let colour = "return getComputedStyle(document.documentElement).backgroundColor";
        colours.push(browser.run(colour).await);
    }
    assert_ne!(colours[0], colours[1]);
    browser.close().await;
}
