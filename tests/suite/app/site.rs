//! The site: `/…`

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use reqwest::Method;

use crate::harness::{Client, Response, TestApp};

async fn get_encoded(path: &str, accept: &str) -> Response {
    TestApp::shared()
        .anonymous()
        .call(Method::GET, path)
        .header("accept-encoding", accept)
        .send()
        .await
        .expect(200)
}

/// The local addresses in `src` and `href`, and in the imports of modules.
fn addresses(text: &str) -> Vec<String> {
    ["src=\"", "href=\"", "from \"", "import \"", "import(\""]
        .iter()
        .flat_map(|before| text.split(before).skip(1))
        .filter_map(|rest| rest.split('"').next())
        .filter(|address| address.starts_with(['/', '.']))
        .map(str::to_owned)
        .collect()
}

/// Asserts that everything that a page or module names is there.
async fn all_parts_load(nobody: &Client) -> usize {
    let base = reqwest::Url::parse("http://site").unwrap();
    let mut seen = vec![base.join("/").unwrap()];
    let mut next = 0;
    while let Some(url) = seen.get(next).cloned() {
        next += 1;
        let response = nobody.get(url.path()).await.expect(200);
        if response.header("content-type").starts_with("image/") {
            continue; // It names nothing.
        }
        for address in addresses(response.text()) {
            let part = url.join(&address).unwrap();
            if !seen.contains(&part) {
                seen.push(part);
            }
        }
    }
    seen.len()
}

#[tokio::test]
async fn the_page_and_everything_that_it_names_is_there() {
    let nobody = TestApp::shared().anonymous();
    let page = nobody.get("/").await.expect(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(all_parts_load(&nobody).await > 3);
}

#[tokio::test]
async fn the_apps_own_addresses_are_answered_with_its_page() {
    let nobody = TestApp::shared().anonymous();
    let page = nobody.get("/").await.expect(200);
    for path in ["/new?text=x", "/m/1", "/sign-in", "/sign-up", "/help"] {
        let same = nobody.get(path).await.expect(200);
        assert_eq!(same.bytes(), page.bytes(), "{path}");
    }
}

#[tokio::test]
async fn the_page_is_guarded_by_its_headers() {
    let nobody = TestApp::shared().anonymous();
    for path in ["/", "/m/1", "/api", "/problems", "/no-such-page"] {
        let page = nobody.get(path).await;
        let policy = page.header("content-security-policy");
        assert!(!policy.contains("unsafe-") && !policy.contains('*'), "{policy}");
        for directive in [
            "default-src 'none'",
            "script-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types service-worker",
            "worker-src 'self'",
        ] {
            let is_there = policy.split(';').any(|part| part.trim() == directive);
            assert!(is_there, "no {directive}: {policy}");
        }
        assert_eq!(page.header("referrer-policy"), "no-referrer");
    }
}

#[tokio::test]
async fn the_page_holds_no_inline_script_or_style() {
    let page = TestApp::shared().anonymous().get("/").await;
    let text = page.text();
    assert!(!text.contains("<style") && !text.contains(" style=\"") && !text.contains("javascript:"));
    assert!(
        text.split("<script")
            .skip(1)
            .all(|script| script.split('>').next().unwrap().contains("src="))
    );
    assert!(!text.contains(" onclick=") && !text.contains(" onload="));
}

#[tokio::test]
async fn it_comes_compressed_for_those_who_can_read_that() {
    for path in ["/", "/style.css", "/js/app.js"] {
        let plain = get_encoded(path, "identity").await;
        assert_eq!(plain.find("content-encoding"), None);
        for (accept, coding) in [("br", "br"), ("gzip", "gzip"), ("gzip, deflate, br, zstd", "br")] {
            let packed = get_encoded(path, accept).await;
            assert_eq!(packed.header("content-encoding"), coding, "{path}");
            assert!(packed.bytes().len() < plain.bytes().len(), "{path} {accept}");
            assert_ne!(packed.header("etag"), plain.header("etag"), "{path} {accept}");
            assert!(packed.header("vary").eq_ignore_ascii_case("accept-encoding"), "{path}");
        }
        let refused = get_encoded(path, "br;q=0, gzip;q=0").await;
        assert_eq!(refused.bytes(), plain.bytes());
    }
}

#[tokio::test]
async fn what_the_browser_has_already_is_not_sent_again() {
    let nobody = TestApp::shared().anonymous();
    let page = nobody.get("/").await.expect(200);
    let again = nobody
        .call(Method::GET, "/")
        .header("if-none-match", page.header("etag"))
        .send()
        .await;
    assert_eq!(again.header("etag"), page.header("etag"));
    again.expect_empty(304);
    nobody
        .call(Method::GET, "/")
        .header("if-none-match", "\"another\"")
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn head_answers_as_get_without_the_body() {
    let nobody = TestApp::shared().anonymous();
    let head = nobody.call(Method::HEAD, "/").send().await.expect_empty(200);
    assert_eq!(head.header("etag"), nobody.get("/").await.header("etag"));
}

#[tokio::test]
async fn other_methods_are_refused() {
    let response = TestApp::shared()
        .anonymous()
        .call(Method::POST, "/")
        .send()
        .await
        .expect(405);
    assert!(response.header("allow").contains("GET"), "{response:?}");
}

#[tokio::test]
async fn nothing_but_the_site_is_served() {
    let nobody = TestApp::shared().anonymous();
    for path in [
        "/no-such-page",
        "/..%2fCargo.toml",
        "/m/1/nothing",
        "/js/",
        "/js",
        "/index.html%00",
        "/%ff",
        "//",
        "/.git/config",
    ] {
        let response = nobody.get(path).await;
        assert_eq!(response.status(), 404, "{path}: {response:?}");
    }
}

/// The status of the answer to a request for this very target: a client would tidy it up before sending it.
fn status_of(target: &str) -> String {
    let url = reqwest::Url::parse(TestApp::shared().base_url()).unwrap();
    let address = (url.host_str().unwrap(), url.port_or_known_default().unwrap());
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let host = url.host_str().unwrap();
    write!(
        stream,
        "GET {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer);
    assert!(!answer.contains("[workspace]"), "{target}: {answer}");
    answer.split(' ').nth(1).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn no_path_leads_out_of_the_site() {
    // Elsewhere in the suite every test speaks through a client; here the host must be there, too.
    TestApp::shared().anonymous().get("/").await.expect(200);
    assert_eq!(status_of("/problems"), "200");
    for target in [
        "/%2e%2e/Cargo.toml",
        "/../Cargo.toml",
        "/js/../../Cargo.toml",
        "/js/%2e%2e/problems",
        "/..\\Cargo.toml",
        "/%2e%2e%2fCargo.toml",
        "/.%2e/.%2e/etc/passwd",
        "//etc/passwd",
    ] {
        let status = status_of(target);
        // A gateway may call a target malformed before the site sees it.
        assert!(status == "404" || status == "400", "{target}: {status}");
    }
}

#[tokio::test]
async fn the_types_of_problems_are_explained_where_they_point() {
    let nobody = TestApp::shared().anonymous();
    let page = nobody.get("/problems").await.expect(200);
    for kind in [
        nobody.get("/api/memos").await.problem(401).kind,
        nobody.get("/api/auth/nothing").await.problem(404).kind,
        nobody.get("/api/auth/token").await.problem(405).kind,
    ] {
        let anchor = kind.trim_start_matches("/problems#");
        assert!(page.text().contains(&format!("<h2 id=\"{anchor}\">")), "{kind}");
    }
}
