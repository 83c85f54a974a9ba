//! Passkeys beside the password: at sign-in, and in the place of codes.

use crate::support::{
    self, Answer, Failing, PASSWORD, TestApp,
    passkeys::{
        ORIGIN, add, alices_passkey, ask_for_passkey, asked, asked_for_passkey, change_options, creation_options,
        device, new_totp, next_code, passkeys, request_options, send, sign_in, sign_in_with,
    },
    refused_fields, run,
};
use auth_component::Config;
use authenticator::{Algorithm, Authenticator, USER_PRESENT, USER_VERIFIED};
use futures::future::join;
use http::StatusCode;
use serde_json::{Value, json};

#[track_caller]
fn expect_asked(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
    assert_eq!(answer.text("type"), "/problems#second-factor-required");
    assert!(answer.header("set-cookie").is_empty());
}

async fn second_factors(app: &TestApp, access: &str) -> Value {
    let me = app.me(access).await.body;
    assert_eq!(
        me["second_factor"],
        !me["second_factors"].as_array().unwrap().is_empty()
    );
    me["second_factors"].clone()
}

#[test]
fn a_passkey_is_asked_for_after_the_password_once_that_is_wanted_and_one_has_shown_that_it_works() {
    run(async {
        let (app, access, mut device) = alices_passkey().await;
        assert_eq!(second_factors(&app, &access).await, json!([]));
        assert_eq!(sign_in_with(&app, json!({})).await.status, StatusCode::OK);
        let on = ask_for_passkey(&app, &access, &mut device).await;
        assert_eq!(on.status, StatusCode::NO_CONTENT, "{on:?}");
        assert_eq!(second_factors(&app, &access).await, json!(["passkey"]));

        let (methods, options) = asked(&app).await;
        assert_eq!(methods, json!(["passkey"]));
        assert_eq!(options["rpId"], "localhost");
        let allowed = json!([{"type": "public-key", "id": support::base64url(&device.id)}]);
        assert_eq!(options["allowCredentials"], allowed);
        let answer = device.get(&options);
        let entered = sign_in_with(&app, json!({ "passkey": answer })).await;
        assert_eq!(entered.status, StatusCode::OK, "{entered:?}");
        assert!(passkeys(&app, &access).await[0]["last_used_at"].is_string());
        // Once, and no code makes up for it.
        expect_asked(&sign_in_with(&app, json!({ "passkey": answer })).await);
        expect_asked(&sign_in_with(&app, json!({ "code": "123456" })).await);
        // By itself it opens the account as before, where the device knows who uses it.
        assert_eq!(sign_in(&app, &mut device).await.status, StatusCode::OK);
    });
}

#[test]
fn beside_the_password_it_is_enough_that_somebody_was_there() {
    run(async {
        let (app, _, mut device) = asked_for_passkey().await;
        device.flags = USER_PRESENT;
        // And it need not say whose it is, because that is known.
        device.user_handle = Vec::new();
        let answer = device.get(&asked(&app).await.1);
        let entered = sign_in_with(&app, json!({ "passkey": answer })).await;
        assert_eq!(entered.status, StatusCode::OK, "{entered:?}");
        let by_itself = sign_in(&app, &mut device).await;
        assert_eq!(by_itself.status, StatusCode::UNAUTHORIZED, "{by_itself:?}");
    });
}

#[test]
fn nobody_learns_of_it_without_the_password() {
    run(async {
        let (app, _, mut device) = asked_for_passkey().await;
        let answer = device.get(&asked(&app).await.1);
        app.register("bob", PASSWORD).await;
        let mut seen = Vec::new();
        for name in ["alice", "bob", "nobody"] {
            let body = json!({"username": name, "password": "wrong password", "passkey": answer});
            let refused = app.post_json("/api/auth/session", body).await;
            assert_eq!(refused.text("type"), "/problems#wrong-credentials", "{name}");
            seen.push(refused.body);
        }
        assert!(seen[0] == seen[1] && seen[1] == seen[2], "{seen:?}");
        // The answer was not used up by that.
        let entered = sign_in_with(&app, json!({ "passkey": answer })).await;
        assert_eq!(entered.status, StatusCode::OK, "{entered:?}");
    });
}

/// What a liar sends in the place of a passkey's answer to what was asked.
async fn lie(what: &str, app: &TestApp, access: &str, device: &mut Authenticator) -> Value {
    let (_, mut options) = asked(app).await;
    match what {
        "to sign in by itself" => return device.get(&request_options(app).await),
        "for a change" => return device.get(&change_options(app, access, "password-change").await),
        "to add a passkey" => {
            let proof = device.get(&change_options(app, access, "passkey-added").await);
            let proof = json!({"password": PASSWORD, "passkey": proof});
            let begun = app.call_as(access, "POST", "/api/auth/passkeys/options", proof).await;
            options["challenge"] = begun.body["challenge"].clone();
            return device.get(&options);
        }
        "to Bob's challenge" | "by Bob's passkey" => {
            // Who has the same password.
            app.register("bob", PASSWORD).await;
            let bob = app.log_in("bob", PASSWORD).await.text("access_token");
            let mut bobs = Authenticator::new(Algorithm::EdDsa, "bob's", ORIGIN);
            add(app, &bob, &mut bobs).await;
            if what == "by Bob's passkey" {
                return bobs.get(&options);
            }
            ask_for_passkey(app, &bob, &mut bobs).await;
            let body = json!({"username": "bob", "password": PASSWORD});
            let asked = app.post_json("/api/auth/session", body).await;
            return device.get(&asked.body["passkey_options"]);
        }
        "to nobody's challenge" => {
            options["challenge"] = "A".repeat(54).into();
            return device.get(&options);
        }
        "by another key" => {
            let mut thief = Authenticator::new(Algorithm::Es256, "thief", ORIGIN);
            (thief.id, thief.user_handle) = (device.id.clone(), device.user_handle.clone());
            return thief.get(&options);
        }
        "five minutes late" => {
            let answer = device.get(&options);
            app.pass_secs(300);
            return answer;
        }
        "after another one" => {
            let answer = device.get(&options);
            assert_eq!(sign_in(app, device).await.status, StatusCode::OK);
            return answer;
        }
        "without anybody" => device.flags = USER_VERIFIED,
        "for another origin" => device.origin = "https://evil.example".to_owned(),
        "in a frame" => device.page = json!({"crossOrigin": true}),
        "of another user" => device.user_handle = b"nobody".to_vec(),
        "for another domain" => options["rpId"] = "evil.example".into(),
        _ => unreachable!("{what}"),
    }
    device.get(&options)
}

#[test]
fn an_answer_for_something_or_somebody_else_is_refused() {
    run(async {
        for what in [
            "to sign in by itself",
            "for a change",
            "to add a passkey",
            "to Bob's challenge",
            "by Bob's passkey",
            "to nobody's challenge",
            "by another key",
            "five minutes late",
            "after another one",
            "without anybody",
            "for another origin",
            "in a frame",
            "of another user",
            "for another domain",
        ] {
            let (app, access, device) = asked_for_passkey().await;
            let answer = lie(what, &app, &access, &mut device.clone()).await;
            let refused = sign_in_with(&app, json!({ "passkey": answer })).await;
            expect_asked(&refused);
            // What comes with that is good.
            app.pass_secs(1);
            let refused = sign_in_with(&app, json!({ "passkey": answer })).await;
            let answer = device.clone().get(&refused.body["passkey_options"]);
            let entered = sign_in_with(&app, json!({ "passkey": answer })).await;
            assert_eq!(entered.status, StatusCode::OK, "{what}: {entered:?}");
        }
    });
}

#[test]
fn of_two_sign_ins_with_one_answer_one_wins() {
    run(async {
        let (app, _, mut device) = asked_for_passkey().await;
        for seed in 1..40 {
            app.pass_secs(600);
            let answer = json!({ "passkey": device.get(&asked(&app).await.1) });
            app.kv.shuffle(seed);
            let other = app.another_instance();
            let (a, b) = join(sign_in_with(&app, answer.clone()), sign_in_with(&other, answer)).await;
            app.kv.shuffle(0);
            let won = [&a, &b].map(|answer| answer.status == StatusCode::OK);
            assert!(won[0] != won[1], "seed {seed}: {a:?} {b:?}");
        }
    });
}

#[test]
fn wrong_answers_are_put_off_as_wrong_codes_are_and_together_with_them() {
    run(async {
        let (app, access, mut device) = asked_for_passkey().await;
        app.pass_secs(300);
        let wrong = device.get(&change_options(&app, &access, "password-change").await);
        for number in 0..5 {
            let shown = if number < 3 {
                json!({ "passkey": wrong })
            } else {
                json!({"code": "123456"})
            };
            expect_asked(&sign_in_with(&app.another_instance(), shown).await);
        }
        let answer = json!({ "passkey": device.get(&asked(&app).await.1) });
        let put_off = sign_in_with(&app, answer.clone()).await;
        assert_eq!(put_off.status, StatusCode::TOO_MANY_REQUESTS, "{put_off:?}");
        app.pass_secs(299);
        // Good ones do not count.
        for _ in 0..8 {
            let answer = json!({ "passkey": device.get(&asked(&app).await.1) });
            assert_eq!(sign_in_with(&app, answer).await.status, StatusCode::OK);
        }
    });
}

#[test]
fn a_copy_is_found_out_beside_the_password_as_well() {
    run(async {
        let (app, access, _) = support::passkeys::alices_passkey().await;
        let mut device = Authenticator::new(Algorithm::Es256, "key on a ring", ORIGIN);
        device.sign_count = Some(7);
        add(&app, &access, &mut device).await;
        let mut copy = device.clone();
        assert_eq!(
            ask_for_passkey(&app, &access, &mut device).await.status,
            StatusCode::NO_CONTENT
        );
        let refused = sign_in_with(&app, json!({ "passkey": copy.get(&asked(&app).await.1) })).await;
        support::passkeys::expect_wrong(&refused);
        let options = change_options(&app, &access, "recovery-codes").await;
        let mut earlier = copy.clone();
        earlier.sign_count = Some(0);
        let proof = json!({"password": PASSWORD, "passkey": earlier.get(&options)});
        let refused = app.call_as(&access, "POST", "/api/auth/recovery-codes", proof).await;
        assert_eq!(refused_fields(&refused), ["passkey"]);
    });
}

#[test]
fn where_there_is_an_app_for_codes_a_passkey_stands_in_for_them() {
    run(async {
        let (app, access, mut device) = alices_passkey().await;
        let secret = new_totp(&app, &access).await;
        let code = json!({"code": next_code(&app, &secret)});
        let on = app.call_as(&access, "PUT", "/api/auth/totp", code).await;
        assert_eq!(on.status, StatusCode::NO_CONTENT, "{on:?}");
        assert_eq!(second_factors(&app, &access).await, json!(["totp"]));
        let (methods, options) = asked(&app).await;
        assert_eq!(methods, json!(["totp", "passkey"]));
        let entered = sign_in_with(&app, json!({ "passkey": device.get(&options) })).await;
        assert_eq!(entered.status, StatusCode::OK, "{entered:?}");
        let entered = sign_in_with(&app, json!({"code": next_code(&app, &secret)})).await;
        assert_eq!(entered.status, StatusCode::OK, "{entered:?}");
        // The app goes for the passkey, and the password is all again.
        let options = change_options(&app, &access, "second-factor-off").await;
        let proof = json!({"password": PASSWORD, "passkey": device.get(&options)});
        let off = app.call_as(&access, "DELETE", "/api/auth/totp", proof).await;
        assert_eq!(off.status, StatusCode::NO_CONTENT, "{off:?}");
        assert_eq!(sign_in_with(&app, json!({})).await.status, StatusCode::OK);
    });
}

#[test]
fn an_app_for_codes_is_not_slipped_in_beside_a_passkey() {
    run(async {
        let (app, access, mut device) = asked_for_passkey().await;
        let secret = new_totp(&app, &access).await;
        // Whoever has the session and the password has this secret as well. Its codes prove nothing yet.
        expect_asked(&sign_in_with(&app, json!({"code": next_code(&app, &secret)})).await);
        let proof = json!({"password": PASSWORD, "code": next_code(&app, &secret)});
        let refused = app.call_as(&access, "POST", "/api/auth/recovery-codes", proof).await;
        assert_eq!(refused_fields(&refused), ["code"]);
        let activate = async |more: Value| {
            let mut body = json!({"code": next_code(&app, &secret)});
            for (name, value) in more.as_object().unwrap() {
                body[name] = value.clone();
            }
            app.call_as(&access, "PUT", "/api/auth/totp", body).await
        };
        assert_eq!(refused_fields(&activate(json!({})).await), ["password"]);
        let proof = json!({ "password": PASSWORD });
        assert_eq!(refused_fields(&activate(proof).await), ["passkey"]);
        assert_eq!(second_factors(&app, &access).await, json!(["passkey"]));
        let options = change_options(&app, &access, "second-factor-on").await;
        let proof = json!({"password": PASSWORD, "passkey": device.get(&options)});
        assert_eq!(activate(proof).await.status, StatusCode::NO_CONTENT);
        assert_eq!(second_factors(&app, &access).await, json!(["totp", "passkey"]));
    });
}

/// All changes that ask again: their names, and the requests.
fn changes(passkey: &str) -> Vec<(&'static str, &'static str, String, Value)> {
    let to = |path: &str| format!("/api/auth/{path}");
    let token = json!({"name": "cron", "scope": "memos:read", "expires_in_days": 1});
    vec![
        (
            "password-change",
            "PUT",
            to("me/password"),
            json!({"new_password": "a better horse"}),
        ),
        ("recovery-codes", "POST", to("recovery-codes"), json!({})),
        ("token-made", "POST", to("tokens"), token),
        ("passkey-added", "POST", to("passkeys/options"), json!({})),
        ("second-factor-off", "DELETE", to("passkeys/second-factor"), json!({})),
        (
            "passkey-removed",
            "DELETE",
            to(&format!("passkeys/{passkey}")),
            json!({}),
        ),
        ("account-deletion", "DELETE", to("me"), json!({})),
    ]
}

/// Sends a change with the password and, it may be, a passkey's answer.
async fn change(
    app: &TestApp,
    access: &str,
    (name, method, path, body): &(&str, &str, String, Value),
    passkey: Option<Value>,
) -> Answer {
    let mut body = body.clone();
    let field = if *name == "password-change" {
        "current_password"
    } else {
        "password"
    };
    body[field] = PASSWORD.into();
    if let Some(passkey) = passkey {
        body["passkey"] = passkey;
    }
    app.call_as(access, method, path, body).await
}

#[test]
fn each_change_that_asks_again_takes_a_passkey_for_itself_once() {
    run(async {
        let names: Vec<_> = changes("").into_iter().map(|(name, ..)| name).collect();
        for (number, name) in names.iter().enumerate() {
            let (app, access, mut device) = asked_for_passkey().await;
            let id = support::base64url(&device.id);
            let wanted = changes(&id).swap_remove(number);
            assert_eq!(
                refused_fields(&change(&app, &access, &wanted, None).await),
                ["passkey"],
                "{name}"
            );
            // For another change, or by another session.
            let other = names[(number + 1) % names.len()];
            let answer = device.get(&change_options(&app, &access, other).await);
            let refused = change(&app, &access, &wanted, Some(answer)).await;
            assert_eq!(
                refused_fields(&refused),
                ["passkey"],
                "{name} with an answer for {other}"
            );
            let elsewhere = sign_in(&app, &mut device).await.text("access_token");
            let answer = device.get(&change_options(&app, &elsewhere, name).await);
            let refused = change(&app, &access, &wanted, Some(answer)).await;
            assert_eq!(
                refused_fields(&refused),
                ["passkey"],
                "{name} with another session's answer"
            );

            let answer = device.get(&change_options(&app, &access, name).await);
            let done = change(&app, &access, &wanted, Some(answer.clone())).await;
            assert!(done.status.is_success(), "{name}: {done:?}");
            if matches!(*name, "recovery-codes" | "token-made" | "passkey-added") {
                let again = change(&app, &access, &wanted, Some(answer)).await;
                assert_eq!(refused_fields(&again), ["passkey"], "{name} again");
            }
        }
    });
}

#[test]
fn it_is_turned_off_for_password_and_passkey_and_goes_with_the_last_passkey() {
    run(async {
        let (app, access, mut device) = asked_for_passkey().await;
        let path = "/api/auth/passkeys/second-factor";
        let answer = device.get(&change_options(&app, &access, "second-factor-off").await);
        let proof = json!({"password": "wrong password", "passkey": answer});
        assert_eq!(
            refused_fields(&app.call_as(&access, "DELETE", path, proof).await),
            ["password"]
        );
        let proof = json!({"password": PASSWORD, "passkey": answer});
        let off = app.call_as(&access, "DELETE", path, proof.clone()).await;
        assert_eq!(off.status, StatusCode::NO_CONTENT, "{off:?}");
        assert_eq!(
            app.call_as(&access, "DELETE", path, proof).await.status,
            StatusCode::NOT_FOUND
        );
        assert_eq!(sign_in_with(&app, json!({})).await.status, StatusCode::OK);

        // Another one stays, and so it goes on.
        let mut other = self::device("phone");
        assert_eq!(add(&app, &access, &mut other).await.status, StatusCode::CREATED);
        ask_for_passkey(&app, &access, &mut device).await;
        for (gone, left) in [(&other, json!(["passkey"])), (&device.clone(), json!([]))] {
            let answer = device.get(&change_options(&app, &access, "passkey-removed").await);
            let proof = json!({"password": PASSWORD, "passkey": answer});
            let path = format!("/api/auth/passkeys/{}", support::base64url(&gone.id));
            let removed = app.call_as(&access, "DELETE", &path, proof).await;
            assert_eq!(removed.status, StatusCode::NO_CONTENT, "{removed:?}");
            assert_eq!(second_factors(&app, &access).await, left);
        }
        // Nor does the next passkey bring it back.
        assert_eq!(add(&app, &access, &mut device).await.status, StatusCode::CREATED);
        assert_eq!(sign_in_with(&app, json!({})).await.status, StatusCode::OK);
    });
}

#[test]
fn a_recovery_turns_it_off() {
    run(async {
        let app = TestApp::new();
        let codes = app.register("alice", PASSWORD).await.body["recovery_codes"].clone();
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let mut device = device("laptop");
        add(&app, &access, &mut device).await;
        ask_for_passkey(&app, &access, &mut device).await;
        let body = json!({"username": "alice", "recovery_code": codes[0], "new_password": PASSWORD});
        let recovered = app.post_json("/api/auth/recover", body).await;
        assert_eq!(recovered.status, StatusCode::NO_CONTENT, "{recovered:?}");
        let entered = sign_in_with(&app, json!({})).await;
        assert_eq!(entered.status, StatusCode::OK, "{entered:?}");
        let access = entered.text("access_token");
        assert_eq!(second_factors(&app, &access).await, json!([]));
        creation_options(&app, &access).await;
    });
}

#[test]
fn it_is_not_turned_on_without_a_passkey_of_ones_own() {
    run(async {
        let app = TestApp::with_alice().await;
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let none = app.call_as(
            &access,
            "POST",
            "/api/auth/me/passkey/options",
            json!({"change": "second-factor-on"}),
        );
        assert_eq!(none.await.status, StatusCode::NOT_FOUND);
        let mut device = device("laptop");
        add(&app, &access, &mut device).await;
        let unknown = app.call_as(
            &access,
            "POST",
            "/api/auth/me/passkey/options",
            json!({"change": "everything"}),
        );
        assert_eq!(unknown.await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let answer = device.get(&request_options(&app).await);
        let on = |passkey: Value| {
            app.call_as(
                &access,
                "PUT",
                "/api/auth/passkeys/second-factor",
                json!({ "passkey": passkey }),
            )
        };
        assert_eq!(refused_fields(&on(answer.clone()).await), ["passkey"]);
        assert_eq!(second_factors(&app, &access).await, json!([]));
        assert_eq!(send(&app, &answer).await.status, StatusCode::OK, "it was for that");
    });
}

#[test]
fn an_address_of_numbers_has_no_passkey_to_ask_for_and_lets_nobody_in_without() {
    run(async {
        let (app, access, mut device) = asked_for_passkey().await;
        let options = asked(&app).await.1;
        let by_number = app.with_config(Config {
            public_origin: "http://127.0.0.1:3000".to_owned(),
            ..support::config()
        });
        let (methods, none) = asked(&by_number).await;
        assert_eq!((methods, none), (json!([]), Value::Null));
        let answer = device.get(&options);
        expect_asked(&sign_in_with(&by_number, json!({ "passkey": answer })).await);
        let none = by_number.call_as(
            &access,
            "POST",
            "/api/auth/me/passkey/options",
            json!({"change": "recovery-codes"}),
        );
        assert_eq!(none.await.text("type"), "/problems#passkeys-unavailable");
    });
}

#[test]
fn a_store_that_fails_at_any_moment_lets_nobody_in_and_takes_no_answer_twice() {
    run(async {
        for failing in [Failing::Before, Failing::After] {
            for operations in 0..40 {
                let (app, _, mut device) = asked_for_passkey().await;
                let answer = json!({ "passkey": device.get(&asked(&app).await.1) });
                let other = app.another_instance();
                app.kv.cut_after(operations, failing);
                let first = sign_in_with(&other, answer.clone()).await;
                app.kv.mend();
                app.pass_secs(120); // Claims of requests that died are over.
                let second = sign_in_with(&other, answer).await;
                if first.status == StatusCode::OK {
                    expect_asked(&second);
                    assert!(operations > 20, "{failing:?}: nothing failed after {operations}");
                    break;
                }
                assert!(operations < 39, "{failing:?}: nobody was ever let in");
                assert_eq!(first.status, StatusCode::SERVICE_UNAVAILABLE, "{first:?}");
                assert!(!first.header("retry-after").is_empty());
                // Whether it was used up before the store failed, nobody knows.
                let is_known = matches!(second.status, StatusCode::OK | StatusCode::UNAUTHORIZED);
                assert!(is_known, "{operations}: {second:?}");
            }
        }
    });
}

#[test]
fn a_token_that_is_not_for_the_account_changes_nothing() {
    run(async {
        let (app, access, _) = alices_passkey().await;
        let other = support::rescoped(&app, &access, "memos:read memos:write").await;
        for (method, path) in [
            ("POST", "/api/auth/me/passkey/options"),
            ("PUT", "/api/auth/passkeys/second-factor"),
            ("DELETE", "/api/auth/passkeys/second-factor"),
        ] {
            let answer = app.call_as(&other, method, path, json!({})).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
            let nobody = app.call_as("", method, path, json!({})).await;
            assert_eq!(nobody.status, StatusCode::UNAUTHORIZED, "{method} {path}");
        }
    });
}
