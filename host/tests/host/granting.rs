//! What a component may use, and what it is refused.

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
};

use crate::harness::{Host, manifest};

#[test]
fn undeclared_stores_and_variables_are_refused_as_spin_refuses_them() {
    let host = Host::start(&manifest(""), &[]);
    assert_eq!(
        host.get("/kv/get?store=default&key=k"),
        (418, "Error::AccessDenied".to_owned())
    );
    assert_eq!(
        host.get("/kv/increment?store=default&key=k&by=1"),
        (418, "Error::AccessDenied".to_owned())
    );
    let (status, error) = host.get("/var?name=color");
    assert!(status == 418 && error.starts_with("Error::Undefined("), "{error}");
    let (status, error) = host.get("/var?name=BAD");
    assert!(status == 418 && error.starts_with("Error::InvalidName("), "{error}");
    assert_eq!(host.get("/env?name=PATH").0, 418);
}

#[test]
fn only_allowed_hosts_can_be_reached() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in server.incoming().map_while(Result::ok) {
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap();
            assert!(String::from_utf8_lossy(&request[..length]).starts_with("GET /path?q=1 HTTP/1.1"));
            stream
                .write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 7\r\n\r\noutside")
                .unwrap();
        }
    });
    let open = Host::start(
        &manifest(&format!("allowed_outbound_hosts = [\"http://127.0.0.1:{port}\"]")),
        &[],
    );
    assert_eq!(
        open.get(&fetch(&format!("http://127.0.0.1:{port}/path?q=1"))),
        (200, "201 outside".to_owned())
    );
    let denied = (418, "ErrorCode::HttpRequestDenied".to_owned());
    assert_eq!(open.get(&fetch("http://127.0.0.1:1/")), denied);
    open.wait_for("component guest may not send requests to http://127.0.0.1:1:");
    let closed = Host::start(&manifest(""), &[]);
    assert_eq!(closed.get(&fetch(&format!("http://127.0.0.1:{port}/path?q=1"))), denied);
    assert_eq!(closed.get(&fetch("http://inner.spin.internal/hello")), denied);
    assert_eq!(closed.get(&fetch("http://self.alt/hello")), denied);
}

#[test]
fn a_private_component_is_reached_by_its_internal_name_only() {
    let host = Host::start(&manifest("allowed_outbound_hosts = [\"http://*.spin.internal\"]"), &[]);
    assert_eq!(
        host.get(&fetch("http://inner.spin.internal/hello")),
        (200, "200 hello".to_owned())
    );
    let (_, seen) = host.get(&fetch("http://inner.spin.internal/a/headers?q=1"));
    assert!(seen.contains("http://inner.spin.internal/a/headers?q=1\n"), "{seen}");
    assert!(seen.contains("spin-path-info: /a/headers\n"), "{seen}");
    assert!(seen.contains("spin-client-addr: 0.0.0.0:0\n"), "{seen}");
    let (status, answer) = host.get(&fetch("http://INNER.spin.internal/hello"));
    assert_eq!((status, answer.as_str()), (200, "200 hello"));
    let (status, error) = host.get(&fetch("http://nobody.spin.internal/hello"));
    assert_eq!((status, error.as_str()), (418, "ErrorCode::DestinationNotFound"));
    // From outside there is no such name, however it is written.
    for name in [
        "inner.spin.internal",
        "INNER.Spin.Internal",
        "inner.spin.internal:80",
        "inner.spin.internal.",
    ] {
        let request = ureq::http::Request::get(host.url("/headers")).header("host", name);
        let (status, said) = host.send(request.body(String::new()).unwrap());
        assert_eq!(status, 400, "{name}: {said}");
    }
}

#[test]
fn a_component_that_fails_in_a_chain_fails_only_there() {
    let host = Host::start(
        &manifest("allowed_outbound_hosts = [\"http://inner.spin.internal\"]"),
        &[],
    );
    assert_eq!(
        host.get(&fetch("http://inner.spin.internal/panic")),
        (200, "500 Internal error\n".to_owned())
    );
    assert_eq!(
        host.get(&fetch("http://inner.spin.internal/hello")),
        (200, "200 hello".to_owned())
    );
}

#[test]
fn the_apps_own_routes_can_be_requested_where_self_is_allowed() {
    let host = Host::start(&manifest("allowed_outbound_hosts = [\"http://self\"]"), &[]);
    assert_eq!(host.get(&fetch("http://self.alt/hello")), (200, "200 hello".to_owned()));
    let (_, seen) = host.get(&fetch("http://self.alt/headers"));
    assert!(seen.contains(&format!("http://{}/headers\n", host.address)), "{seen}");
}

fn fetch(url: &str) -> String {
    let encoded: String = url.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("/fetch?url={encoded}")
}
