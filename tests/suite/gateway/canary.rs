//! Another build of a service gets its part of the requests, and no more.

use std::net::{IpAddr, Ipv4Addr};

use futures::future::join_all;

use super::deployment::Deployment;

/// Enough that the bounds below are missed by an honest gateway once in a thousand million runs.
const REQUESTS: usize = 600;
/// Of so many requests, how many a canary with a tenth may get.
const A_TENTH: std::ops::RangeInclusive<u64> = 21..=109;
/// Requests at a time.
const AT_A_TIME: usize = 20;

/// Asks so often, each time from another address.
async fn ask(deployment: &Deployment, path: &str) {
    let app = deployment.app();
    for batch in 0..REQUESTS / AT_A_TIME {
        let requests = (0..AT_A_TIME).map(|number| {
            let address = Ipv4Addr::new(127, 1, u8::try_from(batch).unwrap(), u8::try_from(number).unwrap());
            let client = app.client_at(IpAddr::V4(address));
            async move { client.get(path).await.expect(200) }
        });
        join_all(requests).await;
    }
}

#[tokio::test]
async fn a_canary_of_each_service_gets_a_tenth() {
    let Some(deployment) = Deployment::start(&[]).await else {
        return;
    };
    let _hosts = deployment.with_one_of_each().await;
    for (service, path) in [
        ("auth", "/.well-known/jwks.json"),
        ("memo", "/api/memos/openapi.json"),
        ("site", "/api"),
    ] {
        let canary = format!("{service}-canary");
        let host = deployment.replica(service).start();
        deployment.put_behind(&canary, &[&host]).await;
        deployment.weighs(service, 10).await;
        let before = deployment.requests_to(service).await;
        ask(&deployment, path).await;
        let new = deployment.requests_to(&canary).await;
        assert!(A_TENTH.contains(&new), "{canary}: {new} of {REQUESTS}");
        let others = deployment.requests_to(service).await - before;
        // The gateway itself and the services ask the issuer now and then.
        assert!(others + new >= REQUESTS as u64, "{service}: {others} and {new}");
    }
}

#[tokio::test]
async fn one_address_gets_the_site_from_one_build() {
    let Some(deployment) = Deployment::start(&[]).await else {
        return;
    };
    let hosts = ["site", "site-canary"].map(|_| deployment.replica("site").start());
    for (cluster, host) in ["site", "site-canary"].into_iter().zip(&hosts) {
        deployment.put_behind(cluster, &[host]).await;
    }
    deployment.weighs("site", 50).await;
    let mut met = 0;
    for number in 1..=40 {
        let client = deployment.app().client_at(Ipv4Addr::new(127, 2, 0, number).into());
        let before = deployment.requests_to("site-canary").await;
        for path in ["/", "/api", "/problems"] {
            client.get(path).await.expect(200);
        }
        let new = deployment.requests_to("site-canary").await - before;
        assert!(new == 0 || new == 3, "{new} of 3 files come from another build");
        met += new / 3;
    }
    assert!((1..40).contains(&met), "{met} of 40 addresses meet the canary");
}

#[tokio::test]
async fn a_canary_that_dies_is_passed_over() {
    let Some(deployment) = Deployment::start(&[]).await else {
        return;
    };
    let _hosts = deployment.with_one_of_each().await;
    let canary = deployment.replica("memo").start();
    deployment.put_behind("memo-canary", &[&canary]).await;
    deployment.weighs("memo", 100).await;
    let user = deployment.app().user("meets").await;
    let memo = user.write("by the canary").await;
    assert!(deployment.requests_to("memo-canary").await > 0);
    drop(canary);
    let healthy = "cluster.memo-canary.membership_healthy";
    deployment.envoy.waits_for(healthy, |count| count == 0).await;
    for round in 0..20 {
        user.write(&format!("by the other build, {round}")).await;
    }
    user.read(&memo).await;
}
