//! What the gateway alone says of a request, and what it leaves as it is.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue};
use axum::{Json, Router};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::deployment::Deployment;
use crate::harness::{Call, Client, Response, TestApp};

/// Where the client really is.
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 4, 0, 1));

/// How long something may take to be told, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Serves what a test needs on a free port, until it is told to end.
async fn serve(router: Router) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    let address = listener.local_addr().expect("a listener has an address");
    let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
    (address, server)
}

fn lines(log: &str) -> Vec<Value> {
    log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Waits for a line of the gateway's access log.
async fn logged(deployment: &Deployment, is_it: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        let log = deployment.envoy.access_log();
        if let Some(line) = lines(&log).into_iter().find(|line| is_it(line)) {
            return line;
        }
        assert!(Instant::now() < end, "it is never logged:\n{log}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What clients might wish to be believed.
const LIES: [(&str, &str); 12] = [
    ("x-forwarded-for", "6.6.6.6"),
    ("x-real-ip", "6.6.6.6"),
    ("forwarded", "for=6.6.6.6;proto=https;host=evil.example"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-port", "666"),
    ("x-envoy-external-address", "6.6.6.6"),
    ("x-envoy-upstream-rq-timeout-ms", "666"),
    ("spin-client-addr", "6.6.6.6:666"),
    ("spin-full-url", "https://evil.example/"),
    ("tracestate", "evil=666"),
    ("baggage", "evil=666"),
];

fn lying(client: &Client, method: Method, path: &str) -> Call {
    let call = client.call(method, path).header("host", "evil.example");
    LIES.iter().fold(call, |call, (name, value)| call.header(name, value))
}

#[tokio::test]
async fn a_client_is_not_believed_who_or_where_it_is() {
    let Some(deployment) = Deployment::start(&[]).await else {
        return;
    };
    let [auth, _memo, _site] = deployment.with_one_of_each().await;
    let client = deployment.app().client_at(CLIENT);
    let password = json!({ "username": "nobody", "password": "a wrong password" });
    let sign_in = lying(&client, Method::POST, "/api/auth/session").json(&password);
    sign_in.send().await.problem(401);
    // What the app calls itself does not depend on what it is called.
    let metadata = lying(&client, Method::GET, "/.well-known/oauth-authorization-server");
    let metadata = metadata.send().await.expect(200).value();
    assert_eq!(metadata["issuer"], deployment.app().base_url());
    // It came by http, so nothing is promised for https.
    let page = lying(&client, Method::GET, "/").send().await.expect(200);
    assert_eq!(page.find("strict-transport-security"), None);

    let (stopped, _) = auth.terminate();
    let log = stopped.log();
    let tried = lines(&log).into_iter().find(|line| line["event"] == "sign-in");
    let tried = tried.unwrap_or_else(|| panic!("no sign-in in:\n{log}"));
    assert_eq!(tried["client_address"], CLIENT.to_string());
}

#[tokio::test]
async fn a_service_hears_from_the_gateway_alone_where_a_request_comes_from() {
    let Some(deployment) = Deployment::start(&[]).await else {
        return;
    };
    // In the place of the site it answers with the headers that it was sent.
    let echo = Router::new().fallback(async |headers: HeaderMap| {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let sent = headers
            .iter()
            .map(|(name, value)| (name.to_string(), json!(text(value))));
        let answer = [("x-content-type-options", "nosniff"), ("x-request-id", "echo")];
        (answer, Json(Value::Object(sent.collect())))
    });
    let (address, server) = serve(echo).await;
    deployment.put_urls_behind("site", &[format!("http://{address}")]).await;

    let client = deployment.app().client_at(CLIENT);
    let sent = lying(&client, Method::GET, "/").send().await.expect(200).value();
    server.abort();
    let said = |name: &str| sent[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(said("x-forwarded-for"), CLIENT.to_string());
    assert_eq!(said("x-forwarded-proto"), "http");
    assert!(said("traceparent").starts_with("00-"), "{sent}");
    for word in ["6.6.6.6", "666", "https", "spin-"] {
        assert!(!sent.to_string().contains(word), "{word}: {sent}");
    }
    // Which name the client asked for is for the service to judge, by its `public_origin`.
    assert_eq!(sent.to_string().matches("evil.example").count(), 1, "{sent}");
}

#[tokio::test]
async fn one_trace_leads_from_the_edge_to_the_question_for_the_keys() {
    let Some(deployment) = Deployment::start(&[]).await else {
        return;
    };
    let hosts = deployment.with_one_of_each().await;
    let user = deployment.app().user("traced").await;
    // The first request with a token, for which the memo service asks for the keys. The client's own trace ends at the edge.
    let foreign = "00-11111111111111111111111111111111-2222222222222222-01";
    let call = user.call(Method::GET, "/api/memos").header("x-request-id", "the-first");
    let first = call.header("traceparent", foreign).send().await.expect(200);
    assert_eq!(first.header("x-request-id"), "the-first");

    let at_the_edge = logged(&deployment, |line| line["route"] == "memos-read").await;
    let trace = at_the_edge["trace_id"].as_str().expect("a trace").to_owned();
    assert!(trace.len() == 32 && !foreign.contains(&trace), "{at_the_edge}");
    assert_eq!(at_the_edge["request_id"], "the-first");
    let is_asked = |line: &Value| line["route"] == "internal-jwks" && line["request_id"] == "the-first";
    let asked = logged(&deployment, is_asked).await;
    assert_eq!(asked["trace_id"], *trace, "{asked}");
    assert!(
        asked["traceparent"]
            .as_str()
            .is_some_and(|parent| parent.contains(&trace)),
        "{asked}"
    );

    // The services' own logs have the request's id on both sides.
    let [auth, memo, _site] = hosts.map(|host| lines(&host.terminate().0.log()));
    let routes = |lines: &[Value]| {
        let of_it = lines.iter().filter(|line| line["request_id"] == "the-first");
        of_it
            .map(|line| line["route"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert!(routes(&auth).contains(&"/.well-known/jwks.json".to_owned()), "{auth:?}");
    assert_eq!(routes(&memo), ["/api/memos"]);
}

#[tokio::test]
async fn no_span_tells_a_path_or_a_query() {
    let collected = Arc::new(Mutex::new(Vec::new()));
    let spans = collected.clone();
    let collector = Router::new().fallback(async move |body: Bytes| spans.lock().unwrap().extend_from_slice(&body));
    let (address, server) = serve(collector).await;
    let port = format!("port_value: {}", address.port());
    let edits = [
        ("port_value: 4318", port.as_str()),
        ("random_sampling: { value: 10 }", "random_sampling: { value: 100 }"),
    ];
    let Some(deployment) = Deployment::start(&edits).await else {
        return;
    };
    // Nobody answers, which is an answer as well.
    let call = deployment.app().anonymous().call(Method::GET, "/a-secret?q=private");
    call.header("x-request-id", "the-traced-one").send().await.problem(503);
    let end = Instant::now() + PATIENCE;
    let told = || String::from_utf8_lossy(&collected.lock().unwrap()).into_owned();
    while !told().contains("the-traced-one") {
        assert!(Instant::now() < end, "no span is collected: {}", told());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    server.abort();
    assert!(
        !told().contains("a-secret") && !told().contains("private"),
        "{}",
        told()
    );
    let log = logged(&deployment, |line| line["request_id"] == "the-traced-one").await;
    assert!(!log.to_string().contains("a-secret"), "{log}");
}

/// What a browser goes by.
fn cors(response: &Response) -> Vec<(String, String)> {
    let headers = response.headers().iter();
    let headers = headers.filter(|(name, _)| name.as_str().starts_with("access-control-") || *name == "vary");
    headers
        .map(|(name, value)| (name.to_string(), value.to_str().expect("a text").to_owned()))
        .collect()
}

#[tokio::test]
async fn cors_is_answered_by_the_services_alone() {
    let rule = "- match: { prefix: /, headers: [{ name: origin,";
    let Some(deployment) = Deployment::start(&[(&format!("# {rule}"), rule)]).await else {
        return;
    };
    let origin = "https://pages.example";
    let hosts = ["auth", "memo"].map(|service| deployment.replica(service).variable("cors_origins", origin).start());
    for (service, host) in ["auth", "memo"].into_iter().zip(&hosts) {
        deployment.put_behind(service, &[host]).await;
    }
    deployment.has_keys().await;
    let user = deployment.app().user("elsewhere").await;
    for (host, path) in hosts.iter().zip(["/api/auth/me", "/api/memos"]) {
        for origin in [origin, "https://evil.example"] {
            let direct = user.on(&TestApp::on(host));
            for method in [Method::OPTIONS, Method::GET] {
                let ask = |client: &Client| {
                    let call = client.call(method.clone(), path).header("origin", origin);
                    let call = call.header("access-control-request-headers", "authorization");
                    call.header("access-control-request-method", "GET").send()
                };
                let (behind, straight) = (ask(&user).await, ask(&direct).await);
                assert_eq!(cors(&behind), cors(&straight), "{method} {path} {origin}");
                let allowed = behind.find("access-control-allow-origin") == Some(origin);
                assert_eq!(allowed, origin == "https://pages.example", "{behind:?}");
            }
        }
        // A page has to see that its token is no longer good, if it may see anything.
        for origin in [origin, "https://evil.example"] {
            let expired = user.with_token("expired").call(Method::GET, path);
            let expired = expired.header("origin", origin).send().await.expect(401);
            let seen = expired.find("access-control-allow-origin");
            assert_eq!(seen, (origin == "https://pages.example").then_some(origin));
        }
    }
}

#[tokio::test]
async fn what_services_ask_one_another_is_not_there_for_others() {
    let domain = |domain: &str| format!("by `public_origin`.\n              domains: [{domain}]");
    let edit = (domain("\"*\""), domain("memo.example"));
    let Some(deployment) = Deployment::start(&[(&edit.0, &edit.1)]).await else {
        return;
    };
    let token = "a-maintenance-token-of-this-test";
    let hosts =
        ["auth", "memo"].map(|service| deployment.replica(service).variable("maintenance_token", token).start());
    for (service, host) in ["auth", "memo"].into_iter().zip(&hosts) {
        deployment.put_behind(service, &[host]).await;
    }
    let (outside, inside) = (deployment.app().anonymous(), deployment.inside().anonymous());
    for path in ["/api/auth/maintenance", "/api/memos/maintenance"] {
        let outside = outside.with_token(token).call(Method::POST, path);
        outside.header("host", "memo.example").send().await.problem(404);
        inside
            .with_token(token)
            .call(Method::POST, path)
            .send()
            .await
            .expect(200);
    }
    // Of these the documents do not know that they may be missing.
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let (public, internal) = (deployment.app(), deployment.inside());
    for (at, host, path, status) in [
        (&public, "memo.example", "/api/memos/erasure", 404),
        (&public, "memo.example", "/.well-known/spin/info", 404),
        (&public, "memo.example", "/api/memos/openapi.json", 200),
        // For who asks for another domain nothing is there, and for the services none of what is people's.
        (&public, "evil.example", "/api/memos/openapi.json", 404),
        (&internal, "gateway", "/api/memos/openapi.json", 404),
    ] {
        let call = http.get(format!("{}{path}", at.base_url())).header("host", host);
        assert_eq!(call.send().await.expect("an answer").status(), status, "{host}{path}");
    }
}
