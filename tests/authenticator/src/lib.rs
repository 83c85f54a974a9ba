//! A passkey's device in software, and the browser in front of it: it answers the options of a service as
//! [Web Authentication](https://www.w3.org/TR/webauthn-3/) has it, and lies where a test wants it to.
//!
//! It is written from the standard, byte by byte, and shares no code with the service that checks its answers.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "for tests, where a panic is a failed test"
)]

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer, SigningKey as EdKey};
use p256::ecdsa::{Signature as EcSignature, SigningKey as EcKey};
use rsa::{BigUint, Pkcs1v15Sign, RsaPrivateKey, traits::PublicKeyParts};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Somebody was there.
pub const USER_PRESENT: u8 = 1;
/// The device knows who.
pub const USER_VERIFIED: u8 = 1 << 2;
/// The passkey may be copied to other devices.
pub const BACKUP_ELIGIBLE: u8 = 1 << 3;
/// It has been.
pub const BACKED_UP: u8 = 1 << 4;
const ATTESTED: u8 = 1 << 6;
/// Extensions follow.
pub const EXTENSIONS: u8 = 1 << 7;

/// What a device signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// COSE's −7.
    Es256,
    /// COSE's −8.
    EdDsa,
    /// COSE's −257. There is one key of it, whatever the seed, because making one takes long.
    Rs256,
}

#[derive(Clone)]
enum Key {
    Es256(Box<EcKey>),
    EdDsa(Box<EdKey>),
    Rs256(Box<RsaPrivateKey>),
}

/// The two primes of the RSA key.
const PRIMES: [&[u8]; 2] = [
    b"e8c58ee3fcb8ed1df595a305b8b3025da1716b4a33d864ad6d47afc707099fb61e1d051085aba91fbd02641fe4a271df\
      41735903b110d543495333bedbeb19a2721d9065df069b72582429d2dd4998a8003f9ca22e84fcedb6f255325a9d431e\
      88be6b60eb8e58641d566bc0f84399e8b68218d52446152cc270227124b2dfdb",
    b"c178f6a58f5b126873c3ddf8695fd6433a08d1f9726418c67c40cb56c8a52b090ff70a245dae0438addcaaab69e3e5d2\
      7df8ad70a48dacdc7b0d4ecd0ab15ea8aecfcd6d8264adff0ef274f48e6b5a683e0b9f5196b17927648487f38ccdd150\
      e1e681291d33a572ea0f261d7ba5b279d3a5a6a22b43555f978822001f2c44ab",
];

/// The prefix of RFC 8017 §9.2, note 1, in front of a SHA-256.
const SHA256_PREFIX: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
];

fn rsa_key() -> RsaPrivateKey {
    let [p, q] = PRIMES.map(|prime| BigUint::parse_bytes(prime, 16).expect("a number"));
    RsaPrivateKey::from_p_q(p, q, BigUint::from(65_537_u32)).expect("a key")
}

/// A device with one passkey, and a browser whose page is at one origin. Its fields are what tests may have it say.
#[derive(Clone)]
pub struct Authenticator {
    /// The origin of the page.
    pub origin: String,
    /// The passkey's id.
    pub id: Vec<u8>,
    /// Whose passkey it is.
    pub user_handle: Vec<u8>,
    /// What it says of who was there.
    pub flags: u8,
    /// What the browser says of the page besides its origin; `{}` for a page that nobody framed.
    pub page: Value,
    /// What follows the device's data, with or without the flag that says so.
    pub trailing: Vec<u8>,
    /// How often it has signed; `None` for one that does not count.
    pub sign_count: Option<u32>,
    key: Key,
}

/// Bytes of a member of options, which has to be base64url.
fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("base64url");
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Authenticator {
    /// A device whose page is at `origin`. Of one seed comes one key.
    pub fn new(algorithm: Algorithm, seed: &str, origin: &str) -> Self {
        let secret: [u8; 32] = Sha256::digest(seed).into();
        let key = match algorithm {
            Algorithm::Es256 => Key::Es256(Box::new(EcKey::from_slice(&secret).expect("a key"))),
            Algorithm::EdDsa => Key::EdDsa(Box::new(EdKey::from_bytes(&secret))),
            Algorithm::Rs256 => Key::Rs256(Box::new(rsa_key())),
        };
        Self {
            origin: origin.to_owned(),
            id: Sha256::digest(secret)[..16].to_vec(),
            user_handle: Vec::new(),
            flags: USER_PRESENT | USER_VERIFIED | BACKUP_ELIGIBLE | BACKED_UP,
            page: json!({}),
            trailing: Vec::new(),
            sign_count: None,
            key,
        }
    }

    /// What `navigator.credentials.create()` answers, as JSON.
    pub fn create(&mut self, options: &Value) -> Value {
        self.user_handle = bytes(&options["user"]["id"]);
        let domain = options["rp"]["id"].as_str().expect("a domain");
        let id_length = u16::try_from(self.id.len()).expect("a short id");
        let mut data = self.data(domain, ATTESTED);
        data.extend([0; 16]);
        data.extend(id_length.to_be_bytes());
        data.extend(&self.id);
        data.extend(self.cose());
        data.extend(&self.trailing);
        let length = u16::try_from(data.len()).expect("short data");
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        object.extend(length.to_be_bytes());
        object.extend(&data);
        let client_data = self.client_data("webauthn.create", options);
        self.credential(json!({
            "clientDataJSON": text(client_data.as_bytes()),
            "attestationObject": text(&object),
            "authenticatorData": text(&data),
            "transports": ["internal"],
        }))
    }

    /// What `navigator.credentials.get()` answers, as JSON.
    pub fn get(&mut self, options: &Value) -> Value {
        let domain = options["rpId"].as_str().expect("a domain");
        self.sign_count = self.sign_count.map(|count| count + 1);
        let mut data = self.data(domain, 0);
        data.extend(&self.trailing);
        let client_data = self.client_data("webauthn.get", options);
        let signed = [data.as_slice(), &Sha256::digest(&client_data)].concat();
        self.credential(json!({
            "clientDataJSON": text(client_data.as_bytes()),
            "authenticatorData": text(&data),
            "signature": text(&self.sign(&signed)),
            "userHandle": text(&self.user_handle),
        }))
    }

    fn credential(&self, response: Value) -> Value {
        json!({
            "id": text(&self.id),
            "rawId": text(&self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        })
    }

    fn client_data(&self, kind: &str, options: &Value) -> String {
        let mut data = json!({
            "type": kind,
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": false,
        });
        for (name, value) in self.page.as_object().expect("an object") {
            data[name] = value.clone();
        }
        data.to_string()
    }

    fn data(&self, domain: &str, more_flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest(domain).to_vec();
        data.push(self.flags | more_flags);
        data.extend(self.sign_count.unwrap_or(0).to_be_bytes());
        data
    }

    /// The public key as COSE has it, in CTAP's order.
    fn cose(&self) -> Vec<u8> {
        match &self.key {
            Key::Es256(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                let (x, y) = point.as_bytes()[1..].split_at(32);
                [b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", x, b"\x22\x58\x20", y].concat()
            }
            Key::EdDsa(key) => {
                let x = key.verifying_key().to_bytes();
                [b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20".as_slice(), &x].concat()
            }
            Key::Rs256(key) => {
                let (n, e) = (key.n().to_bytes_be(), key.e().to_bytes_be());
                let head = b"\xa4\x01\x03\x03\x39\x01\x00\x20\x59\x01\x00".as_slice();
                [head, &n, b"\x21\x43", &e].concat()
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.key {
            Key::Es256(key) => {
                let signature: EcSignature = p256::ecdsa::signature::Signer::sign(&**key, message);
                signature.to_der().as_bytes().to_vec()
            }
            Key::EdDsa(key) => key.sign(message).to_bytes().to_vec(),
            Key::Rs256(key) => {
                let scheme = Pkcs1v15Sign {
                    hash_len: Some(32),
                    prefix: SHA256_PREFIX.into(),
                };
                key.sign(scheme, &Sha256::digest(message)).expect("a signature")
            }
        }
    }
}
