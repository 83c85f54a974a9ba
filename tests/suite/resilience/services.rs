//! Each of the three services is away for a while, and nobody notices at the others.

use super::load::Load;
use super::{a_while, tell};
use crate::gateway::deployment::Deployment;
use crate::harness::{Host, Replication, Stopped, User};

/// The service that does what people ask.
fn service_of(what: &str) -> &'static str {
    match what {
        "sign in" | "account" => "auth",
        "site" => "site",
        _ => "memo",
    }
}

/// How a service goes away, and what is there of it then.
enum Away {
    Killed(Stopped),
    Suspended(Host),
}

fn goes_away(host: Host, by: &str) -> Away {
    match by {
        "killed" => Away::Killed(host.kill()),
        _ => {
            host.signal("STOP");
            Away::Suspended(host)
        }
    }
}

fn comes_back(away: Away) -> Host {
    match away {
        // What is started again is a new process, as after a crash and as in a replacement.
        Away::Killed(stopped) => stopped.start(),
        Away::Suspended(host) => {
            host.signal("CONT");
            host
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_service_that_is_killed_or_suspended_takes_no_other_with_it() {
    let Some(deployment) = Deployment::start(&[]).await else {
        return;
    };
    let Some(redis) = Replication::start().await else {
        return;
    };
    let config = redis.runtime_config();
    let services = ["auth", "memo", "site"];
    let mut hosts = services.map(|service| Some(deployment.replica(service).runtime_config(&config).start()));
    for (service, host) in services.iter().zip(&hosts) {
        deployment.put_behind(service, &[host.as_ref().expect("it runs")]).await;
    }
    deployment.has_keys().await;
    let app = deployment.app();
    let user = app.user("independent").await;

    for by in ["killed", "suspended"] {
        for (place, service) in services.into_iter().enumerate() {
            let load = Load::begin(&app, &user).await;
            a_while().await;
            let away = goes_away(hosts[place].take().expect("it runs"), by);
            a_while().await;
            hosts[place] = Some(comes_back(away));
            everything_works(&user).await;
            a_while().await;
            let outcome = load.end().await;
            let case = format!("{service} {by}");
            tell(&case, &outcome, outcome.is_kept(&user, None).await);
            let of_others = outcome.failures(|what| service_of(what) != service);
            assert!(of_others.is_empty(), "{case}, and others failed: {of_others:?}");
            let of_its_own = outcome.failures(|what| service_of(what) == service);
            assert!(by == "suspended" || !of_its_own.is_empty(), "{case}, and nobody met it");
        }
    }
}

/// Waits until each service answers.
async fn everything_works(user: &User) {
    for path in ["/api/auth/me", "/api/memos?limit=1", "/"] {
        let begun = std::time::Instant::now();
        loop {
            let answer = user.call(reqwest::Method::GET, path).try_send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                break;
            }
            assert!(begun.elapsed().as_secs() < 120, "{path} does not come back");
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }
}
