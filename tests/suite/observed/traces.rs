//! Traces as a collector gets them, and the lines of the log that name them.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Collector, HostPlan, Span, TestApp, User};

/// The kinds of spans, as protobuf numbers them.
const INTERNAL: i32 = 1;
const SERVER: i32 = 2;
const CLIENT: i32 = 3;

/// A trace that somebody else has begun, by a number of the test's own.
struct Edge {
    trace_id: String,
    span_id: String,
}

impl Edge {
    fn new(number: u32) -> Self {
        Self {
            trace_id: format!("4bf92f3577b34da6a3ce929d{number:08x}"),
            span_id: format!("00f067aa{:08x}", number + 1),
        }
    }

    fn traceparent(&self) -> String {
        format!("00-{}-{}-01", self.trace_id, self.span_id)
    }

    async fn reads(&self, user: &User, path: &str) {
        let call = user.call(Method::GET, path);
        call.header("traceparent", &self.traceparent()).send().await.expect(200);
    }

    async fn writes(&self, user: &User) {
        let call = user
            .call(Method::POST, "/api/memos")
            .json(&json!({ "text": "one of many" }));
        call.header("traceparent", &self.traceparent()).send().await.expect(201);
    }
}

fn only<'a>(spans: &'a [Span], name: &str, kind: i32) -> &'a Span {
    let found: Vec<&Span> = spans.iter().filter(|span| span.name == name).collect();
    assert_eq!(found.len(), 1, "{name} in {spans:#?}");
    assert_eq!(found[0].kind, kind, "{:?}", found[0]);
    found[0]
}

/// The ids of a request's line in the log, by its component and route.
fn logged<'a>(lines: &'a [Value], component: &str, route: &str, trace_id: &str) -> &'a Value {
    let mut lines = lines.iter();
    let line =
        lines.find(|line| line["component"] == component && line["route"] == route && line["trace_id"] == trace_id);
    line.unwrap_or_else(|| panic!("no line of {component} for {route} in trace {trace_id}"))
}

fn lines(log: &str) -> Vec<Value> {
    log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[tokio::test]
async fn a_request_is_one_trace_from_the_edge_to_the_issuers_keys_and_the_log_names_its_spans() {
    let Some(plan) = HostPlan::fresh() else { return };
    let collector = Collector::start().await;
    let host = plan
        .environment("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())
        .environment("OTEL_BSP_SCHEDULE_DELAY", "100")
        .environment("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
        .start();
    let user = TestApp::on(&host).user("traced").await;
    let edge = Edge::new(1);
    // The first request of all with a token: the memo service asks for the public keys.
    edge.reads(&user, "/api/memos?q=secret-search").await;

    let spans = collector.trace(&edge.trace_id, "GET /api/memos/...").await;
    let server = only(&spans, "GET /api/memos/...", SERVER);
    let memo = only(&spans, "execute_wasm_component memo", INTERNAL);
    assert_eq!((&server.parent_id, &memo.parent_id), (&edge.span_id, &server.span_id));
    assert_eq!(server.attribute("http.route"), "/api/memos/...");
    assert_eq!(server.attribute("http.response.status_code"), "200");
    assert_eq!(server.attribute("service.name"), "memo");
    assert_eq!(server.attribute("deployment.environment.name"), "test");
    // The keys and the list of sessions that have ended.
    let asked: Vec<&Span> = spans
        .iter()
        .filter(|span| span.attribute("server.address") == "auth.spin.internal")
        .collect();
    assert_eq!(asked.len(), 2, "{spans:#?}");
    let answered: Vec<&Span> = spans
        .iter()
        .filter(|span| span.name == "execute_wasm_component auth")
        .collect();
    assert_eq!(answered.len(), 2, "{spans:#?}");
    for asked in asked {
        assert_eq!((asked.kind, &asked.parent_id), (CLIENT, &memo.span_id));
        assert!(
            answered.iter().any(|span| span.parent_id == asked.span_id),
            "{spans:#?}"
        );
    }
    // The issuer reads the list of ended sessions; its keys it still knows.
    let operations: Vec<&Span> = spans
        .iter()
        .filter(|span| span.name.starts_with("spin_key_value."))
        .collect();
    assert!(
        operations.iter().any(|span| span.parent_id == memo.span_id),
        "{spans:#?}"
    );
    assert!(
        operations
            .iter()
            .any(|span| answered.iter().any(|answered| span.parent_id == answered.span_id)),
        "{spans:#?}"
    );
    for span in &spans {
        let is_known = spans.iter().any(|other| other.span_id == span.parent_id) || span.parent_id == edge.span_id;
        assert!(is_known, "the parent of {span:?} is nobody");
    }

    let (stopped, _) = host.terminate();
    let log = lines(&stopped.log());
    let line = logged(&log, "memo", "/api/memos", &edge.trace_id);
    assert_eq!(line["span_id"], memo.span_id.as_str());
    let line = logged(&log, "auth", "/.well-known/jwks.json", &edge.trace_id);
    assert!(
        answered.iter().any(|span| line["span_id"] == span.span_id.as_str()),
        "{line}"
    );
    // Who began no trace has one all the same: signing up, for example.
    let sign_up = log
        .iter()
        .find(|line| line["route"] == "/api/auth/users")
        .expect("a line");
    let id = sign_up["trace_id"].as_str().unwrap_or_default();
    let spans = collector.trace(id, "POST /api/auth/...").await;
    assert_eq!(only(&spans, "POST /api/auth/...", SERVER).parent_id, "");

    let told = format!("{:?}", collector.spans().await);
    for secret in [
        user.token(),
        &user.username,
        &user.id,
        "secret-search",
        "/api/memos?",
        "/api/auth/users",
    ] {
        assert!(!told.contains(secret), "spans hold {secret:?}");
    }
}

#[tokio::test]
async fn what_requests_of_one_instance_ask_of_the_store_is_not_mixed_up() {
    let Some(plan) = HostPlan::fresh() else { return };
    let collector = Collector::start().await;
    let host = plan
        .environment(
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            &format!("{}/v1/traces", collector.endpoint()),
        )
        .environment("OTEL_BSP_SCHEDULE_DELAY", "100")
        .start();
    let user = TestApp::on(&host).user("busy").await;
    user.write("the first, for which keys are fetched").await;
    // Writes wait for the disk, and others go on meanwhile; reads would be done one after the other.
    let edges: Vec<Edge> = (100..116).map(Edge::new).collect();
    join_all(edges.iter().map(|edge| edge.writes(&user))).await;

    let mut with_increment = 0;
    for edge in &edges {
        let spans = collector.trace(&edge.trace_id, "POST /api/memos/...").await;
        let memo = only(&spans, "execute_wasm_component memo", INTERNAL);
        let count = |operation: &str| {
            let is_it = |span: &&Span| span.name == operation && span.parent_id == memo.span_id;
            spans.iter().filter(is_it).count()
        };
        assert!(count("spin_key_value.set") >= 1, "the memo itself is not in {spans:#?}");
        with_increment += usize::from(count("spin_key_value.increment") > 0);
    }
    // Without increments a store is written in another way.
    assert!([0, edges.len()].contains(&with_increment), "{with_increment}");
}

#[tokio::test]
async fn without_a_collector_the_trace_of_the_edge_still_goes_through_all_services() {
    let Some(plan) = HostPlan::fresh() else { return };
    let host = plan.start();
    let user = TestApp::on(&host).user("untraced").await;
    let edge = Edge::new(1);
    edge.reads(&user, "/api/memos").await;
    user.get("/api/memos").await.expect(200);
    let (stopped, _) = host.terminate();
    let log = lines(&stopped.log());
    for (component, route) in [("memo", "/api/memos"), ("auth", "/.well-known/jwks.json")] {
        let line = logged(&log, component, route, &edge.trace_id);
        assert_eq!(line["span_id"], edge.span_id.as_str(), "{line}");
    }
    let untraced = log
        .iter()
        .filter(|line| line["route"] == "/api/memos" && line.get("trace_id").is_none());
    assert_eq!(untraced.count(), 1, "nobody makes up a trace");
}
