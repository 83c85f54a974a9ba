//! Imports: each memo once, whatever happens on the way.

use std::{sync::Arc, time::Duration};

use crate::support::{
    Answer, TestApp,
    failing::Failing,
    run,
    slow::{slow, unsteady},
    transfer::{LINES, ZIP, counts, export, import, import_in, import_request},
};
use axum::body::Body;
use common::{
    store::kv::MemoryKv,
    testing::{EPOCH, yield_now},
};
use futures::{
    future::{Either, join, select},
    stream,
};
use http::StatusCode;
use memo_component::catalog::{import::LEASE, quota::Limits};
use serde_json::{Value, json};

/// An export of so many memos.
fn lines(count: usize) -> Vec<u8> {
    let mut lines = "{\"format\":\"memo-export\",\"version\":1}\n".to_owned();
    for number in 0..count {
        let memo = json!({
            "text": format!("memo {number}"), "created_at": "2020-01-01T00:00:00.000Z",
            "updated_at": "2020-01-02T00:00:00.000Z", "pinned": number % 5 == 0, "archived": number % 7 == 0,
            "trashed_at": (number % 11 == 0).then_some("2026-09-20T00:00:00.000Z"),
            "history": if number % 3 == 0 { json!([{"text": "before", "written_at": "2020-01-01T00:00:00.000Z"}]) } else { json!([]) },
        });
        lines.push_str(&format!("{memo}\n"));
    }
    lines.push_str(&format!("{{\"count\":{count}}}\n"));
    lines.into_bytes()
}

#[test]
fn the_same_import_twice_makes_nothing_twice() {
    run(async {
        for app in TestApp::both() {
            let file = lines(100);
            assert_eq!(counts(&import(&app, "ann", LINES, &file).await), (100, 0));
            let before = export(&app, "ann", "?history=true").await;
            assert_eq!(counts(&import(&app, "ann", LINES, &file).await), (0, 100));
            assert_eq!(counts(&import(&app, "ann", LINES, &before).await), (0, 100));
            let archive = export(&app, "ann", "?format=markdown").await;
            assert_eq!(counts(&import(&app, "ann", ZIP, &archive).await), (0, 100));
            assert!(export(&app, "ann", "?history=true").await == before);
        }
    });
}

#[test]
fn nor_does_it_after_memos_were_edited_trashed_or_brought_back() {
    run(async {
        for app in TestApp::both() {
            let file = lines(12);
            import(&app, "ann", LINES, &file).await;
            for memo in app.memos("ann", "state=all").await {
                let (id, version) = (memo["id"].as_str().unwrap(), memo["version"].as_u64().unwrap());
                app.pass_secs(1_000);
                if memo["trashed_at"].is_string() {
                    app.patch("ann", id, version, json!({"trashed_at": null})).await;
                } else if memo["pinned"] == true {
                    app.delete("ann", id, version).await;
                } else {
                    app.patch("ann", id, version, json!({"text": format!("{} edited", memo["text"])}))
                        .await;
                }
            }
            let before = export(&app, "ann", "?history=true").await;
            assert_eq!(counts(&import(&app, "ann", LINES, &file).await), (0, 12));
            assert!(export(&app, "ann", "?history=true").await == before);
            // What is gone for good comes back.
            let gone = app.memos("ann", "state=trashed").await;
            app.delete(
                "ann",
                gone[0]["id"].as_str().unwrap(),
                gone[0]["version"].as_u64().unwrap(),
            )
            .await;
            assert_eq!(counts(&import(&app, "ann", LINES, &file).await), (1, 11));
        }
    });
}

#[test]
fn what_was_written_here_is_not_made_again_by_its_own_export() {
    run(async {
        for app in TestApp::both() {
            for number in 0..20 {
                app.write("ann", &format!("memo {}", number / 2)).await;
            }
            let file = export(&app, "ann", "").await;
            assert_eq!(counts(&import(&app, "ann", LINES, &file).await), (0, 20));
        }
    });
}

#[test]
fn two_memos_that_are_the_same_are_two() {
    run(async {
        let app = TestApp::new();
        let line = b"{\"text\":\"twin\",\"created_at\":\"2020-01-01T00:00:00Z\"}\n";
        let twins = [line.as_slice(), line].concat();
        assert_eq!(counts(&import(&app, "ann", LINES, line).await), (1, 0));
        assert_eq!(counts(&import(&app, "ann", LINES, &twins).await), (1, 1));
        assert_eq!(counts(&import(&app, "ann", LINES, &twins).await), (0, 2));
        // Edited to be like the other one, it still is the one that it came as.
        let other = b"{\"text\":\"other\",\"created_at\":\"2020-01-01T00:00:00Z\"}\n";
        let all = [&twins, other.as_slice()].concat();
        assert_eq!(counts(&import(&app, "ann", LINES, &all).await), (1, 2));
        let id = app.memos("ann", "").await[0]["id"].as_str().unwrap().to_owned();
        app.patch("ann", &id, 1, json!({"text": "twin"})).await;
        assert_eq!(counts(&import(&app, "ann", LINES, &all).await), (0, 3));
    });
}

#[test]
fn a_line_needs_nothing_but_a_text_and_is_known_again_all_the_same() {
    run(async {
        let app = TestApp::new();
        let file = b"\n{\"text\":\"by hand\"}\r\n\n  {\"text\":\"no end\", \"pinned\":true, \"from\":\"elsewhere\"}";
        assert_eq!(counts(&import(&app, "ann", LINES, file).await), (2, 0));
        app.pass_secs(60);
        assert_eq!(counts(&import(&app, "ann", LINES, file).await), (0, 2));
        let memo = &app.memos("ann", "").await[0];
        assert_eq!((&memo["text"], &memo["pinned"]), (&json!("no end"), &json!(true)));
        assert_eq!(memo["created_at"], EPOCH.to_rfc3339());
    });
}

#[test]
fn a_broken_line_is_told_and_everything_else_is_in() {
    run(async {
        let app = TestApp::new();
        let long = format!("{{\"text\":\"{}\"}}", "x".repeat(3 * 1024 * 1024));
        let big = format!("{{\"text\":\"{}\"}}", "x".repeat(65_537));
        let broken = [
            "no JSON",
            "[\"text\"]",
            "\"text\"",
            "{\"text\":7}",
            "{\"text\":\" \"}",
            "{\"text\":\"\\ud800\"}",
            "{\"text\":\"x\"} more",
            "{\"other\":1}",
            "{}",
            "{\"text\":\"x\",\"created_at\":\"2999-01-01T00:00:00Z\"}",
            "{\"text\":\"x\",\"created_at\":\"yesterday\"}",
            "{\"text\":\"x\",\"history\":[{\"text\":\"y\"}]}",
            "{\"text\":\"x\",\"history\":[{\"text\":\"y\",\"written_at\":\"2999-01-01T00:00:00Z\"}]}",
            "{\"text\":\"x\",\"text\":\"y\"}",
            &long,
            &big,
            "{\"memos\":[{}]}",
            "{\"textContent\":\"\"}",
            "{\"content\":\"x\",\"createTime\":\"?\"}",
        ];
        let mut file = Vec::new();
        for (number, line) in broken.iter().enumerate() {
            file.extend_from_slice(format!("{{\"text\":\"good {number}\"}}\n{line}\n").as_bytes());
        }
        file.extend_from_slice(b"{\"text\":\"\xff\"}\n{\"text\":\"the last\"}");
        let answer = import(&app, "ann", LINES, &file).await;
        assert_eq!(answer["created"], broken.len() + 1, "{answer}");
        let failed: Vec<u64> = answer["failed"]
            .as_array()
            .unwrap()
            .iter()
            .map(|failed| failed["line"].as_u64().unwrap())
            .collect();
        let expected: Vec<u64> = (1..=broken.len() as u64 + 1)
            .map(|number| {
                if number as usize > broken.len() {
                    2 * number - 1
                } else {
                    2 * number
                }
            })
            .collect();
        assert_eq!(failed, expected);
        assert!(answer["failed"].as_array().unwrap().iter().all(|failed| {
            failed["detail"]
                .as_str()
                .is_some_and(|detail| (1..=200).contains(&detail.chars().count()))
        }));
        let details: Vec<&str> = answer["failed"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|failed| failed["detail"].as_str())
            .collect();
        assert_eq!(
            (details[0], details[3]),
            ("expected ident", "invalid type: integer `7`, expected a string")
        );
    });
}

#[test]
fn of_many_failures_a_hundred_are_told() {
    run(async {
        let app = TestApp::new();
        let answer = import(&app, "ann", LINES, &b"?\n".repeat(250)).await;
        assert_eq!(answer["failed"].as_array().unwrap().len(), 100);
        assert_eq!((&answer["failed_more"], &answer["created"]), (&json!(150), &json!(0)));
    });
}

#[test]
fn a_file_that_was_cut_off_is_told_wherever_that_was() {
    run(async {
        let app = TestApp::new();
        let file = lines(10);
        for cut in 0..file.len() {
            let answer = import(&app, &format!("cut{cut}"), LINES, &file[..cut]).await;
            let is_told = !answer["failed"].as_array().unwrap().is_empty();
            // The end of the last line may be missing, and nothing at all is nothing.
            assert_eq!(is_told, cut > 0 && cut < file.len() - 1, "at {cut}: {answer}");
        }
        // Two files in one, and one with a line taken out.
        let two = [lines(3), lines(4)].concat();
        assert_eq!(import(&app, "two", LINES, &two).await["failed"], json!([]));
        let text = String::from_utf8(file).unwrap();
        let short: String = text
            .lines()
            .filter(|line| !line.contains("memo 4"))
            .map(|line| format!("{line}\n"))
            .collect();
        let answer = import(&app, "short", LINES, short.as_bytes()).await;
        assert_eq!(
            (&answer["created"], &answer["failed"][0]["line"]),
            (&json!(9), &json!(11))
        );
    });
}

#[test]
fn what_it_does_not_read_it_refuses() {
    run(async {
        let app = TestApp::new();
        for kind in ["application/json", "text/plain", "", "application/x-ndjson+x"] {
            let answer = import_in(&app, "ann", kind, b"{\"text\":\"x\"}", 100).await;
            assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
        }
        let later = b"{\"text\":\"x\"}\n{\"format\":\"memo-export\",\"version\":2}\n{\"text\":\"y\"}\n";
        let answer = import_in(&app, "ann", LINES, later, 100).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.body["created"], 1);
        let mut request = import_request(&app, "ann", LINES, Body::empty());
        request
            .headers_mut()
            .insert("content-length", "268435457".parse().unwrap());
        let answer = app.send(request).await;
        assert_eq!(
            (answer.status, &answer.body["type"]),
            (StatusCode::PAYLOAD_TOO_LARGE, &json!("/problems#body-too-large"))
        );
        // Without a length it is found on the way.
        let mebibyte = axum::body::Bytes::from(vec![b'\n'; 1024 * 1024]);
        let pieces = stream::iter((0..257).map(move |_| Ok::<_, std::io::Error>(mebibyte.clone())));
        let answer = app
            .send(import_request(&app, "ann", LINES, Body::from_stream(pieces)))
            .await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        // And what was refused keeps nobody waiting.
        assert_eq!(counts(&import(&app, "ann", LINES, b"{\"text\":\"x\"}").await), (0, 1));
    });
}

#[test]
fn what_was_in_the_trash_elsewhere_goes_when_its_stay_is_over() {
    run(async {
        for app in TestApp::both() {
            let file = b"{\"text\":\"long over\",\"created_at\":\"2020-01-01T00:00:00Z\",\"trashed_at\":\"2020-02-01T00:00:00Z\"}
                {\"text\":\"a day ago\",\"created_at\":\"2020-01-01T00:00:00Z\",\"trashed_at\":\"2026-09-20T14:13:20Z\",
                \"history\":[{\"text\":\"before\",\"written_at\":\"2020-01-01T00:00:00Z\"}]}";
            let file: Vec<u8> = String::from_utf8(file.to_vec()).unwrap().replace("\",\n", "\",").into();
            // The days before this one have been gone through.
            let sweep = async || {
                memo_component::catalog::due::sweep(&app.ports, &Limits::default(), 1_000)
                    .await
                    .unwrap()
            };
            while sweep().await.more {}
            assert_eq!(counts(&import(&app, "ann", LINES, &file).await), (2, 0));
            for (days, expected) in [(0, 2), (2, 1), (27, 1), (31, 0)] {
                app.pass(Duration::from_secs(days * 24 * 60 * 60));
                while sweep().await.more {}
                assert_eq!(app.memos("ann", "state=all").await.len(), expected, "{days}");
            }
            let left = app.world.kv.keys("memo/ann/").await.unwrap();
            assert!(!left.iter().any(|key| key.contains("/history")), "{left:?}");
        }
    });
}

#[test]
fn quotas_hold_and_what_fitted_is_told() {
    run(async {
        let limits = Limits {
            max_memos: 40,
            ..Limits::default()
        };
        let app = TestApp::with_limits(Arc::new(MemoryKv::default()), limits);
        app.write("ann", "one of mine").await;
        let answer = import_in(&app, "ann", LINES, &lines(50), 500).await;
        assert_eq!(
            (answer.status, &answer.body["type"]),
            (StatusCode::FORBIDDEN, &json!("/problems#quota-exceeded"))
        );
        assert_eq!(
            (&answer.body["created"], &answer.body["quota"]),
            (&json!(39), &json!("memos"))
        );
        let again = import_in(&app, "ann", LINES, &lines(50), 500).await;
        assert_eq!(
            (&again.body["created"], &again.body["skipped"]),
            (&json!(0), &json!(39))
        );
        assert_eq!(app.memos("ann", "state=all").await.len(), 40);
        // A memo counts for the longest text that it has had.
        let limits = Limits {
            max_bytes: 10 * 1024,
            ..Limits::default()
        };
        let app = TestApp::with_limits(Arc::new(MemoryKv::default()), limits);
        let long =
            json!({"text": "x", "history": [{"text": "x".repeat(9 * 1024), "written_at": "2020-01-01T00:00:00Z"}]});
        assert_eq!(
            counts(&import(&app, "ann", LINES, long.to_string().as_bytes()).await),
            (1, 0)
        );
        assert_eq!(app.write("ann", "x").await.status, StatusCode::CREATED);
        assert_eq!(app.write("ann", "x").await.status, StatusCode::FORBIDDEN);
        let id = app.memos("ann", "").await[1]["id"].as_str().unwrap().to_owned();
        app.delete("ann", &id, 2).await;
        app.delete("ann", &id, 3).await;
        assert_eq!(
            app.write("ann", &"x".repeat(9 * 1024)).await.status,
            StatusCode::CREATED
        );
    });
}

#[test]
fn a_long_history_keeps_its_newest_texts() {
    run(async {
        let app = TestApp::new();
        let earlier = |number: u64| json!({"text": format!("text {number}"), "written_at": "2020-01-01T00:00:00Z"});
        let memo =
            |count: u64| json!({"text": "now", "history": (0..count).map(earlier).collect::<Vec<_>>()}).to_string();
        import(&app, "ann", LINES, memo(900).as_bytes()).await;
        let id = app.memos("ann", "").await[0]["id"].as_str().unwrap().to_owned();
        let versions = app.get("ann", &format!("/api/memos/{id}/versions")).await.body;
        let versions = versions["items"].as_array().unwrap();
        assert_eq!((versions.len(), &versions[0]["text"]), (20, &json!("text 899")));
        let answer = import(&app, "ann", LINES, memo(1_001).as_bytes()).await;
        assert_eq!(answer["failed"][0]["line"], 1);
    });
}

#[test]
fn an_import_that_takes_long_says_so_and_goes_on_when_it_is_sent_again() {
    run(async {
        let app = TestApp::new();
        let file = lines(200);
        let mut created = 0;
        for round in 1.. {
            // A second passes before each piece of the body.
            let clock = app.clock.clone();
            let pieces: Vec<Vec<u8>> = file.chunks(400).map(<[u8]>::to_vec).collect();
            let pieces = stream::iter(pieces).map_with_time(move || clock.pass(Duration::from_millis(400)));
            let answer = app
                .send(import_request(&app, "ann", LINES, Body::from_stream(pieces)))
                .await;
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
            created += answer.body["created"].as_u64().unwrap();
            if answer.body["more"] == false {
                assert!(round > 1);
                break;
            }
            assert!(answer.body["created"].as_u64().unwrap() > 0 && round < 50);
        }
        assert_eq!(created, 200);
        assert_eq!(app.memos("ann", "state=all").await.len(), 200);
    });
}

/// A stream before each of whose pieces something happens.
trait MapWithTime: futures::Stream<Item = Vec<u8>> + Sized + Send + 'static {
    fn map_with_time(
        self,
        mut passes: impl FnMut() + Send + 'static,
    ) -> impl futures::Stream<Item = Result<Vec<u8>, std::io::Error>> + Send + 'static {
        use futures::StreamExt;
        self.map(move |piece| {
            passes();
            Ok(piece)
        })
    }
}

impl<S: futures::Stream<Item = Vec<u8>> + Send + 'static> MapWithTime for S {}

#[test]
fn of_two_at_the_same_moment_one_does_it() {
    run(async {
        let [app, _] = slow();
        let file = lines(40);
        let two = async || {
            let one = import_in(&app, "ann", LINES, &file, 300);
            let other = import_in(&app, "ann", LINES, &file, 300);
            let (one, other) = join(one, other).await;
            let mut statuses = [one.status.as_u16(), other.status.as_u16()];
            statuses.sort_unstable();
            statuses
        };
        assert_eq!(two().await, [200, 409]);
        assert_eq!(app.memos("ann", "state=all").await.len(), 40);
        assert_eq!(two().await, [200, 409]);
        assert_eq!(app.memos("ann", "state=all").await.len(), 40);
        // Another person is in nobody's way.
        let (one, other) = join(
            import_in(&app, "bob", LINES, &file, 300),
            import_in(&app, "eve", LINES, &file, 300),
        )
        .await;
        assert_eq!((counts(&one.body), counts(&other.body)), ((40, 0), (40, 0)));
    });
}

/// Whoever goes first, and whenever: nobody makes what the other one makes.
#[test]
fn of_two_at_about_the_same_moment_nothing_comes_twice() {
    let mut met = 0;
    for seed in 0..300 {
        run(async {
            let app = unsteady(seed);
            let file = lines(40);
            let later = async {
                for _ in 0..seed {
                    yield_now().await;
                }
                import_in(&app, "ann", LINES, &file, 300).await
            };
            let (one, other) = join(import_in(&app, "ann", LINES, &file, 300), later).await;
            let created = |answer: &Answer| answer.body["created"].as_u64().unwrap_or(0);
            assert_eq!(created(&one) + created(&other), 40, "seed {seed}: {one:?} {other:?}");
            assert_eq!(app.memos("ann", "state=all").await.len(), 40, "seed {seed}");
            met += usize::from(one.status != other.status);
        });
    }
    assert!((50..300).contains(&met), "{met}");
}

/// An instance that ends at any moment: what it made is there once, and the rest comes when the lease is over.
#[test]
fn wherever_an_import_dies_the_next_one_finishes_it() {
    let mut died = 0;
    for turns in 0.. {
        let is_over = run(async {
            let [app, _] = slow();
            let file = lines(40);
            let dying = Box::pin(import_in(&app, "ann", LINES, &file, 300));
            let death = Box::pin(async {
                for _ in 0..turns {
                    yield_now().await;
                }
            });
            let is_over = matches!(select(dying, death).await, Either::Left(_));
            app.pass(LEASE);
            let (created, skipped) = counts(&import(&app, "ann", LINES, &file).await);
            assert_eq!(created + skipped, 40);
            let expected = sorted(exported_of(&file));
            assert_eq!(sorted(exported(&app, "ann").await), expected, "after {turns} turns");
            is_over
        });
        if is_over {
            break;
        }
        died += 1;
    }
    assert!(died > 30, "{died}");
}

#[test]
fn an_import_whose_client_went_away_keeps_others_waiting_for_a_minute() {
    run(async {
        let [app, _] = slow();
        let body = Body::from_stream(stream::pending::<Result<Vec<u8>, std::io::Error>>());
        let pending = Box::pin(app.send(import_request(&app, "ann", LINES, body)));
        let wait = Box::pin(async {
            for _ in 0..200 {
                yield_now().await;
            }
        });
        select(pending, wait).await;
        let refused = import_in(&app, "ann", LINES, &lines(1), 100).await;
        assert_eq!(
            (refused.status, refused.header("retry-after")),
            (StatusCode::CONFLICT, "60")
        );
        app.pass(LEASE);
        assert_eq!(counts(&import(&app, "ann", LINES, &lines(1)).await), (1, 0));
    });
}

#[test]
fn a_body_that_breaks_off_has_made_what_came() {
    run(async {
        let app = TestApp::new();
        let file = lines(10);
        let pieces = vec![Ok(file[..1_000].to_vec()), Err(std::io::Error::other("gone"))];
        let answer = app
            .send(import_request(
                &app,
                "ann",
                LINES,
                Body::from_stream(stream::iter(pieces)),
            ))
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        let made = answer.body["created"].as_u64().unwrap();
        assert!(made > 2, "{answer:?}");
        assert_eq!(counts(&import(&app, "ann", LINES, &file).await), (10 - made, made));
    });
}

/// The store fails at each operation in turn, done or not done. What was told to be made is there; sent again, everything
/// is, once.
#[test]
fn whatever_fails_nothing_is_lost_and_nothing_is_twice() {
    for is_done in [false, true] {
        run(async {
            let file = lines(40);
            for operation in 0.. {
                let store = Arc::new(Failing::new(is_done));
                let app = TestApp::over(store.clone());
                app.get("ann", "/api/memos/1").await;
                store.after(operation);
                let answer = import_in(&app, "ann", LINES, &file, 1_000).await;
                let failed = store.stop();
                if answer.status != StatusCode::OK {
                    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
                }
                let made = answer.body["created"].as_u64().unwrap_or(0);
                let there = app.memos("ann", "state=all").await.len() as u64;
                assert!(
                    there == made || (is_done && there == made + 1),
                    "{made} told and {there} there"
                );
                // A flag or a lease that stayed up.
                app.pass_secs(61);
                let (created, skipped) = counts(&import(&app, "ann", LINES, &file).await);
                assert_eq!((created + skipped, skipped), (40, there), "operation {operation}");
                let texts = app.texts("ann", "state=all").await;
                let unique: std::collections::BTreeSet<&String> = texts.iter().collect();
                assert_eq!((texts.len(), unique.len()), (40, 40));
                let other: Vec<Value> = exported(&app, "ann").await;
                assert_eq!(sorted(other), sorted(exported_of(&file)));
                if !failed {
                    assert!(operation > 40);
                    break;
                }
            }
        });
    }
}

async fn exported(app: &TestApp, user: &str) -> Vec<Value> {
    exported_of(&export(app, user, "?history=true").await)
}

fn exported_of(file: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(file).unwrap();
    let mut memos: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    memos.retain(|memo| memo["text"].is_string());
    for memo in &mut memos {
        if memo["history"].as_array().is_some_and(Vec::is_empty) {
            memo.as_object_mut().unwrap().remove("history");
        }
    }
    memos
}

fn sorted(memos: Vec<Value>) -> Vec<String> {
    let mut texts: Vec<String> = memos.iter().map(Value::to_string).collect();
    texts.sort_unstable();
    texts
}
