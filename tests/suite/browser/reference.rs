//! The page that shows what the services answer to.

use crate::harness::{Browser, Screen, TestApp};

#[tokio::test]
async fn every_operation_is_shown_with_a_command_that_asks_for_it() {
    let app = TestApp::shared();
    let Some(browser) = Browser::open(&app, Screen::Phone).await else {
        return;
    };
    browser.go(&app, "/api#replaceMemo").await;
    browser
        .until_true(
            "it opens what its address names",
            "return document.querySelector('#replaceMemo')?.open",
        )
        .await;
    let command = browser.text("#replaceMemo pre").await;
    assert!(
        command.contains("-H 'If-Match: \"3\"'") && command.contains("\"$B/api/memos/17\""),
        "{command}"
    );
    let text = browser.text("#replaceMemo").await;
    for part in ["PUT /api/memos/{id}", "memos:write", "If-Match", "412", "trashed_at"] {
        assert!(text.contains(part), "no {part}: {text}");
    }
    for document in ["/api/memos/openapi.json", "/api/auth/openapi.json"] {
        let document = app.anonymous().get(document).await.expect(200).value();
        for item in document["paths"].as_object().unwrap().values() {
            let operations = item.as_object().unwrap().values();
            for id in operations.filter_map(|operation| operation["operationId"].as_str()) {
                browser.sees(&format!("#{id} summary")).await;
            }
        }
    }
    // With everything open, on a phone.
    browser
        .run("for (const one of document.querySelectorAll('.operation')) one.open = true")
        .await;
    browser
        .until_true(
            "all are open",
            "return [...document.querySelectorAll('.operation')].every((one) => one.querySelector('pre'))",
        )
        .await;
    browser.fits().await;
    let empty =
        "return [...document.querySelectorAll('.reference [data-text]')].filter((one) => !one.textContent).length";
    assert_eq!(browser.run(empty).await, 0);
    browser.close().await;
}

#[tokio::test]
async fn its_own_words_are_in_the_language_of_the_page() {
    let app = TestApp::shared();
    let Some(browser) = Browser::open(&app, Screen::Desktop).await else {
        return;
    };
    browser.go(&app, "/help").await;
    browser.click(".help a[href=\"/api\"]").await;
    browser.sees("#readMemo").await;
    browser.click("#readMemo summary").await;
    browser.pick("#language", "ko").await;
    browser
        .until_true(
            "it speaks Korean",
            "return document.querySelector('#readMemo h4')?.textContent === '접근 토큰의 범위'",
        )
        .await;
    browser.pick("#language", "en").await;
    browser
        .until_true(
            "and English",
            "return document.querySelector('#readMemo h4')?.textContent === 'Scope of the access token'",
        )
        .await;
    browser.close().await;
}
