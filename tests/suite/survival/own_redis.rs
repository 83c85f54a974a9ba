//! A Redis that the services reach themselves: the same data as Spin's own Redis store has, connections that come again,
//! settings that are wrong, and users of Redis that keep the services apart.

use std::path::PathBuf;

use sha2::{Digest, Sha256};
use tokio::time::{Duration, Instant, sleep};

use crate::harness::{HostPlan, Redis, TestApp, User, store_is_atomic, workspace};

/// How long it may take until something works again, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What orchestrators ask: it is served from memory, and still not where an instance can't begin.
const READINESS: &str = "/.well-known/oauth-authorization-server";

#[tokio::test]
async fn either_way_goes_on_with_the_data_of_the_other() {
    if !store_is_atomic() {
        return;
    }
    let (Some(plan), Some(redis)) = (HostPlan::fresh(), Redis::start()) else {
        return;
    };
    let by_the_host = |plan: HostPlan| {
        plan.plain()
            .variable("redis_url", "")
            .runtime_config(&redis.runtime_config())
    };
    let by_the_services = |plan: HostPlan| plan.plain().variable("redis_url", &redis.url());

    let host = by_the_host(plan).start();
    let user = TestApp::on(&host).user("ways").await;
    let first = user.write("by the host").await;
    let (_, since) = user.changes(None, 100).await;

    let (stopped, _) = host.terminate();
    let host = stopped.with(by_the_services).start();
    let app = TestApp::on(&host);
    // The token and the cursor are good, so the keys that they are signed with were found; ids and versions go on.
    let there = user.on(&app);
    let second = there.write("by the services").await;
    let first = there.edit(&first, "by the services as well").await;
    let (told, since) = there.changes(Some(&since), 100).await;
    assert_eq!(told.len(), 2);
    app.anonymous().refresh(&user.cookie).await.expect(200);

    let (stopped, _) = host.terminate();
    let host = stopped.with(by_the_host).start();
    let user = user.sign_in_again(&TestApp::on(&host)).await;
    let first = user.edit(&first, "by the host again").await;
    let third = user.write("a third one").await;
    let (told, _) = user.changes(Some(&since), 100).await;
    assert_eq!(told.len(), 2);
    assert_eq!(user.all_memos().await, [third, second, first]);
}

/// Asks until the answer is no longer that the store is away.
async fn comes_again(user: &User) {
    let begun = Instant::now();
    while user.get("/api/memos").await.status() == 503 {
        assert!(begun.elapsed() < PATIENCE, "it never comes again");
        sleep(Duration::from_millis(20)).await;
    }
    user.get("/api/memos").await.expect(200);
}

#[tokio::test]
async fn a_lost_connection_is_made_anew() {
    let (Some(plan), Some(redis)) = (HostPlan::fresh(), Redis::start()) else {
        return;
    };
    let host = plan.variable("redis_url", &redis.url()).start();
    let user = TestApp::on(&host).user("line").await;
    let memo = user.write("kept").await;
    for _ in 0..3 {
        redis.hangs_up();
        comes_again(&user).await;
    }

    redis.falls_silent();
    user.get("/api/memos").await.problem(503);
    user.get(&memo.path()).await.problem(503);
    redis.goes_on();
    comes_again(&user).await;
    assert_eq!(user.read(&memo).await, memo);
}

#[tokio::test]
async fn wrong_settings_are_named_in_the_log_and_passwords_are_not() {
    let secret = "a/secret@of:Redis";
    let Some(redis) = Redis::start_with(&["--requirepass", secret]) else {
        return;
    };
    for (user, password, cause) in [
        ("memo", "", "variable redis_password: it is empty"),
        ("memo", "not the secret", "authentication failed"),
        ("", "", "Authentication required"),
        ("", secret, ""),
    ] {
        let Some(plan) = HostPlan::fresh() else { return };
        let plan = plan.variable("redis_url", &redis.url()).variable("redis_user", user);
        let host = plan.variable("redis_password", password).start();
        let ready = TestApp::on(&host).anonymous().get(READINESS).await;
        if cause.is_empty() {
            ready.expect(200);
        } else {
            ready.problem(503);
        }
        let log = host.terminate().0.log();
        assert!(log.contains(cause), "{log}");
        assert!(password.is_empty() || !log.contains(password), "{log}");
    }
    let Some(plan) = HostPlan::fresh() else { return };
    let host = plan.variable("redis_url", "http://127.0.0.1:9").start();
    TestApp::on(&host).anonymous().get(READINESS).await.problem(503);
    let log = host.terminate().0.log();
    assert!(log.contains("variable redis_url: not redis://host:port"), "{log}");
}

/// A Redis with the users of a deployment, each of whom has its name as password.
fn with_users_of(overlay: &str) -> Option<Redis> {
    let shipped = workspace().join(format!("deploy/spinkube/overlays/{overlay}/users.acl"));
    let mut users = std::fs::read_to_string(&shipped).expect("the users are there");
    for name in ["app", "auth", "memo"] {
        let hash: String = Sha256::digest(name).iter().map(|byte| format!("{byte:02x}")).collect();
        users = users.replace(&format!("{}_PASSWORD_SHA256", name.to_uppercase()), &hash);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file: PathBuf = folder.path().join("users.acl");
    std::fs::write(&file, users).expect("the folder takes a file");
    // Read once, before it listens.
    Redis::start_with(&["--aclfile", file.to_str().expect("a path is text")])
}

/// Has a host keep its data in Redis, as one of its users.
type Way = fn(HostPlan, &Redis, &str) -> HostPlan;

const BY_THE_HOST: Way = |plan, redis, user| {
    plan.variable("redis_url", "")
        .runtime_config(&redis.runtime_config_as(&format!("{user}:{user}@")))
};
const BY_THE_SERVICES: Way = |plan, redis, user| {
    plan.variable("redis_url", &redis.url())
        .variable("redis_user", user)
        .variable("redis_password", user)
};

#[tokio::test]
async fn a_user_of_redis_for_each_service_keeps_them_apart() {
    if !store_is_atomic() {
        return;
    }
    let Some(redis) = with_users_of("split") else { return };
    for way in [BY_THE_HOST, BY_THE_SERVICES] {
        let (Some(auth), Some(memo), Some(mixed)) = (HostPlan::fresh(), HostPlan::fresh(), HostPlan::fresh()) else {
            return;
        };
        let nobody = "http://127.0.0.1:9";
        let auth = way(auth.component("auth"), &redis, "auth").variable("memo_origin", nobody);
        let auth = auth.start();
        let memo = way(memo.component("memo"), &redis, "memo").variable("jwks_origin", &auth.base_url());
        let memo = memo.start();
        let user = TestApp::on(&auth).user("split").await;
        user.get("/api/auth/me").await.expect(200);
        let there = user.on(&TestApp::on(&memo));
        let kept = there.write("kept apart").await;
        let kept = there.edit(&kept, "kept apart, and changed").await;
        assert_eq!(there.all_memos().await, [kept]);

        // Each with the other's user.
        let mixed = way(mixed.component("auth").variable("memo_origin", nobody), &redis, "memo").start();
        TestApp::on(&mixed).anonymous().get("/api/auth/me").await.problem(503);
        let (stopped, _) = mixed.terminate();
        assert!(
            stopped.log().contains("this user has no permissions"),
            "{}",
            stopped.log()
        );
        let as_memo = |plan: HostPlan| {
            way(plan.plain().component("memo"), &redis, "auth").variable("jwks_origin", &auth.base_url())
        };
        let mixed = stopped.with(as_memo).start();
        user.on(&TestApp::on(&mixed)).get("/api/memos").await.problem(503);
    }
}

#[tokio::test]
async fn one_user_of_redis_is_enough_for_the_whole_app() {
    if !store_is_atomic() {
        return;
    }
    let Some(redis) = with_users_of("one-app") else { return };
    for way in [BY_THE_HOST, BY_THE_SERVICES] {
        let Some(plan) = HostPlan::fresh() else { return };
        let host = way(plan, &redis, "app").start();
        let user = TestApp::on(&host).user("one-app").await;
        let memo = user.write("kept").await;
        assert_eq!(user.all_memos().await, [memo]);
    }
}
