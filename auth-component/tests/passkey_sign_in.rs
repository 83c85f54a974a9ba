//! Signing in with a passkey, and trying to.

use crate::support::{
    self, PASSWORD, TestApp, cookie,
    passkeys::{
        ORIGIN, add, alice, alices_passkey, creation_options, device, expect_wrong, passkeys, request_options, send,
        sign_in,
    },
    refused_fields, run,
};
use authenticator::{Algorithm, Authenticator, BACKED_UP, EXTENSIONS, USER_PRESENT, USER_VERIFIED};
use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};

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
            ("framed", lie(|device| device.page = json!({"crossOrigin": true}))),
            (
                "framed",
                lie(|device| device.page = json!({"topOrigin": "https://evil.example"})),
            ),
            ("more data", lie(|device| device.trailing = vec![0xa0])),
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
        // None of these used the challenge up.
        assert_eq!(send(&app, &device.clone().get(&options)).await.status, StatusCode::OK);
        // Extensions that nobody asked for do no harm.
        let mut extended = device.clone();
        (extended.flags, extended.trailing) = (device.flags | EXTENSIONS, vec![0xa0]);
        assert_eq!(sign_in(&app, &mut extended).await.status, StatusCode::OK);
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
        assert_eq!(app.refresh(&first).await.status, StatusCode::UNAUTHORIZED);
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
