//! HTTPS, over both versions of HTTP.

use std::{path::Path, sync::Arc};

use http_body_util::{BodyExt, Empty};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer},
};

use crate::harness::{Host, manifest, refusal};

const NAME: &str = "memo.example";

/// A certificate for [`NAME`] and its key, in files `cert.pem` and `key.pem`.
fn certificate(dir: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([NAME.to_owned()]).unwrap();
    std::fs::write(dir.join("cert.pem"), cert.pem()).unwrap();
    std::fs::write(dir.join("key.pem"), signing_key.serialize_pem()).unwrap();
    cert.der().clone()
}

#[tokio::test]
async fn a_component_is_served_over_either_version_of_http() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let trusted = certificate(dir.path());
    let args = ["--tls-cert", "cert.pem", "--tls-key", "key.pem"];
    let host = Host::start_in(dir, &manifest("allowed_outbound_hosts = [\"http://self\"]"), &args, &[]);
    let (_, port) = host.address.rsplit_once(':').unwrap();
    let url = format!("https://{NAME}:{port}/headers");
    let request = || Request::get(&url).body(Empty::<Bytes>::new()).unwrap();

    let stream = TokioIo::new(connect(&host, &trusted, b"h2").await);
    let (mut client, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let over_http2 = text(client.send_request(request()).await.unwrap()).await;

    let stream = TokioIo::new(connect(&host, &trusted, b"http/1.1").await);
    let (mut client, connection) = http1::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let mut request = request();
    request
        .headers_mut()
        .insert("host", format!("{NAME}:{port}").parse().unwrap());
    *request.uri_mut() = "/headers".parse().unwrap();
    let over_http1 = text(client.send_request(request).await.unwrap()).await;

    for seen in [over_http2, over_http1] {
        assert!(seen.contains(&format!("spin-full-url: {url}\n")), "{seen}");
    }
}

#[test]
fn a_certificate_that_cannot_be_read_is_named() {
    let dir = tempfile::tempdir().unwrap();
    certificate(dir.path());
    let path = |name: &str| dir.path().join(name).display().to_string();
    let said = refusal(
        &manifest(""),
        &["--tls-cert", &path("none.pem"), "--tls-key", &path("key.pem")],
    );
    assert!(said.contains("--tls-cert") && said.contains("none.pem"), "{said}");
    let said = refusal(
        &manifest(""),
        &["--tls-cert", &path("cert.pem"), "--tls-key", &path("cert.pem")],
    );
    assert!(said.contains("--tls-key") && said.contains("cert.pem"), "{said}");
}

async fn connect(host: &Host, trusted: &CertificateDer<'static>, protocol: &[u8]) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let stream = TcpStream::connect(&host.address).await.unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector.connect(NAME.try_into().unwrap(), stream).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol));
    stream
}

async fn text(response: Response<Incoming>) -> String {
    assert_eq!(response.status(), 200);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}
