//! The public key of a passkey: ES256, which nearly every authenticator has; EdDSA; or RS256, because Windows Hello has had
//! nothing else on many machines.

use ed25519_dalek::{Signature as EdSignature, VerifyingKey as EdKey};
use hmac_sha256::Hash;
use p256::ecdsa::{Signature as EcSignature, VerifyingKey as EcKey, signature::hazmat::PrehashVerifier};
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey, traits::PublicKeyParts};
use serde::{Deserialize, Serialize};

use super::{Base64Url, Refusal, cbor::Map};

/// COSE's numbers of the algorithms (RFC 9053 §2, RFC 8812 §2), those that we would rather have first.
pub const ALGORITHMS: [i64; 3] = [EDDSA, ES256, RS256];
const EDDSA: i64 = -8;
const ES256: i64 = -7;
const RS256: i64 = -257;

/// COSE's labels of a key's parts, and their values (RFC 9052 §7.1, RFC 9053 §7, RFC 8230 §4).
const KEY_TYPE: i64 = 1;
const ALGORITHM: i64 = 3;
const CURVE: i64 = -1;
const X: i64 = -2;
const Y: i64 = -3;
const MODULUS: i64 = -1;
const EXPONENT: i64 = -2;
const OKP: i64 = 1;
const EC2: i64 = 2;
const RSA: i64 = 3;
const P256: i64 = 1;
const ED25519: i64 = 6;

/// The fewest bits of an RSA key. What has more than 4096 is refused by the library.
const RSA_BITS_MIN: usize = 2048;

/// What stands before a SHA-256 in an RSA signature (RFC 8017 §9.2, note 1).
const SHA256_PREFIX: &[u8] = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PublicKey {
    /// A point of P-256, compressed (SEC 1 §2.3.3).
    Es256(Base64Url),
    /// A key of Ed25519 (RFC 8032 §5.1.2).
    EdDsa(Base64Url),
    /// A key of RSA.
    Rs256 {
        /// Its modulus.
        n: Base64Url,
        /// Its exponent.
        e: Base64Url,
    },
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
        if kind == [Some(RSA), Some(RS256), None] {
            let parts = map.bytes(MODULUS).zip(map.bytes(EXPONENT));
            return parts.and_then(Self::rs256).ok_or(Refusal::Key);
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

    fn rs256((n, e): (&[u8], &[u8])) -> Option<Self> {
        let key = rsa_key(n, e).filter(|key| key.n().bits() >= RSA_BITS_MIN)?;
        Some(Self::Rs256 {
            n: Base64Url(key.n().to_bytes_be()),
            e: Base64Url(key.e().to_bytes_be()),
        })
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
            Self::Rs256 { n, e } => {
                let scheme = Pkcs1v15Sign {
                    hash_len: Some(32),
                    prefix: SHA256_PREFIX.into(),
                };
                rsa_key(&n.0, &e.0).is_some_and(|key| key.verify(scheme, &Hash::hash(message), signature).is_ok())
            }
        };
        is_good.then_some(()).ok_or(Refusal::Signature)
    }
}

fn rsa_key(n: &[u8], e: &[u8]) -> Option<RsaPublicKey> {
    RsaPublicKey::new(BigUint::from_bytes_be(n), BigUint::from_bytes_be(e)).ok()
}
