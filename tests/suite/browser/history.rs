//! Former versions of a memo: what was changed, and the way back.

use super::open_as;
use crate::harness::{Screen, TestApp};

const FIRST: &str = "plan\nbuy milk today\nand much more that is going to be taken away again, so that it is kept";
const SECOND: &str = "plan\nbuy bread today";

#[tokio::test]
async fn a_former_version_is_read_and_brought_back() {
    let app = TestApp::shared();
    let user = app.user("history").await;
    for screen in [Screen::Desktop, Screen::Phone] {
        let memo = user.write(FIRST).await;
        user.edit(&memo, SECOND).await;
        let Some(browser) = open_as(&user, &app, screen).await else {
            return;
        };
        let card = format!(".memo[data-id='{}']", memo.id);
        browser.from_menu(&card, ".history").await;
        browser.is_at(&format!("/m/{}/history", memo.id)).await;
        browser.sees(".version").await;
        assert_eq!(browser.text(".difference del strong").await, "milk");
        assert_eq!(browser.text(".difference ins strong").await, "bread");
        let shown =
            "return getComputedStyle(document.querySelector('.difference del'), '::before').content.includes('−')
            && getComputedStyle(document.querySelector('.difference ins'), '::before').content.includes('+')";
        browser
            .until_true("what is told by colour is told by signs, too", shown)
            .await;
        browser.fits().await;
        browser.click(".version .restore").await;
        browser.click("#status-action").await; // Before anything else: it is there for seconds only.
        user.comes_to(&memo, SECOND).await;
        browser.click(".version:last-child .restore").await;
        user.comes_to(&memo, FIRST).await;
        browser.click(".history .back").await;
        browser.is_at(&format!("/m/{}", memo.id)).await;
        browser.shows(&[FIRST]).await;
        browser.back().await;
        browser.sees(".version").await;
        browser.reload().await;
        browser.sees(".version").await;
        browser.close().await;
    }
}

#[tokio::test]
async fn a_memo_without_a_past_says_so_and_one_that_is_not_there_too() {
    let app = TestApp::shared();
    let user = app.user("no-history").await;
    let memo = user.write("new").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    for (id, words) in [
        (memo.id.as_str(), "no earlier versions"),
        ("987654321", "no longer there"),
    ] {
        browser.go(&app, &format!("/m/{id}/history")).await;
        let told =
            format!("return document.querySelector('.history .state')?.textContent.includes({words:?}) === true");
        browser.until_true(words, &told).await;
    }
    browser.close().await;
}
