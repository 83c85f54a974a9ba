//! A Redis that components reach themselves, through a component.

use std::sync::Arc;

use anyhow::{Result, bail};
use async_trait::async_trait;
use host::key_value::{Redis as RedisStore, Store};
use rcgen::{CertifiedKey, generate_simple_self_signed};

use crate::{
    contract::keep_the_contract,
    harness::{Host, manifest},
    redis::{Redis, free_port},
};

/// What the guest makes of a Redis, as a store.
struct ThroughTheGuest {
    host: Host,
    redis: String,
}

impl ThroughTheGuest {
    fn start(redis: &str, args: &[(&str, &str)]) -> Self {
        let grants = format!("allowed_outbound_hosts = [\"{redis}\"]");
        let dir = Arc::new(tempfile::tempdir().unwrap());
        Self {
            host: Host::start_in(dir, &manifest(&grants), &[], args),
            redis: redis.to_owned(),
        }
    }

    fn url(&self, operation: &str, key: &str) -> String {
        self.url_with(operation, key, "")
    }

    fn url_with(&self, operation: &str, key: &str, more: &str) -> String {
        let key: String = key.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let path = format!("/redis/{operation}?address={}&key={key}{more}", self.redis);
        self.host.url(&path)
    }

    /// The answer's status and body.
    async fn ask(&self, request: ureq::http::Request<Vec<u8>>) -> Result<(u16, Vec<u8>)> {
        let asked = tokio::task::spawn_blocking(move || {
            let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
            let mut response = agent.run(request)?;
            anyhow::Ok((response.status().as_u16(), response.body_mut().read_to_vec()?))
        });
        let (status, body) = asked.await??;
        if status == 418 {
            bail!("{}", String::from_utf8_lossy(&body));
        }
        Ok((status, body))
    }

    async fn text(&self, operation: &str, key: &str, more: &str) -> Result<String> {
        let request = ureq::http::Request::get(self.url_with(operation, key, more)).body(Vec::new())?;
        Ok(String::from_utf8(self.ask(request).await?.1)?.trim().to_owned())
    }
}

#[async_trait]
impl Store for ThroughTheGuest {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let request = ureq::http::Request::get(self.url("get", key)).body(Vec::new())?;
        let (status, body) = self.ask(request).await?;
        Ok((status == 200).then_some(body))
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<()> {
        let request = ureq::http::Request::post(self.url("set", key)).body(value)?;
        self.ask(request).await.map(drop)
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.text("delete", key, "").await.map(drop)
    }

    async fn exists(&self, key: &str) -> Result<bool> {
        Ok(self.text("exists", key, "").await? == "1")
    }

    async fn keys(&self) -> Result<Vec<String>> {
        let mut keys: Vec<_> = self.text("keys", "", "").await?.lines().map(str::to_owned).collect();
        keys.sort_unstable();
        Ok(keys)
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64> {
        Ok(self.text("increment", key, &format!("&by={delta}")).await?.parse()?)
    }
}

/// What is written over one of the two ways is read over the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_component_keeps_the_contract_over_a_redis_of_its_own() {
    let port = free_port();
    let Some(_redis) = Redis::start(port) else { return };
    let url = format!("redis://127.0.0.1:{port}");
    let guest = Arc::new(ThroughTheGuest::start(&url, &[]));
    keep_the_contract(guest.clone()).await;
    let store = RedisStore::new(&url).unwrap();
    assert_eq!(store.get("n").await.unwrap(), Some(b"-2".to_vec()));
    assert_eq!(store.increment("n", 5).await.unwrap(), 3);
    assert_eq!(guest.increment("n", 0).await.unwrap(), 3);
    assert_eq!(guest.keys().await.unwrap(), store.keys().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_allowed_is_connected_to() {
    let port = free_port();
    let Some(_redis) = Redis::start(port) else { return };
    let refused = |host: &Host, address: &str| {
        let (status, said) = host.get(&format!("/redis/get?key=k&address={address}"));
        assert_eq!((status, said.as_str()), (418, "Error::InvalidAddress"), "{address}");
    };
    let allowed = ThroughTheGuest::start(&format!("redis://127.0.0.1:{port}"), &[]);
    assert_eq!(allowed.get("k").await.unwrap(), None);
    for address in [
        format!("redis://localhost:{port}"),
        "redis://127.0.0.1:1".to_owned(),
        format!("rediss://127.0.0.1:{port}"),
        format!("redis://127.0.0.1:{port}@localhost:{port}"),
        "unix:///run/redis.sock".to_owned(),
        "no address".replace(' ', "%20"),
    ] {
        refused(&allowed.host, &address);
    }
    allowed
        .host
        .wait_for(&format!("component guest may not connect to redis://localhost:{port}:"));
    for grants in ["", "allowed_outbound_hosts = [\"http://127.0.0.1:*\"]"] {
        refused(
            &Host::start(&manifest(grants), &[]),
            &format!("redis://127.0.0.1:{port}"),
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_bounded_and_close_when_they_are_dropped() {
    let port = free_port();
    let Some(_redis) = Redis::start(port) else { return };
    let url = format!("redis://127.0.0.1:{port}");
    let guest = ThroughTheGuest::start(&url, &[]);
    for _ in 0..2 {
        assert_eq!(guest.text("hoard", "", "").await.unwrap(), "512");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_redis_reach_the_component_as_they_are() {
    let port = free_port();
    let Some(redis) = Redis::start(port) else { return };
    let guest = ThroughTheGuest::start(&format!("redis://127.0.0.1:{port}"), &[]);
    let error = guest
        .text("execute", "", "&command=NONSENSE")
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("Error::Other(") && error.contains("unknown command"),
        "{error}"
    );
    drop(redis);
    let error = guest.get("k").await.unwrap_err().to_string();
    assert!(error.starts_with("Error::Other("), "{error}");
}

/// With a certificate that the machine trusts, and with one that it does not.
#[tokio::test(flavor = "multi_thread")]
async fn redis_is_spoken_to_over_tls() {
    let dir = tempfile::tempdir().unwrap();
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let file = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (certificate, key) = (file("cert.pem"), file("key.pem"));
    std::fs::write(&certificate, cert.pem()).unwrap();
    std::fs::write(&key, signing_key.serialize_pem()).unwrap();
    let port = free_port();
    let tls = [
        "--tls-cert-file",
        &certificate,
        "--tls-key-file",
        &key,
        "--tls-auth-clients",
        "no",
    ];
    let Some(_redis) = Redis::start_with(
        port,
        &[&["--port", "0", "--tls-port", &port.to_string()][..], &tls].concat(),
    ) else {
        return;
    };
    let url = format!("rediss://localhost:{port}");
    let trusting = ThroughTheGuest::start(&url, &[("SSL_CERT_FILE", &certificate)]);
    trusting.set("k", b"v".to_vec()).await.unwrap();
    assert_eq!(trusting.get("k").await.unwrap(), Some(b"v".to_vec()));
    let error = ThroughTheGuest::start(&url, &[])
        .get("k")
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("certificate"), "{error}");
}
