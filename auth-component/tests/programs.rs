//! Programs that connect themselves with an account: registration, authorization, tokens, and their end (OAuth 2.1).

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use support::{
    Failing, PASSWORD, TestApp,
    programs::{
        REDIRECT_URI, STATE, VERIFIER, approve, asked, changed, code, connected, redeem, redemption, redirected,
        refresh, registered,
    },
    refused_fields, run,
};

const CLIENTS: &str = "/api/auth/clients";
const ASK: &str = "/api/auth/authorize/request";

#[test]
fn a_program_registers_and_is_told_what_it_is_by_now() {
    run(async {
        let app = TestApp::new();
        let metadata = json!({
            "client_name": "내 앱", "client_uri": "https://program.example", "redirect_uris": [REDIRECT_URI],
            "grant_types": ["authorization_code"], "scope": "account", "software_id": "x",
        });
        let answer = app.post_json(CLIENTS, metadata).await;
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (StatusCode::CREATED, "no-store")
        );
        let client_id = answer.text("client_id");
        assert_eq!(client_id.len(), 22);
        assert_eq!(
            answer.body,
            json!({
                "client_id": client_id, "client_id_issued_at": app.ports.clock.now().as_secs(), "client_name": "내 앱",
                "client_uri": "https://program.example", "redirect_uris": [REDIRECT_URI],
                "token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"], "scope": "memos:read memos:write",
            })
        );
        let refused = app
            .post_json(CLIENTS, json!({"redirect_uris": ["http://program.example"]}))
            .await;
        let told = (refused.status, refused.text("error"), refused.header("content-type"));
        assert_eq!(
            told,
            (
                StatusCode::BAD_REQUEST,
                "invalid_redirect_uri".to_owned(),
                "application/json"
            )
        );
        let form = app.post_form(CLIENTS, &[("client_name", "x")]).await;
        assert_eq!(form.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    });
}

#[test]
fn a_person_allows_a_program_what_it_gets() {
    run(async {
        let app = TestApp::with_alice().await;
        let (alice, _) = app.alice_signs_in(PASSWORD).await;
        let client_id = registered(&app).await;
        let asked = asked(&client_id);

        let question = app.call_as(&alice, "POST", ASK, asked.clone()).await;
        let expected = json!({
            "client": {"client_id": client_id, "client_name": "A program"},
            "redirect_origin": "https://program.example", "scope": "memos:read memos:write",
        });
        assert_eq!((question.status, question.body), (StatusCode::OK, expected));

        let answer = approve(&app, &alice, &changed(&asked, json!({"scope": "memos:read"}))).await;
        let (address, parameters) = redirected(&answer);
        assert_eq!((answer.status, address.as_str()), (StatusCode::CREATED, REDIRECT_URI));
        assert_eq!(
            (parameters["state"].as_str(), parameters["iss"].as_str()),
            (STATE, "http://localhost:3000")
        );
        assert_eq!(parameters.len(), 3);

        let tokens = redeem(&app, &client_id, &parameters["code"]).await;
        assert_eq!(
            (tokens.status, tokens.header("cache-control")),
            (StatusCode::OK, "no-store")
        );
        assert_eq!(tokens.text("token_type"), "Bearer");
        assert_eq!(
            (tokens.text("scope").as_str(), tokens.body["expires_in"].as_u64()),
            ("memos:read", Some(600))
        );

        let form = [("token", tokens.body["access_token"].as_str().unwrap())];
        let said = app.post_form("/api/auth/introspect", &form).await.body;
        assert_eq!((&said["active"], &said["scope"]), (&json!(true), &json!("memos:read")));
        assert_eq!(
            (&said["client_id"], &said["token_type"]),
            (&json!(client_id), &json!("Bearer"))
        );
        // It is not for the account.
        let token = tokens.text("access_token");
        for (method, path) in [
            ("GET", "/api/auth/sessions"),
            ("GET", CLIENTS),
            ("DELETE", "/api/auth/sessions"),
        ] {
            let answer = app.call_as(&token, method, path, json!(null)).await;
            assert_eq!(answer.text("type"), "/problems#insufficient-scope", "{path}");
        }
        assert_eq!(app.me(&token).await.status, StatusCode::OK);
    });
}

#[test]
fn a_no_is_told_to_the_program() {
    run(async {
        let app = TestApp::with_alice().await;
        let (alice, _) = app.alice_signs_in(PASSWORD).await;
        let asked = changed(&asked(&registered(&app).await), json!({"approve": false}));
        let answer = app.call_as(&alice, "POST", "/api/auth/authorize", asked).await;
        let (_, parameters) = redirected(&answer);
        assert_eq!(
            (answer.status, parameters["error"].as_str()),
            (StatusCode::CREATED, "access_denied")
        );
        assert_eq!(
            (parameters["state"].as_str(), parameters["iss"].as_str()),
            (STATE, "http://localhost:3000")
        );
        assert!(!parameters.contains_key("code"));
    });
}

#[test]
fn what_a_program_asks_wrongly_is_told_to_the_program() {
    run(async {
        let app = TestApp::with_alice().await;
        let (alice, _) = app.alice_signs_in(PASSWORD).await;
        let asked = asked(&registered(&app).await);
        for (changes, error) in [
            (json!({"response_type": null}), "invalid_request"),
            (json!({"response_type": ""}), "invalid_request"),
            (json!({"response_type": "token"}), "unsupported_response_type"),
            (json!({"response_type": "code token"}), "unsupported_response_type"),
            (json!({"code_challenge": null}), "invalid_request"),
            (json!({"code_challenge": ""}), "invalid_request"),
            (json!({"code_challenge": "short"}), "invalid_request"),
            (json!({"code_challenge": VERIFIER}), "invalid_request"),
            (json!({"code_challenge_method": null}), "invalid_request"),
            (json!({"code_challenge_method": "plain"}), "invalid_request"),
            (
                json!({"code_challenge_method": "plain", "code_challenge": VERIFIER}),
                "invalid_request",
            ),
            (json!({"code_challenge_method": "s256"}), "invalid_request"),
            (json!({"scope": "account"}), "invalid_scope"),
            (json!({"scope": "memos:erase"}), "invalid_scope"),
            (json!({"resource": "https://memo.example"}), "invalid_target"),
            (
                json!({"resource": "http://localhost:3000@evil.example"}),
                "invalid_target",
            ),
        ] {
            let asked = changed(&asked, changes.clone());
            let told = app.call_as(&alice, "POST", ASK, asked.clone()).await;
            let (address, parameters) = redirected(&told);
            assert_eq!(
                (told.status, address.as_str()),
                (StatusCode::OK, REDIRECT_URI),
                "{changes}"
            );
            assert_eq!(parameters["error"], error, "{changes}");
            assert_eq!(
                (parameters["state"].as_str(), parameters["iss"].as_str()),
                (STATE, "http://localhost:3000")
            );
            // A yes changes nothing about it.
            let (_, parameters) = redirected(&approve(&app, &alice, &asked).await);
            assert_eq!(parameters["error"], error, "{changes}");
            assert!(!parameters.contains_key("code"), "{changes}");
        }
        // What is not offered is passed over, and so is what nobody knows; no scope is every scope.
        for (changes, scope) in [
            (json!({"scope": "account memos:read openid"}), "memos:read"),
            (json!({"scope": null}), "memos:read memos:write"),
            (
                json!({"prompt": "none", "resource": "http://localhost:3000/api/memos/mcp"}),
                "memos:read memos:write",
            ),
        ] {
            let told = app.call_as(&alice, "POST", ASK, changed(&asked, changes)).await;
            assert_eq!(told.text("scope"), scope);
        }
    });
}

#[test]
fn nothing_is_redirected_to_where_a_program_is_not_known_to_be() {
    run(async {
        let app = TestApp::with_alice().await;
        let (alice, _) = app.alice_signs_in(PASSWORD).await;
        let asked = asked(&registered(&app).await);
        let other = registered(&app).await;
        for (changes, field) in [
            (json!({"client_id": null}), "client_id"),
            (json!({"client_id": "memo-web"}), "client_id"),
            (json!({"client_id": "../../key/signing"}), "client_id"),
            (json!({"client_id": other.to_ascii_uppercase()}), "client_id"),
            (json!({"redirect_uri": null}), "redirect_uri"),
            (json!({"redirect_uri": ""}), "redirect_uri"),
            (json!({"redirect_uri": "https://evil.example/cb"}), "redirect_uri"),
            (
                json!({"redirect_uri": format!("{REDIRECT_URI}/../evil")}),
                "redirect_uri",
            ),
            (json!({"redirect_uri": format!("{REDIRECT_URI}?x=y")}), "redirect_uri"),
            (json!({"redirect_uri": format!("{REDIRECT_URI}#part")}), "redirect_uri"),
            (
                json!({"redirect_uri": "https://program.example@evil.example/cb"}),
                "redirect_uri",
            ),
            (json!({"redirect_uri": "https://PROGRAM.example/cb"}), "redirect_uri"),
            (json!({"redirect_uri": "https://program.example/c%62"}), "redirect_uri"),
            (
                json!({"redirect_uri": "https://program.example:8443/cb"}),
                "redirect_uri",
            ),
            (json!({"redirect_uri": "http://localhost/cb"}), "redirect_uri"),
            (json!({"redirect_uri": "http://127.0.0.1:80/other"}), "redirect_uri"),
            (json!({"redirect_uri": "javascript:alert(1)"}), "redirect_uri"),
        ] {
            let asked = changed(&asked, changes.clone());
            let told = app.call_as(&alice, "POST", ASK, asked.clone()).await;
            assert_eq!(refused_fields(&told), [field], "{changes}");
            assert_eq!(
                refused_fields(&approve(&app, &alice, &asked).await),
                [field],
                "{changes}"
            );
        }
        // A program takes any port of the machine that is free.
        let local = changed(&asked, json!({"redirect_uri": "http://127.0.0.1:51004/cb"}));
        let told = app.call_as(&alice, "POST", ASK, local.clone()).await;
        assert_eq!(told.text("redirect_origin"), "http://127.0.0.1:51004");
        assert_eq!(
            redirected(&approve(&app, &alice, &local).await).0,
            "http://127.0.0.1:51004/cb"
        );
    });
}

#[test]
fn only_a_person_on_the_site_can_say_yes() {
    run(async {
        let (app, alice, client_id, tokens) = connected().await;
        let body = changed(&asked(&client_id), json!({"approve": true}));
        // Neither nobody, nor a program.
        for path in ["/api/auth/authorize", ASK] {
            assert_eq!(app.post_json(path, body.clone()).await.status, StatusCode::UNAUTHORIZED);
            let by_program = app
                .call_as(&tokens.text("access_token"), "POST", path, body.clone())
                .await;
            assert_eq!(by_program.text("type"), "/problems#insufficient-scope");
            // Nor another site's page.
            let bearer = format!("Bearer {alice}");
            let headers = [
                ("authorization", bearer.as_str()),
                ("content-type", "application/json"),
                ("sec-fetch-site", "cross-site"),
            ];
            let by_page = app.call("POST", path, &headers, &body.to_string()).await;
            assert_eq!(by_page.status, StatusCode::FORBIDDEN);
        }
    });
}

#[test]
fn a_code_is_good_once_for_a_minute_and_for_whom_it_was_made() {
    run(async {
        let app = TestApp::with_alice().await;
        let (alice, _) = app.alice_signs_in(PASSWORD).await;
        let (client_id, other) = (registered(&app).await, registered(&app).await);
        let asked = asked(&client_id);
        let code_text = code(&app, &alice, &asked).await;
        let right = redemption(&client_id, &code_text);
        let (mut garbled, mut of_another) = (code_text.clone(), code(&app, &alice, &asked).await);
        garbled.replace_range(30..31, if &garbled[30..31] == "A" { "B" } else { "A" });
        of_another.replace_range(..22, &code_text[..22]);
        let no_verifier = "another-verifier-that-was-made-up-by-somebody-else";
        for (name, value, error) in [
            ("code_verifier", no_verifier, "invalid_grant"),
            ("code_verifier", "short", "invalid_request"),
            ("code_verifier", "", "invalid_request"),
            ("redirect_uri", "https://evil.example/cb", "invalid_grant"),
            ("redirect_uri", "http://127.0.0.1/cb", "invalid_grant"),
            ("client_id", other.as_str(), "invalid_grant"),
            ("client_id", "memo-web", "invalid_client"),
            ("client_id", "", "invalid_request"),
            ("code", garbled.as_str(), "invalid_grant"),
            ("code", of_another.as_str(), "invalid_grant"),
            ("code", "", "invalid_request"),
            ("code", "x", "invalid_grant"),
            ("resource", "https://evil.example", "invalid_target"),
        ] {
            let mut wrong: Vec<_> = right.iter().filter(|(given, _)| *given != name).copied().collect();
            wrong.push((name, value));
            let answer = app.form(&wrong).await;
            assert_eq!(
                (answer.status, answer.text("error").as_str()),
                (StatusCode::BAD_REQUEST, error),
                "{name}={value}"
            );
            assert_eq!(
                (answer.header("cache-control"), answer.header("pragma")),
                ("no-store", "no-cache")
            );
        }
        // None of that has used it up.
        app.pass(Duration::from_secs(59));
        assert_eq!(app.form(&right).await.status, StatusCode::OK);

        let late = code(&app, &alice, &asked).await;
        app.pass(Duration::from_secs(60));
        assert_eq!(redeem(&app, &client_id, &late).await.text("error"), "invalid_grant");
    });
}

#[test]
fn a_code_that_is_used_again_ends_what_it_began() {
    run(async {
        let app = TestApp::with_alice().await;
        let (alice, _) = app.alice_signs_in(PASSWORD).await;
        let client_id = registered(&app).await;
        let code = code(&app, &alice, &asked(&client_id)).await;
        let tokens = redeem(&app, &client_id, &code).await;
        assert_eq!(app.me(&tokens.text("access_token")).await.status, StatusCode::OK);
        assert_eq!(app.revoked().await.len(), 0);

        assert_eq!(redeem(&app, &client_id, &code).await.text("error"), "invalid_grant");
        assert_eq!(
            app.me(&tokens.text("access_token")).await.status,
            StatusCode::UNAUTHORIZED
        );
        let refreshed = refresh(&app, &client_id, &tokens.text("refresh_token")).await;
        assert_eq!(refreshed.text("error"), "invalid_grant");
        // Others learn of it.
        assert_eq!(app.revoked().await.len(), 1);
        let listed = app.call_as(&alice, "GET", CLIENTS, json!(null)).await;
        assert_eq!(listed.body, json!({"items": []}));
    });
}

#[test]
fn of_all_who_use_a_code_at_once_one_gets_tokens() {
    run(async {
        let app = TestApp::with_alice().await;
        let (alice, _) = app.alice_signs_in(PASSWORD).await;
        let client_id = registered(&app).await;
        for _ in 0..8 {
            let code = code(&app, &alice, &asked(&client_id)).await;
            let answers = futures::future::join_all((0..8).map(|_| redeem(&app, &client_id, &code))).await;
            let won = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
            assert_eq!(won, 1);
            let is_refusal = |answer: &&support::Answer| answer.status != StatusCode::OK;
            for lost in answers.iter().filter(is_refusal) {
                assert!(["invalid_grant", "temporarily_unavailable"].contains(&lost.text("error").as_str()));
            }
        }
    });
}

#[test]
fn a_program_goes_on_with_what_it_was_allowed_and_no_more() {
    run(async {
        let (app, _, client_id, tokens) = connected().await;
        let other = registered(&app).await;
        let token = tokens.text("refresh_token");
        assert_eq!(refresh(&app, &other, &token).await.text("error"), "invalid_grant");
        assert_eq!(
            app.refresh(&token).await.status,
            StatusCode::UNAUTHORIZED,
            "the site's cookie is no way round"
        );
        let with_scope = |token: String, scope: &'static str| {
            let (app, client_id) = (app.clone(), client_id.clone());
            async move {
                let form = [
                    ("grant_type", "refresh_token"),
                    ("client_id", &client_id),
                    ("refresh_token", &token),
                    ("scope", scope),
                ];
                app.form(&form).await
            }
        };
        let less = with_scope(token, "memos:read").await;
        assert_eq!(
            (less.status, less.text("scope").as_str()),
            (StatusCode::OK, "memos:read")
        );
        // The refresh token is good for all of it still.
        let all = refresh(&app, &client_id, &less.text("refresh_token")).await;
        assert_eq!(all.text("scope"), "memos:read memos:write");
        for scope in [
            "account",
            "memos:read account",
            "memos:erase",
            "memos:read  memos:write",
        ] {
            let answer = with_scope(all.text("refresh_token"), scope).await;
            assert_eq!(
                (answer.status, answer.text("error").as_str()),
                (StatusCode::BAD_REQUEST, "invalid_scope")
            );
        }
    });
}

#[test]
fn a_scope_that_was_not_allowed_is_not_to_be_had_by_a_refresh() {
    run(async {
        let app = TestApp::with_alice().await;
        let (alice, _) = app.alice_signs_in(PASSWORD).await;
        let client_id = registered(&app).await;
        let code = code(
            &app,
            &alice,
            &changed(&asked(&client_id), json!({"scope": "memos:read"})),
        )
        .await;
        let token = redeem(&app, &client_id, &code).await.text("refresh_token");
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", &client_id),
            ("refresh_token", &token),
            ("scope", "memos:read memos:write"),
        ];
        assert_eq!(app.form(&form).await.text("error"), "invalid_scope");
    });
}

#[test]
fn a_refresh_token_that_is_used_again_ends_the_session() {
    run(async {
        let (app, _, client_id, tokens) = connected().await;
        let first = tokens.text("refresh_token");
        let second = refresh(&app, &client_id, &first).await.text("refresh_token");
        app.pass(Duration::from_secs(31));
        assert_eq!(refresh(&app, &client_id, &first).await.text("error"), "invalid_grant");
        assert_eq!(refresh(&app, &client_id, &second).await.text("error"), "invalid_grant");
        assert_eq!(app.revoked().await.len(), 1);
    });
}

#[test]
fn the_password_grant_is_gone() {
    run(async {
        let app = TestApp::with_alice().await;
        for grant in [
            "password",
            "client_credentials",
            "implicit",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
        ] {
            let form = [
                ("grant_type", grant),
                ("username", "alice"),
                ("password", PASSWORD),
                ("client_id", "memo-cli"),
            ];
            let answer = app.form(&form).await;
            assert_eq!(
                (answer.status, answer.text("error").as_str()),
                (StatusCode::BAD_REQUEST, "unsupported_grant_type")
            );
        }
    });
}

#[test]
fn a_site_session_does_not_go_on_at_the_token_endpoint() {
    run(async {
        let app = TestApp::with_alice().await;
        let token = app.alices_token().await;
        let client_id = registered(&app).await;
        assert_eq!(refresh(&app, &client_id, &token).await.text("error"), "invalid_grant");
        assert_eq!(refresh(&app, "memo-web", &token).await.text("error"), "invalid_client");
        assert_eq!(app.refresh(&token).await.status, StatusCode::OK);
    });
}

#[test]
fn a_person_sees_and_ends_what_is_connected() {
    run(async {
        let (app, alice, client_id, tokens) = connected().await;
        let connected_at = app.ports.clock.now().to_rfc3339();
        app.pass(Duration::from_secs(5));
        let again = code(
            &app,
            &alice,
            &changed(&asked(&client_id), json!({"scope": "memos:read"})),
        )
        .await;
        let waiting = code(&app, &alice, &asked(&client_id)).await;
        redeem(&app, &client_id, &again).await;
        let listed = app.call_as(&alice, "GET", CLIENTS, json!(null)).await;
        let expected = json!({"items": [{
            "client_id": client_id, "client_name": "A program", "scope": "memos:read memos:write",
            "connected_at": connected_at, "last_used_at": app.ports.clock.now().to_rfc3339(),
        }]});
        assert_eq!(listed.body, expected);
        let sessions = app.call_as(&alice, "GET", "/api/auth/sessions", json!(null)).await;
        let clients: Vec<_> = sessions.body["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| &item["client_id"])
            .collect();
        assert_eq!(clients, [&json!(client_id), &json!(client_id), &json!("memo-web")]);

        // Nobody else can do that.
        app.register("mallory", PASSWORD).await;
        let mallory = app.log_in("mallory", PASSWORD).await.text("access_token");
        let path = format!("{CLIENTS}/{client_id}");
        assert_eq!(
            app.call_as(&mallory, "DELETE", &path, json!(null)).await.status,
            StatusCode::NOT_FOUND
        );
        assert_eq!(
            app.call_as(&alice, "DELETE", &path, json!(null)).await.status,
            StatusCode::NO_CONTENT
        );
        assert_eq!(
            app.me(&tokens.text("access_token")).await.status,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(
            refresh(&app, &client_id, &tokens.text("refresh_token"))
                .await
                .text("error"),
            "invalid_grant"
        );
        // A code that was on its way is as dead.
        assert_eq!(redeem(&app, &client_id, &waiting).await.text("error"), "invalid_grant");
        assert_eq!(app.revoked().await.len(), 3);
        assert_eq!(app.me(&alice).await.status, StatusCode::OK);
        assert_eq!(
            app.call_as(&alice, "DELETE", &path, json!(null)).await.status,
            StatusCode::NOT_FOUND
        );
        for id in ["memo-web", "personal-token", "x"] {
            let path = format!("{CLIENTS}/{id}");
            assert_eq!(
                app.call_as(&alice, "DELETE", &path, json!(null)).await.status,
                StatusCode::NOT_FOUND
            );
        }
    });
}

#[test]
fn a_program_has_five_sessions_with_a_user_at_most() {
    run(async {
        let (app, alice, client_id, first) = connected().await;
        let mut last = None;
        for _ in 0..5 {
            app.pass(Duration::from_secs(20));
            let code = code(&app, &alice, &asked(&client_id)).await;
            last = Some(redeem(&app, &client_id, &code).await);
        }
        assert_eq!(
            app.me(&first.text("access_token")).await.status,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(app.me(&last.unwrap().text("access_token")).await.status, StatusCode::OK);
        let sessions = app.call_as(&alice, "GET", "/api/auth/sessions", json!(null)).await;
        assert_eq!(sessions.body["items"].as_array().unwrap().len(), 6);
    });
}

#[test]
fn codes_that_nobody_uses_push_no_session_out() {
    run(async {
        let (app, alice, client_id, tokens) = connected().await;
        for _ in 0..30 {
            app.pass(Duration::from_secs(150));
            let alice = app.log_in("alice", PASSWORD).await;
            code(&app, &alice.text("access_token"), &asked(&client_id)).await;
            let cookie = format!("memo_refresh={}", alice.text("refresh_token"));
            app.call("DELETE", "/api/auth/session", &[("cookie", &cookie)], "")
                .await;
        }
        let refreshed = refresh(&app, &client_id, &tokens.text("refresh_token")).await;
        assert_eq!(refreshed.status, StatusCode::OK);
        drop(alice);
    });
}

#[test]
fn another_password_and_recovery_end_programs() {
    run(async {
        let (app, alice, client_id, tokens) = connected().await;
        let waiting = code(&app, &alice, &asked(&client_id)).await;
        let body = json!({"current_password": PASSWORD, "new_password": "another horse"});
        assert_eq!(
            app.call_as(&alice, "PUT", "/api/auth/me/password", body).await.status,
            StatusCode::NO_CONTENT
        );
        assert_eq!(
            app.me(&tokens.text("access_token")).await.status,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(
            refresh(&app, &client_id, &tokens.text("refresh_token"))
                .await
                .text("error"),
            "invalid_grant"
        );
        assert_eq!(redeem(&app, &client_id, &waiting).await.text("error"), "invalid_grant");
        let listed = app.call_as(&alice, "GET", CLIENTS, json!(null)).await;
        assert_eq!(listed.body, json!({"items": []}));
        assert_eq!(app.revoked().await.len(), 2);
    });
}

#[test]
fn a_program_can_end_its_own_session_by_either_token() {
    run(async {
        let (app, alice, client_id, _) = connected().await;
        let other = registered(&app).await;
        let site = app.alices_token().await;
        for kind in ["refresh_token", "access_token"] {
            let code = code(&app, &alice, &asked(&client_id)).await;
            let tokens = redeem(&app, &client_id, &code).await;
            let token = tokens.text(kind);
            let revoke = |client_id: &str, token: &str| {
                let (app, client_id, token) = (app.clone(), client_id.to_owned(), token.to_owned());
                async move {
                    let form = [
                        ("client_id", client_id.as_str()),
                        ("token", &token),
                        ("token_type_hint", "nonsense"),
                    ];
                    app.post_form("/api/auth/revoke", &form).await
                }
            };
            assert_eq!(revoke(&other, &token).await.text("error"), "invalid_grant");
            for unknown in ["x", &site, &alice, &format!("{token}x")] {
                assert_eq!(revoke(&client_id, unknown).await.status, StatusCode::OK);
            }
            assert_eq!(app.me(&tokens.text("access_token")).await.status, StatusCode::OK);
            for _ in 0..2 {
                assert_eq!(revoke(&client_id, &token).await.status, StatusCode::OK);
            }
            assert_eq!(
                app.me(&tokens.text("access_token")).await.status,
                StatusCode::UNAUTHORIZED
            );
            assert_eq!(
                refresh(&app, &client_id, &tokens.text("refresh_token"))
                    .await
                    .text("error"),
                "invalid_grant"
            );
            let form = [("token", tokens.body["access_token"].as_str().unwrap())];
            assert_eq!(
                app.post_form("/api/auth/introspect", &form).await.body,
                json!({"active": false})
            );
        }
        assert_eq!(app.me(&alice).await.status, StatusCode::OK);
        assert_eq!(app.refresh(&site).await.status, StatusCode::OK);
        for form in [vec![], vec![("token", "x")], vec![("client_id", client_id.as_str())]] {
            assert_eq!(
                app.post_form("/api/auth/revoke", &form).await.text("error"),
                "invalid_request"
            );
        }
    });
}

#[test]
fn a_secret_in_a_header_is_refused_because_there_is_none() {
    run(async {
        let app = TestApp::new();
        let headers = [
            ("authorization", "Basic eDp5"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        for path in ["/api/auth/token", "/api/auth/revoke"] {
            let answer = app.call("POST", path, &headers, "grant_type=refresh_token").await;
            assert_eq!(
                (answer.status, answer.text("error").as_str()),
                (StatusCode::UNAUTHORIZED, "invalid_client")
            );
            assert_eq!(answer.header("www-authenticate"), "Basic realm=\"memo\"");
        }
    });
}

#[test]
fn programs_find_out_what_there_is() {
    run(async {
        let app = TestApp::new();
        let at = |origin: &str, issuer: &str| {
            json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{origin}/authorize"),
                "token_endpoint": format!("{origin}/api/auth/token"),
                "registration_endpoint": format!("{origin}/api/auth/clients"),
                "revocation_endpoint": format!("{origin}/api/auth/revoke"),
                "introspection_endpoint": format!("{origin}/api/auth/introspect"),
                "jwks_uri": format!("{origin}/.well-known/jwks.json"),
                "scopes_supported": ["memos:read", "memos:write"],
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code", "refresh_token"],
                "token_endpoint_auth_methods_supported": ["none"],
                "revocation_endpoint_auth_methods_supported": ["none"],
                "introspection_endpoint_auth_methods_supported": ["none"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": true,
            })
        };
        const PATH: &str = "/.well-known/oauth-authorization-server";
        assert_eq!(
            app.get(PATH).await.body,
            at("http://localhost:3000", "http://localhost:3000")
        );
        let named = auth_component::Config {
            issuer: "https://issuer.example".to_owned(),
            public_origin: "https://memo.example".to_owned(),
            ..support::config()
        };
        let answer = app.with_config(named).get(PATH).await;
        assert_eq!(answer.body, at("https://memo.example", "https://issuer.example"));
        // People are asked on the site; programs ask the services, which are elsewhere.
        let apart = auth_component::Config {
            public_origin: "https://api.memo.example".to_owned(),
            site_origin: "https://memo.example".to_owned(),
            ..support::config()
        };
        let mut expected = at("https://api.memo.example", "https://api.memo.example");
        expected["authorization_endpoint"] = json!("https://memo.example/authorize");
        assert_eq!(app.with_config(apart).get(PATH).await.body, expected);
        let unset = auth_component::Config {
            public_origin: String::new(),
            ..support::config()
        };
        let unset = app.with_config(unset);
        for (host, origin) in [
            ("127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("memo.example", "https://memo.example"),
        ] {
            let answer = unset.call("GET", PATH, &[("host", host)], "").await;
            assert_eq!(answer.body, at(origin, origin));
        }
    });
}

#[test]
fn a_program_that_nobody_uses_is_forgotten() {
    run(async {
        let (app, _, used, tokens) = connected().await;
        let unused = registered(&app).await;
        let known = |id: String| {
            let app = app.clone();
            async move { refresh(&app, &id, "x").await.text("error") == "invalid_grant" }
        };
        let sweep = || async {
            let config = auth_component::Config {
                maintenance_token: "maintenance-token-of-the-test".to_owned(),
                ..support::config()
            };
            let app = app.with_config(config);
            while app
                .call_as(
                    "maintenance-token-of-the-test",
                    "POST",
                    "/api/auth/maintenance",
                    json!(null),
                )
                .await
                .body["more"]
                == json!(true)
            {}
        };
        app.pass(Duration::from_secs(47 * 60 * 60));
        sweep().await;
        assert!(known(unused.clone()).await);
        app.pass(Duration::from_secs(60 * 60));
        assert!(!known(unused.clone()).await, "two days");
        app.pass(Duration::from_secs(48 * 60 * 60));
        sweep().await;
        assert!(!app.ports.kv.exists(&format!("auth/client/{unused}")).await.unwrap());
        assert!(known(used.clone()).await);
        assert_eq!(
            refresh(&app, &used, &tokens.text("refresh_token")).await.status,
            StatusCode::OK
        );
        app.pass(Duration::from_secs(180 * 24 * 60 * 60));
        sweep().await;
        assert!(!app.ports.kv.exists(&format!("auth/client/{used}")).await.unwrap());
    });
}

#[test]
fn registrations_are_limited_everywhere_and_from_each_network() {
    run(async {
        let app = TestApp::new();
        let register = |address: String| {
            let app = app.clone();
            async move {
                let headers = [
                    ("content-type", "application/json"),
                    ("spin-client-addr", address.as_str()),
                ];
                let body = json!({"redirect_uris": [REDIRECT_URI]}).to_string();
                app.call("POST", CLIENTS, &headers, &body).await
            }
        };
        let mut let_in = 0;
        for _ in 0..40 {
            let_in += usize::from(register("192.0.2.7:1".to_owned()).await.status == StatusCode::CREATED);
        }
        assert_eq!(let_in, 30);
        for network in 0..40 {
            for _ in 0..10 {
                let_in += usize::from(register(format!("198.51.{network}.1:1")).await.status == StatusCode::CREATED);
            }
        }
        assert_eq!(let_in, 300);
        let put_off = register("203.0.113.1:1".to_owned()).await;
        assert_eq!(
            (put_off.status, put_off.text("error").as_str()),
            (StatusCode::TOO_MANY_REQUESTS, "slow_down")
        );
        app.pass_secs(put_off.header("retry-after").parse().unwrap());
        assert_eq!(register("203.0.113.1:1".to_owned()).await.status, StatusCode::CREATED);
    });
}

#[test]
fn an_account_allows_thirty_programs_in_five_minutes() {
    run(async {
        let app = TestApp::with_alice().await;
        let (alice, _) = app.alice_signs_in(PASSWORD).await;
        let asked = asked(&registered(&app).await);
        for _ in 0..30 {
            assert_eq!(approve(&app, &alice, &asked).await.status, StatusCode::CREATED);
        }
        assert_eq!(
            approve(&app, &alice, &asked).await.status,
            StatusCode::TOO_MANY_REQUESTS
        );
    });
}

/// A yes, a code and a disconnection may be cut off anywhere: the answer is a clear 503, nobody has a session that nobody sees,
/// and what is asked again comes about.
#[test]
fn what_is_cut_off_anywhere_can_be_asked_again() {
    run(async {
        for failing in [Failing::Before, Failing::After] {
            let (app, alice, client_id, _) = connected().await;
            let asked = asked(&client_id);
            for operations in 0.. {
                // No claim of the round before is up any more, nor is anything counted against alice.
                app.pass(Duration::from_secs(600));
                let alice = app.log_in("alice", PASSWORD).await.text("access_token");
                app.kv.cut_after(operations, failing);
                let first = approve(&app, &alice, &asked).await;
                app.kv.mend();
                if first.status == StatusCode::CREATED {
                    let code = redirected(&first).1["code"].clone();
                    assert_eq!(
                        redeem(&app, &client_id, &code).await.status,
                        StatusCode::OK,
                        "{failing:?} {operations}"
                    );
                    break;
                }
                assert_eq!(
                    (first.status, first.header("retry-after")),
                    (StatusCode::SERVICE_UNAVAILABLE, "1")
                );
                app.pass(Duration::from_secs(60));
                assert_eq!(
                    approve(&app, &alice, &asked).await.status,
                    StatusCode::CREATED,
                    "{failing:?} {operations}"
                );
            }
            drop(alice);
            for operations in 0.. {
                app.pass(Duration::from_secs(600));
                let alice = app.log_in("alice", PASSWORD).await.text("access_token");
                let code = code(&app, &alice, &asked).await;
                app.kv.cut_after(operations, failing);
                let first = redeem(&app, &client_id, &code).await;
                app.kv.mend();
                if first.status == StatusCode::OK {
                    assert_eq!(app.me(&first.text("access_token")).await.status, StatusCode::OK);
                    break;
                }
                assert_eq!(
                    (first.status, first.text("error").as_str()),
                    (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable")
                );
                // Either the code was not used, or it was, and then nobody has what it began: it is over.
                let again = redeem(&app, &client_id, &code).await;
                assert!(
                    again.status == StatusCode::OK
                        || ["invalid_grant", "temporarily_unavailable"].contains(&again.text("error").as_str()),
                    "{failing:?} {operations} {again:?}"
                );
                let path = format!("{CLIENTS}/{client_id}");
                app.pass(Duration::from_secs(120));
                app.call_as(&alice, "DELETE", &path, json!(null)).await;
                let listed = app.call_as(&alice, "GET", CLIENTS, json!(null)).await;
                assert_eq!(listed.body, json!({"items": []}), "{failing:?} {operations}");
            }
            for operations in 0.. {
                app.pass(Duration::from_secs(600));
                let alice = app.log_in("alice", PASSWORD).await.text("access_token");
                let code = code(&app, &alice, &asked).await;
                let tokens = redeem(&app, &client_id, &code).await;
                let path = format!("{CLIENTS}/{client_id}");
                app.kv.cut_after(operations, failing);
                let first = app.call_as(&alice, "DELETE", &path, json!(null)).await;
                app.kv.mend();
                if first.status == StatusCode::NO_CONTENT {
                    assert_eq!(
                        refresh(&app, &client_id, &tokens.text("refresh_token"))
                            .await
                            .text("error"),
                        "invalid_grant"
                    );
                    break;
                }
                assert_eq!(
                    (first.status, first.header("retry-after")),
                    (StatusCode::SERVICE_UNAVAILABLE, "1")
                );
                let again = app.call_as(&alice, "DELETE", &path, json!(null)).await;
                assert!(
                    [204, 404].contains(&again.status.as_u16()),
                    "{failing:?} {operations} {again:?}"
                );
                assert_eq!(
                    app.me(&tokens.text("access_token")).await.status,
                    StatusCode::UNAUTHORIZED
                );
            }
        }
    });
}
