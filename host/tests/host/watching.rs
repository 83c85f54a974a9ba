//! `--watch`: what is changed is served without a restart.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crate::harness::{Host, guest, manifest};

/// Long enough for compiling the guest, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the guest says of a path that it does not know.
const BEFORE: &str = "no such misbehaviour";
const AFTER: &str = "no more misbehaviour";

#[test]
fn a_changed_component_is_built_and_served_over_the_same_connection() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let source = dir.path().join("guest.wasm");
    let guest = std::fs::read(guest()).unwrap();
    replace(&source, &guest);
    let build = "build = { command = \"cp guest.wasm built.wasm\", watch = [\"*est.wasm\"] }";
    let manifest = manifest(build).replacen(
        &format!("source = \"{}\"\nbuild", crate::harness::guest().display()),
        "source = \"built.wasm\"\nbuild",
        1,
    );
    let host = Host::start_in(dir, &manifest, &["--build", "--watch"], &[]);
    let mut connection = BufReader::new(TcpStream::connect(&host.address).unwrap());
    assert_eq!(ask(&mut connection, "/unknown"), BEFORE);

    // Another guest, which has another word for what it does not know.
    let text = BEFORE.as_bytes();
    let place = guest.windows(text.len()).position(|bytes| bytes == text).unwrap();
    let mut other = guest.clone();
    other[place..place + text.len()].copy_from_slice(AFTER.as_bytes());
    replace(&source, &other);
    until(|| host.get("/unknown").1 == AFTER);
    assert_eq!(ask(&mut connection, "/unknown"), AFTER);

    // What does not work leaves everything as it was.
    replace(&source, b"no component");
    host.wait_for("guest: still as before, because [component.guest]");
    assert_eq!(ask(&mut connection, "/unknown"), AFTER);
    std::fs::remove_file(&source).unwrap();
    host.wait_for("guest: still as before, because component guest could not be built");
    assert_eq!(ask(&mut connection, "/unknown"), AFTER);

    replace(&source, &guest);
    until(|| host.get("/unknown").1 == BEFORE);
    assert_eq!(ask(&mut connection, "/unknown"), BEFORE);
}

fn replace(file: &Path, content: &[u8]) {
    // In one step, as editors do.
    let new = file.with_extension("new");
    std::fs::write(&new, content).unwrap();
    std::fs::rename(new, file).unwrap();
}

fn until(mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < PATIENCE, "nothing has changed");
        thread::sleep(Duration::from_millis(50));
    }
}

/// GET over a connection that stays open; the body.
fn ask(connection: &mut BufReader<TcpStream>, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: a.example\r\n\r\n");
    connection.get_mut().write_all(request.as_bytes()).unwrap();
    while line(connection) != "\r\n" {}
    // The guest does not say how long its answers are, so they come in chunks.
    let mut body = String::new();
    loop {
        let length = usize::from_str_radix(line(connection).trim(), 16).unwrap();
        let mut chunk = vec![0; length];
        connection.read_exact(&mut chunk).unwrap();
        assert_eq!(line(connection), "\r\n");
        if length == 0 {
            return body;
        }
        body += &String::from_utf8(chunk).unwrap();
    }
}

fn line(connection: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    assert!(connection.read_line(&mut line).unwrap() > 0, "the connection is closed");
    line
}
