//! Exports: what is in them, that nothing is lost on the way back, and what happens when the store fails.

use std::sync::Arc;

use crate::support::{
    TestApp,
    failing::Failing,
    run,
    transfer::{LINES, ZIP, counts, export, import, import_in, request, try_export},
};
use common::{testing::respond, world::clock::Clock};
use http::StatusCode;
use http_body_util::BodyExt;
use serde_json::{Value, json};

/// Texts that formats get wrong.
const TEXTS: [&str; 9] = [
    "우유 사기 #장보기",
    "e\u{301} and \u{1112}\u{1161}\u{11ab}, as they were typed",
    "👩‍👩‍👧 🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "one\r\ntwo\rthree\n\n",
    "\t- [ ] tab\t",
    "---\ncreated_at: 2001-01-01T00:00:00.000Z\n---\nlike a front",
    "\"quoted\" \\ back \u{0} nul \u{2028} \u{feff}",
    "# Title\n\n```\n#no tag\n```",
    "{\"text\":\"like a line\"}\n{\"count\":0}",
];

/// Somebody with memos of every kind.
async fn fill(app: &TestApp, user: &str) {
    for text in TEXTS {
        app.write(user, text).await;
        app.pass_secs(61);
    }
    app.write(user, &"가".repeat(65_535 / 3)).await;
    app.write(user, &"\u{1}".repeat(65_536)).await;
    let ids: Vec<String> = app
        .memos(user, "state=all")
        .await
        .iter()
        .map(|memo| memo["id"].as_str().unwrap().to_owned())
        .collect();
    let id = |at: usize| ids[ids.len() - 1 - at].as_str();
    for version in 1..4 {
        app.pass_secs(400);
        app.patch(user, id(0), version, json!({"text": format!("우유와 빵 {version}")}))
            .await;
    }
    app.patch(user, id(1), 1, json!({"pinned": true})).await;
    app.patch(user, id(2), 1, json!({"archived": true})).await;
    app.delete(user, id(3), 1).await;
    app.remove(user, id(4)).await;
    // Two that are the same in everything.
    let twice = json!({"operations": [{"method": "POST", "body": {"text": "twice"}}, {"method": "POST", "body": {"text": "twice"}}]});
    let batch = app.call(user, "POST", "/api/memos/batch", &[], twice).await;
    assert_eq!(batch.status, StatusCode::OK);
    app.write(user, "the last").await;
}

fn lines(export: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(export).unwrap();
    assert!(text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn an_export_has_everything_oldest_first_between_its_first_line_and_its_last() {
    run(async {
        for app in TestApp::both() {
            fill(&app, "ann").await;
            app.write("bob", "bob's own").await;
            let lines = lines(&export(&app, "ann", "?history=true").await);
            assert_eq!(lines[0], json!({"format": "memo-export", "version": 1}));
            let count = lines.len() - 2;
            assert_eq!(lines.last().unwrap(), &json!({"count": count}));
            let memos = &lines[1..=count];
            assert_eq!(count, app.memos("ann", "state=all").await.len());
            assert!(!memos.iter().any(|memo| memo["text"] == "bob's own"));
            let times: Vec<&str> = memos.iter().map(|memo| memo["created_at"].as_str().unwrap()).collect();
            assert!(times.is_sorted());
            let texts = |memo: &Value| -> Vec<String> {
                let history = memo["history"].as_array().unwrap();
                history
                    .iter()
                    .map(|earlier| earlier["text"].as_str().unwrap().to_owned())
                    .collect()
            };
            assert_eq!(memos[0]["text"], "우유와 빵 3");
            assert_eq!(texts(&memos[0]), [TEXTS[0], "우유와 빵 1", "우유와 빵 2"]);
            assert_eq!(memos[1]["pinned"], true);
            assert_eq!(memos[2]["archived"], true);
            assert!(memos[3]["trashed_at"].is_string());
            let short = self::lines(&export(&app, "ann", "").await);
            assert!(short.iter().all(|memo| memo["history"].is_null()));
            let keys = ["archived", "created_at", "pinned", "text", "trashed_at", "updated_at"];
            assert_eq!(short[1].as_object().unwrap().keys().collect::<Vec<_>>(), keys);
        }
    });
}

#[test]
fn an_export_that_was_imported_by_somebody_new_is_exported_as_the_same_bytes() {
    run(async {
        for app in TestApp::both() {
            fill(&app, "ann").await;
            for query in ["", "?history=true"] {
                let user = format!("new{}", query.len());
                let first = export(&app, "ann", query).await;
                let count = lines(&first).len() as u64 - 2;
                assert_eq!(counts(&import(&app, &user, LINES, &first).await), (count, 0));
                assert!(export(&app, &user, query).await == first);
                // And what comes by history can go on being edited.
                let memo = app.memos(&user, "state=all").await.pop().unwrap();
                let (id, version) = (memo["id"].as_str().unwrap(), memo["version"].as_u64().unwrap());
                app.patch(&user, id, version, json!({"text": "edited after it came"}))
                    .await;
                let versions = app.get(&user, &format!("/api/memos/{id}/versions")).await;
                let expected = if query.is_empty() { 1 } else { 4 };
                assert_eq!(
                    versions.body["items"].as_array().unwrap().len(),
                    expected,
                    "{versions:?}"
                );
            }
        }
    });
}

#[test]
fn an_archive_brings_everything_back_but_the_history() {
    run(async {
        for app in TestApp::both() {
            fill(&app, "ann").await;
            let archive = export(&app, "ann", "?format=markdown").await;
            let plain = export(&app, "ann", "").await;
            for (user, piece) in [("whole", archive.len()), ("bytes", 1), ("odd", 4_093)] {
                let answer = import_in(&app, user, ZIP, &archive, piece).await;
                assert_eq!(counts(&answer.body), (lines(&plain).len() as u64 - 2, 0));
                assert!(export(&app, user, "").await == plain, "in pieces of {piece}");
                assert!(export(&app, user, "?format=markdown").await.len() > 1_000);
            }
        }
    });
}

#[test]
fn an_empty_account_has_an_export_as_well() {
    run(async {
        for app in TestApp::both() {
            let export_of = async |query| export(&app, "ann", query).await;
            assert_eq!(
                export_of("").await,
                b"{\"format\":\"memo-export\",\"version\":1}\n{\"count\":0}\n"
            );
            assert_eq!(counts(&import(&app, "bob", LINES, &export_of("").await).await), (0, 0));
            assert_eq!(
                counts(&import(&app, "bob", ZIP, &export_of("?format=markdown").await).await),
                (0, 0)
            );
        }
    });
}

#[test]
fn long_runs_of_holes_and_a_thousand_memos_are_no_matter() {
    run(async {
        let app = TestApp::new();
        let mut expected = Vec::new();
        for number in 0..1_000 {
            let text = format!("memo {number:04}");
            let id = app.write("ann", &text).await.text("id");
            if (100..400).contains(&number) || number % 7 == 0 {
                app.remove("ann", &id).await;
            } else {
                expected.push(text);
            }
        }
        for _ in 0..2 {
            let found: Vec<String> = lines(&export(&app, "ann", "").await)
                .iter()
                .filter_map(|line| Some(line["text"].as_str()?.to_owned()))
                .collect();
            assert_eq!(found, expected);
            // Now the runs are noted.
            app.pass_secs(3_600);
            app.all_texts("ann", 100).await;
        }
    });
}

#[test]
fn what_is_asked_for_must_be_understood() {
    run(async {
        let app = TestApp::new();
        for query in [
            "?format=xml",
            "?history=maybe",
            "?format=markdown&history=true",
            "?other=1",
        ] {
            let answer = app.get("ann", &format!("/api/memos/export{query}")).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        }
        for (query, kind, name) in [
            (
                "",
                "application/x-ndjson",
                "attachment; filename=\"memos-2026-09-21.ndjson\"",
            ),
            (
                "?format=markdown",
                "application/zip",
                "attachment; filename=\"memos-2026-09-21.zip\"",
            ),
        ] {
            let response = respond(&app.router, request(&app, "ann", query)).await;
            assert_eq!(response.headers()["content-type"], kind);
            assert_eq!(response.headers()["content-disposition"], name);
            assert_eq!(response.headers()["cache-control"], "no-store");
        }
    });
}

#[test]
fn an_export_is_never_silently_short() {
    run(async {
        let store = Arc::new(Failing::new(false));
        let app = TestApp::over(store.clone());
        for number in 0..300 {
            app.write("ann", &format!("memo {number} {}", "x".repeat(2_000))).await;
        }
        for query in ["", "?format=markdown"] {
            let whole = export(&app, "ann", query).await;
            let mut cut = 0;
            for operation in 0.. {
                // The token is looked at before.
                app.get("ann", "/api/memos/1").await;
                store.after(operation);
                let response = respond(&app.router, request(&app, "ann", query)).await;
                let status = response.status();
                let mut body = response.into_body();
                let mut received = Vec::new();
                let mut is_whole = true;
                while let Some(frame) = body.frame().await {
                    match frame {
                        Ok(frame) => received.extend_from_slice(frame.data_ref().unwrap()),
                        Err(_) => is_whole = false,
                    }
                }
                if !store.stop() {
                    assert!(received == whole);
                    break;
                }
                if status == StatusCode::OK {
                    assert!(!is_whole, "operation {operation}");
                    assert!(whole.starts_with(&received) && received.len() < whole.len());
                    cut += 1;
                    let kind = if query.is_empty() { LINES } else { ZIP };
                    let answer =
                        import_in(&app, &format!("cut{}{operation}", query.len()), kind, &received, 1_000).await;
                    assert_eq!(answer.body["failed"].as_array().unwrap().len(), 1, "{answer:?}");
                } else {
                    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
                }
            }
            assert!(cut > 20, "{cut}");
        }
    });
}

#[test]
fn an_export_ends_with_its_session() {
    run(async {
        let app = TestApp::new();
        for number in 0..300 {
            app.write("ann", &format!("memo {number} {}", "x".repeat(2_000))).await;
        }
        let response = respond(&app.router, request(&app, "ann", "")).await;
        let mut body = response.into_body();
        assert!(body.frame().await.unwrap().is_ok());
        app.issuer.end("1", app.clock.now(), 600);
        app.pass_secs(30);
        let mut last = body.frame().await;
        while let Some(Ok(_)) = last {
            last = body.frame().await;
        }
        assert!(last.is_some_and(|last| last.is_err()), "it is cut off");
    });
}

#[test]
fn a_record_that_cannot_be_read_is_counted() {
    run(async {
        let app = TestApp::new();
        app.write("ann", "one").await;
        app.write("ann", "two").await;
        app.world.kv.set("memo/ann/1", b"{").await.unwrap();
        let found = lines(&export(&app, "ann", "").await);
        assert_eq!(found.last().unwrap(), &json!({"count": 1, "unreadable": 1}));
        assert_eq!(
            counts(&import(&app, "bob", LINES, &export(&app, "ann", "").await).await),
            (1, 0)
        );
    });
}

#[test]
fn an_instance_does_a_few_at_a_time_and_then_some_more() {
    run(async {
        let app = TestApp::new();
        app.write("ann", "one").await;
        let mut open = Vec::new();
        for _ in 0..4 {
            open.push(respond(&app.router, request(&app, "ann", "")).await);
        }
        let refused = app.send(request(&app, "bob", "")).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.header("retry-after"), "5");
        let refused = import_in(&app, "bob", LINES, b"", 1).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        open.pop();
        assert!(try_export(&app, "bob", "").await.is_some());
        assert!(try_export(&app, "bob", "").await.is_some(), "its place is free again");
    });
}
