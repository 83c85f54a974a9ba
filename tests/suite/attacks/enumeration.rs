//! Finding out who has an account: answers must be the same, byte for byte, whether or not somebody has the name. Only
//! registering tells that a name is taken, as it must.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::register;
use crate::harness::{PASSWORD, Response, TestApp, unique};

/// An answer, without what is another one for every request.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    status: u16,
    headers: BTreeMap<String, Vec<u8>>,
    body: Vec<u8>,
}

impl Seen {
    fn of(answer: &Response) -> Self {
        let of_the_request = ["x-request-id", "date", "retry-after"];
        let headers = answer.headers().iter();
        let headers = headers.filter(|(name, _)| !of_the_request.contains(&name.as_str()));
        Self {
            status: answer.status(),
            headers: headers
                .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
                .collect(),
            body: answer.bytes().to_vec(),
        }
    }
}

/// Ways to ask for something in the name of a user, without knowing a secret.
fn questions(username: &str) -> Vec<(&'static str, &'static str, Value)> {
    let new = "a better horse battery staple";
    vec![
        (
            "a wrong password",
            "/api/auth/session",
            json!({ "username": username, "password": "not the password" }),
        ),
        (
            "a wrong password and a code",
            "/api/auth/session",
            json!({ "username": username, "password": "not the password", "code": "123456" }),
        ),
        (
            "a wrong password and what a passkey is said to answer",
            "/api/auth/session",
            json!({ "username": username, "password": "not the password", "passkey": {
                "rawId": "AAAA",
                "response": { "clientDataJSON": "AAAA", "authenticatorData": "AAAA", "signature": "AAAA" },
            } }),
        ),
        (
            "no password",
            "/api/auth/session",
            json!({ "username": username, "password": "" }),
        ),
        (
            "a password that is too long",
            "/api/auth/session",
            json!({ "username": username, "password": "x".repeat(10_000) }),
        ),
        (
            "a wrong recovery code",
            "/api/auth/recover",
            json!({ "username": username, "recovery_code": "0000-0000-0000-0000", "new_password": new }),
        ),
        (
            "what is no recovery code",
            "/api/auth/recover",
            json!({ "username": username, "recovery_code": "x", "new_password": new }),
        ),
        (
            "a wrong recovery code and a weak password",
            "/api/auth/recover",
            json!({ "username": username, "recovery_code": "0000-0000-0000-0000", "new_password": "password" }),
        ),
    ]
}

#[tokio::test]
async fn no_answer_tells_whether_a_name_is_somebodys() {
    let app = TestApp::shared();
    let nobody = app.anonymous();
    let somebody = unique("known");
    register(&nobody, &somebody, PASSWORD).await;
    let with_second_factor = app.user("factor").await;
    crate::auth::second_factor::turn_on(&with_second_factor).await;
    let stranger = unique("unknown");
    for (number, (what, path, body)) in questions(&stranger).into_iter().enumerate() {
        let expected = Seen::of(&nobody.post(path, &body).await);
        assert!((400..500).contains(&expected.status), "{what}: {expected:?}");
        for known in [&somebody, &somebody.to_uppercase(), &with_second_factor.username] {
            let (_, path, body) = questions(known).swap_remove(number);
            assert_eq!(Seen::of(&nobody.post(path, &body).await), expected, "{what}: {known}");
        }
    }
}

#[tokio::test]
async fn tries_for_names_that_nobody_has_are_put_off_alike() {
    let app = TestApp::shared();
    let nobody = app.anonymous();
    let (known, unknown) = (unique("known"), unique("unknown"));
    register(&nobody, &known, PASSWORD).await;
    let mut seen = [Vec::new(), Vec::new()];
    // Ten are let in; the clock may begin a new count once while they are made.
    for _ in 0..21 {
        for (name, seen) in [&known, &unknown].into_iter().zip(&mut seen) {
            let body = json!({ "username": name, "password": "not the password" });
            seen.push(Seen::of(&nobody.post("/api/auth/session", &body).await));
        }
    }
    let [known, unknown] = seen;
    assert_eq!((known[20].status, unknown[20].status), (429, 429));
    assert_eq!(known[0], unknown[0]);
    assert_eq!(known[20], unknown[20]);
}
