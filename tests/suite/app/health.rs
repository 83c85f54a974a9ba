//! `GET /.well-known/spin/health`

use crate::harness::TestApp;

#[tokio::test]
async fn the_host_says_that_it_is_up() {
    let response = TestApp::shared()
        .anonymous()
        .get("/.well-known/spin/health")
        .await
        .expect(200);
    assert_eq!(response.text(), "OK");
}
