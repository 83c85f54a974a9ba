//! `/api/auth/totp`, and sign-ins that need a code.

use crate::support::{self, Answer, PASSWORD, TestApp, refused_fields, run};
use auth_component::{
    records::{
        totp::{STEP_MILLIS, TotpSecret},
        user,
    },
    sign_in::{
        Error,
        second_factor::{self, Shown},
    },
};
use common::{store::kv::MemoryKv, token::UserId};
use futures::future::join;
use http::StatusCode;
use serde_json::{Value, json};

/// Alice's app: it makes codes.
struct Authenticator(TotpSecret);

impl Authenticator {
    /// The code that it shows now.
    fn code(&self, app: &TestApp) -> String {
        self.0.code_at(app.ports.clock.now().0 / STEP_MILLIS).to_text()
    }

    /// The code that it shows after the next thirty seconds.
    fn next_code(&self, app: &TestApp) -> String {
        app.pass_secs(30);
        self.code(app)
    }

    /// A code that is none of those that are good now.
    fn wrong_code(&self, app: &TestApp) -> String {
        let step = app.ports.clock.now().0 / STEP_MILLIS;
        let good = [step - 1, step, step + 1].map(|step| self.0.code_at(step).to_text());
        let mut codes = (0..).map(|number| format!("{number:06}"));
        codes.find(|code| !good.contains(code)).unwrap()
    }
}

async fn activate(app: &TestApp, access: &str, code: &str) -> Answer {
    app.call_as(access, "PUT", "/api/auth/totp", json!({ "code": code }))
        .await
}

async fn remove(app: &TestApp, access: &str, password: &str, code: &str) -> Answer {
    let body = json!({"password": password, "code": code});
    app.call_as(access, "DELETE", "/api/auth/totp", body).await
}

async fn begin(app: &TestApp, access: &str) -> Answer {
    app.call_as(access, "POST", "/api/auth/totp", Value::Null).await
}

/// Gives Alice a second factor, who is signed in.
async fn turn_on(app: &TestApp, access: &str) -> Authenticator {
    let begun = begin(app, access).await;
    assert_eq!(begun.status, StatusCode::CREATED, "{begun:?}");
    let authenticator = Authenticator(begun.text("secret").try_into().unwrap());
    let code = authenticator.code(app);
    assert_eq!(activate(app, access, &code).await.status, StatusCode::NO_CONTENT);
    authenticator
}

async fn sign_in(app: &TestApp, password: &str, code: Option<&str>) -> Answer {
    let body = json!({"username": "alice", "password": password, "code": code});
    app.post_json("/api/auth/session", body).await
}

#[track_caller]
fn expect_kind(answer: &Answer, kind: &str) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
    assert_eq!(answer.text("type"), format!("/problems#{kind}"));
}

#[test]
fn a_secret_asks_nobody_for_a_code_until_the_app_has_shown_one() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let begun = begin(&app, &access).await;
        assert_eq!(begun.header("cache-control"), "no-store");
        let (secret, uri) = (begun.text("secret"), begun.text("otpauth_uri"));
        assert_eq!(secret.len(), 32);
        assert!(
            uri.starts_with("otpauth://totp/Memo:alice?") && uri.contains(&secret),
            "{uri}"
        );
        assert!(begun.text("qr_svg").contains("<svg"), "{begun:?}");
        assert_eq!(app.me(&access).await.body["second_factor"], false);
        assert_eq!(sign_in(&app, PASSWORD, None).await.status, StatusCode::OK);

        // A second one takes the place of the first.
        let authenticator = Authenticator(begin(&app, &access).await.text("secret").try_into().unwrap());
        let of_the_first = Authenticator(secret.try_into().unwrap()).code(&app);
        let wrong = activate(&app, &access, &of_the_first).await;
        assert_eq!(refused_fields(&wrong), ["code"]);
        let code = authenticator.code(&app);
        assert_eq!(activate(&app, &access, &code).await.status, StatusCode::NO_CONTENT);
        assert_eq!(app.me(&access).await.body["second_factor"], true);
        // The code that made it active is used up.
        expect_kind(&sign_in(&app, PASSWORD, Some(&code)).await, "second-factor-required");
    });
}

#[test]
fn who_has_a_second_factor_needs_both_and_nobody_learns_of_it_without_the_password() {
    run(async {
        for store in [MemoryKv::default(), MemoryKv::without_increment()] {
            let app = TestApp::over(store);
            app.register("alice", PASSWORD).await;
            let (access, _) = app.alice_signs_in(PASSWORD).await;
            let authenticator = turn_on(&app, &access).await;
            expect_kind(&sign_in(&app, PASSWORD, None).await, "second-factor-required");
            let code = authenticator.next_code(&app);
            for code in [None, Some(code.as_str()), Some("000000"), Some("")] {
                expect_kind(&sign_in(&app, "wrong password", code).await, "wrong-credentials");
            }
            for wrong in [authenticator.wrong_code(&app), "12".to_owned()] {
                expect_kind(&sign_in(&app, PASSWORD, Some(&wrong)).await, "second-factor-required");
            }
            assert_eq!(sign_in(&app, PASSWORD, Some(&code)).await.status, StatusCode::OK);
            expect_kind(&sign_in(&app, PASSWORD, Some(&code)).await, "second-factor-required");
            let code = authenticator.next_code(&app);
            let typed = format!("{} {}", &code[..3], &code[3..]);
            assert_eq!(sign_in(&app, PASSWORD, Some(&typed)).await.status, StatusCode::OK);
        }
    });
}

#[test]
fn of_two_sign_ins_with_one_code_one_wins() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let authenticator = turn_on(&app, &access).await;
        for seed in 1..60 {
            app.pass_secs(600);
            let code = authenticator.code(&app);
            app.kv.shuffle(seed);
            let other = app.another_instance();
            let (a, b) = join(
                sign_in(&app, PASSWORD, Some(&code)),
                sign_in(&other, PASSWORD, Some(&code)),
            )
            .await;
            app.kv.shuffle(0);
            let won = [&a, &b].map(|answer| answer.status == StatusCode::OK);
            assert!(won[0] != won[1], "seed {seed}: {a:?} {b:?}");
        }
    });
}

#[test]
fn codes_can_be_guessed_a_handful_of_times_on_all_instances_and_right_ones_do_not_count() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let authenticator = turn_on(&app, &access).await;
        for _ in 0..8 {
            let code = authenticator.next_code(&app);
            assert_eq!(sign_in(&app, PASSWORD, Some(&code)).await.status, StatusCode::OK);
        }
        app.pass_secs(300);
        let wrong = authenticator.wrong_code(&app);
        for _ in 0..5 {
            let other = app.another_instance();
            expect_kind(&sign_in(&other, PASSWORD, Some(&wrong)).await, "second-factor-required");
        }
        let code = authenticator.code(&app);
        let put_off = sign_in(&app, PASSWORD, Some(&code)).await;
        assert_eq!(put_off.status, StatusCode::TOO_MANY_REQUESTS, "{put_off:?}");
        app.pass_secs(300);
        let code = authenticator.code(&app);
        assert_eq!(sign_in(&app, PASSWORD, Some(&code)).await.status, StatusCode::OK);
    });
}

#[test]
fn there_is_one_at_a_time_and_it_goes_for_password_and_code() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        assert_eq!(activate(&app, &access, "123456").await.status, StatusCode::NOT_FOUND);
        let none = remove(&app, &access, PASSWORD, "123456").await;
        assert_eq!(none.status, StatusCode::NOT_FOUND);
        let authenticator = turn_on(&app, &access).await;
        let code = authenticator.next_code(&app);
        for answer in [begin(&app, &access).await, activate(&app, &access, &code).await] {
            assert_eq!(answer.status, StatusCode::CONFLICT);
            assert_eq!(answer.text("type"), "/problems#second-factor-on");
        }
        let wrong = authenticator.wrong_code(&app);
        let answer = remove(&app, &access, "wrong password", &code).await;
        assert_eq!(refused_fields(&answer), ["password"]);
        assert_eq!(refused_fields(&remove(&app, &access, PASSWORD, &wrong).await), ["code"]);
        assert_eq!(app.me(&access).await.body["second_factor"], true);
        let removed = remove(&app, &access, PASSWORD, &code).await;
        assert_eq!(removed.status, StatusCode::NO_CONTENT, "{removed:?}");
        assert_eq!(sign_in(&app, PASSWORD, None).await.status, StatusCode::OK);
        turn_on(&app, &access).await;
    });
}

#[test]
fn a_new_password_needs_the_code_as_well() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let authenticator = turn_on(&app, &access).await;
        let change = async |code: Option<String>| {
            let body = json!({"current_password": PASSWORD, "new_password": "a better horse", "code": code});
            app.call_as(&access, "PUT", "/api/auth/me/password", body).await
        };
        assert_eq!(refused_fields(&change(None).await), ["code"]);
        let wrong = authenticator.wrong_code(&app);
        assert_eq!(refused_fields(&change(Some(wrong)).await), ["code"]);
        let code = authenticator.next_code(&app);
        assert_eq!(change(Some(code)).await.status, StatusCode::NO_CONTENT);
        let code = authenticator.next_code(&app);
        assert_eq!(
            sign_in(&app, "a better horse", Some(&code)).await.status,
            StatusCode::OK
        );
    });
}

#[test]
fn a_code_is_not_taken_with_a_password_that_was_replaced_meanwhile() {
    run(async {
        let app = TestApp::new();
        let registered = app.register("alice", PASSWORD).await;
        let id = UserId::try_from(registered.text("id")).unwrap();
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let authenticator = turn_on(&app, &access).await;
        // A request has read this and found the password right; then somebody else changes it.
        let seen = user::read(&app.ports, &id).await.unwrap().unwrap();
        let code = authenticator.next_code(&app);
        let body = json!({"current_password": PASSWORD, "new_password": "a better horse", "code": code});
        let changed = app.call_as(&access, "PUT", "/api/auth/me/password", body).await;
        assert_eq!(changed.status, StatusCode::NO_CONTENT);
        let code = authenticator.next_code(&app);
        let shown = Shown::Code(code.clone());
        let checked = second_factor::check(&app.ports, &id, &seen, Some(&shown)).await;
        assert!(matches!(checked, Err(Error::WrongCredentials(_))), "{checked:?}");
        let signed_in = sign_in(&app, "a better horse", Some(&code)).await;
        assert_eq!(signed_in.status, StatusCode::OK, "the code was used up: {signed_in:?}");
    });
}

#[test]
fn a_token_that_is_not_for_the_account_changes_nothing() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let other = support::rescoped(&app, &access, "memos:read memos:write").await;
        for (method, path, body) in [
            ("POST", "/api/auth/totp", Value::Null),
            ("PUT", "/api/auth/totp", json!({"code": "123456"})),
            (
                "DELETE",
                "/api/auth/totp",
                json!({"password": PASSWORD, "code": "123456"}),
            ),
            ("POST", "/api/auth/recovery-codes", json!({"password": PASSWORD})),
        ] {
            let answer = app.call_as(&other, method, path, body.clone()).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
            let nobody = app.call_as("", method, path, body).await;
            assert_eq!(nobody.status, StatusCode::UNAUTHORIZED, "{method} {path}");
        }
    });
}
