//! `GET /api/memos?q=…&tag=…&state=…`

use serde_json::json;

use crate::harness::{TestApp, User};

/// The texts that a query finds.
async fn texts(user: &User, query: &str) -> Vec<String> {
    let found = user.found(query).await;
    found.into_iter().map(|memo| memo.text).collect()
}

#[tokio::test]
async fn words_tags_and_states_find_what_they_say() {
    let app = TestApp::shared();
    let user = app.user("search").await;
    app.user("else").await.write("somebody else's milk #shop").await;
    let plan = user.write("오늘 회의에서 정한 것 #일/계획").await;
    let milk = user.write("Milk and bread #Shop").await;
    let old = user.write("old milk #shop").await;
    let gone = user.write("spilt milk").await;
    let old = user.change(&old, json!({ "archived": true })).await;
    let gone = user.trash(&gone).await;
    for (query, found) in [
        ("q=milk", vec![&milk]),
        ("q=bread%20MILK", vec![&milk]),
        ("q=%ED%9A%8C%EC%9D%98", vec![&plan]),
        ("q=nothing", vec![]),
        ("q=milk%20nothing", vec![]),
        ("tag=shop", vec![&milk]),
        ("tag=%EC%9D%BC", vec![&plan]),
        ("q=milk&state=all", vec![&gone, &old, &milk]),
        ("q=milk&tag=shop&state=all", vec![&old, &milk]),
        ("state=archived", vec![&old]),
        ("state=trashed", vec![&gone]),
    ] {
        for limit in [1, 100] {
            let mut found: Vec<&str> = found.iter().map(|memo| memo.text.as_str()).collect();
            let mut texts = texts(&user, &format!("{query}&limit={limit}")).await;
            // Two memos of one millisecond may come in either order where there are no counters.
            found.sort_unstable();
            texts.sort_unstable();
            assert_eq!(texts, found, "{query}");
        }
    }
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_refused_by_name() {
    let app = TestApp::shared();
    let user = app.user("senseless").await;
    let (long_words, long_tag) = (format!("q={}", "a".repeat(201)), format!("tag={}", "a".repeat(101)));
    for (query, field) in [
        (long_words.as_str(), "q"),
        (&long_tag, "tag"),
        ("tag=", "tag"),
        ("state=gone", "state"),
        ("q=a&q=b", "query"),
        ("sort=text", "query"),
    ] {
        let problem = user.get(&format!("/api/memos?{query}")).await.problem(422);
        assert_eq!(problem.fields(), [field], "{query}");
    }
}

#[tokio::test]
async fn a_cursor_is_for_its_own_query() {
    let app = TestApp::shared();
    let user = app.user("cursor").await;
    for number in 0..3 {
        user.write(&format!("milk {number}")).await;
    }
    let cursor = user.page("q=milk&limit=1").await.next_cursor.unwrap();
    assert_eq!(
        user.page(&format!("q=milk&limit=2&cursor={cursor}")).await.items.len(),
        2
    );
    for query in ["", "q=bread", "q=milk&state=all"] {
        let refused = user.get(&format!("/api/memos?{query}&cursor={cursor}")).await;
        assert_eq!(refused.problem(422).fields(), ["cursor"], "{query}");
    }
}
