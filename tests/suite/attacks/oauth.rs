//! Programs: codes that are stolen, used twice and at once, answers that are sent elsewhere, tokens of others, and whatever else
//! is sent to where programs get tokens (RFC 9700). All tables of this are with the routes, in the component's own tests.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Program, TestApp, VERIFIER, store_is_atomic};

#[tokio::test]
async fn of_many_who_use_a_code_at_once_one_wins_and_not_for_long() {
    if !store_is_atomic() {
        return;
    }
    let app = TestApp::shared();
    let user = app.user("raced").await;
    let program = Program::register(&app).await;
    let mut won = 0;
    for _ in 0..6 {
        let code = program.code(&user, "memos:read").await;
        let answers = join_all((0..8).map(|_| program.redeem(&code))).await;
        let (winners, losers): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status() == 200);
        assert!(winners.len() <= 1, "{winners:?}");
        let is_found_out = losers.iter().any(|answer| answer.status() == 400);
        for loser in losers {
            let error = loser.value()["error"].clone();
            assert!(
                ["invalid_grant", "temporarily_unavailable"]
                    .map(Value::from)
                    .contains(&error),
                "{error}"
            );
        }
        for winner in winners {
            won += 1;
            // Two parties have the code, so nobody goes on by it.
            let token = winner.value()["refresh_token"].as_str().expect("a token").to_owned();
            if is_found_out {
                program.refresh(&token).await.expect(400);
            }
        }
    }
    // At the edge of a claim's window all may back off, and six races meet one edge at most.
    assert!(won >= 4, "only {won} of 6 codes were good for anybody");
}

#[tokio::test]
async fn a_stolen_code_is_no_use_and_a_used_one_ends_what_it_began() {
    let app = TestApp::shared();
    let user = app.user("robbed").await;
    let (program, thief) = (Program::register(&app).await, Program::register(&app).await);
    let code = program.code(&user, "memos:read").await;
    // Another program, and the same one without the verifier of the browser that began.
    thief.redeem(&code).await.expect(400);
    let form = |verifier: &'static str, client_id: &str| {
        [
            ("grant_type", "authorization_code".to_owned()),
            ("client_id", client_id.to_owned()),
            ("code", code.clone()),
            ("code_verifier", verifier.to_owned()),
        ]
    };
    for (verifier, client_id) in [
        ("another-verifier-that-was-made-up-by-somebody-else", &program.client_id),
        (VERIFIER, &thief.client_id),
    ] {
        let form = form(verifier, client_id);
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let refused = app
            .anonymous()
            .post_form("/api/auth/token", &form)
            .await
            .expect(400)
            .value();
        assert_eq!(refused["error"], "invalid_grant");
    }
    let tokens = program.redeem(&code).await.expect(200).value();
    let token = tokens["refresh_token"].as_str().expect("a token");
    let of_thief = thief.refresh(token).await.expect(400).value();
    assert_eq!(of_thief["error"], "invalid_grant");
    let next = program.refresh(token).await.expect(200).value();
    let next = next["refresh_token"].as_str().expect("a token");
    program.redeem(&code).await.expect(400);
    program.refresh(next).await.expect(400);
}

#[tokio::test]
async fn nothing_makes_the_site_send_a_code_elsewhere() {
    let app = TestApp::shared();
    let user = app.user("lured").await;
    let program = Program::register(&app).await;
    for uri in [
        "https://evil.example/cb",
        "http://127.0.0.1@evil.example/cb",
        "http://127.0.0.1:80@evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://127.0.0.1\\@evil.example/cb",
        "http://127.0.0.1/cb/../evil",
        "http://127.0.0.1/cb%2f..%2fevil",
        "http://127.0.0.1/cb#evil",
        "http://127.0.0.1/CB",
        "http://localhost/cb",
        "//evil.example/cb",
        "javascript:alert(1)",
        "",
    ] {
        let mut decision = program.request("memos:read");
        decision["redirect_uri"] = uri.into();
        decision["approve"] = true.into();
        let refused = user.post("/api/auth/authorize", &decision).await.problem(422);
        assert_eq!(refused.fields(), ["redirect_uri"], "{uri}");
    }
}

/// A page of another site can't say yes for somebody, and nor can a program that has tokens already.
#[tokio::test]
async fn nobody_but_the_person_says_yes() {
    let app = TestApp::shared();
    let user = app.user("asked").await;
    let program = Program::register(&app).await;
    let (client, _) = program.connect(&user, "memos:read memos:write").await;
    let mut decision = program.request("memos:read");
    decision["approve"] = true.into();
    client.post("/api/auth/authorize", &decision).await.problem(403);
    app.anonymous()
        .post("/api/auth/authorize", &decision)
        .await
        .problem(401);
    let by_page = user
        .call(Method::POST, "/api/auth/authorize")
        .header("sec-fetch-site", "cross-site");
    by_page.json(&decision).send().await.problem(403);
}

#[tokio::test]
async fn whatever_is_sent_is_refused_and_nothing_breaks() {
    let app = TestApp::shared();
    let user = app.user("pelted").await;
    let nobody = app.anonymous();
    let long = "x".repeat(60_000);
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    for body in [
        "",
        "{",
        "null",
        "7",
        "[]",
        "{}",
        "\u{0}",
        &deep,
        "{\"redirect_uris\":{}}",
        "{\"redirect_uris\":[null]}",
    ] {
        for path in [
            "/api/auth/clients",
            "/api/auth/authorize",
            "/api/auth/authorize/request",
        ] {
            let call = user.call(Method::POST, path).header("content-type", "application/json");
            let status = call.body(body.to_owned()).send().await.status();
            assert!((400..500).contains(&status), "{path} {status}");
        }
    }
    for value in ["", "\u{0}", "../../auth/key/signing", "우유", &long, "%00", "a.b.c"] {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", value),
            ("code", value),
            ("code_verifier", value),
        ];
        let status = nobody.post_form("/api/auth/token", &form).await.status();
        assert!((400..500).contains(&status), "{status}");
        let form = [("client_id", value), ("token", value)];
        let status = nobody.post_form("/api/auth/revoke", &form).await.status();
        assert!((200..500).contains(&status), "{status}");
        let metadata = json!({ "client_name": value, "client_uri": value, "redirect_uris": [value] });
        let refused = nobody.post("/api/auth/clients", &metadata).await;
        let error = refused.value()["error"].clone();
        match refused.status() {
            400 => assert_eq!(error, "invalid_redirect_uri"),
            // Three times the longest one is more than is read.
            status => assert_eq!((status, error), (413, "invalid_request".into())),
        }
        let path = format!("/api/auth/clients/{}", "x".repeat(value.len().min(2000)));
        user.call(Method::DELETE, &path).send().await;
    }
}
