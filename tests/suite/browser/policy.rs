//! What the content security policy refuses.

use crate::harness::{Browser, Screen, TestApp};

/// Also shows that the check of the console at the end of all other tests would notice.
#[tokio::test]
async fn the_policy_stops_injected_styles_and_scripts_and_the_console_tells() {
    let app = TestApp::shared();
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    browser.sees("#new-memo").await;
    browser
        .run(
            "const style = document.createElement('style');
             style.textContent = 'body { color: rgb(1, 2, 3) }';
             document.head.append(style);
             try { document.body.setAttribute('onclick', 'window.hit = 1') } catch {}
             try { document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.hit = 1\">') } catch {}
             document.body.click();",
        )
        .await;
    let body = browser
        .run("return [window.hit ?? null, getComputedStyle(document.body).color]")
        .await;
    assert!(body[0].is_null() && body[1] != "rgb(1, 2, 3)", "{body}");
    let console = browser.console().await.join("\n");
    assert!(console.contains("Content Security Policy"), "{console}");
    browser.close().await;
}

#[tokio::test]
async fn no_string_becomes_html() {
    let app = TestApp::shared();
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    for path in ["/", "/api", "/problems", "/no-such-page"] {
        browser.go(&app, path).await;
        for attempt in [
            "document.body.innerHTML = '<b>x</b>'",
            "document.body.insertAdjacentHTML('beforeend', '<b>x</b>')",
            "new DOMParser().parseFromString('<b>x</b>', 'text/html')",
            "document.createElement('script').text = 'window.hit = 1'",
            "trustedTypes.createPolicy('any', { createHTML: (html) => html })",
            "new Worker('/service-worker.js')",
            "new SharedWorker('/service-worker.js')",
        ] {
            let script = format!("try {{ {attempt}; return 'done' }} catch (error) {{ return error.name }}");
            assert_eq!(browser.run(&script).await, "TypeError", "{path}: {attempt}");
        }
    }
    browser.console().await; // It tells of each refusal.
    browser.close().await;
}

/// The one policy of trusted types gives one address, and is taken once the page has it.
#[tokio::test]
async fn no_other_script_becomes_a_service_worker() {
    let app = TestApp::shared();
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    browser.sees("#new-memo").await;
    super::is_kept(&browser).await;
    for attempt in [
        "await navigator.serviceWorker.register('/service-worker.js')",
        "await navigator.serviceWorker.register('/js/app.js', { scope: '/js/' })",
        "trustedTypes.createPolicy('service-worker', { createScriptURL: () => '/js/app.js' })",
    ] {
        let script = format!("try {{ {attempt}; return 'done' }} catch (error) {{ return error.name }}");
        assert_eq!(browser.run_async(&script, Vec::new()).await, "TypeError", "{attempt}");
    }
    browser.console().await; // It tells of each refusal.
    browser.close().await;
}
