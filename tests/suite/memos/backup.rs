//! The backup that the README tells, made and brought back with its own commands.

use std::{path::Path, process::Command, time::Duration};

use reqwest::Method;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::harness::{PASSWORD, TestApp, User, left_out, workspace};

/// How long a token may be good after it was revoked, and some.
const PATIENCE: Duration = Duration::from_secs(60);

/// What stands in the README after `before`, up to the line's end.
fn command(before: &str) -> String {
    let readme = std::fs::read_to_string(workspace().join("README.md")).expect("the README is there");
    let mut lines = readme.lines();
    let line = lines.find_map(|line| line.strip_prefix(before));
    line.unwrap_or_else(|| panic!("the README has no line that begins with {before}"))
        .to_owned()
}

/// Runs a command in this folder. Says whether it came to a good end.
async fn run(app: &TestApp, folder: &Path, command: String, token: &str) -> bool {
    let mut shell = Command::new("sh");
    shell.args(["-c", &command]).current_dir(folder);
    shell.env("B", app.base_url()).env("TOKEN", token);
    let ended = tokio::task::spawn_blocking(move || shell.output()).await;
    let output = ended.expect("it does not panic").expect("there is a shell");
    eprintln!("{command}: {}", String::from_utf8_lossy(&output.stderr));
    output.status.success()
}

/// A new personal token: its id, and the token.
async fn token(user: &User, scope: &str) -> (String, String) {
    let body = json!({ "name": "backup", "scope": scope, "expires_in_days": 366, "password": PASSWORD });
    let made = user.post("/api/auth/tokens", &body).await.expect(201).value();
    let text = |name: &str| made[name].as_str().expect("the answer is complete").to_owned();
    (text("id"), text("token"))
}

#[tokio::test]
async fn a_backup_by_cron_is_restored_and_outlives_its_token() {
    if Command::new("curl").arg("--version").output().is_err() {
        return left_out("the README's backup is made with curl, which is not installed");
    }
    let app = TestApp::shared();
    let ann = app.user("saves").await;
    let memo = ann
        .write("an old text, that was there for long enough to be kept #장보기")
        .await;
    ann.edit(&memo, "우유").await;
    ann.trash(&ann.write("in the trash").await).await;
    let (id, reads) = token(&ann, "memos:read").await;
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("memo-token"), &reads).expect("a file for the token");
    let backup = command("0 3 * * * ").replace("https://YOUR-APP", app.base_url());
    assert!(run(&app, folder.path(), backup.clone(), "").await, "there is no backup");
    let saved = std::fs::read(folder.path().join("memos.ndjson")).expect("the backup");

    let bob = app.user("restores").await;
    let (_, writes) = token(&bob, "memos:write").await;
    let restore = format!(
        "curl --fail -sS $B/api/memos/import {}",
        command("curl $B/api/memos/import ")
    );
    for _ in 0..2 {
        assert!(
            run(&app, folder.path(), restore.clone(), &writes).await,
            "it can't be restored"
        );
        let exported = bob.get("/api/memos/export?history=true").await.expect(200);
        assert_eq!(
            String::from_utf8_lossy(exported.bytes()),
            String::from_utf8_lossy(&saved)
        );
    }

    ann.call(Method::DELETE, &format!("/api/auth/tokens/{id}"))
        .send()
        .await
        .expect(204);
    let end = Instant::now() + PATIENCE;
    while run(&app, folder.path(), backup.clone(), "").await {
        assert!(Instant::now() < end, "the token is good for ever");
        sleep(Duration::from_secs(1)).await;
    }
    let left = std::fs::read(folder.path().join("memos.ndjson")).expect("the backup");
    assert_eq!(left, saved, "a backup that failed took the last one away");
}
