//! Passkeys of somebody who is signed in: adding them, seeing them, removing them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use auth_component::Config;
use authenticator::{Authenticator, EXTENSIONS, USER_PRESENT};
use http::StatusCode;
use serde_json::{Value, json};
use support::{
    PASSWORD, TestApp, config,
    passkeys::{
        add, alice, alices_passkey, creation_options, device, expect_wrong, passkeys, request_options, send, send_new,
        sign_in,
    },
    refused_fields, run,
};

#[test]
fn options_say_what_the_standard_wants_said() {
    run(async {
        let (app, access) = alice().await;
        let options = creation_options(&app, &access).await;
        assert_eq!(options["rp"], json!({"id": "localhost", "name": "Memo"}));
        assert_eq!(options["user"]["name"], "alice");
        assert_eq!(options["attestation"], "none");
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
        let algorithms = options["pubKeyCredParams"].as_array().unwrap();
        let algorithms: Vec<&Value> = algorithms.iter().map(|params| &params["alg"]).collect();
        assert_eq!(algorithms, [-8, -7, -257]);
        assert_eq!(options["excludeCredentials"], json!([]));

        let options = request_options(&app).await;
        assert_eq!(options["rpId"], "localhost");
        assert_eq!(options["allowCredentials"], json!([]));
        assert_eq!(options["userVerification"], "required");
        // 16 bytes of the standard's §13.4.3 are random.
        assert_ne!(options["challenge"], request_options(&app).await["challenge"]);
        assert!(options["challenge"].as_str().unwrap().len() > 40);
    });
}

#[test]
fn adding_one_asks_for_the_password_and_is_for_the_session_that_was_asked() {
    run(async {
        let (app, access) = alice().await;
        let ask = |body: Value| app.call_as(&access, "POST", "/api/auth/passkeys/options", body);
        assert_eq!(
            refused_fields(&ask(json!({"password": "wrong password"})).await),
            ["password"]
        );
        assert_eq!(ask(json!({})).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let none = app
            .call(
                "POST",
                "/api/auth/passkeys/options",
                &[("content-type", "application/json")],
                "{}",
            )
            .await;
        assert_eq!(none.status, StatusCode::UNAUTHORIZED);

        let credential = device("laptop").create(&creation_options(&app, &access).await);
        let (other_session, _) = app.alice_signs_in(PASSWORD).await;
        assert_eq!(
            refused_fields(&send_new(&app, &other_session, credential.clone()).await),
            ["credential"]
        );
        app.register("bob", PASSWORD).await;
        let bob = app.log_in("bob", PASSWORD).await.text("access_token");
        assert_eq!(
            refused_fields(&send_new(&app, &bob, credential.clone()).await),
            ["credential"]
        );
        // A challenge to sign in adds nothing.
        let mut options = creation_options(&app, &access).await;
        options["challenge"] = request_options(&app).await["challenge"].clone();
        let forged = device("laptop").create(&options);
        assert_eq!(refused_fields(&send_new(&app, &access, forged).await), ["credential"]);

        assert_eq!(
            send_new(&app, &access, credential.clone()).await.status,
            StatusCode::CREATED
        );
        assert_eq!(
            refused_fields(&send_new(&app, &access, credential).await),
            ["credential"]
        );
        app.pass_secs(1);
        let late = device("phone").create(&creation_options(&app, &access).await);
        app.pass_secs(300);
        assert_eq!(refused_fields(&send_new(&app, &access, late).await), ["credential"]);
        assert_eq!(passkeys(&app, &access).await.len(), 1);
    });
}

#[test]
fn what_a_browser_made_elsewhere_or_badly_is_not_added() {
    run(async {
        let (app, access) = alice().await;
        let options = creation_options(&app, &access).await;
        let made = |change: fn(&mut Authenticator)| {
            let mut liar = device("laptop");
            change(&mut liar);
            liar.create(&options)
        };
        let mut domain = options.clone();
        domain["rp"]["id"] = "evil.example".into();
        let mut swapped = made(|_| ());
        swapped["rawId"] = "AAAA".into();
        let mut answered = made(|_| ());
        answered["response"]["clientDataJSON"] = device("laptop")
            .get(&json!({"rpId": "localhost", "challenge": options["challenge"]}))["response"]["clientDataJSON"]
            .clone();
        for (what, credential) in [
            (
                "origin",
                made(|device| device.origin = "https://evil.example".to_owned()),
            ),
            ("nobody verified", made(|device| device.flags = USER_PRESENT)),
            (
                "framed",
                made(|device| device.page = json!({"crossOrigin": true, "topOrigin": "https://evil.example"})),
            ),
            ("more data", made(|device| device.trailing = vec![0xa0])),
            ("no id", made(|device| device.id = Vec::new())),
            ("long id", made(|device| device.id = vec![7; 1024])),
            ("domain", device("laptop").create(&domain)),
            ("another id", swapped),
            ("the other ceremony", answered),
        ] {
            let refused = send_new(&app, &access, credential).await;
            assert_eq!(refused_fields(&refused), ["credential"], "{what}");
        }
        let credential = made(|device| {
            device.id = vec![7; 1023];
            (device.flags, device.trailing) = (device.flags | EXTENSIONS, vec![0xa0]);
        });
        for name in [String::new(), "a".repeat(65), "\u{1}".to_owned()] {
            let body = json!({"name": name, "credential": credential});
            let refused = app.call_as(&access, "POST", "/api/auth/passkeys", body).await;
            assert_eq!(refused_fields(&refused), ["name"], "{name:?}");
        }
        assert_eq!(send_new(&app, &access, credential).await.status, StatusCode::CREATED);
    });
}

#[test]
fn an_attestation_with_any_byte_changed_is_read_or_refused() {
    run(async {
        let (app, access) = alice().await;
        let credential = device("laptop").create(&creation_options(&app, &access).await);
        let whole = support::from_base64url(credential["response"]["attestationObject"].as_str().unwrap());
        for place in 0..whole.len() {
            for bits in [1, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[place] ^= bits;
                let mut changed = credential.clone();
                changed["response"]["attestationObject"] = support::base64url(&bytes).into();
                let answer = send_new(&app, &access, changed).await;
                if answer.status == StatusCode::CREATED {
                    // It was in a part that nobody looks at: the statement, the model, the counter, the sign of a coordinate.
                    let path = format!("/api/auth/passkeys/{}", answer.text("id"));
                    let gone = app
                        .call_as(&access, "DELETE", &path, json!({"password": PASSWORD}))
                        .await;
                    assert_eq!(gone.status, StatusCode::NO_CONTENT);
                } else {
                    assert_eq!(refused_fields(&answer), ["credential"], "{place}");
                }
            }
        }
        // Nested a thousand deep, and long where nothing follows.
        for object in [
            vec![0x81; 1000],
            vec![0x9f; 1000],
            b"\xa1\x68authData\x5b\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        ] {
            let mut changed = credential.clone();
            changed["response"]["attestationObject"] = support::base64url(&object).into();
            assert_eq!(refused_fields(&send_new(&app, &access, changed).await), ["credential"]);
        }
    });
}

#[test]
fn the_eleventh_is_refused_before_the_browser_is_asked_and_after() {
    run(async {
        let (app, access) = alice().await;
        let eleventh = device("eleventh").create(&creation_options(&app, &access).await);
        for number in 0..10 {
            let added = add(&app, &access, &mut device(&number.to_string())).await;
            assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
        }
        let before = app
            .call_as(
                &access,
                "POST",
                "/api/auth/passkeys/options",
                json!({"password": PASSWORD}),
            )
            .await;
        for refused in [before, send_new(&app, &access, eleventh).await] {
            assert_eq!(refused.status, StatusCode::CONFLICT, "{refused:?}");
            assert_eq!(refused.body["type"], "/problems#too-many-passkeys");
            assert_eq!(refused.body["limit"], 10);
        }
        assert_eq!(passkeys(&app, &access).await.len(), 10);
    });
}

#[test]
fn a_passkey_that_was_removed_opens_nothing() {
    run(async {
        let (app, access, mut device) = alices_passkey().await;
        let id = passkeys(&app, &access).await[0]["id"].as_str().unwrap().to_owned();
        let path = format!("/api/auth/passkeys/{id}");
        let remove = |path: &str, password: &str| {
            let (path, body) = (path.to_owned(), json!({"password": password}));
            let (app, access) = (app.clone(), access.clone());
            async move { app.call_as(&access, "DELETE", &path, body).await }
        };
        assert_eq!(refused_fields(&remove(&path, "wrong password").await), ["password"]);
        assert_eq!(sign_in(&app, &mut device).await.status, StatusCode::OK);
        for absent in ["AAAA", "not*base64", &id[1..]] {
            let answer = remove(&format!("/api/auth/passkeys/{absent}"), PASSWORD).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{absent}");
        }
        app.register("bob", PASSWORD).await;
        let bob = app.log_in("bob", PASSWORD).await.text("access_token");
        let of_another = app.call_as(&bob, "DELETE", &path, json!({"password": PASSWORD})).await;
        assert_eq!(of_another.status, StatusCode::NOT_FOUND);
        let options = request_options(&app).await;
        assert_eq!(remove(&path, PASSWORD).await.status, StatusCode::NO_CONTENT);
        expect_wrong(&send(&app, &device.get(&options)).await);
        assert_eq!(passkeys(&app, &access).await, Vec::<Value>::new());
        assert_eq!(remove(&path, PASSWORD).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn a_recovery_removes_all_passkeys() {
    run(async {
        let app = TestApp::new();
        let codes = app.register("alice", PASSWORD).await.body["recovery_codes"].clone();
        let (access, _) = app.alice_signs_in(PASSWORD).await;
        let mut device = device("thief");
        assert_eq!(add(&app, &access, &mut device).await.status, StatusCode::CREATED);
        let options = request_options(&app).await;
        let new = "another better horse";
        let body = json!({"username": "alice", "recovery_code": codes[0], "new_password": new});
        assert_eq!(
            app.post_json("/api/auth/recover", body).await.status,
            StatusCode::NO_CONTENT
        );
        expect_wrong(&send(&app, &device.get(&options)).await);
        expect_wrong(&sign_in(&app, &mut device).await);
        let (access, _) = app.alice_signs_in(new).await;
        assert_eq!(passkeys(&app, &access).await, Vec::<Value>::new());
    });
}

#[test]
fn an_address_of_numbers_has_no_passkeys() {
    run(async {
        let (app, access) = alice().await;
        let at = |public_origin: &str| {
            app.with_config(Config {
                public_origin: public_origin.to_owned(),
                ..config()
            })
        };
        for origin in ["http://127.0.0.1:3000", "https://192.0.2.7", "http://memo.example"] {
            let app = at(origin);
            let json = ("content-type", "application/json");
            let bearer = format!("Bearer {access}");
            for (path, body) in [
                ("/api/auth/session/passkey/options", ""),
                ("/api/auth/passkeys/options", "{}"),
            ] {
                let answer = app.call("POST", path, &[json, ("authorization", &bearer)], body).await;
                assert_eq!(answer.status, StatusCode::CONFLICT, "{origin} {answer:?}");
                assert_eq!(answer.body["type"], "/problems#passkeys-unavailable");
            }
            // Whoever has some can see and remove them all the same.
            assert_eq!(passkeys(&app, &access).await, Vec::<Value>::new());
        }
        let options = |app: TestApp, host: &'static str| async move {
            let headers = [("host", host)];
            app.call("POST", "/api/auth/session/passkey/options", &headers, "")
                .await
        };
        // They are of the pages' domain, wherever the services are.
        let apart = app.with_config(Config {
            public_origin: "https://api.memo.example".to_owned(),
            site_origin: "https://memo.example".to_owned(),
            ..config()
        });
        assert_eq!(options(apart, "api.memo.example").await.body["rpId"], "memo.example");
        // Without a configured origin the request says where it was sent to.
        for (host, expected) in [("localhost:3000", "localhost"), ("memo.example", "memo.example")] {
            assert_eq!(options(at(""), host).await.body["rpId"], expected);
        }
        assert_eq!(options(at(""), "127.0.0.1:3000").await.status, StatusCode::CONFLICT);
        assert_eq!(
            options(at("https://memo.example"), "127.0.0.1").await.body["rpId"],
            "memo.example"
        );
    });
}
