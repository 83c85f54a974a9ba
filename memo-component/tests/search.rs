//! Listings that are narrowed: by words, by a tag, by what became of the memos.

use crate::support::{TestApp, run};
use common::testing::EPOCH;
use http::StatusCode;
use memo_component::catalog::page::WALK_MAX;
use serde_json::{Value, json};

/// Writes these texts, oldest first; their ids.
async fn write_all(app: &TestApp, texts: &[&str]) -> Vec<String> {
    let mut ids = Vec::new();
    for text in texts {
        app.pass_secs(1);
        ids.push(app.write("ann", text).await.text("id"));
    }
    ids
}

/// What a query finds, which has to be in the URL's own spelling.
async fn finds(app: &TestApp, query: &str, expected: &[&str]) {
    for limit in [1, 2, 100] {
        let found = app.texts("ann", &format!("{query}&limit={limit}")).await;
        assert_eq!(found, expected, "{query}, pages of {limit}");
    }
}

#[test]
fn every_word_is_somewhere_in_the_text() {
    run(async {
        for app in TestApp::both() {
            write_all(&app, &["Bread and MILK", "milk", "오늘 회의에서 정한 것", "회 의"]).await;
            app.write("bob", "bob's milk").await;
            finds(&app, "q=milk", &["milk", "Bread and MILK"]).await;
            finds(&app, "q=milk%20READ", &["Bread and MILK"]).await;
            finds(&app, "q=%ED%9A%8C%EC%9D%98", &["오늘 회의에서 정한 것"]).await;
            // The same syllables, letter by letter (NFD), as some keyboards and file names have them.
            let decomposed = "%E1%84%92%E1%85%AC%E1%84%8B%E1%85%B4";
            finds(&app, &format!("q={decomposed}"), &["오늘 회의에서 정한 것"]).await;
            finds(&app, "q=nothing", &[]).await;
            finds(
                &app,
                "q=%20",
                &["회 의", "오늘 회의에서 정한 것", "milk", "Bread and MILK"],
            )
            .await;
        }
    });
}

#[test]
fn a_tag_finds_what_is_nested_under_it() {
    run(async {
        for app in TestApp::both() {
            let texts = [
                "#Work",
                "#work/plans of #2026a",
                "#workshop",
                "work",
                "a#work",
                "`#work`",
            ];
            write_all(&app, &texts).await;
            for tag in ["work", "WORK", "%23work"] {
                finds(&app, &format!("tag={tag}"), &["#work/plans of #2026a", "#Work"]).await;
            }
            finds(&app, "tag=work/plans", &["#work/plans of #2026a"]).await;
            finds(&app, "tag=wor", &[]).await;
            finds(&app, "tag=work/", &[]).await;
        }
    });
}

#[test]
fn what_became_of_a_memo_says_where_it_is_listed() {
    run(async {
        for app in TestApp::both() {
            let ids = write_all(
                &app,
                &["active", "pinned", "archived", "trashed", "archived and trashed"],
            )
            .await;
            app.patch("ann", &ids[1], 1, json!({"pinned": true})).await;
            app.patch("ann", &ids[2], 1, json!({"archived": true})).await;
            app.delete("ann", &ids[3], 1).await;
            app.patch("ann", &ids[4], 1, json!({"archived": true})).await;
            app.delete("ann", &ids[4], 2).await;
            let all = ["archived and trashed", "trashed", "archived", "pinned", "active"];
            finds(&app, "state=active", &["pinned", "active"]).await;
            finds(&app, "", &["pinned", "active"]).await;
            finds(&app, "state=archived", &["archived"]).await;
            finds(&app, "state=trashed", &["archived and trashed", "trashed"]).await;
            finds(&app, "state=all", &all).await;
        }
    });
}

#[test]
fn filters_narrow_each_other() {
    run(async {
        for app in TestApp::both() {
            let ids = write_all(
                &app,
                &["milk #shop", "milk #home", "bread #shop", "milk #shop, put away"],
            )
            .await;
            app.patch("ann", &ids[3], 1, json!({"archived": true})).await;
            finds(&app, "q=milk&tag=shop", &["milk #shop"]).await;
            finds(
                &app,
                "q=milk&tag=shop&state=all",
                &["milk #shop, put away", "milk #shop"],
            )
            .await;
            finds(&app, "q=milk&tag=shop&state=archived", &["milk #shop, put away"]).await;
            finds(&app, "q=milk&tag=shop&state=trashed", &[]).await;
        }
    });
}

#[test]
fn a_memo_that_was_edited_is_found_by_what_it_says_now() {
    run(async {
        for app in TestApp::both() {
            let ids = write_all(&app, &["milk #old"]).await;
            app.patch("ann", &ids[0], 1, json!({"text": "bread #new"})).await;
            for (query, found) in [("q=milk", 0), ("tag=old", 0), ("q=bread", 1), ("tag=new", 1)] {
                assert_eq!(app.memos("ann", query).await.len(), found, "{query}");
            }
        }
    });
}

/// Puts memos of that text at the ids from 1, as if they had been created.
async fn put(app: &TestApp, count: usize, text: &str) {
    let memo = json!({"text": text, "created_at": EPOCH, "updated_at": EPOCH, "version": 1});
    for id in 1..=count {
        app.kv.set_json(&format!("memo/ann/{id}"), &memo).await.unwrap();
    }
    let newest = i64::try_from(count).unwrap();
    app.kv.increment("memo/ann/seq", newest).await.unwrap();
}

/// How many requests it takes to find nothing.
async fn requests(app: &TestApp, query: &str) -> usize {
    let mut path = format!("/api/memos?{query}");
    for requests in 1..100 {
        let page = app.get("ann", &path).await;
        assert_eq!((page.status, &page.body["items"]), (StatusCode::OK, &json!([])));
        match page.body["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/memos?{query}&cursor={cursor}"),
            None => return requests,
        }
    }
    unreachable!("the cursor leads nowhere")
}

#[test]
fn one_request_looks_at_a_bounded_number_of_memos() {
    run(async {
        for query in ["q=milk", "state=trashed", "tag=milk"] {
            for (memos, expected) in [(WALK_MAX, 1), (WALK_MAX + 1, 2)] {
                let app = TestApp::new();
                put(&app, memos, "something else").await;
                assert_eq!(requests(&app, query).await, expected, "{query}");
                requests(&app, query).await;
                let noted = requests(&app, query).await;
                assert_eq!(noted, 1, "{query}, by what the ones before have noted");
            }
        }
    });
}

#[test]
fn one_request_reads_a_bounded_number_of_bytes() {
    run(async {
        let app = TestApp::new();
        // As it is stored, such a text has 393,216 bytes: of 16 MiB it takes 43, and eight are read at a time.
        put(&app, 100, &"\u{1}".repeat(65_536)).await;
        assert_eq!(requests(&app, "q=milk").await, 3);
    });
}

#[test]
fn a_query_that_makes_no_sense_is_refused_by_name() {
    run(async {
        let app = TestApp::new();
        let (long_words, long_tag) = ("a".repeat(201), "a".repeat(101));
        for (query, field) in [
            (format!("q={long_words}"), "q"),
            (format!("tag={long_tag}"), "tag"),
            ("tag=".to_owned(), "tag"),
            ("tag=%23".to_owned(), "tag"),
            ("state=".to_owned(), "state"),
            ("state=Active".to_owned(), "state"),
            ("state=all&state=all".to_owned(), "query"),
            ("query=milk".to_owned(), "query"),
        ] {
            let refused = app.get("ann", &format!("/api/memos?{query}")).await;
            let fields: Vec<&Value> = refused.body["errors"]
                .as_array()
                .unwrap()
                .iter()
                .map(|error| &error["field"])
                .collect();
            assert_eq!(
                (refused.status, fields),
                (StatusCode::UNPROCESSABLE_ENTITY, vec![&json!(field)]),
                "{query}"
            );
        }
        for query in [
            format!("q={}", "a".repeat(200)),
            format!("tag={}", "a".repeat(100)),
            "q=".to_owned(),
        ] {
            assert_eq!(app.memos("ann", &query).await, Vec::<Value>::new());
        }
    });
}
