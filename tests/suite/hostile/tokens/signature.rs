//! What is wrong with the signature.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha256};

use super::{Case, Material, case};
use crate::harness::{foreign_key, now};

/// The order of Ed25519's group, as 32 bytes, little end first (RFC 8032 §5.1).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

pub fn cases(material: &Material) -> Vec<Case> {
    let mut cases = bytes(material);
    cases.extend(of_something_else(material));
    cases.extend(by_somebody_else(material));
    cases
}

/// The right signature with other bytes.
fn bytes(material: &Material) -> Vec<Case> {
    let right = material.own.sign(message(material).as_bytes()).to_bytes();
    let (r, s): ([u8; 32], [u8; 32]) = (right[..32].try_into().unwrap(), right[32..].try_into().unwrap());
    let with = |signature: &[u8]| format!("{}.{}", message(material), URL_SAFE_NO_PAD.encode(signature));
    assert_eq!(with(&right).matches('.').count(), 2);
    let flip = |at: usize, bit: u8| {
        let mut bytes = right;
        bytes[at] ^= bit;
        with(&bytes)
    };
    let both = |r: [u8; 32], s: [u8; 32]| with(&[r, s].concat());
    let one = |first: u8| {
        let mut bytes = [0; 32];
        bytes[0] = first;
        bytes
    };
    // y = 1 is the neutral element, and y = -1 has order 2; p + 1 is 1 spelled in another way.
    let (neutral, zero, all_ones) = (one(1), [0; 32], [0xff; 32]);
    let minus_one = {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (0xec, 0x7f);
        bytes
    };
    let neutral_respelled = {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (0xee, 0x7f);
        bytes
    };
    let mut half_high = s;
    half_high[31] |= 0x20;
    vec![
        case("all zero", with(&[0; 64])),
        case("all ones", with(&[0xff; 64])),
        case("the first bit flipped", flip(0, 1)),
        case("the sign of R flipped", flip(31, 0x80)),
        case("the first bit of S flipped", flip(32, 1)),
        case("the last bit of S flipped", flip(63, 0x80)),
        case("S plus the order", both(r, plus_order(s))),
        case("S plus twice the order", both(r, plus_order(plus_order(s)))),
        case("S with a bit above the order", both(r, half_high)),
        case("S is the order", both(r, ORDER)),
        case("S is zero", both(r, zero)),
        case("R is zero", both(zero, s)),
        case("R is neutral", both(neutral, s)),
        case("R is neutral and S zero", both(neutral, zero)),
        case(
            "R is neutral, spelled otherwise, and S zero",
            both(neutral_respelled, zero),
        ),
        case("R has order two and S is zero", both(minus_one, zero)),
        case("R is no point", both(all_ones, s)),
        case("R and S swapped", both(s, r)),
        case("backwards", with(&right.iter().rev().copied().collect::<Vec<_>>())),
        case("a byte less", with(&right[..63])),
        case("a byte more", with(&[&right[..], &[0]].concat())),
        case("a zero byte before", with(&[&[0], &right[..]].concat())),
        case("half of it", with(&right[..32])),
        case("twice", with(&right.repeat(2))),
        case("as long as Ed448's", with(&[&right[..], &[0; 50]].concat())),
        case(
            "as ECDSA's is written",
            with(&[&[0x30, 0x44, 2, 32], &right[..32], &[2, 32], &right[32..]].concat()),
        ),
    ]
}

/// S + L, which a careless verifier takes for S.
fn plus_order(s: [u8; 32]) -> [u8; 32] {
    let mut carry = 0;
    let mut sum = [0; 32];
    for (sum, (s, order)) in sum.iter_mut().zip(s.into_iter().zip(ORDER)) {
        let total = u16::from(s) + u16::from(order) + carry;
        (*sum, carry) = ((total & 0xff) as u8, total >> 8);
    }
    sum
}

fn message(material: &Material) -> String {
    let [header, claims, _] = material.parts();
    format!("{header}.{claims}")
}

/// The app's own signature, of something else than header and claims as they stand there.
fn of_something_else(material: &Material) -> Vec<Case> {
    let [header, claims, signature] = material.parts();
    let message = message(material);
    let of = |signed: &[u8]| {
        let signature = material.own.sign(signed).to_bytes();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    };
    let forge = &material.forge;
    let grafted = |forge: crate::harness::Forge| {
        let token = forge.signed(&material.own);
        let (message, _) = token.rsplit_once('.').expect("a signature");
        format!("{message}.{signature}")
    };
    let plain = format!("{}.{}", forge.header, forge.claims);
    vec![
        case("of the claims alone", of(claims.as_bytes())),
        case("of the header alone", of(header.as_bytes())),
        case(
            "of header and claims without the dot",
            of(format!("{header}{claims}").as_bytes()),
        ),
        case(
            "of header and claims and a line's end",
            of(format!("{message}\n").as_bytes()),
        ),
        case("of the plain JSON", of(plain.as_bytes())),
        case("of a hash", of(&Sha256::digest(message.as_bytes()))),
        case("of nothing", of(b"")),
        case(
            "of another token of the same person",
            grafted(forge.clone().claim("jti", "another")),
        ),
        case(
            "of the same token with a longer life",
            grafted(forge.clone().claim("exp", now() + 86_400)),
        ),
        case(
            "of the same token for somebody else",
            grafted(forge.clone().claim("sub", "somebody")),
        ),
        case(
            "of the same token with more rights",
            grafted(forge.clone().claim("scope", "account admin")),
        ),
        case(
            "of the same token with another header",
            grafted(forge.clone().header("cty", "x")),
        ),
    ]
}

/// Well signed, by another key.
fn by_somebody_else(material: &Material) -> Vec<Case> {
    let forge = &material.forge;
    let public = URL_SAFE_NO_PAD.decode(&material.public).expect("base64url");
    let public: [u8; 32] = public.try_into().expect("32 bytes");
    let by = |seed: [u8; 32]| forge.signed(&SigningKey::from_bytes(&seed));
    vec![
        case("by another service's key", forge.signed(&foreign_key())),
        case("by a key of zeros", by([0; 32])),
        case("by a key of ones", by([0xff; 32])),
        case("by the public key as a seed", by(public)),
        case(
            "by the hash of the public key as a seed",
            by(Sha256::digest(public).into()),
        ),
        case("by another service's key, under its id", {
            let x = URL_SAFE_NO_PAD.encode(foreign_key().verifying_key().as_bytes());
            forge.clone().header("kid", x).signed(&foreign_key())
        }),
    ]
}
