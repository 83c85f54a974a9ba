//! From one release to the next, and back: this version reads what earlier ones left, and refuses what later ones wrote.
//!
//! `tests/releases` has a folder for each release: what it left in its store, as rows, and what is to be found there. The folder of
//! the newest one is written by `make release-data` (docs/releasing.md).

use std::path::PathBuf;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use totp_rs::Totp;

use crate::auth::second_factor::code;
use crate::harness::{Client, HostPlan, PASSWORD, Program, StoreFile, TestApp, User, now, workspace};

/// What a release left, as somebody sees it who has the app.
#[derive(Serialize, Deserialize)]
struct Left {
    /// When it was written, in milliseconds since 1970. What runs out is read as if that were now.
    recorded_at: u64,
    people: Vec<Person>,
}

#[derive(Serialize, Deserialize)]
struct Person {
    username: String,
    /// The cookie of a session that goes on.
    cookie: String,
    /// The address of the app that makes codes, where there is a second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authenticator: Option<String>,
    /// Each memo with the members that the release knew, newest first.
    memos: Vec<Value>,
    /// The earlier texts of the first of them, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    history: Vec<String>,
    /// The token of a link to the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    /// The names of programs and personal tokens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    programs: Vec<String>,
}

fn folder(release: &str) -> PathBuf {
    workspace().join("tests/releases").join(release)
}

/// Puts what a release left into a file. Sessions and links run out, so their times are moved on to today's; all else is as it was.
fn load(file: &StoreFile, release: &str) -> Left {
    let read =
        |name: &str| std::fs::read_to_string(folder(release).join(name)).unwrap_or_else(|why| panic!("{name}: {why}"));
    let left: Left = serde_json::from_str(&read("left.json")).expect("left.json is read");
    file.create(&read("store.sql"));
    let moved = now() * 1000 - left.recorded_at;
    for (key, value) in file.rows() {
        if key.starts_with("auth/session/") || key.ends_with("/shares") {
            let mut record: Value = serde_json::from_slice(&value).expect("a record is JSON");
            move_on(&mut record, moved);
            file.set(&key, record.to_string().as_bytes());
        }
    }
    left
}

/// Moves all times in a record: numbers of milliseconds since 2001 at least.
fn move_on(value: &mut Value, millis: u64) {
    match value {
        Value::Number(number) => {
            if let Some(time) = number.as_u64().filter(|time| *time > 1_000_000_000_000) {
                *value = (time + millis).into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| move_on(item, millis)),
        Value::Object(members) => members.values_mut().for_each(|member| move_on(member, millis)),
        _ => {}
    }
}

/// The access token of a new sign-in.
async fn sign_in(app: &TestApp, person: &Person) -> Client {
    let authenticator = person
        .authenticator
        .as_ref()
        .map(|uri| Totp::from_url(uri).expect("an address"));
    let code = authenticator.map(|authenticator| code(&authenticator, 0));
    let body = json!({ "username": person.username, "password": PASSWORD, "code": code });
    let entered = app
        .anonymous()
        .post("/api/auth/session", &body)
        .await
        .expect(200)
        .value();
    app.anonymous()
        .with_token(entered["access_token"].as_str().expect("a token"))
}

async fn assert_is_as_left(app: &TestApp, person: &Person) {
    app.anonymous().refresh(&person.cookie).await.expect(200);
    let client = sign_in(app, person).await;
    let answer = client.get("/api/memos?state=all&limit=100").await.expect(200).value();
    let memos = answer["items"].as_array().expect("a list");
    assert_eq!(memos.len(), person.memos.len(), "{answer}");
    for (memo, left) in memos.iter().zip(&person.memos) {
        for (member, value) in left.as_object().expect("a memo") {
            assert_eq!(&memo[member], value, "{member} of {memo}");
        }
    }
    let first = memos[0]["id"].as_str().expect("an id");
    let versions = client
        .get(&format!("/api/memos/{first}/versions"))
        .await
        .expect(200)
        .value();
    let texts = versions["items"].as_array().expect("a list").iter();
    let texts: Vec<&str> = texts.filter_map(|version| version["text"].as_str()).collect();
    assert_eq!(texts, person.history);
    if let Some(link) = &person.link {
        let open = app.anonymous().call(Method::GET, &format!("/api/shares/{link}"));
        let shared = open
            .header("accept", "application/json")
            .send()
            .await
            .expect(200)
            .value();
        assert_eq!(shared["text"], memos[0]["text"]);
    }
    for name in &person.programs {
        let lists = [
            client.get("/api/auth/clients").await,
            client.get("/api/auth/tokens").await,
        ];
        let lists = lists.map(|list| list.expect(200).value().to_string());
        assert!(
            lists.iter().any(|list| list.contains(name)),
            "{name} is not among {lists:?}"
        );
    }
    // And life goes on.
    let path = format!("/api/memos/{first}");
    let etag = format!("\"{}\"", memos[0]["version"]);
    client
        .put(&path, &etag, &json!({ "text": "changed by the next version" }))
        .await
        .expect(200);
    client
        .delete(&path, &format!("\"{}\"", memos[0]["version"].as_u64().unwrap_or(0) + 1))
        .await
        .expect(204);
    client
        .call(Method::POST, &format!("{path}/restore"))
        .send()
        .await
        .expect(200);
    let new = client.write("by the next version").await;
    assert!(
        memos.iter().all(|memo| memo["id"] != new.id),
        "{new:?} has the id of another memo"
    );
}

#[tokio::test]
async fn what_every_release_left_is_read_and_goes_on() {
    if !crate::harness::store_is_atomic() {
        return;
    }
    for release in std::fs::read_dir(folder("")).expect("tests/releases") {
        let release = release.unwrap().file_name().into_string().unwrap();
        let Some(plan) = HostPlan::lasting() else { return };
        let left = load(&plan.store_file(), &release);
        let host = plan.start();
        for person in &left.people {
            assert_is_as_left(&TestApp::on(&host), person).await;
        }
    }
}

/// Over a rollback: the version before does not touch what it does not know, and says so.
#[tokio::test]
async fn what_a_newer_version_wrote_is_refused_and_kept() {
    let Some(plan) = HostPlan::lasting() else { return };
    let host = plan.start();
    let user = TestApp::on(&host).user("rolled-back").await;
    let memo = user.write("by a newer version").await;
    let (stopped, _) = host.terminate();
    let file = stopped.store_file();
    let renewed = [
        format!("memo/{}/{}", user.id, memo.id),
        format!("auth/user/{}", user.id),
    ]
    .map(|key| {
        let mut record: Value = serde_json::from_slice(&file.get(&key).expect("a record")).expect("JSON");
        record["colour"] = json!("red");
        file.set(&key, record.to_string().as_bytes());
        (key, record.to_string())
    });

    let host = stopped.start();
    let app = TestApp::on(&host);
    let client = user.on(&app);
    for answer in [
        client.get(&memo.path()).await,
        client.get("/api/memos").await,
        client
            .put(&memo.path(), &memo.etag(), &json!({ "text": "lost?" }))
            .await,
        client.get("/api/auth/me").await,
        app.anonymous().enter(&user.username, PASSWORD).await,
    ] {
        assert!(!answer.header("retry-after").is_empty());
        let problem = answer.problem(503);
        assert_eq!(problem.slug(), "unavailable");
        assert!(problem.detail.contains("newer version"), "{problem:?}");
    }
    // Who has nothing of the newer version notices nothing.
    app.user("not-concerned").await.write("goes on").await;

    let (stopped, _) = host.terminate();
    for (key, record) in renewed {
        let stored = stopped.store_file().get(&key).expect("it is still there");
        assert_eq!(String::from_utf8_lossy(&stored), record, "{key} was changed");
    }
    let log = stopped.log();
    for kind in ["memo", "auth"] {
        assert!(
            log.contains(&format!("record {kind}/")) && log.contains("was written by a newer version"),
            "{log}"
        );
    }
}

/// The mark of a newer layout stands for all records at once.
#[tokio::test]
async fn a_store_with_a_newer_layout_is_refused_as_a_whole() {
    let Some(plan) = HostPlan::lasting() else { return };
    let host = plan.start();
    let user = TestApp::on(&host).user("newer-layout").await;
    user.write("by a newer version").await;
    let (stopped, _) = host.terminate();
    let before: Vec<_> = {
        let file = stopped.store_file();
        file.set("memo/layout", b"atomic-3");
        file.rows()
            .into_iter()
            .filter(|(key, _)| key.starts_with("memo/"))
            .collect()
    };
    let host = stopped.start();
    let app = TestApp::on(&host);
    user.on(&app).get("/api/memos").await.problem(503);
    // The issuer's records have a mark of their own.
    user.sign_in_again(&app).await;

    let (stopped, _) = host.terminate();
    let log = stopped.log();
    assert!(
        log.contains("the store has the layout atomic-3, and this version knows"),
        "{log}"
    );
    let after: Vec<_> = stopped
        .store_file()
        .rows()
        .into_iter()
        .filter(|(key, _)| key.starts_with("memo/"))
        .collect();
    assert_eq!(after, before);
}

/// Writes down what this version leaves, for the tests of the next ones: `make release-data`.
#[tokio::test]
#[ignore = "writes tests/releases/next, when a release is made (docs/releasing.md)"]
async fn record_what_this_version_leaves() {
    let plan = HostPlan::lasting().expect("a host of its own");
    let host = plan.start();
    let app = TestApp::on(&host);
    let people = vec![record_writer(&app).await, record_careful(&app).await];
    let (stopped, _) = host.terminate();
    let left = Left {
        recorded_at: now() * 1000,
        people,
    };

    let folder = folder("next");
    std::fs::create_dir_all(&folder).unwrap();
    let rows: String = stopped
        .store_file()
        .rows()
        .iter()
        .map(|(key, value)| row(key, value))
        .collect();
    std::fs::write(folder.join("store.sql"), rows).unwrap();
    std::fs::write(
        folder.join("left.json"),
        serde_json::to_string_pretty(&left).unwrap() + "\n",
    )
    .unwrap();
}

/// A row as a statement: readable where it can be.
fn row(key: &str, value: &[u8]) -> String {
    let value = match std::str::from_utf8(value) {
        Ok(text) if !text.contains(char::is_control) => format!("CAST('{}' AS BLOB)", text.replace('\'', "''")),
        _ => format!(
            "X'{}'",
            value.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        ),
    };
    format!("INSERT INTO spin_key_value VALUES ('default', '{key}', {value});\n")
}

/// Somebody with memos of every kind, a link, a program and a personal token.
async fn record_writer(app: &TestApp) -> Person {
    let user = app.user("writer").await;
    let gone = user.write("is gone for good").await;
    user.remove(&gone).await;
    let trashed = user.write("in the trash").await;
    user.trash(&trashed).await;
    let archived = user.write("# 보관\n\n#일/회의 archived and pinned").await;
    user.change(&archived, json!({ "pinned": true, "archived": true }))
        .await;
    let earlier =
        "우유 사기, 빵 사기, 달걀 사기: a long text that is taken away as a whole, so that it is kept in the history";
    let memo = user.write(earlier).await;
    user.edit(&memo, "- [ ] 우유 #장보기").await;
    let link = user
        .post(&format!("{}/shares", memo.path()), &json!({ "expires_in_days": 365 }))
        .await
        .expect(201)
        .value();
    let token = json!({ "name": "at night", "scope": "memos:read", "expires_in_days": 366, "password": PASSWORD });
    user.post("/api/auth/tokens", &token).await.expect(201);
    Program::register(app).await.connect(&user, "memos:read").await;
    let clients = user.get("/api/auth/clients").await.expect(200).value();
    let program = clients["items"][0]["client_name"].as_str().expect("a name").to_owned();
    Person {
        link: link["token"].as_str().map(str::to_owned),
        history: vec![earlier.to_owned()],
        programs: vec!["at night".to_owned(), program],
        ..person(&user).await
    }
}

/// Somebody with a second factor, who has another session as well.
async fn record_careful(app: &TestApp) -> Person {
    let user = app.user("careful").await;
    user.write("with a second factor").await;
    let begun = user
        .call(Method::POST, "/api/auth/totp")
        .send()
        .await
        .expect(201)
        .value();
    let uri = begun["otpauth_uri"].as_str().expect("an address").to_owned();
    let code = code(&Totp::from_url(&uri).expect("an address"), 0);
    user.call(Method::PUT, "/api/auth/totp")
        .json(&json!({ "code": code }))
        .send()
        .await
        .expect_empty(204);
    Person {
        authenticator: Some(uri),
        ..person(&user).await
    }
}

async fn person(user: &User) -> Person {
    let memos = user.get("/api/memos?state=all&limit=100").await.expect(200).value();
    Person {
        username: user.username.clone(),
        cookie: user.cookie.clone(),
        authenticator: None,
        memos: memos["items"].as_array().expect("a list").clone(),
        history: Vec::new(),
        link: None,
        programs: Vec::new(),
    }
}
