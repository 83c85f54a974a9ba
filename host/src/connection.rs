//! One connection: TLS where it is wanted, HTTP/1.1 or HTTP/2, and bounds on how slow a client may be.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use http::{Request, Response};
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::graceful::Watcher,
};
use tokio::{net::TcpStream, time::timeout};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use wasmtime_wasi_http::WasiBody;

use crate::{app::App, tls::HTTP_2};

/// How long a client may take for a request's headers, and how long a connection may have nothing to do. Also: how long a
/// TLS handshake may take.
const HEADERS: Duration = Duration::from_secs(10);
/// How long a client may read nothing of an answer that waits for it.
const SLOW_READER: Duration = Duration::from_secs(10);
/// How long a connection for which there is no room may take for its only request.
const NO_ROOM: Duration = Duration::from_secs(2);
/// Bytes of headers, and of what is buffered of a body.
const BUFFER: usize = 64 * 1024;
/// Requests at a time in a connection of HTTP/2.
const STREAMS: u32 = 64;

/// What it takes to serve connections.
pub struct Connections {
    pub app: Arc<App>,
    tls: Option<TlsAcceptor>,
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    /// For those for whom there is no room.
    no_room: http1::Builder,
}

impl Connections {
    pub fn new(app: Arc<App>, tls: Option<TlsAcceptor>) -> Self {
        // There may be 100 headers. Saying so here would cost an allocation for each request.
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS)
            .max_buf_size(BUFFER);
        let mut no_room = http1.clone();
        no_room.header_read_timeout(NO_ROOM).keep_alive(false);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .keep_alive_interval(HEADERS)
            .keep_alive_timeout(HEADERS)
            .max_header_list_size(BUFFER as u32)
            .max_concurrent_streams(STREAMS);
        Self {
            app,
            tls,
            http1,
            http2,
            no_room,
        }
    }

    /// Serves a connection to its end. One for which there is no room gets one answer, from no component.
    pub async fn serve(&self, stream: TcpStream, client: SocketAddr, has_room: bool, watcher: Watcher) {
        let limit = if has_room { Duration::MAX } else { NO_ROOM };
        // A connection that breaks is the client's affair, as is one that takes too long.
        drop(timeout(limit, self.serve_unbounded(stream, client, has_room, watcher)).await);
    }

    async fn serve_unbounded(&self, stream: TcpStream, client: SocketAddr, has_room: bool, watcher: Watcher) {
        // Answers are small and written at once; waiting to fill a packet would only delay them.
        let _ = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(SLOW_READER));
        let stream = Box::pin(stream);
        let http1 = if has_room { &self.http1 } else { &self.no_room };
        let service = service(self.app.clone(), client, has_room);
        let Some(tls) = &self.tls else {
            let connection = http1.serve_connection(TokioIo::new(stream), service);
            return drop(watcher.watch(connection).await);
        };
        let Ok(Ok(stream)) = timeout(HEADERS, tls.accept(stream)).await else {
            return;
        };
        if stream.get_ref().1.alpn_protocol() == Some(HTTP_2) {
            let connection = self.http2.serve_connection(TokioIo::new(stream), service);
            drop(watcher.watch(connection).await);
        } else {
            let connection = http1.serve_connection(TokioIo::new(stream), service);
            drop(watcher.watch(connection).await);
        }
    }
}

/// Answers a connection's requests.
fn service(
    app: Arc<App>,
    client: SocketAddr,
    has_room: bool,
) -> impl Service<
    Request<Incoming>,
    Response = Response<WasiBody>,
    Error = Infallible,
    Future = impl Future<Output = Result<Response<WasiBody>, Infallible>> + Send,
> {
    service_fn(move |request: Request<Incoming>| {
        let app = app.clone();
        async move {
            Ok::<_, Infallible>(match has_room {
                true => app.answer_client(request, client).await,
                false => app.answer_when_full(&request),
            })
        }
    })
}
