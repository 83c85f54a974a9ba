//! Registration, and who a token belongs to.

use crate::support::{Failing, PASSWORD, TestApp, run};
use argon2::{Argon2, Params, password_hash::PasswordHasher};
use common::store::kv::MemoryKv;
use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};

#[test]
fn who_registers_can_log_in_and_be_seen() {
    run(async {
        let app = TestApp::new();
        let made = app.register("Alice", PASSWORD).await;
        assert_eq!(made.status, StatusCode::CREATED);
        assert_eq!(made.header("location"), "/api/auth/me");
        assert_eq!(made.header("cache-control"), "no-store");
        assert_eq!(made.text("username"), "alice");
        assert_eq!(made.text("created_at"), "2026-09-21T14:13:20.000Z");
        let token = app.log_in("ALICE", PASSWORD).await.text("access_token");
        let me = app.me(&token).await;
        let mut expected = made.body.clone();
        expected["password_changed_at"] = made.body["created_at"].clone();
        let codes = expected.as_object_mut().unwrap().remove("recovery_codes").unwrap();
        assert_eq!(codes.as_array().unwrap().len(), 10);
        expected["recovery_codes_left"] = 10.into();
        expected["second_factor"] = false.into();
        expected["second_factors"] = serde_json::Value::Array(Vec::new());
        expected["passkeys"] = 0.into();
        assert_eq!((me.status, me.body), (StatusCode::OK, expected));
    });
}

#[test]
fn a_name_is_given_once_whatever_its_case() {
    run(async {
        let app = TestApp::with_alice().await;
        let second = app.register("aLiCe", "another password").await;
        assert_eq!(second.status, StatusCode::CONFLICT);
        assert_eq!(second.text("type"), "/problems#username-taken");
        assert_eq!(
            app.log_in("alice", "another password").await.status,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(app.log_in("alice", PASSWORD).await.status, StatusCode::OK);
    });
}

#[test]
fn what_can_not_be_a_name_or_a_password_is_refused_by_field() {
    run(async {
        let app = TestApp::new();
        let long_name = "a".repeat(33);
        let long_password = "가".repeat(129);
        for (username, password, fields) in [
            ("al", PASSWORD, vec!["username"]),
            (&long_name, PASSWORD, vec!["username"]),
            ("-alice", PASSWORD, vec!["username"]),
            ("al ice", PASSWORD, vec!["username"]),
            ("al/ice", PASSWORD, vec!["username"]),
            ("앨리스", PASSWORD, vec!["username"]),
            ("alice", "1234567", vec!["password"]),
            ("alice", &long_password, vec!["password"]),
            ("alice-alice", "Alice-ALICE", vec!["password"]),
            ("", "", vec!["username", "password"]),
        ] {
            let answer = app.register(username, password).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{username} {password}");
            let errors = answer.body["errors"].as_array().unwrap();
            let named: Vec<&str> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
            assert_eq!(named, fields, "{username} {password}");
            assert!(!answer.body.to_string().contains("1234567"));
        }
        assert!(app.ports.kv.keys("auth/").await.unwrap().is_empty());
    });
}

#[test]
fn bodies_of_other_shapes_are_refused() {
    run(async {
        let app = TestApp::new();
        let json = [("content-type", "application/json")];
        let too_large = format!("{{\"username\":\"{}\"}}", "a".repeat(64 * 1024));
        for (headers, body, status) in [
            (&json[..], "", 400),
            (&json, "{", 400),
            (&json, "[]", 422),
            (&json, "{}", 422),
            (&json, "{\"username\":\"alice\",\"password\":12345678}", 422),
            (
                &json,
                "{\"username\":\"alice\",\"password\":\"correct horse\",\"admin\":true}",
                422,
            ),
            (&[("content-type", "text/plain")], "{}", 415),
            (&[], "{}", 415),
            (&json, &too_large, 413),
        ] {
            let answer = app.call("POST", "/api/auth/users", headers, body).await;
            assert_eq!(answer.status.as_u16(), status, "{body}");
            assert_eq!(answer.header("content-type"), "application/problem+json");
        }
        assert_eq!(app.get("/api/auth/users").await.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(app.get("/api/auth/nothing").await.status, StatusCode::NOT_FOUND);
        assert!(app.ports.kv.keys("auth/").await.unwrap().is_empty());
    });
}

#[test]
fn of_registrations_of_one_name_at_once_one_wins() {
    run(async {
        for seed in 1..12 {
            let app = TestApp::new();
            app.kv.shuffle(seed);
            let passwords = ["password one", "password two", "password three"];
            let registrations = passwords.map(|password| app.register("alice", password));
            let statuses: Vec<_> = join_all(registrations)
                .await
                .iter()
                .map(|answer| answer.status)
                .collect();
            let mut sorted = statuses.clone();
            sorted.sort();
            assert_eq!(
                sorted,
                [StatusCode::CREATED, StatusCode::CONFLICT, StatusCode::CONFLICT],
                "seed {seed}"
            );
            for (password, status) in passwords.into_iter().zip(statuses) {
                let logged_in = app.log_in("alice", password).await.status == StatusCode::OK;
                assert_eq!(logged_in, status == StatusCode::CREATED, "seed {seed}");
            }
        }
    });
}

#[test]
fn a_registration_cut_off_anywhere_leaves_a_user_or_a_free_name() {
    run(async {
        for failing in [Failing::Before, Failing::After] {
            for operations in 1.. {
                let app = TestApp::new();
                app.kv.cut_after(operations, failing);
                let first = app.register("alice", PASSWORD).await;
                app.kv.mend();
                if first.status == StatusCode::CREATED && app.kv.operations() < operations {
                    break;
                }
                // A claim that was left behind blocks for two windows.
                app.pass_secs(60);
                let again = app.register("alice", "another password").await;
                let usable = if again.status == StatusCode::CREATED {
                    "another password"
                } else {
                    PASSWORD
                };
                assert_eq!(
                    app.log_in("alice", usable).await.status,
                    StatusCode::OK,
                    "{failing:?} {operations}: {first:?} {again:?}"
                );
                if first.status == StatusCode::CREATED {
                    assert_eq!(usable, PASSWORD, "{failing:?} {operations}");
                }
            }
        }
    });
}

#[test]
fn a_token_of_nobody_is_no_token() {
    run(async {
        let app = TestApp::with_alice().await;
        let token = app.log_in("alice", PASSWORD).await.text("access_token");
        app.ports.kv.delete(&users_record(&app).await).await.unwrap();
        let (head, _) = token.rsplit_once('.').unwrap();
        for bad in [&token, "garbage", &format!("{head}.AAAA")] {
            let answer = app.me(bad).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
            assert!(answer.header("www-authenticate").contains("invalid_token"));
        }
        let none = app.get("/api/auth/me").await;
        assert_eq!(none.status, StatusCode::UNAUTHORIZED);
        assert_eq!(none.header("www-authenticate"), "Bearer realm=\"memo\"");
    });
}

#[test]
fn a_hash_with_old_parameters_is_renewed_at_login() {
    run(async {
        let app = TestApp::with_alice().await;
        let weak = Argon2::from(Params::new(64, 1, 1, None).unwrap());
        let weak = weak
            .hash_password_with_salt(PASSWORD.as_bytes(), &[1; 16])
            .unwrap()
            .to_string();
        let key = users_record(&app).await;
        let mut user: Value = app.ports.kv.get_json(&key).await.unwrap().unwrap();
        user["password_hash"] = json!(weak);
        app.ports.kv.set_json(&key, &user).await.unwrap();
        assert_eq!(
            app.log_in("alice", "wrong password").await.status,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(app.log_in("alice", PASSWORD).await.status, StatusCode::OK);
        let user: Value = app.ports.kv.get_json(&key).await.unwrap().unwrap();
        assert!(
            user["password_hash"]
                .as_str()
                .unwrap()
                .starts_with("$argon2id$v=19$m=7168,t=5,p=1$")
        );
        assert_eq!(app.log_in("alice", PASSWORD).await.status, StatusCode::OK);
    });
}

#[test]
fn a_renewed_hash_does_not_undo_what_somebody_else_changed() {
    run(async {
        for seed in 1..60 {
            let app = TestApp::with_alice().await;
            let weak = Argon2::from(Params::new(64, 1, 1, None).unwrap());
            let weak = weak.hash_password_with_salt(PASSWORD.as_bytes(), &[1; 16]).unwrap();
            let key = users_record(&app).await;
            let mut user: Value = app.ports.kv.get_json(&key).await.unwrap().unwrap();
            user["password_hash"] = json!(weak.to_string());
            // As it was written before there were versions.
            user.as_object_mut().unwrap().remove("version");
            app.ports.kv.set_json(&key, &user).await.unwrap();
            app.kv.shuffle(seed);
            let (first, second) = (app.another_instance(), app.another_instance());
            let both = futures::future::join(first.log_in("alice", PASSWORD), second.log_in("alice", PASSWORD));
            let (first, second) = both.await;
            assert_eq!((first.status, second.status), (StatusCode::OK, StatusCode::OK));
            let user: Value = app.ports.kv.get_json(&key).await.unwrap().unwrap();
            assert_eq!(user["version"], 2, "seed {seed}: written once, under a claim");
        }
    });
}

#[test]
fn registrations_from_one_network_are_limited() {
    run(async {
        let app = TestApp::new();
        let mut statuses = Vec::new();
        for name in 0..31 {
            let body = json!({"username": format!("name{name}"), "password": PASSWORD}).to_string();
            let headers = [
                ("content-type", "application/json"),
                ("spin-client-addr", "192.0.2.7:5000"),
            ];
            statuses.push(app.call("POST", "/api/auth/users", &headers, &body).await.status);
        }
        assert_eq!(statuses.pop(), Some(StatusCode::TOO_MANY_REQUESTS));
        assert!(statuses.iter().all(|status| *status == StatusCode::CREATED));
        assert_eq!(app.register("name99", PASSWORD).await.status, StatusCode::CREATED);
    });
}

#[test]
fn the_same_password_in_other_code_points_is_the_same() {
    run(async {
        let app = TestApp::new();
        // Composed (NFC), and decomposed as macOS has it (NFD).
        let (composed, decomposed) = (
            "\u{be44}\u{bc00}\u{bc88}\u{d638}1234",
            "\u{1107}\u{1175}\u{1106}\u{1175}\u{11af}\u{1107}\u{1165}\u{11ab}\u{1112}\u{1169}1234",
        );
        assert_eq!(app.register("alice", decomposed).await.status, StatusCode::CREATED);
        assert_eq!(app.log_in("alice", composed).await.status, StatusCode::OK);
        assert_eq!(app.log_in("alice", decomposed).await.status, StatusCode::OK);
    });
}

#[test]
fn a_hash_of_a_password_as_it_was_typed_is_good_once_more_and_renewed() {
    run(async {
        let app = TestApp::with_alice().await;
        let decomposed = "\u{1107}\u{1175}\u{1106}\u{1175}\u{11af}123456";
        let of_typed = Argon2::from(Params::new(7 * 1024, 5, 1, None).unwrap());
        let of_typed = of_typed
            .hash_password_with_salt(decomposed.as_bytes(), &[1; 16])
            .unwrap();
        let key = users_record(&app).await;
        let mut user: Value = app.ports.kv.get_json(&key).await.unwrap().unwrap();
        user["password_hash"] = json!(of_typed.to_string());
        app.ports.kv.set_json(&key, &user).await.unwrap();
        let composed = "\u{be44}\u{bc00}123456";
        assert_eq!(app.log_in("alice", composed).await.status, StatusCode::UNAUTHORIZED);
        for password in [decomposed, composed] {
            assert_eq!(app.log_in("alice", password).await.status, StatusCode::OK);
        }
        // Somebody who does not exist costs as many hashes.
        let hashes = |name: &'static str| {
            let app = app.clone();
            async move {
                let before = app.backpressure.count();
                app.log_in(name, "\u{1107}\u{1175}wrong123").await;
                app.backpressure.count() - before
            }
        };
        assert_eq!((hashes("alice").await, hashes("nobody").await), (2, 2));
    });
}

#[test]
fn a_failing_store_is_503_and_keeps_its_reasons() {
    run(async {
        let app = TestApp::with_alice().await;
        let token = app.log_in("alice", PASSWORD).await.text("access_token");
        app.kv.cut_after(0, Failing::Before);
        for answer in [app.register("bob", PASSWORD).await, app.me(&token).await] {
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(answer.header("retry-after"), "1");
            assert!(!answer.body.to_string().contains("shelf"), "{answer:?}");
        }
    });
}

#[test]
fn a_store_without_increment_serves_as_well() {
    run(async {
        let app = TestApp::over(MemoryKv::without_increment());
        assert_eq!(app.register("alice", PASSWORD).await.status, StatusCode::CREATED);
        assert_eq!(app.register("alice", PASSWORD).await.status, StatusCode::CONFLICT);
        let token = app.alices_token().await;
        let refreshed = app.refresh(&token).await;
        assert_ne!(refreshed.text("refresh_token"), token);
        assert_eq!(app.me(&refreshed.text("access_token")).await.text("username"), "alice");
    });
}

async fn users_record(app: &TestApp) -> String {
    app.ports.kv.keys("auth/user/").await.unwrap().remove(0)
}
