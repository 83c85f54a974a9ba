//! What people do every day, in each of the engines that render pages: all other tests know Chromium alone.

use super::{sign_up, write};
use crate::harness::{Browser, Engine, HostPlan, TestApp, Watch, unique};

async fn a_day(engine: Engine) {
    let app = TestApp::shared();
    let watch = Watch::over(&app).await;
    let Some(browser) = Browser::open_in(engine, watch.app()).await else {
        return;
    };
    sign_up(&browser, &unique("engines")).await;
    write(&browser, "장보기: 우유, 빵").await;
    browser.shows(&["장보기: 우유, 빵"]).await;
    browser.click("[data-testid=edit]").await;
    browser.fill("[data-testid=memo-editor]", "장보기: 우유").await;
    browser.click("[data-testid=done]").await;
    browser.shows(&["장보기: 우유"]).await;
    browser.reload().await;
    browser.shows(&["장보기: 우유"]).await;
    write(&browser, "- [ ] call **mother** #family").await;
    browser.sees("[data-testid=memo-text] strong").await;
    browser.click("[data-testid=memo-text] .task input").await;
    browser.go(watch.app(), "/search?q=MOTHER").await;
    browser.sees("[data-testid=memo-text] mark").await;
    browser.sees("[data-testid=memo-text] .task input:checked").await;
    browser.from_menu("[data-testid=memo]", ".trash").await;
    browser.shows(&[]).await;
    browser.go(watch.app(), "/").await;
    browser.shows(&["장보기: 우유"]).await;
    browser.is_synced().await;
    browser.click("[data-testid=sign-out]").await;
    browser.sees("#sign-in").await;
    assert_eq!(watch.heard(), Vec::<String>::new());

    // That nothing was heard tells something only if something could have been.
    browser
        .run(
            "const style = document.createElement('style');
             style.textContent = 'body { color: red }';
             document.head.append(style);
             console.error('printed');
             document.body.append(Object.assign(new Image(), { src: '/no-such-picture' }));",
        )
        .await;
    for what in ["style-src", "printed", "no-such-picture"] {
        watch.hears(what).await;
    }
    if engine == Engine::Chromium {
        assert!(browser.console().await.len() > 1);
    }
    browser.close().await;
}

#[tokio::test]
async fn a_day_in_chromium() {
    a_day(Engine::Chromium).await;
}

#[tokio::test]
async fn a_day_in_firefox() {
    a_day(Engine::Gecko).await;
}

#[tokio::test]
async fn a_day_in_webkit() {
    a_day(Engine::WebKit).await;
}

/// The service worker keeps the site in each engine.
async fn a_day_without_a_connection(engine: Engine) {
    let Some(plan) = HostPlan::fresh() else { return };
    let host = plan.start();
    let app = TestApp::on(&host);
    let Some(browser) = Browser::open_in(engine, &app).await else {
        return;
    };
    browser.sees("#new-memo").await;
    super::is_kept(&browser).await;
    let _stopped = host.kill();
    for path in ["/help", "/no-such-page"] {
        browser.go(&app, path).await;
        let opened = "return document.documentElement.dataset.ready === ''";
        browser.until_true(&format!("{path} opens"), opened).await;
    }
    browser.close().await;
}

#[tokio::test]
async fn a_day_without_a_connection_in_chromium() {
    a_day_without_a_connection(Engine::Chromium).await;
}

#[tokio::test]
async fn a_day_without_a_connection_in_firefox() {
    a_day_without_a_connection(Engine::Gecko).await;
}

#[tokio::test]
async fn a_day_without_a_connection_in_webkit() {
    a_day_without_a_connection(Engine::WebKit).await;
}
