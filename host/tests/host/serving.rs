//! Requests, what components see of them, and the command line.

use std::{
    io::{Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    sync::Arc,
};

use crate::harness::{Host, guest, manifest, refusal, refusal_with, run};

#[test]
fn the_health_path_is_answered_by_the_host() {
    let host = Host::start(&manifest(""), &[]);
    assert_eq!(host.get("/.well-known/spin/health"), (200, "OK".to_owned()));
    assert_eq!(host.get("/.well-known/spin/other").0, 404);
}

#[test]
fn the_info_path_names_the_app_as_spin_does() {
    let host = Host::start(
        &manifest("").replace("name = \"test\"", "name = \"test\"\nversion = \"1.2.3\""),
        &[],
    );
    let info = host.get("/.well-known/spin/info");
    assert_eq!(info, (200, r#"{"name":"test","version":"1.2.3"}"#.to_owned()));
}

#[test]
fn building_only_serves_nothing_and_another_target_folder_leaves_the_usual_one_alone() {
    let dir = tempfile::tempdir().unwrap();
    let build = "build = { command = \"mkdir -p $CARGO_TARGET_DIR && cp $FROM $CARGO_TARGET_DIR/guest.wasm && echo\" }";
    let from = format!("source = \"{}\"\nbuild", guest().display());
    let manifest = manifest(build).replacen(&from, "source = \"target/guest.wasm\"\nbuild", 1);
    let (code, printed) = run(
        dir.path(),
        &manifest,
        &[
            "--build-only",
            "--target-dir",
            "target/other",
            "--build-args=--some --args",
        ],
        &[("FROM", guest().to_str().unwrap())],
    );
    assert_eq!(code, Some(0), "{printed}");
    assert!(
        printed.contains("\n--some --args\n") && !printed.contains("Serving"),
        "{printed}"
    );
    assert!(dir.path().join("target/other/guest.wasm").exists());
    assert!(!dir.path().join("target/guest.wasm").exists());
    let dir = Arc::new(dir);
    let host = Host::start_in(dir, &manifest, &["--target-dir", "target/other"], &[]);
    assert_eq!(host.get("/hello").0, 200);
}

#[test]
fn a_path_without_a_route_is_not_found() {
    let host = Host::start(&manifest("").replace("\"/...\"", "\"/hello\""), &[]);
    assert_eq!(host.get("/hello"), (200, "hello".to_owned()));
    assert_eq!(host.get("/other").0, 404);
}

#[test]
fn a_component_sees_the_full_url_and_spins_headers() {
    let host = Host::start(&manifest("").replace("\"/...\"", "\"/things/:thing/...\""), &[]);
    let (status, seen) = host.get("/things/42/headers?q=1");
    assert_eq!(status, 200);
    let address = &host.address;
    for expected in [
        format!("http://{address}/things/42/headers?q=1\n"),
        format!("spin-full-url: http://{address}/things/42/headers?q=1\n"),
        "spin-path-info: /headers\n".to_owned(),
        "spin-matched-route: /things/:thing/...\n".to_owned(),
        "spin-raw-component-route: /things/:thing/...\n".to_owned(),
        "spin-component-route: /things/:thing\n".to_owned(),
        "spin-base-path: /\n".to_owned(),
        "spin-path-match-thing: 42\n".to_owned(),
        "spin-client-addr: 127.0.0.1:".to_owned(),
    ] {
        assert!(seen.contains(&expected), "no {expected:?} in:\n{seen}");
    }
}

#[test]
fn a_client_cannot_forge_the_hosts_headers() {
    let host = Host::start(&manifest(""), &[]);
    let request = ureq::http::Request::get(host.url("/headers"))
        .header("spin-client-addr", "6.6.6.6:6")
        .header("spin-path-match-who", "root")
        .header("x-mine", "kept")
        .body(String::new());
    let (_, seen) = host.send(request.unwrap());
    assert!(seen.contains("x-mine: kept"), "{seen}");
    assert!(!seen.contains("6.6.6.6") && !seen.contains("root"), "{seen}");
}

#[test]
fn a_request_without_a_host_header_is_bad() {
    let host = Host::start(&manifest(""), &[]);
    assert!(raw(&host, "GET /headers HTTP/1.1\r\nconnection: close\r\n\r\n").starts_with("HTTP/1.1 400"));
    let forged = "GET http://a.example/headers HTTP/1.1\r\nhost: b.example\r\nconnection: close\r\n\r\n";
    assert!(raw(&host, forged).starts_with("HTTP/1.1 400"));
    assert_eq!(host.get("/hello").0, 200);
}

#[test]
fn bodies_pass_whole_in_both_directions() {
    let host = Host::start(&manifest(""), &[]);
    let body = "0123456789abcdef".repeat(64 * 1024);
    let (status, echo) = host.post("/echo", &body);
    assert_eq!(status, 200);
    assert!(echo == body, "{} bytes came back", echo.len());
}

#[test]
fn one_connection_serves_many_requests() {
    let host = Host::start(&manifest(""), &[]);
    let request = format!("GET /hello HTTP/1.1\r\nhost: {}\r\n\r\n", host.address);
    let last = format!(
        "GET /hello HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
        host.address
    );
    let answers = raw(&host, &format!("{}{last}", request.repeat(299)));
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 300);
}

#[test]
fn the_command_line_beats_the_environment_which_beats_the_default() {
    let manifest = manifest("variables = { shade = \"dark {{ color }}\" }\nenvironment = { PLACE = \"here\" }");
    let ask = |args: &[&str], env: &[(&str, &str)]| {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        std::fs::write(dir.path().join("color.txt"), "grey").unwrap();
        Host::start_in(dir, &manifest, args, env)
    };
    let host = ask(&[], &[]);
    assert_eq!(host.get("/var?name=shade"), (200, "dark red".to_owned()));
    assert_eq!(host.get("/env?name=PLACE"), (200, "here".to_owned()));
    let env = [("SPIN_VARIABLE_COLOR", "green")];
    assert_eq!(ask(&[], &env).get("/var?name=shade").1, "dark green");
    assert_eq!(
        ask(&["--variable", "color=blue"], &env).get("/var?name=shade").1,
        "dark blue"
    );
    assert_eq!(
        ask(&["--variable", "color=@color.txt"], &env).get("/var?name=shade").1,
        "dark grey"
    );
}

#[test]
fn a_components_lines_are_passed_on_unchanged() {
    let host = Host::start(&manifest(""), &[]);
    assert_eq!(host.get("/print?text=one").0, 200);
    host.wait_for("\nto stdout: one\n");
    host.wait_for("\nto stderr: one\n");
}

#[test]
fn quiet_drops_a_components_lines() {
    let host = Host::start(&manifest(""), &["--quiet"]);
    assert_eq!(host.get("/print?text=one").0, 200);
    host.signal("TERM");
    while host
        .try_send(
            ureq::http::Request::get(host.url("/hello"))
                .body(String::new())
                .unwrap(),
        )
        .is_ok()
    {}
    assert!(!host.output().contains("one\n"), "{}", host.output());
}

#[test]
fn only_the_selected_components_run() {
    let manifest = manifest("").replace("{ private = true }", "\"/inner/...\"");
    let host = Host::start(&manifest, &["--component-id", "inner"]);
    assert_eq!(host.get("/inner/headers").0, 200);
    assert_eq!(host.get("/hello").0, 404);
    assert!(refusal(&manifest, &["-c", "nobody"]).contains("nobody"));
}

#[test]
fn the_start_says_what_is_served_and_where_the_data_lies() {
    let host = Host::start(&manifest(""), &["--state-dir", "elsewhere"]);
    host.wait_for("guest: http://");
    host.wait_for("inner: http://inner.spin.internal");
    host.wait_for(
        &host
            .dir
            .path()
            .join("elsewhere/sqlite_key_value.db")
            .display()
            .to_string(),
    );
}

#[test]
fn a_taken_port_is_named() {
    let host = Host::start(&manifest(""), &[]);
    let said = refusal(&manifest(""), &["--listen", &host.address]);
    assert!(said.contains(&format!("cannot listen on {}", host.address)), "{said}");
}

#[test]
fn build_commands_run_where_they_should_before_the_start() {
    let wasm = manifest("")
        .lines()
        .find_map(|line| line.strip_prefix("source = "))
        .unwrap()
        .to_owned();
    let manifest = manifest("build = { command = [\"pwd\", \"cp $FROM built.wasm\"], workdir = \"sub\" }");
    let manifest = manifest.replacen(&format!("{wasm}\nbuild"), "\"sub/built.wasm\"\nbuild", 1);
    let start = |args: &[&str], env: &[(&str, &str)]| {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        let from = ("FROM", wasm.trim_matches('"'));
        Host::start_in(dir, &manifest, args, &[&[from], env].concat())
    };
    let host = start(&["--build"], &[]);
    host.wait_for("Building: cp $FROM built.wasm");
    assert_eq!(host.get("/hello").0, 200);
    // As under `cargo run`.
    assert_eq!(
        start(&[], &[("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))])
            .get("/hello")
            .0,
        200
    );
    let said = refusal(
        &manifest
            .replace("\"pwd\", \"cp $FROM built.wasm\"", "\"exit 3\"")
            .replace("sub", "."),
        &["--build"],
    );
    assert!(
        said.contains("component guest could not be built") && said.contains("exit 3"),
        "{said}"
    );
}

#[test]
fn a_missing_wasm_target_comes_with_the_remedy() {
    let tools = tempfile::tempdir().unwrap();
    for (tool, script) in [("cargo", "exit 101"), ("rustc", "echo /nowhere")] {
        let path = tools.path().join(tool);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:{}", tools.path().display(), std::env::var("PATH").unwrap());
    let manifest = manifest("build = { command = \"cargo build --target wasm32-wasip2\" }");
    let said = refusal_with(&manifest, &["--build"], &[("PATH", &path)]);
    assert!(said.contains("rustup target add wasm32-wasip2"), "{said}");
}

fn raw(host: &Host, request: &str) -> String {
    let mut stream = TcpStream::connect(&host.address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
