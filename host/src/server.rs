//! The HTTP server: connections in, answers out, an orderly end.

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use hyper_util::server::graceful::GracefulShutdown;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::Semaphore,
};

use crate::{connection::Connections, output::report};

/// Connections at a time. Each may hold a small request body and a few buffers, about 200 kB at most.
const MAX_CONNECTIONS: usize = 4096;
/// Further connections, which are only told that there is no room, or how the host is.
const MAX_OVERFLOW: usize = 128;
/// Open files that are not connections from clients: databases, connections to others, the log.
const OTHER_FILES: usize = 128;

/// Binds the address, which `flag` sets; says plainly when it is taken.
pub async fn bind(address: SocketAddr, flag: &str) -> Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address} ({flag} takes another)"))
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

/// Serves until there is a signal; then ends the event streams and finishes the requests in flight, for as long as one may
/// take.
/// A Ctrl-C after that does not wait for them.
pub async fn serve(connections: Connections, listener: TcpListener, mut signals: Signals) {
    let connections = Arc::new(connections);
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(max_connections()));
    let overflow = Arc::new(Semaphore::new(MAX_OVERFLOW));

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
        let (connections, watcher) = (connections.clone(), graceful.watcher());
        let (place, has_room) = match room.clone().try_acquire_owned() {
            Ok(place) => (Ok(place), true),
            Err(_) => (overflow.clone().try_acquire_owned(), false),
        };
        // Without even that place, the connection is closed at once.
        if let Ok(place) = place {
            tokio::spawn(async move {
                connections.serve(stream, client, has_room, watcher).await;
                drop(place);
            });
        }
    }
    drop(listener);
    connections.app.end_streams();

    let timeout = connections.app.request_timeout + Duration::from_secs(1);
    let mut drained = pin!(tokio::time::timeout(timeout, graceful.shutdown()));
    tokio::select! {
        _ = &mut drained => (),
        _ = signals.interrupt.recv() => (),
    }
}

/// As many as this process may have files open, after asking for all that it may ask for.
fn max_connections() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let files = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    // None: no limit.
    let files = files.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX));
    let room = files.saturating_sub(OTHER_FILES + MAX_OVERFLOW);
    if room < MAX_CONNECTIONS {
        report(format_args!(
            "only {room} connections at a time: the limit on open files is {files} (ulimit -n)"
        ));
    }
    room.clamp(1, MAX_CONNECTIONS)
}
