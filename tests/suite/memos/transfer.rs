//! `GET /api/memos/export` and `POST /api/memos/import`

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, HostPlan, Memo, Response, TestApp};

const LINES: &str = "application/x-ndjson";
const ZIP: &str = "application/zip";

async fn export(client: &Client, query: &str) -> Response {
    client.get(&format!("/api/memos/export{query}")).await.expect(200)
}

async fn import(client: &Client, kind: &str, body: impl Into<reqwest::Body>) -> Response {
    let call = client.call(Method::POST, "/api/memos/import");
    call.header("content-type", kind).body(body).send().await
}

/// How many memos an import made that must come to its end, and how many were there already. It is sent as often as it asks.
async fn import_all(client: &Client, kind: &str, file: &[u8]) -> (u64, u64) {
    let mut created = 0;
    for _ in 0..100 {
        let answer = import(client, kind, file.to_vec()).await.expect(200).value();
        assert_eq!(answer["failed"], json!([]), "{answer}");
        let count = |name: &str| answer[name].as_u64().expect("a number");
        created += count("created");
        if answer["more"] == false {
            return (created, count("skipped"));
        }
        assert!(count("created") > 0, "it gets on: {answer}");
    }
    panic!("an import without an end");
}

/// Lines of so many memos.
fn lines(count: usize, text: &str) -> Vec<u8> {
    let mut file = "{\"format\":\"memo-export\",\"version\":1}\n".to_owned();
    for number in 0..count {
        let memo = format!(
            "{{\"text\":\"{number:06} {text}\",\"created_at\":\"2020-01-01T00:00:00.000Z\",\
             \"updated_at\":\"2020-01-01T00:00:00.000Z\",\"pinned\":false,\"archived\":{},\"trashed_at\":null}}\n",
            number % 2 == 1
        );
        file.push_str(&memo);
    }
    file.push_str(&format!("{{\"count\":{count}}}\n"));
    file.into_bytes()
}

#[tokio::test]
async fn what_was_exported_is_imported_by_somebody_else_as_it_was() {
    let app = TestApp::shared();
    let ann = app.user("export").await;
    for text in [
        "우유 사기 #장보기",
        "one\r\ntwo\n\n",
        "👩‍👩‍👧\ttab \u{0} \u{2028}",
        "---\npinned: true\n---\n",
        &"가".repeat(21_845),
    ] {
        ann.write(text).await;
    }
    let pinned = ann.write("at the top").await;
    ann.change(
        &pinned,
        json!({ "pinned": true, "text": "another text, for which the first one is kept" }),
    )
    .await;
    let archived = ann.write("put away").await;
    ann.change(&archived, json!({ "archived": true })).await;
    ann.trash(&ann.write("in the trash").await).await;
    app.user("other").await.write("of somebody else").await;

    let first = export(&ann, "?history=true").await;
    assert_eq!(first.header("content-type"), LINES);
    let disposition = first.header("content-disposition");
    assert!(disposition.starts_with("attachment; filename=\"memos-2") && disposition.ends_with(".ndjson\""));
    assert!(!first.text().contains("of somebody else"));
    let bob = app.user("import").await;
    assert_eq!(import_all(&bob, LINES, first.bytes()).await, (8, 0));
    assert_eq!(export(&bob, "?history=true").await.text(), first.text());
    let memos = bob.found("limit=100&state=all").await;
    let memo = memos.iter().find(|memo| memo.pinned).expect("the pinned memo came");
    let versions = bob.get(&format!("{}/versions", memo.path())).await.expect(200).value();
    assert_eq!(versions["items"][0]["text"], "at the top");

    let archive = export(&ann, "?format=markdown").await;
    assert_eq!(archive.header("content-type"), ZIP);
    let eve = app.user("archive").await;
    assert_eq!(import_all(&eve, ZIP, archive.bytes()).await, (8, 0));
    assert_eq!(export(&eve, "").await.text(), export(&ann, "").await.text());
}

#[tokio::test]
async fn the_same_import_again_makes_nothing_twice_and_goes_on_where_it_was_cut() {
    let app = TestApp::shared();
    let user = app.user("again").await;
    let file = lines(100, "once");
    let cut = import(&user, LINES, file[..file.len() / 2].to_vec())
        .await
        .expect(200)
        .value();
    let made = cut["created"].as_u64().expect("a number");
    assert!(
        made > 40 && cut["failed"].as_array().is_some_and(|failed| !failed.is_empty()),
        "{cut}"
    );
    assert_eq!(import_all(&user, LINES, &file).await, (100 - made, made));
    for memo in user.all_memos().await.iter().take(3) {
        user.edit(memo, "edited since").await;
    }
    assert_eq!(import_all(&user, LINES, &file).await, (0, 100));
    assert_eq!(user.found("limit=100&state=all").await.len(), 100);
}

#[tokio::test]
async fn two_imports_at_once_are_one() {
    if !crate::harness::store_is_atomic() {
        return;
    }
    let app = TestApp::shared();
    let user = app.user("two").await;
    let file = lines(300, "once");
    let one = import(&user, LINES, file.clone());
    let other = import(&user, LINES, file.clone());
    let (one, other) = tokio::join!(one, other);
    // Either they met, and one was refused, or the second found what the first had made.
    let created = |answer: &Response| match answer.status() {
        200 => answer.value()["created"].as_u64().expect("a number"),
        _ => 0,
    };
    assert_eq!(created(&one) + created(&other), 300, "{one:?} {other:?}");
    for refused in [one, other].into_iter().filter(|answer| answer.status() != 200) {
        assert!(refused.find("retry-after").is_some());
        assert_eq!(refused.problem(409).kind, "/problems#conflict");
    }
    assert_eq!(user.found("limit=100&state=all").await.len(), 300);
}

/// An instance has 128 MiB. What goes through it is several times that.
#[tokio::test]
async fn ten_thousand_memos_and_long_ones_go_through_an_instance() {
    let Some(plan) = HostPlan::fresh() else { return };
    let host = plan.variable("max_bytes", "419430400").start();
    let app = TestApp::on(&host);
    let many = app.user("many").await;
    let file = lines(10_000, "one of many");
    assert_eq!(import_all(&many, LINES, &file).await, (10_000, 0));
    assert!(export(&many, "").await.bytes() == file);
    assert_eq!(import_all(&many, LINES, &file).await, (0, 10_000));
    let archive = export(&many, "?format=markdown").await;
    assert_eq!(import_all(&many, ZIP, archive.bytes()).await, (0, 10_000));

    let long = app.user("long").await;
    let text = "x".repeat(65_000);
    // Each of these is about half of an instance's memory.
    for part in 0..3 {
        let file = lines(1_000, &format!("{part} {text}"));
        assert_eq!(import_all(&long, LINES, &file).await, (1_000, 0));
    }
    assert!(export(&long, "").await.bytes().len() > 190_000_000);
    assert!(export(&long, "?format=markdown").await.bytes().len() > 190_000_000);
    let escaped = app.user("escaped").await;
    for number in 0..20 {
        let text = format!("{number}{}", "\u{1}".repeat(65_000));
        escaped.write(&text).await;
    }
    let whole = export(&escaped, "?history=true").await;
    assert_eq!(import_all(&escaped, LINES, whole.bytes()).await, (0, 20));
}

#[tokio::test]
async fn what_is_no_import_is_refused() {
    let app = TestApp::shared();
    let user = app.user("refused").await;
    let kind = |problem: crate::harness::Problem| problem.kind;
    assert_eq!(
        kind(import(&user, "application/json", "{}").await.problem(415)),
        "/problems#unsupported-media-type"
    );
    assert_eq!(
        kind(import(&user, ZIP, "{}").await.problem(422)),
        "/problems#invalid-request"
    );
    assert_eq!(
        kind(user.get("/api/memos/export?format=pdf").await.problem(422)),
        "/problems#invalid-request"
    );
    user.get("/api/memos/import").await.problem(405);
    let nobody = app.anonymous();
    nobody.get("/api/memos/export").await.problem(401);
    import(&nobody, LINES, "{\"text\":\"x\"}").await.problem(401);
    let answer = import(&user, LINES, "{\"text\":\"good\"}\n{\"text\":7}\n")
        .await
        .expect(200)
        .value();
    assert_eq!(
        (&answer["created"], &answer["failed"][0]["line"]),
        (&json!(1), &Value::from(2))
    );
    let memo: Vec<Memo> = user.all_memos().await;
    assert_eq!(memo[0].text, "good");
}
