//! Bodies of requests from clients: received in bounded time, and small ones before a component hears of them, so that
//! a slow client keeps none of it busy.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep};
use wasmtime_wasi_http::{Error, WasiBody};

/// How long a body may stop arriving, and how long it may take in all. A phone on a bad line still sends the largest memo
/// (64 KiB) in this time at 20 kbit/s.
const STALL: Duration = Duration::from_secs(10);
const TOTAL: Duration = Duration::from_secs(30);
/// Bodies up to this size are received before the component is asked. It holds every request that the services take,
/// except for memos of unusual size.
const HELD: usize = 64 * 1024;

/// Receives a small body as a whole, and the beginning of a larger one.
///
/// # Errors
///
/// [`Error::ConnectionReadTimeout`] if it does not arrive in time, and others if the connection breaks.
pub async fn receive(body: Incoming) -> Result<WasiBody, Error> {
    let mut body = TimedBody::new(body);
    let mut held = BytesMut::new();
    let mut trailers = None;
    while held.len() < HELD && !body.is_end_stream() {
        match body.frame().await.transpose()?.map(Frame::into_data) {
            None => break,
            Some(Ok(data)) => held.extend_from_slice(&data),
            Some(Err(last)) => trailers = Some(last),
        }
    }
    body.held = (!held.is_empty()).then(|| held.freeze());
    body.trailers = trailers;
    Ok(body.boxed_unsync())
}

struct TimedBody {
    /// What has been received already.
    held: Option<Bytes>,
    trailers: Option<Frame<Bytes>>,
    rest: Incoming,
    /// Runs while somebody waits for the client.
    stall: Option<Pin<Box<Sleep>>>,
    end: Instant,
}

impl TimedBody {
    fn new(rest: Incoming) -> Self {
        Self {
            held: None,
            trailers: None,
            rest,
            stall: None,
            end: Instant::now() + TOTAL,
        }
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Some(frame) = self.held.take().map(Frame::data).or_else(|| self.trailers.take()) {
            return Poll::Ready(Some(Ok(frame)));
        }
        if let Poll::Ready(frame) = Pin::new(&mut self.rest).poll_frame(context) {
            self.stall = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let end = self.end;
        let stall = self
            .stall
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(end.min(Instant::now() + STALL))));
        match stall.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Some(Err(Error::ConnectionReadTimeout))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_none() && self.trailers.is_none() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.held {
            None => self.rest.size_hint(),
            Some(held) => {
                let (rest, held) = (self.rest.size_hint(), held.len() as u64);
                let mut hint = SizeHint::new();
                hint.set_lower(rest.lower().saturating_add(held));
                if let Some(upper) = rest.upper() {
                    hint.set_upper(upper.saturating_add(held));
                }
                hint
            }
        }
    }
}
