//! The metrics, and what they are called.
//!
//! Names and labels are those of OpenTelemetry's semantic conventions where it has some, spelt as Prometheus spells them
//! (`http.server.request.duration` is `http_server_request_duration_seconds`), and `spin_request_count_total` is Spin's own
//! `spin.request_count`. What only this host has begins with `memo_host_`. `docs/observability.md` tells what each means.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http::{Method, StatusCode};
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};

use super::component_metrics::{ComponentMetrics, Ending};
use crate::output;

/// Upper bounds in seconds, as the conventions recommend them for HTTP. A stream counts until it begins.
const REQUEST_BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];
/// The same for stores. The conventions begin at a millisecond; what SQLite reads takes a hundredth of it.
const STORE_BUCKETS: [f64; 10] = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AppLabels {
    app_id: Arc<str>,
    component_id: Arc<str>,
    trigger_type: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    component_id: Arc<str>,
    http_route: Arc<str>,
    http_request_method: &'static str,
    http_response_status_class: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResponseLabels {
    component_id: Arc<str>,
    http_response_status_code: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutboundLabels {
    component_id: Arc<str>,
    destination: &'static str,
    http_response_status_class: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StoreLabels {
    component_id: Arc<str>,
    db_namespace: Arc<str>,
    db_operation_name: &'static str,
    error_type: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ComponentLabels {
    component_id: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    component_id: Arc<str>,
    reason: &'static str,
}

/// All metrics of this process.
pub struct Metrics {
    registry: Registry,
    app: Arc<str>,
    request_count: Family<AppLabels, Counter>,
    requests: Histograms<RequestLabels>,
    responses: Family<ResponseLabels, Counter>,
    active: Family<ComponentLabels, Gauge>,
    outbound: Histograms<OutboundLabels>,
    stores: Histograms<StoreLabels>,
    instances: Family<ComponentLabels, Gauge>,
    instances_made: Family<ComponentLabels, Counter>,
    instances_ended: Family<ReasonLabels, Counter>,
    streams: Family<ComponentLabels, Gauge>,
    waiting: Family<ComponentLabels, Gauge>,
    refused: Family<ReasonLabels, Counter>,
    log_lines_dropped: Counter,
}

impl Metrics {
    /// Nothing has been counted yet.
    pub fn new(app: &str, version: Option<&str>) -> Self {
        let request_histogram: fn() -> Histogram = || Histogram::new(REQUEST_BUCKETS);
        let store_histogram: fn() -> Histogram = || Histogram::new(STORE_BUCKETS);
        let mut metrics = Self {
            registry: Registry::default(),
            app: app.into(),
            request_count: Family::default(),
            requests: Family::new_with_constructor(request_histogram),
            responses: Family::default(),
            active: Family::default(),
            outbound: Family::new_with_constructor(request_histogram),
            stores: Family::new_with_constructor(store_histogram),
            instances: Family::default(),
            instances_made: Family::default(),
            instances_ended: Family::default(),
            streams: Family::default(),
            waiting: Family::default(),
            refused: Family::default(),
            log_lines_dropped: Counter::default(),
        };
        metrics.register();
        let told = "When the host started";
        let started = Gauge::<f64, AtomicU64>::default();
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        started.set(now.unwrap_or_default().as_secs_f64());
        metrics
            .registry
            .register_with_unit("process_start_time", told, Unit::Seconds, started);
        let build = [
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("app_id", app.to_owned()),
            ("app_version", version.unwrap_or_default().to_owned()),
        ];
        let told = "What runs here: the host's version, the app and its version";
        metrics
            .registry
            .register("memo_host_build", told, Info::new(build.to_vec()));
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        let told = "Requests that components were asked to answer, also by each other (Spin's own metric)";
        registry.register("spin_request_count", told, self.request_count.clone());
        let told = "How long an answer took to begin";
        registry.register_with_unit(
            "http_server_request_duration",
            told,
            Unit::Seconds,
            self.requests.clone(),
        );
        let told = "Answers by status code; without a component, those of requests that reached none";
        registry.register("memo_host_responses", told, self.responses.clone());
        let told = "Requests that are being answered";
        registry.register("http_server_active_requests", told, self.active.clone());
        let told = "How long the answers to components' own requests took to begin";
        registry.register_with_unit(
            "http_client_request_duration",
            told,
            Unit::Seconds,
            self.outbound.clone(),
        );
        let told = "How long operations of key-value stores took";
        registry.register_with_unit("db_client_operation_duration", told, Unit::Seconds, self.stores.clone());
        let told = "Instances of components";
        registry.register("memo_host_instances", told, self.instances.clone());
        let told = "Instances that were made";
        registry.register("memo_host_instances_made", told, self.instances_made.clone());
        let told = "Instances that ended, and why";
        registry.register("memo_host_instances_ended", told, self.instances_ended.clone());
        let told = "Event streams that are open";
        registry.register("memo_host_event_streams", told, self.streams.clone());
        let told = "Requests that wait for an instance with room";
        registry.register("memo_host_requests_waiting", told, self.waiting.clone());
        let told = "Requests that were answered 503 because no instance had room, and why they did not wait longer";
        registry.register("memo_host_requests_refused", told, self.refused.clone());
        let told = "Lines of the log that were dropped because nobody read them in time";
        registry.register("memo_host_log_lines_dropped", told, self.log_lines_dropped.clone());
    }

    /// All of them in the OpenMetrics text format.
    pub fn exposition(&self) -> String {
        self.log_lines_dropped
            .inner()
            .store(output::dropped(), Ordering::Relaxed);
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = text::encode(&mut text, &self.registry);
        text
    }

    /// A component has answered, or the host for it.
    pub fn answered(
        &self,
        component: &Arc<str>,
        route: &Arc<str>,
        method: &Method,
        status: StatusCode,
        took: Duration,
    ) {
        let labels = RequestLabels {
            component_id: component.clone(),
            http_route: route.clone(),
            http_request_method: method_name(method),
            http_response_status_class: class(status),
        };
        self.requests.get_or_create(&labels).observe(took.as_secs_f64());
        self.responded(component, status);
    }

    /// A request reached no component.
    pub fn unrouted(&self, status: StatusCode) {
        self.responded(&Arc::default(), status);
    }

    fn responded(&self, component: &Arc<str>, status: StatusCode) {
        let labels = ResponseLabels {
            component_id: component.clone(),
            http_response_status_code: status.as_u16(),
        };
        self.responses.get_or_create(&labels).inc();
    }

    /// A component's own request was answered with this status, or not at all.
    pub fn sent(&self, component: &str, destination: &'static str, status: Option<StatusCode>, took: Duration) {
        let labels = OutboundLabels {
            component_id: component.into(),
            destination,
            http_response_status_class: status.map_or("none", class),
        };
        self.outbound.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// How long an operation takes that does not fail, or that does.
    pub fn store(&self, component: &str, label: &str, operation: &'static str, has_failed: bool) -> Histogram {
        self.stores.get_or_create_owned(&StoreLabels {
            component_id: component.into(),
            db_namespace: label.into(),
            db_operation_name: operation,
            error_type: has_failed.then_some("other"),
        })
    }

    /// What is counted of one component.
    pub fn component(&self, id: &str) -> ComponentMetrics {
        let component_id: Arc<str> = id.into();
        let labels = ComponentLabels {
            component_id: component_id.clone(),
        };
        let reason = |reason| ReasonLabels {
            component_id: component_id.clone(),
            reason,
        };
        let count = AppLabels {
            app_id: self.app.clone(),
            component_id: component_id.clone(),
            trigger_type: "http",
        };
        ComponentMetrics {
            requests: self.request_count.get_or_create_owned(&count),
            active: self.active.get_or_create_owned(&labels),
            instances: self.instances.get_or_create_owned(&labels),
            made: self.instances_made.get_or_create_owned(&labels),
            ended: Ending::ALL.map(|ending| self.instances_ended.get_or_create_owned(&reason(ending.name()))),
            streams: self.streams.get_or_create_owned(&labels),
            waiting: self.waiting.get_or_create_owned(&labels),
            refused_at_once: self.refused.get_or_create_owned(&reason("queue-full")),
            refused_late: self.refused.get_or_create_owned(&reason("waited-too-long")),
        }
    }
}

/// The methods that the conventions know. Others are one, so that clients can't make up series.
fn method_name(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
    ];
    let known = KNOWN.into_iter().find(|known| *known == method.as_str());
    known.unwrap_or("_OTHER")
}

/// `2xx` and so on.
pub fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_make_up_no_series() {
        let metrics = Metrics::new("app", None);
        for method in ["GET", "BREW", "X1", "X2"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            metrics.answered(&"c".into(), &"/...".into(), &method, StatusCode::OK, Duration::ZERO);
        }
        let text = metrics.exposition();
        let series = text
            .lines()
            .filter(|line| line.starts_with("http_server_request_duration_seconds_count"));
        assert_eq!(series.count(), 2, "{text}");
        assert!(
            text.contains(r#"http_request_method="_OTHER",http_response_status_class="2xx"} 3"#),
            "{text}"
        );
    }
}
