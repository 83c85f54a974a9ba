//! `POST /api/memos/batch`

use futures::future::join;
use serde_json::{Value, json};

use crate::harness::{Client, Memo, TestApp, store_is_atomic};

async fn batch(client: &Client, operations: Value) -> Vec<Value> {
    let body = json!({ "operations": operations });
    let answer = client.post("/api/memos/batch", &body).await.expect(200).value();
    answer["results"].as_array().expect("results").clone()
}

fn statuses(results: &[Value]) -> Vec<u64> {
    results
        .iter()
        .map(|result| result["status"].as_u64().unwrap_or_default())
        .collect()
}

#[tokio::test]
async fn each_operation_ends_on_its_own_and_in_its_order() {
    let app = TestApp::shared();
    let user = app.user("batch").await;
    let (one, two) = (user.write("one").await, user.write("two").await);
    let results = batch(
        &user,
        json!([
            { "method": "PATCH", "id": one.id, "if_match": 1, "body": { "pinned": true } },
            { "method": "PUT", "id": one.id, "if_match": "\"2\"", "body": { "text": "one, edited" } },
            { "method": "PUT", "id": one.id, "if_match": 1, "body": { "text": "late" } },
            { "method": "DELETE", "id": two.id, "if_match": 1 },
            { "method": "PATCH", "id": two.id, "if_match": 2, "body": { "trashed_at": null } },
            { "method": "POST", "body": { "text": " " } },
            { "method": "POST", "idempotency_key": "three", "body": { "text": "three" } },
            { "method": "POST", "idempotency_key": "three", "body": { "text": "three" } },
            { "method": "DELETE", "id": "999999", "if_match": "*" },
        ]),
    )
    .await;
    assert_eq!(statuses(&results), [200, 200, 412, 204, 200, 422, 201, 201, 404]);
    let edited = Memo::in_value(&results[1]["memo"]);
    assert_eq!(
        (edited.version, edited.pinned, edited.text.as_str()),
        (3, true, "one, edited")
    );
    assert_eq!(Memo::in_value(&results[2]["problem"]["current"]), edited);
    let three = Memo::in_value(&results[6]["memo"]);
    assert_eq!(Memo::in_value(&results[7]["memo"]), three);
    let mut all = user.all_memos().await;
    all.sort_by(|one, other| one.text.cmp(&other.text));
    assert_eq!(all, [edited, three, Memo::in_value(&results[4]["memo"])]);
}

#[tokio::test]
async fn a_batch_is_bounded() {
    let app = TestApp::shared();
    let user = app.user("bounded").await;
    let one = json!({ "method": "POST", "body": { "text": "one of many" } });
    let many = |count| json!({ "operations": vec![one.clone(); count] });
    let problem = user.post("/api/memos/batch", &many(101)).await.problem(422);
    assert_eq!(problem.fields(), ["operations"]);
    assert!(user.all_memos().await.is_empty());
    assert_eq!(batch(&user, many(100)["operations"].clone()).await.len(), 100);
    assert_eq!(user.all_memos().await.len(), 100);
    app.anonymous().post("/api/memos/batch", &many(1)).await.problem(401);
}

#[tokio::test]
async fn of_two_batches_at_once_each_change_has_one_winner() {
    if !store_is_atomic() {
        return;
    }
    let app = TestApp::shared();
    let user = app.user("batches").await;
    let mut memos = Vec::new();
    for number in 0..10 {
        memos.push(user.write(&format!("memo {number}")).await);
    }
    let edits = |who: &str| {
        let edit = |memo: &Memo| json!({ "method": "PUT", "id": memo.id, "if_match": 1, "body": { "text": who } });
        json!(memos.iter().map(edit).collect::<Vec<_>>())
    };
    let (one, other) = join(batch(&user, edits("one")), batch(&user, edits("other"))).await;
    let mut won = 0;
    for ((memo, one), other) in memos.iter().zip(&one).zip(&other) {
        let now = user.read(memo).await;
        let winners: Vec<&Value> = [one, other]
            .into_iter()
            .filter(|result| result["status"] == 200)
            .collect();
        assert!(winners.len() <= 1, "{winners:?}");
        match winners.first() {
            Some(winner) => assert_eq!(Memo::in_value(&winner["memo"]), now),
            None => assert_eq!(now, *memo),
        }
        won += winners.len();
        for lost in [one, other].into_iter().filter(|result| result["status"] != 200) {
            assert!(lost["status"] == 409 || lost["status"] == 412, "{lost}");
        }
    }
    assert!(won > 0, "nobody won anything");
}
