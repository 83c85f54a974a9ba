//! What the log says of what matters for security.

use std::cell::RefCell;

use crate::support::{self, PASSWORD, TestApp, config, programs, run};
use auth_component::records::totp::{STEP_MILLIS, TotpSecret};
use common::world::Ports;
use http::StatusCode;
use serde_json::{Value, json};

thread_local! {
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// The events since the last look, without their times, and all lines as they are.
fn events() -> (Vec<Value>, String) {
    let lines = LOG.with_borrow_mut(std::mem::take);
    let all = lines.join("\n");
    let events = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut events: Vec<Value> = events.filter(|line| !line["event"].is_null()).collect();
    for event in &mut events {
        let fields = event.as_object_mut().unwrap();
        assert!(fields.remove("time").is_some() && fields.remove("request_id").is_some());
        assert_eq!(fields.remove("component"), Some(json!("auth")));
    }
    (events, all)
}

/// A world with a log, in which nobody is registered.
fn logged() -> TestApp {
    let app = TestApp::new();
    let ports = Ports {
        log: |line| LOG.with_borrow_mut(|log| log.push(line.to_owned())),
        ..app.ports.clone()
    };
    TestApp {
        router: auth_component::app(ports.clone(), config(), app.memos.clone()).unwrap(),
        ports,
        ..app
    }
}

const FROM: [(&str, &str); 2] = [
    ("content-type", "application/json"),
    ("spin-client-addr", "192.0.2.7:5000"),
];

async fn post(app: &TestApp, path: &str, body: Value) -> support::Answer {
    app.call("POST", path, &FROM, &body.to_string()).await
}

#[test]
fn each_event_says_who_from_where_and_how_it_ended() {
    run(async {
        let app = logged();
        let credentials = |password: &str| json!({"username": "alice", "password": password});
        let registered = post(&app, "/api/auth/users", credentials(PASSWORD)).await;
        let user = registered.text("id");
        let event = |event: &str, outcome: &str, level: &str| {
            json!({"event": event, "outcome": outcome, "level": level, "client_address": "192.0.2.7",
                "user_id": user})
        };
        let sign_in = |outcome: &str, level: &str| {
            let mut event = event("sign-in", outcome, level);
            event["method"] = "password".into();
            event
        };
        assert_eq!(events().0, [event("registration", "success", "info")]);

        let answer = post(&app, "/api/auth/session", credentials(PASSWORD)).await;
        let first = support::cookie(&answer);
        let session = |mut event: Value, name: &str, refresh: &str| {
            event[name] = refresh.split('.').next().unwrap().into();
            event
        };
        let signed_in = sign_in("success", "info");
        assert_eq!(events().0, [session(signed_in.clone(), "session_id", &first)]);

        post(&app, "/api/auth/session", credentials("wrong password")).await;
        assert_eq!(events().0, [sign_in("failure", "warn")]);
        let nobody = json!({"username": "nobody", "password": PASSWORD});
        post(&app, "/api/auth/session", nobody).await;
        let mut unknown = sign_in("failure", "warn");
        unknown.as_object_mut().unwrap().remove("user_id");
        assert_eq!(events().0, [unknown]);

        // The second session changes the password, which ends the first one.
        let second = post(&app, "/api/auth/session", credentials(PASSWORD)).await;
        let (access, refresh) = (second.text("access_token"), support::cookie(&second));
        events();
        let bearer = format!("Bearer {access}");
        let headers = [FROM[0], FROM[1], ("authorization", bearer.as_str())];
        let body = json!({"current_password": PASSWORD, "new_password": "a better horse"}).to_string();
        let changed = app.call("PUT", "/api/auth/me/password", &headers, &body).await;
        assert_eq!(changed.status, StatusCode::NO_CONTENT);
        let ended = session(event("session-end", "success", "info"), "session_id", &first);
        assert_eq!(
            events().0,
            [
                session(event("password-change", "success", "info"), "session_id", &refresh),
                session(ended, "by_session_id", &refresh),
            ]
        );

        // Somebody had its first token.
        let refresh_with = async |token: &str| {
            let sent = format!("memo_refresh={token}");
            let headers = [FROM[1], ("cookie", sent.as_str())];
            app.call("POST", "/api/auth/session/refresh", &headers, "").await
        };
        let next = support::cookie(&refresh_with(&refresh).await);
        refresh_with(&next).await;
        app.pass_secs(40);
        refresh_with(&refresh).await;
        let reused = session(event("refresh-token-reuse", "failure", "warn"), "session_id", &refresh);
        let (told, all) = events();
        assert_eq!(told, [reused]);
        for secret in [&refresh, &next, &access, PASSWORD, "a better horse", "alice"] {
            assert!(!all.contains(secret), "{secret}");
        }

        for _ in 0..12 {
            post(&app, "/api/auth/session", credentials("wrong password")).await;
        }
        let last = events().0.pop().unwrap();
        assert_eq!(
            (&last["event"], &last["outcome"]),
            (&json!("sign-in"), &json!("throttled"))
        );
    });
}

#[test]
fn what_becomes_of_the_second_factor_and_of_recovery_codes_is_told_without_any_of_them() {
    run(async {
        let app = logged();
        let registered = post(
            &app,
            "/api/auth/users",
            json!({"username": "alice", "password": PASSWORD}),
        )
        .await;
        let answer = app.log_in("alice", PASSWORD).await;
        let (access, refresh) = (answer.text("access_token"), answer.text("refresh_token"));
        let as_alice = async |method: &str, path: &str, body: Value| app.call_as(&access, method, path, body).await;
        let told = || {
            let (events, all) = events();
            let words = events.iter().map(|event| {
                assert_eq!(event["user_id"], registered.body["id"], "{event}");
                format!("{} {}", event["event"], event["outcome"]).replace('"', "")
            });
            (words.collect::<Vec<_>>(), all)
        };
        told();
        let secret = as_alice("POST", "/api/auth/totp", Value::Null).await.text("secret");
        let totp = TotpSecret::try_from(secret.clone()).unwrap();
        let code = || {
            app.pass_secs(30);
            totp.code_at(app.ports.clock.now().0 / STEP_MILLIS).to_text()
        };
        as_alice("PUT", "/api/auth/totp", json!({"code": "12345"})).await;
        as_alice("PUT", "/api/auth/totp", json!({"code": code()})).await;
        let (words, mut all) = told();
        assert_eq!(words, ["second-factor-on failure", "second-factor-on success"]);

        let sign_in = async |code: Value| {
            let body = json!({"username": "alice", "password": PASSWORD, "code": code});
            post(&app, "/api/auth/session", body).await
        };
        sign_in(Value::Null).await;
        sign_in("12345".into()).await;
        sign_in(code().into()).await;
        let (words, lines) = told();
        let expected = [
            "sign-in incomplete",
            "second-factor-code failure",
            "sign-in failure",
            "sign-in success",
        ];
        assert_eq!(words, expected);
        all += &lines;

        let wrong = json!({"password": PASSWORD, "code": "12345"});
        as_alice("DELETE", "/api/auth/totp", wrong).await;
        let renewal = json!({"password": PASSWORD, "code": code()});
        let renewed = as_alice("POST", "/api/auth/recovery-codes", renewal).await;
        let removal = json!({"password": PASSWORD, "code": code()});
        as_alice("DELETE", "/api/auth/totp", removal).await;
        let (words, lines) = told();
        let expected = [
            "second-factor-code failure",
            "second-factor-off failure",
            "recovery-codes success",
            "second-factor-off success",
        ];
        assert_eq!(words, expected);
        all += &lines;

        let recovery = renewed.body["recovery_codes"][0].as_str().unwrap();
        let recover = async |code: &str| {
            let body = json!({"username": "alice", "recovery_code": code, "new_password": "a better horse"});
            post(&app, "/api/auth/recover", body).await
        };
        recover("0000-0000-0000-0000").await;
        assert_eq!(recover(recovery).await.status, StatusCode::NO_CONTENT);
        let (words, lines) = told();
        let expected = [
            "recovery failure",
            "recovery success",
            "session-end success",
            "session-end success",
        ];
        assert_eq!(words, expected);
        all += &lines;
        for hidden in [
            &secret,
            recovery,
            &access,
            &refresh,
            PASSWORD,
            "a better horse",
            "alice",
            "12345",
        ] {
            assert!(!all.contains(hidden), "{hidden}");
        }
    });
}

#[test]
fn the_deletion_of_an_account_is_an_event_however_it_ends() {
    run(async {
        let app = logged();
        post(
            &app,
            "/api/auth/users",
            json!({"username": "alice", "password": PASSWORD}),
        )
        .await;
        let (own, _) = app.alice_signs_in(PASSWORD).await;
        app.alice_signs_in(PASSWORD).await;
        events();
        let mut outcomes = Vec::new();
        for (password, is_up) in [("wrong password", true), (PASSWORD, false), (PASSWORD, true)] {
            app.memos.is_up.store(is_up, std::sync::atomic::Ordering::SeqCst);
            app.call_as(&own, "DELETE", "/api/auth/me", json!({"password": password}))
                .await;
            let (events, all) = events();
            assert!(!all.contains("alice") && !all.contains("password\":"), "{all}");
            for event in events {
                assert!(
                    event["user_id"].is_string() && event["session_id"].is_string(),
                    "{event}"
                );
                outcomes.push(format!(
                    "{} {}",
                    event["event"].as_str().unwrap(),
                    event["outcome"].as_str().unwrap()
                ));
            }
        }
        let expected = [
            "account-deletion failure",
            "session-end success",
            "account-deletion incomplete",
            "account-deletion success",
        ];
        assert_eq!(outcomes, expected);
    });
}

#[test]
fn what_becomes_of_passkeys_is_told_without_any_of_them() {
    run(async {
        use authenticator::{Algorithm, Authenticator};

        let app = logged();
        let user = app.register("alice", PASSWORD).await.text("id");
        let access = app.log_in("alice", PASSWORD).await.text("access_token");
        let mut device = Authenticator::new(Algorithm::EdDsa, "laptop", "http://localhost:3000");
        device.sign_count = Some(1);
        let as_alice = async |method: &str, path: &str, body: Value| app.call_as(&access, method, path, body).await;
        let told = || {
            let (events, all) = events();
            let words = events.iter().map(|event| {
                let method = event["method"].as_str().unwrap_or_default();
                let whose = if event["user_id"] == user.as_str() {
                    "hers"
                } else {
                    "nobody's"
                };
                format!("{} {} {method} {whose}", event["event"], event["outcome"]).replace('"', "")
            });
            (words.collect::<Vec<_>>(), all)
        };
        told();
        let proof = |password: &str| json!({"password": password});
        as_alice("POST", "/api/auth/passkeys/options", proof("wrong password")).await;
        let options = as_alice("POST", "/api/auth/passkeys/options", proof(PASSWORD))
            .await
            .body;
        let body = json!({"name": "my laptop", "credential": device.create(&options)});
        let id = as_alice("POST", "/api/auth/passkeys", body.clone()).await.text("id");
        as_alice("POST", "/api/auth/passkeys", body).await;
        let (words, mut all) = told();
        let expected = [
            "passkey-added failure  hers",
            "passkey-added success  hers",
            "passkey-added failure  hers",
        ];
        assert_eq!(words, expected);

        let mut copy = device.clone();
        let sign_in = async |device: &mut Authenticator| {
            app.pass_secs(1);
            let options = post(&app, "/api/auth/session/passkey/options", Value::Null).await.body;
            post(&app, "/api/auth/session/passkey", device.get(&options)).await
        };
        sign_in(&mut device).await;
        sign_in(&mut copy).await;
        copy.user_handle = b"nobody".to_vec();
        sign_in(&mut copy).await;
        let (words, lines) = told();
        let expected = [
            "sign-in success passkey hers",
            "passkey-copied failure  hers",
            "sign-in failure passkey hers",
            "sign-in failure passkey nobody's",
        ];
        assert_eq!(words, expected);
        all += &lines;

        let path = format!("/api/auth/passkeys/{id}");
        as_alice("DELETE", &path, proof("wrong password")).await;
        as_alice("DELETE", &path, proof(PASSWORD)).await;
        let (words, lines) = told();
        assert_eq!(
            words,
            ["passkey-removed failure  hers", "passkey-removed success  hers"]
        );
        all += &lines;
        for hidden in [&id, &access, "my laptop", "alice", PASSWORD] {
            assert!(!all.contains(hidden), "{hidden}");
        }
    });
}

#[test]
fn passkeys_beside_the_password_are_told() {
    run(async {
        use authenticator::{Algorithm, Authenticator};

        let app = logged();
        app.register("alice", PASSWORD).await;
        let access = app.log_in("alice", PASSWORD).await.text("access_token");
        let mut device = Authenticator::new(Algorithm::EdDsa, "laptop", "http://localhost:3000");
        support::passkeys::add(&app, &access, &mut device).await;
        events();
        support::passkeys::ask_for_passkey(&app, &access, &mut device).await;
        let options = support::passkeys::asked(&app).await.1;
        let answer = device.get(&options);
        let enter = async || support::passkeys::sign_in_with(&app, json!({ "passkey": answer })).await;
        assert_eq!(enter().await.status, StatusCode::OK);
        assert_eq!(enter().await.status, StatusCode::UNAUTHORIZED);
        let proof = json!({"password": PASSWORD, "passkey": answer});
        let path = "/api/auth/passkeys/second-factor";
        app.call_as(&access, "DELETE", path, proof).await;
        let off = support::passkeys::change_options(&app, &access, "second-factor-off").await;
        let proof = json!({"password": PASSWORD, "passkey": device.get(&off)});
        app.call_as(&access, "DELETE", path, proof).await;
        let (told, all) = events();
        let words: Vec<String> = told
            .iter()
            .map(|event| format!("{} {}", event["event"], event["outcome"]).replace('"', ""))
            .collect();
        let expected = [
            "second-factor-on success",
            "sign-in incomplete",
            "sign-in success",
            "second-factor-passkey failure",
            "sign-in failure",
            "second-factor-passkey failure",
            "second-factor-off failure",
            "second-factor-off success",
        ];
        assert_eq!(words, expected);
        assert!(told[5]["session_id"].is_string(), "{:?}", told[5]);
        let id = support::base64url(&device.id);
        for hidden in [&id, "alice", PASSWORD, options["challenge"].as_str().unwrap()] {
            assert!(!all.contains(hidden), "{hidden}");
        }
    });
}

#[test]
fn personal_tokens_are_told_by_their_ids() {
    run(async {
        let app = logged();
        let registered = app.register("alice", PASSWORD).await;
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        events();
        let body = |password: &str| json!({"name": "my script", "scope": "memos:read", "expires_in_days": 1, "password": password});
        app.call_as(&access, "POST", "/api/auth/tokens", body("wrong password"))
            .await;
        let made = app.call_as(&access, "POST", "/api/auth/tokens", body(PASSWORD)).await;
        let path = format!("/api/auth/tokens/{}", made.text("id"));
        app.call_as(&access, "DELETE", &path, Value::Null).await;
        let (told, all) = events();
        let words: Vec<String> = told
            .iter()
            .map(|event| format!("{} {} {}", event["event"], event["outcome"], event["token_id"]).replace('"', ""))
            .collect();
        let id = made.text("id");
        let expected = [
            "token-made failure null".to_owned(),
            format!("token-made success {id}"),
            format!("token-revoked success {id}"),
        ];
        assert_eq!(words, expected);
        assert!(told.iter().all(|event| event["user_id"] == registered.body["id"]));
        let token = made.text("token");
        let signature = token.rsplit('.').next().unwrap();
        for hidden in [token.as_str(), signature, "my script", &access, PASSWORD] {
            assert!(!all.contains(hidden), "{hidden}");
        }
    });
}

#[test]
fn programs_are_told_by_their_ids() {
    run(async {
        let app = logged();
        let registered = app.register("alice", PASSWORD).await;
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let client_id = programs::registered(&app).await;
        let asked = programs::asked(&client_id);
        events();
        let used_twice = programs::code(&app, &access, &asked).await;
        programs::redeem(&app, &client_id, &used_twice[..30]).await;
        programs::redeem(&app, &client_id, &used_twice.replace('.', ".A")[..66]).await;
        programs::redeem(&app, &client_id, &used_twice).await;
        programs::redeem(&app, &client_id, &used_twice).await;
        let code = programs::code(&app, &access, &asked).await;
        let tokens = programs::redeem(&app, &client_id, &code).await;
        let path = format!("/api/auth/clients/{client_id}");
        app.call_as(&access, "DELETE", &path, Value::Null).await;
        let (told, all) = events();
        let words: Vec<String> = told
            .iter()
            .map(|event| {
                assert_eq!(event["client_id"], json!(client_id), "{event}");
                let whose = &event["user_id"];
                assert!(whose.is_null() || *whose == registered.body["id"], "{event}");
                let whose = if whose.is_null() { "nobody's" } else { "hers" };
                format!("{} {} {whose}", event["event"], event["outcome"]).replace('"', "")
            })
            .collect();
        let expected = [
            "program-connected failure nobody's",
            "program-connected success hers",
            "code-reuse failure hers",
            "program-connected success hers",
            "program-disconnected success hers",
        ];
        assert_eq!(words, expected);
        let tokens = [tokens.text("access_token"), tokens.text("refresh_token")];
        let secrets = [&used_twice, &code].map(|code| code.split('.').nth(1).unwrap());
        for hidden in [
            tokens[0].as_str(),
            &tokens[1],
            secrets[0],
            secrets[1],
            "A program",
            programs::VERIFIER,
        ] {
            assert!(!all.contains(hidden), "{hidden}");
        }
    });
}
