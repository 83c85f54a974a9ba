//! The public key of a passkey: ES256, which every authenticator has, or EdDSA.

use ed25519_dalek::{Signature as EdSignature, VerifyingKey as EdKey};
use hmac_sha256::Hash;
use p256::ecdsa::{Signature as EcSignature, VerifyingKey as EcKey, signature::hazmat::PrehashVerifier};
use serde::{Deserialize, Serialize};

use super::{Base64Url, Refusal, cbor::Map};

/// COSE's numbers of the two algorithms (RFC 9053 §2), the one that we would rather have first.
pub const ALGORITHMS: [i64; 2] = [EDDSA, ES256];
const EDDSA: i64 = -8;
const ES256: i64 = -7;

/// COSE's labels of a key's parts, and their values (RFC 9052 §7.1, RFC 9053 §7).
const KEY_TYPE: i64 = 1;
const ALGORITHM: i64 = 3;
const CURVE: i64 = -1;
const X: i64 = -2;
const Y: i64 = -3;
const OKP: i64 = 1;
const EC2: i64 = 2;
const P256: i64 = 1;
const ED25519: i64 = 6;

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PublicKey {
    /// A point of P-256, compressed (SEC 1 §2.3.3).
    Es256(Base64Url),
    /// A key of Ed25519 (RFC 8032 §5.1.2).
    EdDsa(Base64Url),
}

impl PublicKey {
    /// Takes a key off the front, in COSE's form (RFC 9052 §7).
    ///
    /// # Errors
    /// [`Refusal::Malformed`] when it is none, and [`Refusal::Key`] when it is of another kind.
    pub fn read_cose(bytes: &mut &[u8]) -> Result<Self, Refusal> {
        let map = Map::read(bytes)?;
        let kind = [KEY_TYPE, ALGORITHM, CURVE].map(|label| map.number(label));
        if kind == [OKP, EDDSA, ED25519].map(Some) {
            return map.bytes(X).and_then(Self::ed_dsa).ok_or(Refusal::Key);
        }
        if kind == [EC2, ES256, P256].map(Some) {
            let point = map.bytes(X).zip(map.bytes(Y));
            return point.and_then(Self::es256).ok_or(Refusal::Key);
        }
        Err(Refusal::Key)
    }

    fn ed_dsa(x: &[u8]) -> Option<Self> {
        let key = EdKey::from_bytes(x.try_into().ok()?).ok()?;
        (!key.is_weak()).then(|| Self::EdDsa(Base64Url(key.to_bytes().to_vec())))
    }

    fn es256((x, y): (&[u8], &[u8])) -> Option<Self> {
        if (x.len(), y.len()) != (32, 32) {
            return None;
        }
        let key = EcKey::from_sec1_bytes(&[&[4], x, y].concat()).ok()?;
        let point = key.to_sec1_point(true);
        Some(Self::Es256(Base64Url(point.as_bytes().to_vec())))
    }

    /// Checks a signature of this key, as authenticators make them (the standard's §6.5.5).
    ///
    /// # Errors
    /// [`Refusal::Signature`].
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Refusal> {
        let is_good = match self {
            Self::Es256(key) => EcKey::from_sec1_bytes(&key.0)
                .and_then(|key| key.verify_prehash(&Hash::hash(message), &EcSignature::from_der(signature)?))
                .is_ok(),
            Self::EdDsa(key) => <&[u8; 32]>::try_from(key.0.as_slice())
                .ok()
                .and_then(|key| EdKey::from_bytes(key).ok())
                .zip(EdSignature::from_slice(signature).ok())
                .is_some_and(|(key, signature)| key.verify_strict(message, &signature).is_ok()),
        };
        is_good.then_some(()).ok_or(Refusal::Signature)
    }
}
