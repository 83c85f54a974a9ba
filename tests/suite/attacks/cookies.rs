//! Cookies that somebody else put into the browser: nobody is signed in as somebody else by them, and nobody goes on with a
//! session that an attacker knows.

use reqwest::Method;
use serde_json::json;

use super::{REFRESH, SESSION, Session, is_over, refresh, sign_in};
use crate::harness::{Client, HostPlan, PASSWORD, Response, TestApp, User};

/// Signs in from a browser that sends these lines of cookies along.
async fn sign_in_with(client: &Client, user: &User, lines: &[&str]) -> Response {
    let mut call = client.call(Method::POST, SESSION);
    for line in lines {
        call = call.header("cookie", line);
    }
    let body = json!({ "username": user.username, "password": PASSWORD });
    call.json(&body).send().await
}

#[tokio::test]
async fn a_session_that_was_planted_before_a_sign_in_is_not_the_one_after_it() {
    let app = TestApp::shared();
    let nobody = app.anonymous();
    let (victim, attacker) = (app.user("victim").await, app.user("attacker").await);
    let planted = Session::of(&sign_in(&nobody, &attacker.username, PASSWORD).await.expect(200));
    let after = Session::of(&sign_in_with(&nobody, &victim, &[&planted.cookie]).await.expect(200));
    assert_eq!(after.username, victim.username);
    assert_ne!(
        after.value().split('.').next(),
        planted.value().split('.').next(),
        "the session is the same"
    );
    // The attacker has lost it, and the victim's is the victim's.
    assert!(is_over(&app, &planted.cookie).await);
    assert_eq!(
        Session::of(&refresh(&nobody, &after.cookie).await.expect(200)).username,
        victim.username
    );
}

#[tokio::test]
async fn a_cookie_that_was_made_up_becomes_nobodys_session() {
    let app = TestApp::shared();
    let nobody = app.anonymous();
    let victim = app.user("victim").await;
    let real = Session::of(&sign_in(&nobody, &victim.username, PASSWORD).await.expect(200));
    let (name, value) = real.cookie.split_once('=').expect("a cookie");
    let [id, secret, tag] = value.split('.').collect::<Vec<_>>()[..] else {
        panic!("{value}")
    };
    let zeros = "A".repeat(secret.len());
    for (what, made_up) in [
        (
            "of an id that the attacker chose",
            format!("{}.{zeros}.{zeros}", "A".repeat(id.len())),
        ),
        ("of a real id and another secret", format!("{id}.{zeros}.{zeros}")),
        (
            "of a real id and its tag, and another secret",
            format!("{id}.{zeros}.{tag}"),
        ),
        (
            "of a real id and another secret, without a tag",
            format!("{id}.{zeros}"),
        ),
        ("of the id alone", id.to_owned()),
        ("empty", String::new()),
    ] {
        let made_up = format!("{name}={made_up}");
        assert!(is_over(&app, &made_up).await, "{what}");
        let after = Session::of(&sign_in_with(&nobody, &victim, &[&made_up]).await.expect(200));
        assert_ne!(after.cookie, made_up, "{what}");
        assert!(is_over(&app, &made_up).await, "{what}, after the sign-in");
        // Who makes up cookies ends no session that is not theirs.
        let sign_out = nobody.call(Method::DELETE, SESSION).header("cookie", &made_up);
        sign_out.send().await.expect_empty(204);
        let goes_on = refresh(&nobody, &after.cookie).await;
        assert_eq!(goes_on.status(), 200, "{what}: {goes_on:?}");
    }
    refresh(&nobody, &real.cookie).await.expect(200);
}

/// Whatever stands around the app's own cookie, the browser is signed in as its person or as nobody.
#[tokio::test]
async fn beside_another_cookie_nobody_becomes_somebody_else() {
    let Some(plan) = HostPlan::fresh() else { return };
    let https = plan.variable("public_origin", "https://memo.example").start();
    for app in [TestApp::shared(), TestApp::on(&https)] {
        let nobody = app.anonymous();
        let (victim, attacker) = (app.user("victim").await, app.user("attacker").await);
        let own = Session::of(&sign_in(&nobody, &victim.username, PASSWORD).await.expect(200));
        let theirs = Session::of(&sign_in(&nobody, &attacker.username, PASSWORD).await.expect(200));
        let (name, value) = own.cookie.split_once('=').expect("a cookie");
        let (own, theirs) = (own.cookie.as_str(), theirs.value());
        let bare = name.trim_start_matches("__Host-");
        let lines: Vec<(&str, Vec<String>)> = vec![
            ("another of the name, first", vec![format!("{name}={theirs}; {own}")]),
            ("another of the name, last", vec![format!("{own}; {name}={theirs}")]),
            (
                "another of the name in a line of its own",
                vec![format!("{name}={theirs}"), own.to_owned()],
            ),
            ("an empty one of the name", vec![format!("{name}=; {own}")]),
            ("itself once more", vec![format!("{own}; {own}")]),
            (
                "the name in capitals",
                vec![format!("{}={theirs}; {own}", name.to_uppercase())],
            ),
            ("the name with a space", vec![format!("{name} ={theirs}; {own}")]),
            ("the name in quotes", vec![format!("\"{name}\"={theirs}; {own}")]),
            ("another prefix", vec![format!("__Secure-{bare}={theirs}; {own}")]),
            (
                "the prefix in lower case",
                vec![format!("__host-{bare}={theirs}; {own}")],
            ),
            (
                "a nameless one that looks like it",
                vec![format!("={name}={theirs}; {own}")],
            ),
            (
                "one that hides it in its value",
                vec![format!("x=\"; {name}={theirs}\"; {own}")],
            ),
            ("two values in one", vec![format!("{name}={theirs},{value}")]),
            (
                "two values in one, and a space",
                vec![format!("{name}={value} {theirs}")],
            ),
            ("in quotes", vec![format!("{name}=\"{theirs}\"")]),
            ("escaped", vec![format!("{name}={}", theirs.replace('.', "%2E"))]),
            ("with its attributes", vec![format!("{own}; Path=/; {name}2={theirs}")]),
        ];
        for (what, lines) in lines {
            let mut call = nobody.call(Method::POST, REFRESH);
            for line in &lines {
                call = call.header("cookie", line);
            }
            let answer = call.send().await;
            match answer.status() {
                200 => assert_eq!(answer.value()["user"]["username"], victim.username.as_str(), "{what}"),
                status => assert!([204, 401].contains(&status), "{what}: {answer:?}"),
            }
        }
    }
}

/// The name that the cookie has on another kind of address says nothing here.
#[tokio::test]
async fn the_cookie_of_plain_http_and_that_of_https_are_two() {
    let Some(plan) = HostPlan::fresh() else { return };
    let https = plan.variable("public_origin", "https://memo.example").start();
    for (app, here, there) in [
        (TestApp::shared(), "memo_refresh", "__Host-memo_refresh"),
        (TestApp::on(&https), "__Host-memo_refresh", "memo_refresh"),
    ] {
        let user = app.user("names").await;
        let session = Session::of(&sign_in(&app.anonymous(), &user.username, PASSWORD).await.expect(200));
        assert_eq!(session.cookie.split_once('=').expect("a cookie").0, here);
        let renamed = format!("{there}={}", session.value());
        refresh(&app.anonymous(), &renamed).await.expect_empty(204);
        refresh(&app.anonymous(), &session.cookie).await.expect(200);
    }
}
