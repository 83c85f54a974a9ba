//! All memos as a file, and memos from one.

use serde_json::json;

use super::downloaded;
use crate::browser::open_as;
use crate::harness::{Screen, TestApp};

const FILE: &str = "#import-file";
const IMPORT: &str = "[data-testid=import]";

/// A script that finds words in what the page says of the export or of the import.
fn says(which: &str, words: &str) -> String {
    format!("return document.querySelector('[data-testid={which}-state]').textContent.includes({words:?})")
}

#[tokio::test]
async fn what_one_person_takes_out_another_brings_in() {
    let app = TestApp::shared();
    let ann = app.user("takes-out").await;
    ann.write("우유 사기 #장보기").await;
    ann.trash(&ann.write("in the trash").await).await;
    let Some(browser) = open_as(&ann, &app, Screen::Desktop).await else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let allow = json!({ "behavior": "allow", "downloadPath": folder.path() });
    browser.devtools("Page.setDownloadBehavior", allow).await;
    browser.go(&app, "/account/transfer").await;
    browser.click("[data-testid=export-lines]").await;
    let lines = downloaded(folder.path(), "ndjson").await;
    browser.until_true("it is told", &says("export", "memos-2")).await;
    browser.click("[data-testid=export-markdown]").await;
    let archive = downloaded(folder.path(), "zip").await;
    let text = std::fs::read_to_string(&lines).expect("lines are text");
    assert!(
        text.contains("우유 사기 #장보기") && text.ends_with("{\"count\":2}\n"),
        "{text}"
    );
    browser.close().await;

    let bob = app.user("brings-in").await;
    let Some(browser) = open_as(&bob, &app, Screen::Desktop).await else {
        return;
    };
    browser.go(&app, "/account/transfer").await;
    browser.click(IMPORT).await;
    browser
        .until_true("a file is asked for", &says("import", "choose a file"))
        .await;
    browser.focus_is_on(FILE).await;
    for (path, told) in [
        (&lines, "New memos: 2. Already here: 0."),
        (&lines, "New memos: 0. Already here: 2."),
        (&archive, "New memos: 0. Already here: 2."),
    ] {
        browser.fill(FILE, &path.display().to_string()).await;
        browser.click(IMPORT).await;
        browser.until_true(told, &says("import", told)).await;
    }
    assert_eq!(bob.found("limit=100&state=all").await.len(), 2);
    browser.stroll("/").await;
    browser.shows(&["우유 사기 #장보기"]).await;
    browser.close().await;
}

#[tokio::test]
async fn what_could_not_be_read_is_told_line_by_line() {
    let app = TestApp::shared();
    let user = app.user("broken-file").await;
    let Some(browser) = open_as(&user, &app, Screen::Phone).await else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).expect("the folder takes a file");
        path.display().to_string()
    };
    browser.go(&app, "/account/transfer").await;
    let long = format!("{{\"text\":7,\"{}\":0}}", "x".repeat(200));
    let broken = write(
        "broken.ndjson",
        format!("{{\"text\":\"good\"}}\n?\n{long}\n").as_bytes(),
    );
    browser.fill(FILE, &broken).await;
    browser.click(IMPORT).await;
    browser.until_true("two are told", &says("import", "The 2 below")).await;
    let lines =
        "return [...document.querySelectorAll('.import .failed li')].map((it) => it.textContent.split(' ·')[0]).join()";
    assert_eq!(browser.run(lines).await, "Line 2,Line 3");
    browser.fits().await;
    browser.fill(FILE, &write("no.zip", b"no archive")).await;
    browser.click(IMPORT).await;
    browser
        .until_true("it can't be read", &says("import", "could not be read"))
        .await;
    let is_hidden = "return !document.querySelector('.import .failed').checkVisibility()";
    browser.until_true("what was told before is gone", is_hidden).await;
    assert_eq!(user.all_memos().await.len(), 1);
    browser.close().await;
}
