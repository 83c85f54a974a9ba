//! The HTTP server: connections in, answers out, an orderly end.

use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use http_body_util::BodyExt;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{Signal, SignalKind, signal},
    sync::Semaphore,
};

use crate::{app::App, engine::INSTANCES, output::report};

/// Binds the address; says plainly when it is taken.
pub async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address} (--listen takes another)"))
}

/// SIGTERM and Ctrl-C, which from here on no longer end the process by themselves.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub fn catch() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }
}

/// Serves until there is a signal; then finishes the requests in flight, for as long as one may take.
/// A Ctrl-C after that does not wait for them.
pub async fn serve(app: Arc<App>, listener: TcpListener, mut signals: Signals) {
    let in_flight = Arc::new(Semaphore::new(INSTANCES as usize));
    let connections = GracefulShutdown::new();
    let mut server = http1::Builder::new();
    // The timer is for hyper's limit on how long the headers may take.
    server.timer(TokioTimer::new());

    loop {
        let (stream, client) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most likely: let connections end before trying again.
                    report(format_args!("cannot accept a connection: {error}"));
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            _ = signals.terminate.recv() => break,
            _ = signals.interrupt.recv() => break,
        };
        serve_connection(&app, &server, &connections, &in_flight, stream, client);
    }
    drop(listener);

    let timeout = app.request_timeout + Duration::from_secs(1);
    let mut drained = pin!(tokio::time::timeout(timeout, connections.shutdown()));
    tokio::select! {
        _ = &mut drained => (),
        _ = signals.interrupt.recv() => (),
    }
}

fn serve_connection(
    app: &Arc<App>,
    server: &http1::Builder,
    connections: &GracefulShutdown,
    in_flight: &Arc<Semaphore>,
    stream: TcpStream,
    client: SocketAddr,
) {
    // Answers are small and written at once; waiting to fill a packet would only delay them.
    let _ = stream.set_nodelay(true);
    let (app, in_flight) = (app.clone(), in_flight.clone());
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let (app, in_flight) = (app.clone(), in_flight.clone());
        async move {
            // Never closed, so it always gives a permit.
            let _permit = in_flight.acquire().await;
            let request = request.map(|body| body.map_err(Into::into).boxed_unsync());
            Ok::<_, Infallible>(app.answer(request, client).await)
        }
    });
    let connection = connections.watch(server.serve_connection(TokioIo::new(stream), service));
    // A connection that breaks is the client's affair.
    tokio::spawn(async move { drop(connection.await) });
}
