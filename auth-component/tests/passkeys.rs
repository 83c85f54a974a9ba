//! Passkeys: adding and removing them, and signing in with them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use auth_component::Config;
use authenticator::{Algorithm, Authenticator, BACKED_UP, USER_PRESENT, USER_VERIFIED};
use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use support::{Answer, PASSWORD, TestApp, config, cookie, refused_fields, run};

/// Of the configuration of tests.
const ORIGIN: &str = "http://localhost:3000";

fn device(seed: &str) -> Authenticator {
    Authenticator::new(Algorithm::Es256, seed, ORIGIN)
}

/// A world where Alice is signed in, and her access token.
async fn alice() -> (TestApp, String) {
    let app = TestApp::with_alice().await;
    let (access, _) = app.alice_signs_in(PASSWORD).await;
    (app, access)
}

async fn creation_options(app: &TestApp, access: &str) -> Value {
    let proof = json!({"password": PASSWORD});
    let options = app.call_as(access, "POST", "/api/auth/passkeys/options", proof).await;
    assert_eq!(options.status, StatusCode::OK, "{options:?}");
    options.body
}

async fn send_new(app: &TestApp, access: &str, credential: Value) -> Answer {
    let body = json!({"name": "my laptop", "credential": credential});
    app.call_as(access, "POST", "/api/auth/passkeys", body).await
}

async fn add(app: &TestApp, access: &str, device: &mut Authenticator) -> Answer {
    let options = creation_options(app, access).await;
    send_new(app, access, device.create(&options)).await
}

async fn request_options(app: &TestApp) -> Value {
    // After whatever was used before.
    app.pass_secs(1);
    let options = app.call("POST", "/api/auth/session/passkey/options", &[], "").await;
    assert_eq!(options.status, StatusCode::OK, "{options:?}");
    options.body
}

async fn send(app: &TestApp, answer: &Value) -> Answer {
    app.post_json("/api/auth/session/passkey", answer.clone()).await
}

async fn sign_in(app: &TestApp, device: &mut Authenticator) -> Answer {
    let options = request_options(app).await;
    send(app, &device.get(&options)).await
}

/// A world where Alice has a passkey, which is in the device.
async fn alices_passkey() -> (TestApp, String, Authenticator) {
    let (app, access) = alice().await;
    let mut device = device("laptop");
    let added = add(&app, &access, &mut device).await;
    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
    (app, access, device)
}

#[track_caller]
fn expect_wrong(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
    assert_eq!(answer.body["type"], "/problems#wrong-passkey");
    assert!(answer.header("set-cookie").is_empty());
}

async fn passkeys(app: &TestApp, access: &str) -> Vec<Value> {
    let list = app.call_as(access, "GET", "/api/auth/passkeys", Value::Null).await;
    list.body["items"].as_array().unwrap().clone()
}

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
fn whoever_has_the_passkey_is_let_in_with_each_algorithm() {
    run(async {
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
            let (app, access) = alice().await;
            let mut device = Authenticator::new(algorithm, "phone", ORIGIN);
            let added = add(&app, &access, &mut device).await;
            assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
            assert_eq!(added.body["name"], "my laptop");
            assert_eq!(added.body["last_used_at"], Value::Null);
            for _ in 0..2 {
                let entered = sign_in(&app, &mut device).await;
                assert_eq!(entered.status, StatusCode::OK, "{entered:?}");
                assert_eq!(entered.body["user"]["username"], "alice");
                let me = app.me(&entered.text("access_token")).await;
                assert_eq!(
                    (&me.body["username"], &me.body["passkeys"]),
                    (&json!("alice"), &json!(1))
                );
                assert_eq!(app.refresh(&cookie(&entered)).await.status, StatusCode::OK);
            }
            let listed = passkeys(&app, &access).await;
            assert_eq!(listed[0]["id"], added.body["id"]);
            assert!(listed[0]["last_used_at"].is_string(), "{listed:?}");
            let options = creation_options(&app, &access).await;
            assert_eq!(options["excludeCredentials"][0]["id"], added.body["id"]);
        }
    });
}

#[test]
fn an_answer_is_good_once_also_at_the_same_moment() {
    run(async {
        let (app, _, mut device) = alices_passkey().await;
        let answer = device.get(&request_options(&app).await);
        let tries = join_all((0..4).map(|_| send(&app, &answer))).await;
        let entered = tries.iter().filter(|answer| answer.status == StatusCode::OK).count();
        assert_eq!(entered, 1, "{tries:?}");
        expect_wrong(&send(&app, &answer).await);
        // Nor is another one to an earlier challenge.
        let earlier = device.get(&request_options(&app).await);
        assert_eq!(sign_in(&app, &mut device).await.status, StatusCode::OK);
        expect_wrong(&send(&app, &earlier).await);
        assert_eq!(sign_in(&app, &mut device).await.status, StatusCode::OK);
    });
}

#[test]
fn a_challenge_is_good_for_five_minutes_and_of_ours_alone() {
    run(async {
        let (app, access, mut device) = alices_passkey().await;
        let options = request_options(&app).await;
        app.pass_secs(299);
        assert_eq!(send(&app, &device.get(&options)).await.status, StatusCode::OK);
        let options = request_options(&app).await;
        app.pass_secs(300);
        expect_wrong(&send(&app, &device.get(&options)).await);
        let made_up = json!({"rpId": "localhost", "challenge": "A".repeat(54)});
        expect_wrong(&send(&app, &device.get(&made_up)).await);
        // A challenge to add a passkey signs nobody in.
        let mut options = creation_options(&app, &access).await;
        options["rpId"] = "localhost".into();
        expect_wrong(&send(&app, &device.get(&options)).await);
        assert_eq!(sign_in(&app, &mut device).await.status, StatusCode::OK);
    });
}

#[test]
fn an_answer_of_another_page_domain_person_or_key_is_refused() {
    run(async {
        let (app, _, device) = alices_passkey().await;
        let bob = app.register("bob", PASSWORD).await.text("id");
        let options = request_options(&app).await;
        let lie = |change: fn(&mut Authenticator)| {
            let mut liar = device.clone();
            change(&mut liar);
            liar.get(&options)
        };
        let lies = [
            (
                "origin",
                lie(|device| device.origin = "http://localhost:3001".to_owned()),
            ),
            (
                "origin",
                lie(|device| device.origin = "https://localhost:3000".to_owned()),
            ),
            (
                "origin",
                lie(|device| device.origin = "https://evil.example".to_owned()),
            ),
            ("nobody verified", lie(|device| device.flags = USER_PRESENT)),
            ("nobody there", lie(|device| device.flags = USER_VERIFIED)),
            (
                "backed up",
                lie(|device| device.flags = USER_PRESENT | USER_VERIFIED | BACKED_UP),
            ),
            ("no user", lie(|device| device.user_handle = Vec::new())),
            ("no such user", lie(|device| device.user_handle = b"nobody".to_vec())),
            (
                "no key",
                lie(|device| device.user_handle = b"../../key/signing".to_vec()),
            ),
            ("no such passkey", lie(|device| device.id = b"another".to_vec())),
        ];
        for (what, answer) in lies {
            let answer = send(&app, &answer).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}: {answer:?}");
        }
        let mut domain = options.clone();
        domain["rpId"] = "evil.example".into();
        expect_wrong(&send(&app, &device.clone().get(&domain)).await);
        // Bob names himself and shows Alice's passkey.
        let mut as_bob = device.clone();
        as_bob.user_handle = bob.into_bytes();
        expect_wrong(&send(&app, &as_bob.get(&options)).await);
        // Another key under the id of Alice's passkey.
        let mut thief = Authenticator::new(Algorithm::Es256, "thief", ORIGIN);
        (thief.id, thief.user_handle) = (device.id.clone(), device.user_handle.clone());
        expect_wrong(&send(&app, &thief.get(&options)).await);
        let mut framed = device.clone().get(&options);
        let client_data =
            json!({"type": "webauthn.get", "challenge": options["challenge"], "origin": ORIGIN, "crossOrigin": true});
        framed["response"]["clientDataJSON"] = support::base64url(client_data.to_string().as_bytes()).into();
        expect_wrong(&send(&app, &framed).await);
        // None of these used the challenge up.
        assert_eq!(send(&app, &device.clone().get(&options)).await.status, StatusCode::OK);
    });
}

#[test]
fn an_answer_with_any_byte_changed_is_refused() {
    run(async {
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
            let (app, access) = alice().await;
            let mut device = Authenticator::new(algorithm, "laptop", ORIGIN);
            assert_eq!(add(&app, &access, &mut device).await.status, StatusCode::CREATED);
            let answer = device.get(&request_options(&app).await);
            for member in ["clientDataJSON", "authenticatorData", "signature"] {
                let whole = support::from_base64url(answer["response"][member].as_str().unwrap());
                for place in 0..whole.len() {
                    let mut bytes = whole.clone();
                    bytes[place] ^= 1;
                    let mut changed = answer.clone();
                    changed["response"][member] = support::base64url(&bytes).into();
                    expect_wrong(&send(&app, &changed).await);
                }
                for length in [0, 1, whole.len() - 1] {
                    let mut cut = answer.clone();
                    cut["response"][member] = support::base64url(&whole[..length]).into();
                    expect_wrong(&send(&app, &cut).await);
                }
            }
            assert_eq!(send(&app, &answer).await.status, StatusCode::OK);
        }
    });
}

#[test]
fn a_counter_that_does_not_go_on_shows_a_copy() {
    run(async {
        let (app, access) = alice().await;
        let mut device = device("key on a ring");
        device.sign_count = Some(7);
        assert_eq!(add(&app, &access, &mut device).await.status, StatusCode::CREATED);
        let mut copy = device.clone();
        assert_eq!(sign_in(&app, &mut device).await.status, StatusCode::OK);
        assert_eq!(sign_in(&app, &mut device).await.status, StatusCode::OK);
        expect_wrong(&sign_in(&app, &mut copy).await);
        expect_wrong(&sign_in(&app, &mut copy).await);
        assert_eq!(sign_in(&app, &mut copy).await.status, StatusCode::OK);
        expect_wrong(&sign_in(&app, &mut device).await);
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
            ("no id", made(|device| device.id = Vec::new())),
            ("long id", made(|device| device.id = vec![7; 1024])),
            ("domain", device("laptop").create(&domain)),
            ("another id", swapped),
            ("the other ceremony", answered),
        ] {
            let refused = send_new(&app, &access, credential).await;
            assert_eq!(refused_fields(&refused), ["credential"], "{what}");
        }
        let credential = made(|device| device.id = vec![7; 1023]);
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
fn a_passkey_goes_without_the_code_of_a_second_factor_and_a_new_one_wants_it() {
    run(async {
        use auth_component::records::totp::{STEP_MILLIS, TotpSecret};

        let (app, access, mut device) = alices_passkey().await;
        let secret = app
            .call_as(&access, "POST", "/api/auth/totp", Value::Null)
            .await
            .text("secret");
        let secret = TotpSecret::try_from(secret).unwrap();
        let code = || secret.code_at(app.ports.clock.now().0 / STEP_MILLIS).to_text();
        let on = app
            .call_as(&access, "PUT", "/api/auth/totp", json!({"code": code()}))
            .await;
        assert_eq!(on.status, StatusCode::NO_CONTENT);
        assert_eq!(sign_in(&app, &mut device).await.status, StatusCode::OK);
        let options = |body: Value| app.call_as(&access, "POST", "/api/auth/passkeys/options", body);
        assert_eq!(refused_fields(&options(json!({"password": PASSWORD})).await), ["code"]);
        app.pass_secs(30);
        let proof = json!({"password": PASSWORD, "code": code()});
        assert_eq!(options(proof).await.status, StatusCode::OK);
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

#[test]
fn pages_of_other_sites_can_not_sign_people_in() {
    run(async {
        let (app, _, mut device) = alices_passkey().await;
        let answer = device.get(&request_options(&app).await).to_string();
        let headers = [("content-type", "application/json"), ("sec-fetch-site", "cross-site")];
        let refused = app.call("POST", "/api/auth/session/passkey", &headers, &answer).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    });
}

#[test]
fn a_sign_in_ends_the_session_whose_cookie_it_came_with() {
    run(async {
        let (app, _, mut device) = alices_passkey().await;
        let first = cookie(&sign_in(&app, &mut device).await);
        let answer = device.get(&request_options(&app).await).to_string();
        let sent = format!("memo_refresh={first}");
        let headers = [("content-type", "application/json"), ("cookie", sent.as_str())];
        let second = app.call("POST", "/api/auth/session/passkey", &headers, &answer).await;
        assert_eq!(second.status, StatusCode::OK);
        assert_eq!(app.refresh(&first).await.status, StatusCode::BAD_REQUEST);
        assert_eq!(app.refresh(&cookie(&second)).await.status, StatusCode::OK);
    });
}

#[test]
fn wrong_answers_of_one_network_are_put_off_in_the_end() {
    run(async {
        let (app, _, mut device) = alices_passkey().await;
        let mut wrong = device.clone();
        wrong.id = b"another".to_vec();
        let wrong = wrong.get(&request_options(&app).await).to_string();
        let from = |network: &'static str, answer: String| {
            let app = app.clone();
            async move {
                let headers = [("content-type", "application/json"), ("spin-client-addr", network)];
                app.call("POST", "/api/auth/session/passkey", &headers, &answer)
                    .await
                    .status
            }
        };
        for _ in 0..100 {
            assert_eq!(from("192.0.2.7:1", wrong.clone()).await, StatusCode::UNAUTHORIZED);
        }
        assert_eq!(from("192.0.2.7:1", wrong.clone()).await, StatusCode::TOO_MANY_REQUESTS);
        let right = device.get(&request_options(&app).await).to_string();
        assert_eq!(from("192.0.2.7:1", right.clone()).await, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(from("198.51.100.9:1", right).await, StatusCode::OK);
    });
}

#[test]
fn instances_share_the_key_of_challenges() {
    run(async {
        let (app, _, mut device) = alices_passkey().await;
        // Two instances that make the key at the same moment, and two that find it there.
        let fresh = TestApp::new();
        let instances = [fresh.another_instance(), fresh.another_instance()];
        let first = join_all(instances.iter().map(request_options)).await;
        assert_ne!(first[0]["challenge"], first[1]["challenge"]);
        for (one, other) in [(&instances[0], &instances[1]), (&instances[1], &instances[0])] {
            let options = request_options(one).await;
            // Nobody has that passkey there, and the challenge is good: the user is looked for.
            let before = other.kv.operations();
            expect_wrong(&send(other, &device.get(&options)).await);
            assert!(other.kv.operations() > before);
        }
        for _ in 0..2 {
            let options = request_options(&app.another_instance()).await;
            let entered = send(&app.another_instance(), &device.get(&options)).await;
            assert_eq!(entered.status, StatusCode::OK);
        }
    });
}
