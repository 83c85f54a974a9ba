//! Pages of a release that the server has replaced, where no service worker has kept it: on plain http, or with the first
//! visit just begun.

use crate::harness::{Browser, Release, Releases, Screen, TestApp};

const DRAFT: &str = "not saved yet";

fn without_worker(release: &str) -> Release {
    Release::named(release).failing("/service-worker.js", 404)
}

/// A part that comes later is no longer there: the page says so, and offers what helps.
#[tokio::test]
async fn what_is_missing_of_an_old_release_is_told_with_the_way_to_the_new_one() {
    let site = Releases::of(&TestApp::shared()).await;
    site.deploy(without_worker("a"));
    let Some(browser) = Browser::open(site.app(), Screen::Phone).await else {
        return;
    };
    browser.fill("#new-memo", DRAFT).await;
    site.deploy(without_worker("b"));
    // Who leaves the pad does not write any more: while somebody does, nothing stands in the way on a small screen.
    browser.run("document.activeElement.blur()").await;
    browser.run("document.querySelector(\"a[href='/help']\").click()").await;
    browser.sees(".release-offer .reload").await;
    browser.fits().await;
    let told = browser.text(".release-offer").await;
    assert!(told.contains("older version"), "{told:?}");
    browser.click(".release-offer .close").await;
    browser
        .run("document.querySelector(\"a[href='/sign-in']\").click()")
        .await;
    browser.click(".release-offer .reload").await;
    browser.sees("#sign-in").await;
    let is_new = "return document.documentElement.dataset.release === 'b'";
    browser.until_true("the page is of the new release", is_new).await;
    browser.stroll("/").await;
    let is_kept = format!("return document.querySelector('#new-memo').value === '{DRAFT}'");
    browser.until_true("the draft is there", &is_kept).await;
    browser.console().await; // It tells that there is no worker.
    browser.close().await;
}

/// Without a server the words are others: a reload would not help.
#[tokio::test]
async fn what_does_not_come_without_a_server_is_no_old_release() {
    let site = Releases::of(&TestApp::shared()).await;
    site.deploy(without_worker("a"));
    let Some(browser) = Browser::open(site.app(), Screen::Desktop).await else {
        return;
    };
    browser.sees("#new-memo").await;
    browser.cut_off(&["*"]).await;
    browser.click(".rail a[href='/help']").await;
    browser.tells("cannot be reached").await;
    let offer = "return !document.querySelector('.release-offer .reload')?.checkVisibility()";
    browser.until_true("nothing is offered", offer).await;
    browser.console().await; // It tells that there is no worker.
    browser.close().await;
}
