//! A collector of traces, as OpenTelemetry's protocol has it (OTLP over HTTP, in protobuf).

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use prost::Message;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// How long spans may take to come, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A span, as far as tests look at it. Ids are in hexadecimal.
#[derive(Clone, Debug)]
pub struct Span {
    pub trace_id: String,
    pub span_id: String,
    /// Empty: it begins its trace.
    pub parent_id: String,
    pub name: String,
    pub kind: i32,
    /// Its attributes and those of who sent it.
    pub attributes: Vec<(String, String)>,
}

impl Span {
    /// An attribute's value; empty where there is none.
    pub fn attribute(&self, name: &str) -> &str {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }
}

type Spans = Arc<Mutex<Vec<Span>>>;

/// A running collector. It ends with its value.
pub struct Collector {
    address: String,
    spans: Spans,
    server: JoinHandle<()>,
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Collector {
    pub async fn start() -> Self {
        let spans = Spans::default();
        let router = Router::new()
            .route("/v1/traces", post(receive))
            .with_state(spans.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("the collector runs") });
        Self {
            address: format!("http://{address}"),
            spans,
            server,
        }
    }

    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` is set to.
    pub fn endpoint(&self) -> &str {
        &self.address
    }

    /// All spans of a trace, once one of them has this name, which is the last one to end.
    pub async fn trace(&self, trace_id: &str, last: &str) -> Vec<Span> {
        let begun = Instant::now();
        loop {
            let spans = self.spans.lock().await;
            let trace: Vec<Span> = spans.iter().filter(|span| span.trace_id == trace_id).cloned().collect();
            if trace.iter().any(|span| span.name == last) {
                return trace;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "no {last:?} of trace {trace_id} in {spans:#?}"
            );
            drop(spans);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// All spans so far.
    pub async fn spans(&self) -> Vec<Span> {
        self.spans.lock().await.clone()
    }
}

async fn receive(State(spans): State<Spans>, headers: HeaderMap, body: Bytes) -> StatusCode {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let request = ExportTraceServiceRequest::decode(body).expect("spans in protobuf");
    let mut spans = spans.lock().await;
    for resource in request.resource_spans {
        let of_all = resource
            .resource
            .map(|resource| texts(resource.attributes))
            .unwrap_or_default();
        for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            spans.push(Span {
                trace_id: hexadecimal(&span.trace_id),
                span_id: hexadecimal(&span.span_id),
                parent_id: hexadecimal(&span.parent_span_id),
                name: span.name,
                kind: span.kind,
                attributes: texts(span.attributes).into_iter().chain(of_all.clone()).collect(),
            });
        }
    }
    StatusCode::OK
}

fn texts(attributes: Vec<KeyValue>) -> Vec<(String, String)> {
    let text = |value: Option<AnyValue>| match value.and_then(|value| value.value) {
        Some(any_value::Value::StringValue(text)) => text,
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    attributes
        .into_iter()
        .map(|attribute| (attribute.key, text(attribute.value)))
        .collect()
}

fn hexadecimal(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
