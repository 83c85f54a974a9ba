//! `POST /api/auth/users`

use futures::future::join_all;
use serde_json::json;

use crate::harness::{PASSWORD, Problem, Response, TestApp, is_time, store_is_atomic, unique};

async fn register(app: &TestApp, username: &str, password: &str) -> Response {
    app.anonymous()
        .post(
            "/api/auth/users",
            &json!({ "username": username, "password": password }),
        )
        .await
}

/// Exactly these fields are refused.
#[track_caller]
fn refuses(response: Response, fields: &[&str]) -> Problem {
    let problem = response.problem(422);
    assert_eq!(problem.fields(), fields, "{problem:?}");
    problem
}

#[tokio::test]
async fn registering_answers_with_the_user_and_codes_for_a_bad_day() {
    let app = TestApp::shared();
    let name = unique("reg");
    let response = register(&app, &name, PASSWORD).await.expect(201);
    assert!(response.header("location").starts_with("/api/auth/"), "{response:?}");
    assert!(!response.text().contains(PASSWORD));
    assert_eq!(response.fields(), ["created_at", "id", "recovery_codes", "username"]);
    let user = response.value();
    assert_eq!(user["username"], name.as_str());
    assert!(user["id"].as_str().is_some_and(|id| !id.is_empty()));
    assert!(user["created_at"].as_str().is_some_and(is_time));
}

#[tokio::test]
async fn a_username_is_kept_in_lower_case_and_signs_in_in_any_case() {
    let app = TestApp::shared();
    let name = unique("casey");
    let user = register(&app, &name.to_uppercase(), PASSWORD).await.expect(201).value();
    assert_eq!(user["username"], name.as_str());
    app.anonymous().enter(&name.to_uppercase(), PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_taken_username_is_a_conflict_in_any_case() {
    let app = TestApp::shared();
    let name = unique("taken");
    register(&app, &name, PASSWORD).await.expect(201);
    register(&app, &name, PASSWORD).await.problem(409);
    register(&app, &name.to_uppercase(), "another password")
        .await
        .problem(409);
    // The first one's password still counts, and only that.
    app.anonymous().enter(&name, PASSWORD).await.expect(200);
    app.anonymous().enter(&name, "another password").await.expect(401);
}

#[tokio::test]
async fn of_ten_registrations_of_one_name_at_once_exactly_one_wins() {
    if !store_is_atomic() {
        return;
    }
    let app = TestApp::shared();
    let mut names_given = 0;
    for _ in 0..3 {
        let name = unique("race");
        let passwords: Vec<String> = (0..10).map(|n| format!("password {n}")).collect();
        let answers = join_all(passwords.iter().map(|password| register(&app, &name, password))).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers
            .into_iter()
            .zip(&passwords)
            .partition(|(answer, _)| answer.status() == 201);
        assert!(won.len() <= 1, "{won:?}");
        names_given += won.len();
        for (answer, _) in lost {
            answer.problem(409);
        }
        for password in &passwords {
            let expected = if won.iter().any(|(_, winner)| *winner == password) {
                200
            } else {
                401
            };
            app.anonymous().enter(&name, password).await.expect(expected);
        }
    }
    // Claims are cut into windows of time; at the edge of one, all may back off. Three races meet one edge at most.
    assert!(names_given >= 2, "only {names_given} of 3 names were given to anybody");
}

#[tokio::test]
async fn usernames_of_3_to_32_plain_characters_are_taken() {
    let app = TestApp::shared();
    let long = format!("{:a<32}", unique("long"));
    assert_eq!(long.len(), 32);
    for name in [long, unique("dot.dash_low"), unique("0digit")] {
        register(&app, &name, PASSWORD).await.expect(201);
    }
    // A name of three characters may be taken on a server that saw earlier runs; it is well-formed either way.
    let short = &unique("")[8..11].replace('-', "0");
    let status = register(&app, short, PASSWORD).await.status();
    assert!([201, 409].contains(&status), "{short}: {status}");
}

#[tokio::test]
async fn other_usernames_are_refused_by_field() {
    let app = TestApp::shared();
    let too_long = "a".repeat(33);
    let names = [
        "",
        "ab",
        &too_long,
        ".dot",
        "-dash",
        "_low",
        "with space",
        " lead",
        "tail ",
        "앨리스",
        "ａｌｉｃｅ",
        "a/../b",
        "a\0b",
        "a\nb",
        "<b>bob</b>",
    ];
    for name in names {
        refuses(register(&app, name, PASSWORD).await, &["username"]);
    }
}

#[tokio::test]
async fn passwords_are_counted_in_characters_from_8_to_128() {
    let app = TestApp::shared();
    for password in [
        "8 chars!".to_owned(),
        "비밀번호여덟글자".to_owned(),
        "🔑".repeat(128),
        " ".repeat(8),
    ] {
        let name = unique("pass");
        register(&app, &name, &password).await.expect(201);
        app.anonymous().enter(&name, &password).await.expect(200);
    }
    for password in [
        String::new(),
        "7 chars".into(),
        "비밀번호일곱자".into(),
        "x".repeat(129),
        "🔑".repeat(129),
    ] {
        refuses(register(&app, &unique("pass"), &password).await, &["password"]);
    }
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let problem = refuses(
        register(&TestApp::shared(), "no", "short").await,
        &["username", "password"],
    );
    assert!(problem.errors.iter().all(|error| !error.detail.contains("short\"")));
}

#[tokio::test]
async fn a_refused_registration_leaves_the_name_free() {
    let app = TestApp::shared();
    let name = unique("free");
    refuses(register(&app, &name, "short").await, &["password"]);
    register(&app, &name, PASSWORD).await.expect(201);
}
