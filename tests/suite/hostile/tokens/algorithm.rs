//! Algorithms that are none, others than ours, or not what was done.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use super::{Case, Material, case};

pub fn cases(material: &Material) -> Vec<Case> {
    let mut cases = algorithms(material);
    cases.extend(hmac(material));
    cases
}

fn algorithms(material: &Material) -> Vec<Case> {
    let forge = &material.forge;
    let mut cases = vec![
        case(
            "alg: none at all",
            forge.clone().without_header("alg").signed(&material.own),
        ),
        case(
            "alg: in capitals only",
            forge
                .clone()
                .without_header("alg")
                .header("ALG", "EdDSA")
                .signed(&material.own),
        ),
    ];
    for alg in ["none", "None", "NONE", "nOnE", "none ", "\0none", ""] {
        let forge = forge.clone().header("alg", alg);
        cases.push(case(
            format!("alg {alg:?}, unsigned"),
            forge.with_signature(|_| Vec::new()),
        ));
        cases.push(case(
            format!("alg {alg:?}, signed with a word"),
            forge.with_signature(|_| b"none".to_vec()),
        ));
        cases.push(case(format!("alg {alg:?}, well signed"), forge.signed(&material.own)));
    }
    let others = [
        "RS256",
        "RS512",
        "PS256",
        "ES256",
        "ES256K",
        "ES512",
        "HS384",
        "Ed448",
        "Ed25519",
        "Ed25519ph",
        "eddsa",
        "EDDSA",
        "EdDSA ",
        " EdDSA",
        "EdDSA\0",
        "EdDSA,none",
        "ECDH-ES",
        "dir",
        "A256KW",
        "SHA256",
        "ML-DSA-44",
    ];
    for alg in others {
        cases.push(case(
            format!("alg {alg:?}"),
            forge.clone().header("alg", alg).signed(&material.own),
        ));
    }
    for alg in [
        json!(null),
        json!(true),
        json!(1),
        json!(["EdDSA"]),
        json!({ "name": "EdDSA" }),
    ] {
        let name = format!("alg {alg}");
        cases.push(case(name, forge.clone().header("alg", alg).signed(&material.own)));
    }
    cases
}

/// The public key, which everybody has, as the secret of an HMAC.
fn hmac(material: &Material) -> Vec<Case> {
    let raw = URL_SAFE_NO_PAD.decode(&material.public).expect("base64url");
    // RFC 8410 §4: what stands before the 32 bytes of an Ed25519 key.
    let der = [
        &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00],
        raw.as_slice(),
    ]
    .concat();
    let base64 = STANDARD.encode(&der);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n");
    let forge = material.forge.clone().header("alg", "HS256");
    let secrets = [
        ("the raw key", raw),
        ("the key in base64url", material.public.as_bytes().to_vec()),
        ("the key in DER", der),
        ("the key in PEM", pem.into_bytes()),
        ("the JWK", material.jwk.to_string().into_bytes()),
        ("the key's id", material.jwk["kid"].to_string().into_bytes()),
        ("nothing", Vec::new()),
        ("the word secret", b"secret".to_vec()),
    ];
    let mut cases = Vec::new();
    for (name, secret) in secrets {
        cases.push(case(format!("HS256 with {name}"), forge.signed_with_hs256(&secret)));
        let mislabeled = forge.clone().header("alg", "EdDSA");
        cases.push(case(
            format!("HMAC with {name}, called EdDSA"),
            mislabeled.signed_with_hs256(&secret),
        ));
    }
    cases
}
