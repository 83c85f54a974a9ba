//! `OPTIONS`, on every route

use reqwest::Method;

use crate::harness::TestApp;

#[tokio::test]
async fn options_name_the_methods_of_every_route() {
    let app = TestApp::shared();
    let nobody = app.anonymous();
    for (path, methods) in [
        ("/api/memos", &["GET", "POST", "DELETE"][..]),
        ("/api/memos/1", &["GET", "PUT", "PATCH", "DELETE"]),
        ("/api/memos/tags", &["GET"]),
        ("/api/memos/changes", &["GET"]),
        ("/api/memos/events", &["GET"]),
        ("/api/memos/batch", &["POST"]),
        ("/api/memos/trash", &["DELETE"]),
        ("/api/memos/maintenance", &["POST"]),
        ("/api/memos/1/restore", &["POST"]),
        ("/api/memos/1/versions", &["GET"]),
        ("/api/memos/1/versions/1", &["GET"]),
        ("/api/memos/1/versions/1/restore", &["POST"]),
        ("/api/auth/users", &["POST"]),
    ] {
        let answer = nobody.call(Method::OPTIONS, path).send().await.expect_empty(204);
        let allowed: Vec<&str> = answer
            .header("allow")
            .split(',')
            .map(str::trim)
            .filter(|method| *method != "HEAD")
            .collect();
        assert_eq!(allowed, methods, "{path}");
    }
}
