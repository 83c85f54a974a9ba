//! What the host tells of itself: metrics, and the traces that its own lines name.

use std::{net::TcpListener, thread, time::Duration};

use crate::harness::{Host, manifest, refusal, refusal_with};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A host with metrics, and where they are.
fn observed(grants: &str, args: &[&str]) -> (Host, String) {
    let args = [&["--metrics-listen", "127.0.0.1:0"], args].concat();
    let host = Host::start(&manifest(grants), &args);
    host.wait_for("/metrics\n");
    let output = host.output();
    let metrics = output.split("Metrics: ").nth(1).and_then(|rest| rest.lines().next());
    (host, metrics.unwrap().to_owned())
}

fn read(url: &str) -> String {
    ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap()
}

/// Waits until a series has this value: a host may count when its client has the answer already.
fn comes_to(metrics: &str, series: &str, value: &str) {
    let expected = format!("{series} {value}");
    for _ in 0..600 {
        if read(metrics).lines().any(|line| line == expected) {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("no {expected:?} in:\n{}", read(metrics));
}

fn traced(host: &Host, path: &str) -> (u16, String) {
    let request = ureq::http::Request::get(host.url(path)).header("traceparent", TRACEPARENT);
    host.send(request.body(String::new()).unwrap())
}

#[test]
fn requests_are_counted_by_component_route_method_and_class_and_the_hosts_own_answers_are_not() {
    let (host, metrics) = observed("", &[]);
    assert_eq!(host.get("/hello").0, 200);
    assert_eq!(host.get("/no-such-thing?x=1").0, 418);
    assert_eq!(host.get("/.well-known/spin/health").0, 200);
    let count = "http_server_request_duration_seconds_count";
    let labels = r#"component_id="guest",http_route="/...",http_request_method="GET""#;
    comes_to(
        &metrics,
        &format!(r#"{count}{{{labels},http_response_status_class="2xx"}}"#),
        "1",
    );
    comes_to(
        &metrics,
        &format!(r#"{count}{{{labels},http_response_status_class="4xx"}}"#),
        "1",
    );
    let spins = r#"spin_request_count_total{app_id="test",component_id="guest",trigger_type="http"}"#;
    comes_to(&metrics, spins, "2");
    comes_to(&metrics, r#"http_server_active_requests{component_id="guest"}"#, "0");
    assert!(!read(&metrics).contains("no-such-thing"));
    // Only there, and not where everybody is.
    assert_eq!(host.get("/metrics").0, 418);
    let other = ureq::get(metrics.replace("/metrics", "/other")).call();
    assert!(matches!(other, Err(ureq::Error::StatusCode(404))), "{other:?}");
}

#[test]
fn instances_are_counted_and_why_they_end() {
    let (host, metrics) = observed("", &["--max-instance-reuse-count", "2", "--request-timeout", "1"]);
    let ended = |reason: &str| format!(r#"memo_host_instances_ended_total{{component_id="guest",reason="{reason}"}}"#);
    assert_eq!((host.get("/hello").0, host.get("/hello").0), (200, 200));
    comes_to(&metrics, &ended("used"), "1");
    assert_eq!(host.get("/panic").0, 500);
    comes_to(&metrics, &ended("failed"), "1");
    assert_eq!(host.get("/hello").0, 200);
    comes_to(&metrics, &ended("idle"), "1");
    assert_eq!(host.get("/never").0, 504);
    comes_to(&metrics, &ended("timed-out"), "1");
    comes_to(&metrics, r#"memo_host_instances_made_total{component_id="guest"}"#, "4");
    comes_to(&metrics, r#"memo_host_instances{component_id="guest"}"#, "0");
}

#[test]
fn operations_of_stores_and_requests_of_components_are_counted() {
    let grants = "key_value_stores = [\"default\"]\nallowed_outbound_hosts = [\"http://inner.spin.internal\", \"http://127.0.0.1:9\"]";
    let (host, metrics) = observed(grants, &["--in-memory"]);
    assert_eq!(host.get("/kv/set?store=default&key=k&value=v").0, 200);
    assert_eq!(host.get("/kv/get?store=default&key=k").0, 200);
    // "v" is no counter.
    assert_eq!(host.get("/kv/increment?store=default&key=k&by=1").0, 418);
    let operations = |operation: &str, error: &str| {
        format!(
            "db_client_operation_duration_seconds_count{{component_id=\"guest\",db_namespace=\"default\",\
             db_operation_name=\"{operation}\",error_type=\"{error}\"}}"
        )
    };
    comes_to(&metrics, &operations("set", ""), "1");
    comes_to(&metrics, &operations("get", ""), "1");
    comes_to(&metrics, &operations("increment", "other"), "1");
    assert!(
        host.get("/fetch?url=http://inner.spin.internal/hello")
            .1
            .contains("200 hello")
    );
    assert_eq!(host.get("/fetch?url=http://127.0.0.1:9/").0, 418);
    let sent = |destination: &str, class: &str| {
        format!(
            "http_client_request_duration_seconds_count{{component_id=\"guest\",destination=\"{destination}\",\
             http_response_status_class=\"{class}\"}}"
        )
    };
    comes_to(&metrics, &sent("component", "2xx"), "1");
    comes_to(&metrics, &sent("network", "none"), "1");
    comes_to(
        &metrics,
        r#"spin_request_count_total{app_id="test",component_id="inner",trigger_type="http"}"#,
        "1",
    );
}

#[test]
fn the_hosts_own_lines_name_the_trace_of_the_request() {
    let host = Host::start(&manifest(""), &[]);
    assert_eq!(traced(&host, "/panic").0, 500);
    host.wait_for(&format!("answered 500: Internal error (trace_id={TRACE})"));
    assert_eq!(host.get("/panic").0, 500);
    host.wait_for("answered 500: Internal error\n");
}

#[test]
fn a_component_sees_the_callers_trace_and_without_a_collector_none_is_made_up() {
    let host = Host::start(&manifest(""), &[]);
    let (_, seen) = traced(&host, "/headers");
    assert!(seen.contains(&format!("traceparent: {TRACEPARENT}\n")), "{seen}");
    assert!(!host.get("/headers").1.contains("traceparent"));
}

#[test]
fn with_a_collector_a_component_always_sees_a_trace_and_a_collector_that_is_away_is_told_of_once() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let collector = format!("http://{unused}");
    let environment = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.as_str()),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
    ];
    let dir = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let host = Host::start_in(dir, &manifest(""), &[], &environment);
    let (_, seen) = traced(&host, "/headers");
    assert!(
        seen.contains(&format!("traceparent: 00-{TRACE}-")) && !seen.contains(TRACEPARENT),
        "{seen}"
    );
    let (_, seen) = host.get("/headers");
    assert!(seen.contains("traceparent: 00-") && !seen.contains(TRACE), "{seen}");
    assert!(!seen.contains("tracestate"), "{seen}");
    host.wait_for("traces can't be sent, and are lost");
    for _ in 0..10 {
        assert_eq!(host.get("/hello").0, 200);
        thread::sleep(Duration::from_millis(100));
    }
    host.signal("TERM");
    let (code, output) = host.end();
    assert_eq!(code, Some(0), "{output}");
    assert_eq!(output.matches("traces can't be sent").count(), 1, "{output}");
}

#[test]
fn what_can_not_be_followed_is_refused_at_start() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = refusal(&manifest(""), &["--metrics-listen", &address]);
    assert!(said.contains("--metrics-listen takes another"), "{said}");
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317");
    let said = refusal_with(&manifest(""), &[], &[endpoint, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]);
    assert!(said.contains("OTEL_EXPORTER_OTLP_PROTOCOL is \"grpc\""), "{said}");
    let said = refusal_with(&manifest(""), &[], &[("OTEL_EXPORTER_OTLP_ENDPOINT", "not a url")]);
    assert!(said.contains("OTEL_EXPORTER_OTLP_ENDPOINT"), "{said}");
}
