//! What no client may use up: instances, connections, time.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::harness::{Host, manifest};

/// Long enough for anything that the host does within seconds, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn slow_bodies_keep_nobody_waiting() {
    let files = getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit {
        current: files,
        maximum: files,
    };
    setrlimit(Resource::Nofile, raised).unwrap();
    let host = Host::start(&manifest(""), &[]);
    let slow: Vec<_> = (0..1100).map(|_| open(&host, "POST /echo", 100, b"x")).collect();
    assert_eq!(host.get("/.well-known/spin/health"), (200, "OK".to_owned()));
    assert_eq!(host.get("/hello"), (200, "hello".to_owned()));
    assert_eq!(host.post("/echo", "at once"), (200, "at once".to_owned()));
    drop(slow);
}

#[test]
fn without_room_for_another_connection_the_host_still_tells_how_it_is() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let host = Host::start_in(dir, &manifest(""), &[], &[("FILES", "300")]);
    host.wait_for("memo-host: only 44 connections at a time");
    let idle: Vec<_> = (0..44).map(|_| TcpStream::connect(&host.address).unwrap()).collect();
    assert_eq!(host.get("/.well-known/spin/health"), (200, "OK".to_owned()));
    assert_eq!(host.get("/hello"), (503, "Too many connections\n".to_owned()));
    drop(idle);
    let started = Instant::now();
    while host.get("/hello").0 != 200 {
        assert!(started.elapsed() < PATIENCE, "there is still no room");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_body_that_stops_arriving_is_given_up() {
    let host = Host::start(&manifest(""), &[]);
    let mut small = open(&host, "POST /echo", 100, b"x");
    let mut large = open(&host, "POST /echo", 1_000_000, &[b'x'; 100_000]);
    let answer = read_all(&mut small);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    // The component has the beginning of the large one, and is told that there is no more.
    let answer = read_all(&mut large);
    assert!(answer.starts_with("HTTP/1.1 418 "), "{answer}");
    assert_eq!(host.get("/hello").0, 200);
}

#[test]
fn a_connection_that_sends_no_request_is_closed() {
    let host = Host::start(&manifest(""), &[]);
    let mut silent = TcpStream::connect(&host.address).unwrap();
    let mut unfinished = TcpStream::connect(&host.address).unwrap();
    unfinished.write_all(b"GET /hello HTTP/1.1\r\nhost: ").unwrap();
    for connection in [&mut silent, &mut unfinished] {
        let answer = read_all(connection);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
}

#[test]
fn an_answer_that_is_not_read_is_given_up() {
    let host = Host::start(&manifest(""), &["--memory-limit", "256"]);
    // More than the buffers between the two hold.
    let mut reader = open(&host, "GET /large", 0, b"");
    let started = Instant::now();
    // Writing fails once the host has closed the connection.
    while reader.write_all(b"\r\n").is_ok() {
        assert!(started.elapsed() < PATIENCE, "the connection is still open");
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(host.get("/hello").0, 200);
}

#[test]
fn headers_that_are_too_large_or_too_many_are_refused() {
    let host = Host::start(&manifest(""), &[]);
    let large = format!("x-large: {}\r\n", "x".repeat(1_000_000));
    let many: String = (0..200).map(|number| format!("x-{number}: 1\r\n")).collect();
    for headers in [large, many] {
        let mut stream = TcpStream::connect(&host.address).unwrap();
        // The host may close the connection before it has read everything.
        let _ = stream.write_all(format!("GET /hello HTTP/1.1\r\nhost: a.example\r\n{headers}\r\n").as_bytes());
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 431");
    }
    assert_eq!(host.get("/hello").0, 200);
}

#[test]
fn requests_wait_for_an_instance_with_room_and_not_for_ever() {
    let host = Host::start(&manifest(""), &["--max-instances", "1", "--request-timeout", "60"]);
    let mut busy = open(&host, "GET /loop", 0, b"");
    host.wait_for("loop has begun");
    refused(&host);
    // Nothing but the component is full.
    assert_eq!(host.get("/.well-known/spin/health").0, 200);
    host.wait_for("memo-host: component guest could not take a request: all its instances are busy");

    // The client goes, and the guest computes on: there is no more room than before.
    busy.write_all(b"x").unwrap();
    drop(busy);
    refused(&host);
}

#[test]
fn an_instance_that_ends_makes_room() {
    let host = Host::start(
        &manifest(""),
        &[
            "--max-instances",
            "1",
            "--request-timeout",
            "3",
            "--max-instance-reuse-count",
            "128",
        ],
    );
    assert_eq!(host.get("/loop").0, 504);
    assert_eq!(host.get("/hello").0, 200);
    // More than two instances serve.
    for _ in 0..300 {
        assert_eq!(host.get("/hello").0, 200);
    }
}

#[test]
fn an_instance_serves_as_many_requests_as_it_may_and_no_more() {
    let host = Host::start(
        &manifest(""),
        &["--max-instances", "1", "--max-instance-reuse-count", "3"],
    );
    for _ in 0..12 {
        let served: u32 = host.get("/count").1.parse().unwrap();
        assert!((1..=3).contains(&served), "{served} requests");
    }
}

#[test]
fn requests_that_wait_for_something_else_share_an_instance() {
    let host = Host::start(&manifest(""), &["--max-instances", "1"]);
    thread::scope(|scope| {
        // Twice as many as an instance takes at a time.
        let answers: Vec<_> = (0..32).map(|_| scope.spawn(|| host.get("/slow"))).collect();
        for answer in answers {
            assert_eq!(answer.join().unwrap(), (200, "slow".to_owned()));
        }
    });
}

fn refused(host: &Host) {
    let answer = read_all(&mut open(host, "GET /hello", 0, b""));
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
    assert!(answer.contains("\r\nx-content-type-options: nosniff\r\n"), "{answer}");
}

/// Sends a request, as much of it as there is of the body.
fn open(host: &Host, request: &str, length: usize, body: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(&host.address).unwrap();
    let head =
        format!("{request} HTTP/1.1\r\nhost: a.example\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    stream
}

/// Reads until the host closes the connection.
fn read_all(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("the connection is still open"),
        // A reset closes it as well.
        _ => String::from_utf8(answer).unwrap(),
    }
}
