//! The spans of a request: its own, one for the component that answers it, and in that one for each request that the component
//! sends and each operation of a store. They have Spin's names where Spin has such spans.
//!
//! From host to component and back a span's context goes in the headers `traceparent` and `tracestate` (W3C Trace Context), as
//! it does between services: a component that passes them on has its own requests in the same trace.

use std::{collections::VecDeque, time::Duration};

use http::{HeaderMap, Method, StatusCode, Uri};
use opentelemetry::{
    Context, KeyValue, TraceId,
    context::FutureExt,
    propagation::TextMapPropagator,
    trace::{SpanBuilder, SpanKind, Status, TraceContextExt, Tracer, TracerProvider},
};
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_sdk::{
    propagation::TraceContextPropagator,
    trace::{SdkTracer, SdkTracerProvider},
};
use wasmtime::component::GuestTaskId;

/// How long the host's end may wait for the collector.
const LAST_EXPORT: Duration = Duration::from_secs(2);

/// Makes spans.
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    propagator: TraceContextPropagator,
}

impl Traces {
    pub fn new(provider: SdkTracerProvider) -> Self {
        Self {
            tracer: provider.tracer("memo-host"),
            provider,
            propagator: TraceContextPropagator::new(),
        }
    }

    /// Sends what waits.
    pub fn end(&self) {
        // A collector that is away is told of already.
        let _ = self.provider.shutdown_with_timeout(LAST_EXPORT);
    }

    /// A span for a client's request, in the trace that it names or in a new one. Its name is complete when its route is known.
    pub fn of_request(&self, method: &Method, headers: &mut HeaderMap) -> Context {
        let method = method.as_str().to_owned();
        let attributes = vec![KeyValue::new("http.request.method", method.clone())];
        self.begin(method, SpanKind::Server, attributes, headers)
    }

    /// Gives the current span, a request's, the route that the request has taken.
    pub fn routed(&self, method: &Method, route: &str) {
        Context::map_current(|context| {
            let span = context.span();
            span.update_name(format!("{method} {route}"));
            span.set_attribute(KeyValue::new("http.route", route.to_owned()));
        });
    }

    /// A span for a component's work on a request.
    pub fn of_execution(&self, component: &str, headers: &mut HeaderMap) -> Context {
        let name = format!("execute_wasm_component {component}");
        let attributes = vec![KeyValue::new("component_id", component.to_owned())];
        self.begin(name, SpanKind::Internal, attributes, headers)
    }

    /// A span for a request that a component sends, in the trace that the component passes on, or in one of its own.
    pub fn of_outbound(&self, method: &Method, uri: &Uri, headers: &mut HeaderMap) -> Context {
        let mut attributes = vec![KeyValue::new("http.request.method", method.as_str().to_owned())];
        attributes.extend(uri.host().map(|host| KeyValue::new("server.address", host.to_owned())));
        attributes.extend(uri.port_u16().map(|port| KeyValue::new("server.port", i64::from(port))));
        self.begin(method.as_str().to_owned(), SpanKind::Client, attributes, headers)
    }

    /// A span for an operation of a store; none where the current request has none.
    pub fn of_operation(&self, operation: &'static str, label: &str) -> Option<Context> {
        let parent = Context::current();
        parent.has_active_span().then(|| {
            let attributes = vec![
                KeyValue::new("db.operation.name", operation),
                KeyValue::new("db.namespace", label.to_owned()),
            ];
            let name = format!("spin_key_value.{operation}");
            self.child(&parent, name, SpanKind::Client, attributes)
        })
    }

    /// Begins a span in the trace that the headers name, and has them name the span from now on.
    fn begin(&self, name: String, kind: SpanKind, attributes: Vec<KeyValue>, headers: &mut HeaderMap) -> Context {
        let parent = remote(&self.propagator, headers);
        let context = self.child(&parent, name, kind, attributes);
        // Of what a client sends, nothing that could not be read goes on.
        headers.remove("traceparent");
        headers.remove("tracestate");
        self.propagator.inject_context(&context, &mut HeaderInjector(headers));
        if headers.get("tracestate").is_some_and(http::HeaderValue::is_empty) {
            headers.remove("tracestate");
        }
        context
    }

    fn child(&self, parent: &Context, name: String, kind: SpanKind, attributes: Vec<KeyValue>) -> Context {
        let builder = SpanBuilder::from_name(name).with_kind(kind).with_attributes(attributes);
        parent.with_span(self.tracer.build_with_context(builder, parent))
    }
}

fn remote(propagator: &TraceContextPropagator, headers: &HeaderMap) -> Context {
    propagator.extract_with_context(&Context::new(), &HeaderExtractor(headers))
}

/// The trace that a request's headers name, for the lines of a host that makes no spans.
pub fn named_by(headers: &HeaderMap) -> Option<Context> {
    headers.contains_key("traceparent").then_some(())?;
    Some(remote(&TraceContextPropagator::new(), headers)).filter(Context::has_active_span)
}

/// Runs a future with this context as the current one; without one, in the context that it is made in. This is no `async` function,
/// whose state would hold the future, a request's whole work, once for each case.
pub fn within<F: Future>(context: Option<Context>, future: F) -> impl Future<Output = F::Output> {
    future.with_context(context.unwrap_or_else(Context::current))
}

/// Ends the span of a request that was answered with this status, or not at all.
pub fn end(context: &Context, status: Option<StatusCode>) {
    let span = context.span();
    if let Some(status) = status {
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
    }
    fail(context, status.is_none_or(|status| status.is_server_error()));
    span.end();
}

/// Ends the span of an operation.
pub fn end_operation(context: &Context, has_failed: bool) {
    fail(context, has_failed);
    context.span().end();
}

/// Why it failed stands in the log, and not here: an error may name what a key holds.
fn fail(context: &Context, has_failed: bool) {
    if has_failed {
        context.span().set_status(Status::error(""));
    }
}

/// The trace that the current request belongs to.
pub fn current_id() -> Option<TraceId> {
    Context::map_current(|context| {
        let span = context.span();
        let span = span.span_context();
        span.is_valid().then(|| span.trace_id())
    })
}

/// The spans of the requests that an instance was given last, by the guest's task. An instance answers several at a time, and what
/// it asks of the host has to be told apart.
#[derive(Default)]
pub struct TracedTasks(VecDeque<(GuestTaskId, Context)>);

/// More than an instance has under way at a time, its event streams among them.
const TASKS: usize = 256;

impl TracedTasks {
    /// Nothing is asked of an instance whose requests are not traced.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A task begins. Numbers of tasks that have ended are given out again.
    pub fn begin(&mut self, task: GuestTaskId, context: Context) {
        if self.0.len() == TASKS {
            self.0.pop_back();
        }
        self.0.push_front((task, context));
    }

    /// The span of the request that a task answers.
    pub fn context(&self, task: GuestTaskId) -> Option<Context> {
        let mut newest_first = self.0.iter();
        newest_first
            .find(|(id, _)| *id == task)
            .map(|(_, context)| context.clone())
    }
}

/// The current request's span, for somebody who must not keep it from ending; none where it is not recorded.
pub fn current_span() -> Option<Context> {
    Context::map_current(|context| {
        let span = context.span();
        span.is_recording()
            .then(|| Context::new().with_remote_span_context(span.span_context().clone()))
    })
}
