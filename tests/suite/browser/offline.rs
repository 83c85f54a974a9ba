//! The site without a connection, and what of it is on the device.

use super::{is_kept, sign_up, write};
use crate::harness::{Browser, HostPlan, Releases, Route, Screen, TestApp, unique};

#[tokio::test]
async fn every_page_opens_without_a_connection() {
    let Some(plan) = HostPlan::fresh() else { return };
    let host = plan.start();
    let app = TestApp::on(&host);
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    browser.sees("#new-memo").await;
    is_kept(&browser).await;
    let stopped = host.kill();
    let opened =
        "return document.documentElement.dataset.ready === '' && document.querySelector('main > *')?.checkVisibility()";
    for Route { path, .. } in Route::all() {
        let path = path.replace("{id}", "7").replace("{tag...}", "a/%ED%95%9C");
        browser.go(&app, &path).await;
        browser.until_true(&format!("{path} opens"), opened).await;
        browser.reload().await;
        browser.until_true(&format!("{path} opens again"), opened).await;
    }
    browser.go(&app, "/help").await;
    browser.pick("#language", "ko").await;
    browser
        .until_true(
            "all languages are there",
            "return document.querySelector('main h1').textContent === '도움말'",
        )
        .await;
    browser.go(&app, "/no-such-page").await;
    browser.sees("main [lang=ko] a[href='/']").await;
    let status = "return performance.getEntriesByType('navigation')[0].responseStatus";
    assert_eq!(browser.run(status).await, 404);

    let _host = stopped.start();
    browser.go(&app, "/").await;
    browser.sees("#new-memo").await;
    browser.close().await;
}

#[tokio::test]
async fn nothing_is_loaded_twice_on_a_first_visit() {
    let site = Releases::of(&TestApp::shared()).await;
    let Some(browser) = Browser::open(site.app(), Screen::Desktop).await else {
        return;
    };
    browser.sees("#new-memo").await;
    is_kept(&browser).await;
    let mut files = site.asked_for_files();
    assert!(files.len() > 8, "{files:?}");
    files.sort();
    let count = files.len();
    files.dedup();
    assert_eq!(
        files.len(),
        count,
        "the worker takes what the page has loaded: {:?}",
        site.asked()
    );
    browser.close().await;
}

#[tokio::test]
async fn no_cache_holds_anything_but_the_site() {
    let app = TestApp::shared();
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    sign_up(&browser, &unique("private")).await;
    is_kept(&browser).await;
    browser.reload().await;
    write(&browser, "a secret of mine").await;
    browser.shows(&["a secret of mine"]).await;
    browser
        .run_async(
            "await fetch('/api/auth/me'); await fetch('/.well-known/jwks.json')",
            Vec::new(),
        )
        .await;
    let read = "
        const kept = [];
        for (const name of await caches.keys()) {
            const cache = await caches.open(name);
            for (const request of await cache.keys()) {
                const response = await cache.match(request);
                kept.push([new URL(request.url).pathname, response.headers.get('set-cookie'), await response.text()]);
            }
        }
        return kept";
    let kept = browser.run_async(read, Vec::new()).await;
    let kept = kept.as_array().unwrap();
    assert!(kept.len() > 8, "{kept:?}");
    for entry in kept {
        let path = entry[0].as_str().unwrap();
        assert!(path.starts_with("/release/"), "{path}");
        assert!(entry[1].is_null(), "{path}");
        assert!(!entry[2].as_str().unwrap().contains("a secret of mine"), "{path}");
    }
    browser.close().await;
}
