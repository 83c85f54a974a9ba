//! The gateway's rules, as `deploy/envoy` has them, on a real Envoy before real services.

use crate::harness::Envoy;

#[tokio::test]
async fn envoy_starts() {
    let configuration = r#"
static_resources:
  listeners:
  - name: public
    address: { socket_address: { address: 127.0.0.1, port_value: 0 } }
    filter_chains:
    - filters:
      - name: http
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: public
          route_config:
            virtual_hosts:
            - { name: all, domains: ["*"], routes: [{ match: { prefix: / }, direct_response: { status: 204 } }] }
          http_filters:
          - name: router
            typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
"#;
    let Some(envoy) = Envoy::start(configuration).await else {
        return;
    };
    let url = format!("http://{}/", envoy.address("public").await);
    assert_eq!(reqwest::get(url).await.unwrap().status(), 204);
    assert_eq!(envoy.stat("http.public.downstream_rq_completed").await, 1);
}
