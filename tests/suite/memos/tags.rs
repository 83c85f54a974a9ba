//! `GET /api/memos/tags`

use serde_json::{Value, json};

use crate::harness::{TestApp, User};

async fn tags(user: &User) -> Value {
    for _ in 0..100 {
        let answer = user.get("/api/memos/tags").await.expect(200).value();
        if answer["more"] == false {
            return answer["items"].clone();
        }
    }
    panic!("the index never catches up")
}

#[tokio::test]
async fn tags_are_counted_over_what_is_not_put_away() {
    let app = TestApp::shared();
    let user = app.user("tags").await;
    app.user("else").await.write("#theirs").await;
    assert_eq!(tags(&user).await, json!([]));
    let memo = user.write("#b #a/c and #할일").await;
    user.write("#B again").await;
    let both = json!([{"tag": "a/c", "count": 1}, {"tag": "b", "count": 2}, {"tag": "할일", "count": 1}]);
    let one = json!([{"tag": "b", "count": 1}]);
    assert_eq!(tags(&user).await, both);
    let memo = user.change(&memo, json!({ "archived": true })).await;
    assert_eq!(tags(&user).await, one);
    let memo = user.change(&memo, json!({ "archived": false })).await;
    assert_eq!(tags(&user).await, both);
    user.trash(&memo).await;
    assert_eq!(tags(&user).await, one);
    user.restore(&memo).await;
    assert_eq!(tags(&user).await, both);
    user.remove(&user.read(&memo).await).await;
    assert_eq!(tags(&user).await, one);
    app.anonymous().get("/api/memos/tags").await.problem(401);
}
