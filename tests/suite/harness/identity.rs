//! A server's name over https: a key, and a certificate that nobody but the test trusts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use rcgen::{CertifiedKey, KeyPair, PublicKeyData, generate_simple_self_signed};
use sha2::{Digest, Sha256};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

/// A key and its certificate for some names.
pub struct Identity(CertifiedKey<KeyPair>);

impl Identity {
    pub fn of(names: &[&str]) -> Self {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Self(generate_simple_self_signed(names).expect("a certificate"))
    }

    /// Writes certificate and key into files of a folder, in PEM.
    pub fn write(&self, folder: &Path) -> (PathBuf, PathBuf) {
        let files = (folder.join("cert.pem"), folder.join("key.pem"));
        std::fs::write(&files.0, self.0.cert.pem()).expect("the folder takes a file");
        std::fs::write(&files.1, self.0.signing_key.serialize_pem()).expect("the folder takes a file");
        files
    }

    /// What Chromium is to be told, so that it trusts this key.
    pub fn fingerprint(&self) -> String {
        STANDARD.encode(Sha256::digest(self.0.signing_key.subject_public_key_info()))
    }

    /// For a server of this process.
    pub fn acceptor(&self) -> TlsAcceptor {
        let key = PrivatePkcs8KeyDer::from(self.0.signing_key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![self.0.cert.der().clone()], key.into());
        TlsAcceptor::from(Arc::new(config.expect("a certificate with its key")))
    }
}
