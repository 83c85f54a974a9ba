//! Earlier texts: which are kept, how many, and how they come back.

use std::time::Duration;

use crate::support::{Answer, TestApp, run};
use http::StatusCode;
use memo_component::catalog::history::{FOLD, KEEP_EVERY, TEXTS_MAX_BYTES, VERSIONS_MAX};
use serde_json::{Value, json};

const MILLISECOND: Duration = Duration::from_millis(1);

/// A memo of this text, and the version that it is at.
struct Edited<'a> {
    app: &'a TestApp,
    id: String,
    version: u64,
}

impl<'a> Edited<'a> {
    async fn new(app: &'a TestApp, text: &str) -> Self {
        let id = app.write("ann", text).await.text("id");
        Self { app, id, version: 1 }
    }

    /// Writes another text after a while.
    async fn edit(&mut self, after: Duration, text: &str) {
        self.app.pass(after);
        let body = json!({"text": text});
        let changed = self.app.change("ann", "PUT", &self.id, self.version, body).await;
        assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
        self.version += 1;
    }

    async fn get(&self, path: &str) -> Answer {
        self.app.get("ann", &format!("/api/memos/{}{path}", self.id)).await
    }

    async fn versions(&self) -> Vec<Value> {
        self.get("/versions").await.body["items"].as_array().unwrap().clone()
    }

    /// The earlier texts, newest first.
    async fn texts(&self) -> Vec<String> {
        let versions = self.versions().await;
        versions
            .iter()
            .map(|version| version["text"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn restore(&self, version: u64, headers: &[(&str, &str)]) -> Answer {
        let path = format!("/api/memos/{}/versions/{version}/restore", self.id);
        self.app.call("ann", "POST", &path, headers, Value::Null).await
    }
}

#[test]
fn every_text_that_stood_for_a_while_is_kept_with_its_time() {
    run(async {
        for app in TestApp::both() {
            let mut memo = Edited::new(&app, "one").await;
            assert_eq!(memo.texts().await, Vec::<String>::new());
            let first = memo.get("").await.body["created_at"].clone();
            memo.edit(FOLD, "two").await;
            let second = memo.get("").await.body["updated_at"].clone();
            // A change of anything else keeps no text.
            app.patch("ann", &memo.id, 2, json!({"pinned": true})).await;
            memo.version += 1;
            memo.edit(FOLD, "three").await;
            let expected = [
                json!({"version": 3, "text": "two", "written_at": second}),
                json!({"version": 1, "text": "one", "written_at": first}),
            ];
            assert_eq!(memo.versions().await, expected);
            for version in &expected {
                assert_eq!(
                    memo.get(&format!("/versions/{}", version["version"])).await.body,
                    *version
                );
            }
            let present = memo.get("/versions/4").await.body;
            let updated_at = memo.get("").await.body["updated_at"].clone();
            assert_eq!(
                present,
                json!({"version": 4, "text": "three", "written_at": updated_at})
            );
            for missing in ["0", "2", "5", "x", "01", "-1", "18446744073709551616"] {
                assert_eq!(
                    memo.get(&format!("/versions/{missing}")).await.status,
                    StatusCode::NOT_FOUND,
                    "{missing}"
                );
            }
        }
    });
}

#[test]
fn a_text_that_stood_for_less_is_folded_away() {
    run(async {
        for (stood, kept) in [(FOLD - MILLISECOND, 0), (FOLD, 1)] {
            let app = TestApp::new();
            let mut memo = Edited::new(&app, "a text of some words").await;
            memo.edit(stood, "a text of some more words").await;
            assert_eq!(memo.texts().await.len(), kept, "{stood:?}");
        }
    });
}

#[test]
fn however_busy_the_writer_one_text_is_kept_so_often() {
    run(async {
        let app = TestApp::new();
        let mut memo = Edited::new(&app, "0123456789").await;
        let step = Duration::from_secs(10);
        let steps = u32::try_from(KEEP_EVERY.as_secs() / 10).unwrap();
        for number in 0..=steps {
            memo.edit(step, &format!("0123456789 {number}")).await;
            assert_eq!(memo.texts().await.len(), usize::from(number == steps), "{number}");
        }
        assert_eq!(memo.texts().await, [format!("0123456789 {}", steps - 1)]);
        for number in 1..=2 * steps {
            memo.edit(step, &format!("0123456789 {number}")).await;
        }
        assert_eq!(memo.texts().await.len(), 3, "and again after as long");
    });
}

#[test]
fn what_takes_much_of_a_text_away_keeps_it() {
    run(async {
        let long = "x".repeat(1000);
        let without = |taken: usize| long[taken..].to_owned();
        for (old, new, kept) in [
            (long.clone(), without(64), 0),
            (long.clone(), without(65), 1),
            (long.clone(), format!("{long} and more"), 0),
            (long.clone(), format!("{}{}", without(64), "y".repeat(500)), 0),
            (long.clone(), format!("{}{}", without(65), "y".repeat(65)), 1),
            // Of a short text the half is much.
            ("12345678".to_owned(), "1234".to_owned(), 0),
            ("12345678".to_owned(), "123".to_owned(), 1),
            ("one".to_owned(), "two".to_owned(), 1),
        ] {
            let app = TestApp::new();
            let mut memo = Edited::new(&app, &old).await;
            memo.edit(MILLISECOND, &new).await;
            assert_eq!(memo.texts().await.len(), kept, "{} to {} bytes", old.len(), new.len());
        }
    });
}

#[test]
fn the_newest_texts_are_kept_and_no_more_than_so_many() {
    run(async {
        let app = TestApp::new();
        let mut memo = Edited::new(&app, "text 0").await;
        for number in 1..=VERSIONS_MAX + 5 {
            memo.edit(FOLD, &format!("text {number}")).await;
            assert_eq!(memo.texts().await.len(), number.min(VERSIONS_MAX));
        }
        let expected: Vec<String> = (5..VERSIONS_MAX + 5)
            .rev()
            .map(|number| format!("text {number}"))
            .collect();
        assert_eq!(memo.texts().await, expected);
    });
}

#[test]
fn earlier_texts_have_so_many_bytes_and_no_more() {
    run(async {
        let longest = 64 * 1024;
        for app in TestApp::both() {
            let mut memo = Edited::new(&app, &"0".repeat(longest)).await;
            for number in 1..=6 {
                memo.edit(FOLD, &number.to_string().repeat(longest)).await;
            }
            let texts = memo.texts().await;
            assert_eq!(texts.len(), TEXTS_MAX_BYTES / longest);
            assert!(texts[0].starts_with('5') && texts[3].starts_with('2'));
            memo.edit(FOLD, "short").await;
            assert_eq!(memo.texts().await.len(), 4);
        }
    });
}

/// A store takes a megabyte, and a control character has six bytes in JSON.
#[test]
fn a_history_of_escaped_characters_fits_into_the_store() {
    run(async {
        let app = TestApp::new();
        let mut memo = Edited::new(&app, &"\u{1}".repeat(64 * 1024)).await;
        for number in 2..=6_u8 {
            memo.edit(FOLD, &char::from(number).to_string().repeat(64 * 1024)).await;
        }
        assert_eq!(memo.texts().await.len(), 2);
        let record = app
            .kv
            .get(&format!("memo/ann/{}/history", memo.id))
            .await
            .unwrap()
            .unwrap();
        assert!(record.len() < 1_000_000, "{}", record.len());
    });
}

#[test]
fn an_earlier_text_comes_back_as_a_new_version() {
    run(async {
        for app in TestApp::both() {
            let mut memo = Edited::new(&app, "one").await;
            memo.edit(FOLD, "two").await;
            app.pass(FOLD);
            let back = memo.restore(1, &[]).await;
            assert_eq!((back.status, back.header("etag")), (StatusCode::OK, "\"3\""));
            assert_eq!(back.body["text"], "one");
            assert_eq!(memo.texts().await, ["two", "one"]);
            // It says that already.
            for version in [1, 3] {
                assert_eq!(memo.restore(version, &[]).await.body["version"], 3);
            }
            let stale = memo.restore(2, &[("if-match", "\"2\"")]).await;
            assert_eq!(
                (stale.status, &stale.body["current"]["version"]),
                (StatusCode::PRECONDITION_FAILED, &json!(3))
            );
            assert_eq!(memo.restore(2, &[("if-match", "\"3\"")]).await.body["text"], "two");
            assert_eq!(memo.restore(7, &[]).await.status, StatusCode::NOT_FOUND);
            let path = format!("/api/memos/{}/versions", memo.id);
            assert_eq!(app.get("bob", &path).await.status, StatusCode::NOT_FOUND);
            let bobs = app
                .call("bob", "POST", &format!("{path}/1/restore"), &[], Value::Null)
                .await;
            assert_eq!(bobs.status, StatusCode::NOT_FOUND);

            app.delete("ann", &memo.id, 4).await;
            let refused = memo.restore(1, &[]).await;
            assert_eq!(
                (refused.status, &refused.body["type"]),
                (StatusCode::CONFLICT, &json!("/problems#in-trash"))
            );
            assert_eq!(memo.texts().await, ["one", "two", "one"], "the trash keeps them");
        }
    });
}

/// The history is written before the memo: a change that stopped in between has left a text that the memo still has.
#[test]
fn a_text_that_was_kept_for_a_change_that_never_came_is_not_shown() {
    run(async {
        for app in TestApp::both() {
            let mut memo = Edited::new(&app, "one").await;
            memo.edit(FOLD, "two").await;
            let key = format!("memo/ann/{}/history", memo.id);
            let mut history: Value = app.kv.get_json(&key).await.unwrap().unwrap();
            let mut kept = history["texts"][0].clone();
            (kept["version"], kept["text"]) = (json!(2), json!("two"));
            history["texts"].as_array_mut().unwrap().push(kept);
            history["version"] = json!(3);
            app.kv.set_json(&key, &history).await.unwrap();
            assert_eq!(memo.texts().await, ["one"]);
            memo.edit(FOLD, "three").await;
            assert_eq!(memo.texts().await, ["two", "one"]);
        }
    });
}
