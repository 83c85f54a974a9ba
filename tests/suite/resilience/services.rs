//! Each of the three services is away for a while, and nobody notices at the others.

use reqwest::Method;

use super::load::Load;
use super::{a_while, tell, works_again};
use crate::gateway::deployment::Deployment;
use crate::harness::{Host, Replication, Stopped};

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
    let services = ["auth", "memo", "site"];
    let mut hosts = services.map(|service| Some(deployment.replica(service).data_at(&redis.url()).start()));
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
            for path in ["/api/auth/me", "/api/memos", "/"] {
                works_again(&user, Method::GET, path).await;
            }
            a_while().await;
            let outcome = load.end().await;
            let case = format!("{service} {by}");
            tell(&case, &outcome, outcome.is_kept(&user, None).await);
            let is_another = |what: &str| service_of(what) != service;
            let of_others = outcome.failures(is_another);
            // On a machine that is very busy the store may be slow for once. Who depends on what is away fails all the time.
            let failed: usize = of_others.values().sum();
            assert!(
                failed * 50 <= outcome.asked(is_another),
                "{case}, and others failed: {of_others:?}"
            );
            let of_its_own = outcome.failures(|what| service_of(what) == service);
            assert!(by == "suspended" || !of_its_own.is_empty(), "{case}, and nobody met it");
        }
    }
}
