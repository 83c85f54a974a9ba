//! The answers of an instance that are on their way to clients: ordinary ones, and event streams, which last for minutes.
//!
//! An ordinary answer counts as a request until it is sent, because it may keep memory of the guest. An event stream
//! (`text/event-stream`) mostly waits: it takes no request's place, keeps its instance from ending, and has limits of its own.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::task::AtomicWaker;
use http::{Response, header::CONTENT_TYPE};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use parking_lot::Mutex;
use prometheus_client::metrics::gauge::Gauge;
use tokio::{sync::watch, time::timeout};
use wasmtime_wasi_http::{Error, WasiBody};

use crate::telemetry::component_metrics::Ending;

/// How long an event stream may last. A service that ends its own ones earlier chooses the moment.
const STREAM_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// What an instance has under way.
#[derive(Default)]
pub struct OpenAnswers {
    unfinished: AtomicUsize,
    streams: AtomicUsize,
    last_stream_ended: Mutex<Option<Instant>>,
    /// Why the instance ends, once it does.
    ending: Mutex<Ending>,
    /// The streams of all instances of the component.
    all_streams: Gauge,
    /// The instance's task, which looks at all this when it is woken.
    pub worker: AtomicWaker,
}

impl OpenAnswers {
    /// Nothing is under way, and what will be is counted in this gauge as well.
    pub fn counted_in(all_streams: Gauge) -> Self {
        Self {
            all_streams,
            ..Self::default()
        }
    }

    /// How many ordinary answers have not been sent to their end.
    pub fn unfinished(&self) -> usize {
        self.unfinished.load(Ordering::Relaxed)
    }

    /// How many event streams are open.
    pub fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    /// When an event stream last ended.
    pub fn last_stream_ended(&self) -> Option<Instant> {
        *self.last_stream_ended.lock()
    }

    pub fn begin(&self) {
        self.unfinished.fetch_add(1, Ordering::Relaxed);
    }

    pub fn end(&self) {
        self.unfinished.fetch_sub(1, Ordering::Relaxed);
        self.worker.wake();
    }

    /// The reason for which the instance ends.
    pub fn ending(&self) -> Ending {
        *self.ending.lock()
    }

    pub fn ends_because(&self, ending: Ending) {
        *self.ending.lock() = ending;
    }

    pub fn begin_stream(&self) {
        self.all_streams.inc();
        self.streams.fetch_add(1, Ordering::Relaxed);
    }

    pub fn end_stream(&self) {
        self.all_streams.dec();
        *self.last_stream_ended.lock() = Some(Instant::now());
        self.streams.fetch_sub(1, Ordering::Relaxed);
        self.worker.wake();
    }
}

/// Tells the event streams of a component when to end: before their time when the host ends, or when the component is
/// replaced, so that their clients come back to the new one. Dropping it ends them, too.
pub struct StreamsEnd(watch::Sender<bool>);

impl Default for StreamsEnd {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl StreamsEnd {
    /// Ends all streams, and those that would begin after this.
    pub fn end(&self) {
        self.0.send_replace(true);
    }

    /// Counts the answer among its instance's until it is sent or dropped.
    pub fn counted(&self, response: Response<WasiBody>, open: Arc<OpenAnswers>) -> Response<WasiBody> {
        if !is_event_stream(&response) {
            open.begin();
            return response.map(|body| OrdinaryBody { body, open }.boxed_unsync());
        }
        open.begin_stream();
        let mut end = self.0.subscribe();
        let time_is_over = Box::pin(async move {
            // Either way.
            let _ = timeout(STREAM_TIMEOUT, end.wait_for(|is_over| *is_over)).await;
        });
        response.map(|body| {
            let body = Some(body);
            StreamBody {
                body,
                open,
                time_is_over,
            }
            .boxed_unsync()
        })
    }
}

fn is_event_stream(response: &Response<WasiBody>) -> bool {
    let content_type = response.headers().get(CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
}

struct OrdinaryBody {
    body: WasiBody,
    open: Arc<OpenAnswers>,
}

impl Drop for OrdinaryBody {
    fn drop(&mut self) {
        self.open.end();
    }
}

impl Body for OrdinaryBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

struct StreamBody {
    /// `None` once its time is over. Then the guest hears that nobody listens when it next writes.
    body: Option<WasiBody>,
    open: Arc<OpenAnswers>,
    time_is_over: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Drop for StreamBody {
    fn drop(&mut self) {
        self.open.end_stream();
    }
}

impl Body for StreamBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.body.is_some() && self.time_is_over.as_mut().poll(context).is_ready() {
            self.body = None;
        }
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }
}
