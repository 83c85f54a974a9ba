//! `GET /api/auth/me`

use serde_json::{Value, json};

use crate::harness::{TestApp, is_time};

#[tokio::test]
async fn it_says_who_the_token_belongs_to() {
    let app = TestApp::shared();
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    assert_ne!(alice.id, bob.id);
    for user in [alice, bob] {
        let Value::Object(mut me) = user.get("/api/auth/me").await.expect(200).value() else {
            panic!("no object")
        };
        for field in ["created_at", "password_changed_at"] {
            let time = me.remove(field).unwrap_or_default();
            assert!(time.as_str().is_some_and(is_time), "{field}: {time}");
        }
        let expected = json!({
            "id": user.id, "username": user.username, "second_factor": false, "second_factors": [], "passkeys": 0,
            "recovery_codes_left": 10,
        });
        assert_eq!(Value::Object(me), expected);
    }
}

#[tokio::test]
async fn nobody_is_asked_for_a_token() {
    TestApp::shared().anonymous().get("/api/auth/me").await.problem(401);
}
