//! How much the gateway lets by.

use std::net::{IpAddr, Ipv4Addr};

use reqwest::Method;
use serde_json::json;

use super::deployment::Deployment;

fn address(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 3, 0, last))
}

#[tokio::test]
async fn one_address_may_ask_so_often_and_guess_less_often() {
    // A burst, and then nothing for an hour: so the test needs no clock.
    let Some(deployment) = Deployment::start(&[
        (
            "max_tokens: 600, tokens_per_fill: 100, fill_interval: 1s",
            "max_tokens: 6, tokens_per_fill: 1, fill_interval: 3600s",
        ),
        (
            "max_tokens: 120, tokens_per_fill: 5, fill_interval: 1s",
            "max_tokens: 3, tokens_per_fill: 1, fill_interval: 3600s",
        ),
    ])
    .await
    else {
        return;
    };
    let _hosts = deployment.with_one_of_each().await;
    let app = deployment.app();
    let busy = app.client_at(address(1));
    let before = deployment.requests_to("site").await;
    for _ in 0..6 {
        busy.get("/problems").await.expect(200);
    }
    let refused = busy.get("/problems").await;
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.problem(429).slug(), "too-many-requests");
    app.client_at(address(2)).get("/problems").await.expect(200);
    assert_eq!(deployment.requests_to("site").await, before + 7);

    let guesser = app.client_at(address(3));
    for _ in 0..3 {
        guesser.enter("nobody", "a wrong password").await.problem(401);
    }
    guesser.enter("nobody", "a wrong password").await.problem(429);
    // Other requests have a measure of their own, and others' addresses, too.
    guesser.get("/problems").await.expect(200);
    let others = app.client_at(address(4));
    others.enter("nobody", "a wrong password").await.problem(401);
}

#[tokio::test]
async fn a_body_that_no_service_reads_reaches_none() {
    let Some(deployment) = Deployment::start(&[]).await else {
        return;
    };
    let _hosts = deployment.with_one_of_each().await;
    let user = deployment.app().user("sends").await;
    let before = deployment.requests_to("memo").await;
    let long = json!({ "text": "x".repeat(1 << 20) });
    let refused = user.post("/api/memos", &long).await.problem(413);
    assert_eq!(refused.slug(), "body-too-large");
    assert_eq!(deployment.requests_to("memo").await, before);

    // An import is read piece by piece, whatever it has.
    let line = format!("{}\n", json!({ "text": "y".repeat(60_000) }));
    let import = user.call(Method::POST, "/api/memos/import");
    let import = import
        .header("content-type", "application/x-ndjson")
        .body(line.repeat(40));
    import.send().await.expect(200);
}
