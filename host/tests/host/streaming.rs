//! Event streams: they last, and are in nobody's way.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crate::harness::{Host, guest, manifest};

/// Long enough for anything that the host does within seconds, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Somebody who listens.
struct Listener(BufReader<TcpStream>);

impl Listener {
    /// Opens a stream and reads its first event.
    fn open(host: &Host) -> Self {
        let mut listener = Self::ask(host);
        listener.hear(0);
        listener
    }

    /// Asks for a stream over a new connection.
    fn ask(host: &Host) -> Self {
        let stream = TcpStream::connect(&host.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut listener = Self(BufReader::new(stream));
        listener.ask_again();
        listener
    }

    /// Asks for a stream over the connection that there is.
    fn ask_again(&mut self) {
        let request = b"GET /events HTTP/1.1\r\nhost: a.example\r\n\r\n";
        self.0.get_mut().write_all(request).unwrap();
    }

    /// The first line of the answer.
    fn status(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line
    }

    /// Reads up to this event.
    fn hear(&mut self, number: u64) {
        self.read_to(&format!("data: {number}\n"));
    }

    /// Reads to the end of an answer that is sent in chunks.
    fn hear_the_end(&mut self) {
        self.read_to("0\r\n");
        self.read_to("\r\n");
    }

    fn read_to(&mut self, end: &str) {
        let started = Instant::now();
        let mut line = String::new();
        while line != end {
            assert!(started.elapsed() < PATIENCE, "the stream goes on without {end:?}");
            line.clear();
            let length = self.0.read_line(&mut line).unwrap();
            assert!(length > 0, "the connection is closed before {end:?}");
        }
    }
}

#[test]
fn a_stream_outlasts_what_a_request_may_take() {
    let host = Host::start(&manifest(""), &["--request-timeout", "1"]);
    // Six seconds, with nothing else going on.
    Listener::open(&host).hear(60);
    assert!(!host.output().contains("failed"), "{}", host.output());
}

#[test]
fn streams_leave_room_for_requests_and_have_a_bound() {
    let host = Host::start(&manifest(""), &["--max-instances", "1"]);
    let mut streams: Vec<Listener> = (0..128).map(|_| Listener::open(&host)).collect();
    // More listeners than requests at a time, and all of them go on.
    let [first, .., last] = &mut streams[..] else {
        unreachable!()
    };
    first.hear(20);
    last.hear(20);
    // One instance has no more, and a further one finds no other instance.
    assert!(Listener::ask(&host).status().starts_with("HTTP/1.1 503 "));
    drop(streams.pop());
    let started = Instant::now();
    while host.get("/hello") != (200, "hello".to_owned()) {
        assert!(started.elapsed() < PATIENCE, "there is still no room");
    }
    streams.iter_mut().for_each(|stream| stream.hear(25));
}

#[test]
fn a_stream_that_nobody_hears_any_more_ends() {
    let manifest = manifest("key_value_stores = [\"default\"]");
    let host = Host::start(&manifest, &["--in-memory", "--request-timeout", "3"]);
    let mut listener = Listener::open(&host);
    // So long that nothing would be left of the time that a request has.
    listener.hear(60);
    drop(listener);
    let ticks = || host.get("/kv/increment?store=default&key=ticks&by=0").1;
    let started = Instant::now();
    let mut before = ticks();
    loop {
        thread::sleep(Duration::from_secs(1));
        let now = ticks();
        if now == before {
            break;
        }
        assert!(started.elapsed() < PATIENCE, "it goes on");
        before = now;
    }
    // It ended by itself, and with it its instance.
    assert!(!host.output().contains("failed"), "{}", host.output());
}

#[test]
fn streams_are_ended_before_the_host_ends() {
    let host = Host::start(&manifest(""), &["--request-timeout", "86400"]);
    let mut listener = Listener::open(&host);
    listener.hear(3);
    host.signal("TERM");
    // A whole answer in chunks, so that the client knows that it may come back.
    listener.hear_the_end();
    assert_eq!(host.end().0, Some(0));
}

#[test]
fn streams_of_a_component_that_is_replaced_end() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let source = dir.path().join("source.wasm");
    std::fs::copy(guest(), &source).unwrap();
    let build = "[component.guest.build]\ncommand = \"cp source.wasm built.wasm\"\nwatch = [\"source.wasm\"]";
    let manifest = manifest(build).replacen(
        &format!("source = \"{}\"\n[component.guest.build]", guest().display()),
        "source = \"built.wasm\"\n[component.guest.build]",
        1,
    );
    let host = Host::start_in(dir, &manifest, &["--build", "--watch"], &[]);
    let mut listener = Listener::open(&host);
    listener.hear(3);
    touch(&source);
    host.wait_for("guest: new since now");
    listener.hear_the_end();
    listener.ask_again();
    listener.hear(3);
}

fn touch(file: &Path) {
    let content = std::fs::read(file).unwrap();
    let new = file.with_extension("new");
    std::fs::write(&new, content).unwrap();
    std::fs::rename(new, file).unwrap();
}
