//! From one release to the next: nobody loses a word, and no page mixes two.

use super::{sign_up, write};
use crate::harness::{Axe, Browser, Release, Releases, Screen, TestApp, unique};

const DRAFT: &str = "not saved yet";
const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

/// Waits until the site is on the device, and stays there as long as this page is open.
async fn is_kept(browser: &Browser) {
    let script = "
        const { serviceWorker, locks } = navigator;
        const [, release] = document.querySelector('link[rel=stylesheet]').href.match(/release.([^/]+)/);
        const isHeld = async () => (await locks.query()).held.some(({ name }) => name === `shell-${release}`);
        while (!serviceWorker.controller || !(await isHeld())) await new Promise((resolve) => setTimeout(resolve, 20));";
    browser.run_async(script, Vec::new()).await;
}

/// Lets the browser look for another release, as it does by itself after a while.
async fn look(browser: &Browser) {
    let script = "await (await navigator.serviceWorker.getRegistration()).update().catch(() => {})";
    browser.run_async(script, Vec::new()).await;
}

/// Looks for this release and waits until all that is loaded from now on is of it.
async fn takes_over(browser: &Browser, release: &str) {
    look(browser).await;
    let script = "
        const registration = await navigator.serviceWorker.getRegistration();
        const isBusy = () => registration.installing || registration.waiting || registration.active.state !== 'activated';
        while (isBusy()) await new Promise((resolve) => setTimeout(resolve, 50));
        return new Promise((resolve) => {
            navigator.serviceWorker.addEventListener('message', ({ data }) => resolve(data.release), { once: true });
            registration.active.postMessage({ ask: 'release' });
        })";
    let active = browser.run_async(script, Vec::new()).await;
    assert_eq!(active, format!("{release:0>16}"));
}

async fn is_of(browser: &Browser, release: &str) {
    let script = format!(
        "return document.documentElement.dataset.release === {release:?} && document.documentElement.dataset.ready === ''"
    );
    browser
        .until_true(&format!("the page is of release {release}"), &script)
        .await;
}

async fn is_offered(browser: &Browser) {
    browser.sees(".release-offer .reload").await;
}

async fn holds(browser: &Browser, text: &str) {
    let script = format!("return document.querySelector('#new-memo')?.value === {text:?}");
    browser.until_true(&format!("the pad holds {text:?}"), &script).await;
}

/// Waits until the files of exactly these releases are on the device, from the oldest to the newest.
async fn keeps(browser: &Browser, releases: &str) {
    let script = "
        const names = async () => (await caches.keys()).map((name) => name.replace(/^shell-0*/, '')).join(' ');
        while ((await names()) !== arguments[0]) await new Promise((resolve) => setTimeout(resolve, 20));";
    browser.run_async(script, vec![releases.into()]).await;
}

#[tokio::test]
async fn a_new_release_waits_for_its_reader_and_keeps_what_is_typed() {
    let site = Releases::of(&TestApp::shared()).await;
    let Some(browser) = Browser::open(site.app(), Screen::Desktop).await else {
        return;
    };
    sign_up(&browser, &unique("release")).await;
    is_kept(&browser).await;
    browser.fill("#new-memo", DRAFT).await;
    let before = browser
        .run("return document.querySelector('#new-memo').getBoundingClientRect().y")
        .await;

    site.deploy(Release::named("b"));
    look(&browser).await;
    is_offered(&browser).await;
    assert!(browser.text(".release-offer").await.contains("new version"));
    is_of(&browser, "a").await;
    holds(&browser, DRAFT).await;
    browser.focus_is_on("#new-memo").await;
    let after = browser
        .run("return document.querySelector('#new-memo').getBoundingClientRect().y")
        .await;
    assert_eq!(before, after, "what is being written stays where it is");
    // Only what differs was loaded.
    let mut loaded = site.asked_for_files();
    loaded.sort();
    assert_eq!(loaded, ["/", "/404"]);
    // The server does not have the page's own release any more.
    browser.click(".rail a[href='/help']").await;
    browser.sees("main pre").await;
    browser.back().await;
    holds(&browser, DRAFT).await;

    let mut presses = 0;
    while browser
        .run("return document.activeElement.matches('.release-offer .reload')")
        .await
        != true
    {
        presses += 1;
        assert!(presses < 100, "the offer can be reached by keyboard");
        browser.press(TAB).await;
    }
    browser.press(ENTER).await;
    is_of(&browser, "b").await;
    holds(&browser, DRAFT).await;
    let offer = "return !document.querySelector('.release-offer .reload')?.checkVisibility()";
    browser.until_true("nothing is offered", offer).await;
    browser.close().await;
}

#[tokio::test]
async fn an_offer_that_was_declined_is_not_made_again() {
    let site = Releases::of(&TestApp::shared()).await;
    let Some(browser) = Browser::open(site.app(), Screen::Phone).await else {
        return;
    };
    browser.sees("#new-memo").await;
    is_kept(&browser).await;
    site.deploy(Release::named("b"));
    look(&browser).await;
    is_offered(&browser).await;
    browser.fits().await;
    browser.picture("release-offer-phone").await;
    if let Some(axe) = Axe::read() {
        assert_eq!(axe.violations(&browser).await, Vec::<String>::new());
    }
    browser.click(".release-offer .close").await;
    let ask = "const { serviceWorker } = navigator;
        const answer = new Promise((resolve) => serviceWorker.addEventListener('message', ({ data }) => resolve(data.release)));
        document.dispatchEvent(new Event('visibilitychange'));
        return answer";
    let next = browser.run_async(ask, Vec::new()).await;
    assert_eq!(next, "000000000000000b", "the page has asked again");
    let offer = "return document.querySelector('.release-offer .reload').hidden";
    assert_eq!(browser.run(offer).await, true);
    site.deploy(Release::named("c"));
    look(&browser).await;
    is_offered(&browser).await;
    browser.close().await;
}

#[tokio::test]
async fn tabs_of_several_releases_work_side_by_side() {
    let site = Releases::of(&TestApp::shared()).await;
    let Some(browser) = Browser::open(site.app(), Screen::Desktop).await else {
        return;
    };
    sign_up(&browser, &unique("tabs")).await;
    is_kept(&browser).await;
    browser.fill("#new-memo", DRAFT).await;
    keeps(&browser, "a").await;
    site.deploy(Release::named("b"));
    takes_over(&browser, "b").await;
    let first = browser.open_tab(site.app()).await;
    is_of(&browser, "b").await;
    write(&browser, "written in the second tab").await;
    browser.shows(&["written in the second tab"]).await;
    is_kept(&browser).await;

    for release in ["c", "d"] {
        site.deploy(Release::named(release));
        takes_over(&browser, release).await;
    }
    keeps(&browser, "a b c d").await;
    let second = browser.tab().await;
    for (tab, release) in [(first.clone(), "a"), (second, "b")] {
        browser.switch_to(tab).await;
        is_of(&browser, release).await;
        is_offered(&browser).await;
        // It comes when it is first wanted, and the server has not had it for long.
        browser.click(".rail a[href='/help']").await;
        browser.sees("main pre").await;
        browser.back().await;
    }
    browser.close_tab(first).await;
    holds(&browser, DRAFT).await;
    browser.click("#save-memo").await;
    browser.shows(&[DRAFT, "written in the second tab"]).await;
    browser.reload().await;
    is_of(&browser, "d").await;
    is_kept(&browser).await;
    site.deploy(Release::named("e"));
    takes_over(&browser, "e").await;
    keeps(&browser, "d e").await;
    browser.close().await;
}

#[tokio::test]
async fn a_release_that_comes_in_parts_is_not_taken() {
    let site = Releases::of(&TestApp::shared()).await;
    let Some(browser) = Browser::open(site.app(), Screen::Desktop).await else {
        return;
    };
    browser.sees("#new-memo").await;
    is_kept(&browser).await;
    site.deploy(Release::named("b").failing("/404", 500));
    look(&browser).await;
    let gone = "const registration = await navigator.serviceWorker.getRegistration();
        while (registration.installing) await new Promise((resolve) => setTimeout(resolve, 20));
        return registration.waiting === null";
    assert_eq!(browser.run_async(gone, Vec::new()).await, true);
    assert!(site.asked_for_files().contains(&"/404".to_owned()));
    browser.reload().await;
    is_of(&browser, "a").await;
    site.deploy(Release::named("b"));
    takes_over(&browser, "b").await;
    browser.reload().await;
    is_of(&browser, "b").await;
    browser.console().await; // It tells of the failure.
    browser.close().await;
}

/// Its pages do not even start, so nothing on them can help.
#[tokio::test]
async fn a_release_that_does_not_start_is_replaced_by_the_next() {
    let site = Releases::of(&TestApp::shared()).await;
    let Some(browser) = Browser::open(site.app(), Screen::Desktop).await else {
        return;
    };
    sign_up(&browser, &unique("broken")).await;
    is_kept(&browser).await;
    browser.fill("#new-memo", DRAFT).await;
    site.deploy(Release::named("b").with("/js/app.js", "throw new Error('does not start')"));
    takes_over(&browser, "b").await;
    browser.reload().await;
    browser.sees(".cannot-start").await;
    site.deploy(Release::named("c"));
    // The browser looks for another worker a moment after a page is loaded, and a person reloads after another moment.
    let fixed = "if (document.documentElement.dataset.release === 'c') return true;
        if (performance.now() > 2500) location.reload()";
    browser.until_true("the next release", fixed).await;
    is_of(&browser, "c").await;
    holds(&browser, DRAFT).await;
    browser.console().await; // It tells of the error.
    browser.close().await;
}

#[tokio::test]
async fn files_that_the_browser_has_lost_come_from_the_server() {
    let site = Releases::of(&TestApp::shared()).await;
    let Some(browser) = Browser::open(site.app(), Screen::Desktop).await else {
        return;
    };
    browser.sees("#new-memo").await;
    is_kept(&browser).await;
    let lose = "for (const name of await caches.keys()) await caches.delete(name)";
    browser.run_async(lose, Vec::new()).await;
    browser.reload().await;
    is_of(&browser, "a").await;
    browser.sees("#new-memo").await;
    let back = "while (!(await caches.match(document.querySelector('link[rel=stylesheet]').href)))
        await new Promise((resolve) => setTimeout(resolve, 20));";
    browser.run_async(back, Vec::new()).await;
    browser.close().await;
}

#[tokio::test]
async fn a_server_takes_its_worker_back() {
    // A release without a worker, and a gateway before the same release.
    for (status, next) in [(404, "b"), (410, "a")] {
        let site = Releases::of(&TestApp::shared()).await;
        let Some(browser) = Browser::open(site.app(), Screen::Desktop).await else {
            return;
        };
        sign_up(&browser, &unique("taken-back")).await;
        is_kept(&browser).await;
        browser.fill("#new-memo", DRAFT).await;
        site.deploy(Release::named(next).failing("/service-worker.js", status));
        browser.reload().await; // The last page that comes from the device.
        keeps(&browser, "").await;
        if next == "a" {
            // Its page has started, and must not register the worker again.
            let started = "while (!(await navigator.locks.query()).held.some(({ name }) => name.startsWith('shell-')))
                await new Promise((resolve) => setTimeout(resolve, 20));
                await new Promise((resolve) => setTimeout(resolve, 500));";
            browser.run_async(started, Vec::new()).await;
        }
        let gone = "while (await navigator.serviceWorker.getRegistration())
            await new Promise((resolve) => setTimeout(resolve, 20));";
        browser.run_async(gone, Vec::new()).await;
        browser.reload().await;
        is_of(&browser, next).await;
        holds(&browser, DRAFT).await;
        assert_eq!(
            browser.run("return navigator.serviceWorker.controller").await,
            serde_json::Value::Null
        );
        browser.console().await; // It tells that there is no worker.
        browser.close().await;
    }
}
