//! A copy of all data, made while people write, and another host that goes on with it: what docs/backup.md says.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::harness::{Client, Host, HostPlan, Memo, Redis, TestApp, User, left_out};

/// How many people write at the time, and how many memos there are before the copy is begun.
const WRITERS: usize = 4;
const ENOUGH: usize = 60;

/// People who write until they are told to stop, and what was acknowledged to them.
struct Writers {
    acknowledged: Arc<Mutex<Vec<Memo>>>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Writers {
    fn begin(user: &User, app: &TestApp) -> Self {
        let acknowledged = Arc::<Mutex<Vec<Memo>>>::default();
        let stop = watch::Sender::new(false);
        let tasks = (0..WRITERS)
            .map(|name| {
                let write = write(user.on(app), name, stop.subscribe(), acknowledged.clone());
                tokio::spawn(write)
            })
            .collect();
        Self {
            acknowledged,
            stop,
            tasks,
        }
    }

    /// What was acknowledged so far, when that is enough.
    async fn enough(&self) -> Vec<Memo> {
        loop {
            let acknowledged = self.acknowledged.lock().unwrap().clone();
            if acknowledged.len() >= ENOUGH {
                return acknowledged;
            }
            assert!(
                self.tasks.iter().all(|task| !task.is_finished()),
                "a writer met an error"
            );
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// None of them may have met an error, and they went on writing meanwhile.
    async fn end(self, before: usize) {
        self.stop.send_replace(true);
        for task in self.tasks {
            task.await.expect("nobody who writes notices a backup");
        }
        assert!(self.acknowledged.lock().unwrap().len() >= before);
    }
}

/// Writes memos and changes each of them once. A memo counts when its change was acknowledged.
async fn write(client: Client, name: usize, stop: watch::Receiver<bool>, acknowledged: Arc<Mutex<Vec<Memo>>>) {
    for round in 0.. {
        let memo = client.write(&format!("writer {name}, memo {round}")).await;
        let memo = client.edit(&memo, &format!("{}, edited", memo.text)).await;
        acknowledged.lock().unwrap().push(memo);
        if *stop.borrow() {
            return;
        }
    }
}

/// On the restored host everything is there that was acknowledged before the copy was begun, and life goes on.
async fn assert_restored(host: &Host, user: &User, before: &[Memo]) {
    let app = TestApp::on(host);
    // The access token and the session from before are good, and so is the password.
    let listed = user.on(&app).all_memos().await;
    for memo in before {
        assert!(listed.contains(memo), "{memo:?} is lost");
    }
    app.anonymous().refresh(&user.cookie).await.expect(200);
    let user = user.sign_in_again(&app).await;
    let new = user.write("after the restore").await;
    let newest = listed.iter().filter_map(|memo| memo.id.parse::<u64>().ok()).max();
    assert!(
        new.id.parse::<u64>().ok() > newest,
        "{new:?} has the id of another memo"
    );
    user.edit(&before[0], "after the restore").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_the_sqlite_file_that_is_made_while_people_write_is_whole() {
    let Some(plan) = HostPlan::lasting() else { return };
    let host = plan.start();
    let app = TestApp::on(&host);
    let user = app.user("sqlite-backup").await;
    let writers = Writers::begin(&user, &app);
    let before = writers.enough().await;

    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let copy = folder.path().join("memo-backup.db");
    host.store_file().run(&format!("VACUUM INTO '{}'", copy.display()));
    writers.end(before.len()).await;
    drop(host);

    let plan = HostPlan::lasting().expect("there was one");
    plan.store_file().restore(&copy);
    assert_restored(&plan.start(), &user, &before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_redis_that_is_made_while_people_write_is_whole() {
    let Some(redis) = Redis::start() else { return };
    let Some(plan) = HostPlan::lasting() else { return };
    let host = plan.runtime_config(&redis.runtime_config()).start();
    let app = TestApp::on(&host);
    let user = app.user("redis-backup").await;
    let writers = Writers::begin(&user, &app);
    let before = writers.enough().await;

    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let log = folder.path().join("appendonlydir");
    if !back_up(&redis, &folder.path().join("dump.rdb")) {
        return;
    }
    writers.end(before.len()).await;
    drop((host, redis));

    // A Redis with an append-only file does not look at dump.rdb. So it is started without, told to make one, and started again.
    let mut restored = Redis::start_in(folder, &["--save", "", "--appendonly", "no"]).expect("there was one");
    restored.ask("CONFIG SET appendonly yes");
    let is_written = "aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0";
    while !restored.ask("INFO persistence").contains(is_written) {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    restored.kill();
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    copy_folder(&log, &folder.path().join("appendonlydir"));
    let lasting = ["--save", "", "--appendonly", "yes", "--appendfsync", "always"];
    let restored = Redis::start_in(folder, &lasting).expect("there was one");
    let plan = HostPlan::lasting().expect("there was one");
    let host = plan.runtime_config(&restored.runtime_config()).start();
    assert_restored(&host, &user, &before).await;
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let file = entry.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

/// Says whether there was something to do it with.
fn back_up(redis: &Redis, copy: &Path) -> bool {
    let mut command = Command::new("redis-cli");
    let port = redis.port().to_string();
    let output = command
        .args(["-h", "127.0.0.1", "-p", &port, "--rdb"])
        .arg(copy)
        .output();
    match output {
        Ok(output) => {
            assert!(output.status.success(), "{output:?}");
            true
        }
        Err(why) => {
            left_out(&format!("redis-cli: {why} (apt-get install redis-tools)"));
            false
        }
    }
}
