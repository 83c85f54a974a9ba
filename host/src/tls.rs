//! TLS for the server, by the library that also makes the components' requests to https addresses.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result, anyhow};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

/// What the client may choose from, the best first.
const PROTOCOLS: [&[u8]; 2] = [HTTP_2, b"http/1.1"];
/// HTTP/2 in the client's and the server's hello.
pub const HTTP_2: &[u8] = b"h2";

/// Reads the certificate chain and its key, both in PEM.
pub fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| anyhow!("--tls-cert {}: {error}", certificate.display()))?;
    let private_key =
        PrivateKeyDer::from_pem_file(key).map_err(|error| anyhow!("--tls-key {}: {error}", key.display()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, private_key)
        .with_context(|| {
            format!(
                "{} and {} do not make a certificate with its key",
                certificate.display(),
                key.display()
            )
        })?;
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok(TlsAcceptor::from(Arc::new(config)))
}
