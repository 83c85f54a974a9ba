//! The site: `/…`

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
    ["src=\"", "href=\"", "from \"", "import \""]
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
async fn the_page_is_guarded_by_its_headers() {
    let nobody = TestApp::shared().anonymous();
    for path in ["/", "/no-such-page"] {
        let page = nobody.get(path).await;
        let policy = page.header("content-security-policy");
        assert!(!policy.contains("unsafe-") && !policy.contains('*'), "{policy}");
        for directive in [
            "default-src 'none'",
            "script-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(directive), "no {directive}: {policy}");
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
        "/%2e%2e/Cargo.toml",
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
        assert!(page.text().contains(&format!("id=\"{anchor}\"")), "{kind}");
    }
}
