//! What is wrong with a token as text: its parts, their base64url, the JSON in them, its length.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::Signer;
use serde_json::json;

use super::{Case, Material, case};
use crate::harness::compact;

pub fn cases(material: &Material) -> Vec<Case> {
    let mut cases = parts(material);
    cases.extend(serializations(material));
    cases.extend(encodings(material));
    cases.extend(json_texts(material));
    cases.extend(lengths(material));
    cases
}

/// Too few parts, too many, or in another order.
fn parts(material: &Material) -> Vec<Case> {
    let good = &material.good;
    let [header, claims, signature] = material.parts();
    vec![
        case("no token at all", "x"),
        case("one dot", "."),
        case("two dots", ".."),
        case("three dots", "..."),
        case("the header alone", header),
        case("header and claims alone", format!("{header}.{claims}")),
        case("an empty header", format!(".{claims}.{signature}")),
        case("empty claims", format!("{header}..{signature}")),
        case("an empty signature", format!("{header}.{claims}.")),
        case("nothing but a signature", format!("..{signature}")),
        case("four parts", format!("{good}.{signature}")),
        case("five parts", format!("{good}.{claims}.{signature}")),
        case("a dot before", format!(".{good}")),
        case("a dot after", format!("{good}.")),
        case("a dot too many between", good.replacen('.', "..", 1)),
        case("header and claims swapped", format!("{claims}.{header}.{signature}")),
        case("claims and signature swapped", format!("{header}.{signature}.{claims}")),
        case("two tokens with a space between", format!("{good} {good}")),
        case("two tokens with a comma between", format!("{good},{good}")),
        case("the scheme twice", format!("Bearer {good}")),
        case("in quotes", format!("\"{good}\"")),
        case("as a parameter", format!("access_token={good}")),
        case("colons for dots", good.replace('.', ":")),
        case("dots that are escaped", good.replace('.', "%2E")),
        case("dots that are full-width", good.replace('.', "\u{ff0e}")),
        case("a tab inside", good.replacen('.', ".\t", 1)),
    ]
}

/// Other serializations of JOSE than the compact one of a JWS.
fn serializations(material: &Material) -> Vec<Case> {
    let [header, claims, signature] = material.parts();
    let jwe = |header: serde_json::Value| {
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        format!(
            "{header}.{claims}.{}.{claims}.{}",
            URL_SAFE_NO_PAD.encode([7; 12]),
            URL_SAFE_NO_PAD.encode([7; 16])
        )
    };
    let flattened = json!({ "protected": header, "payload": claims, "signature": signature });
    let general = json!({ "payload": claims, "signatures": [{ "protected": header, "signature": signature }] });
    let nested = compact(
        json!({ "alg": "EdDSA", "typ": "at+jwt", "cty": "JWT", "kid": material.forge.header["kid"] })
            .to_string()
            .as_bytes(),
        material.good.as_bytes(),
        &material.own,
    );
    vec![
        case("flattened JSON serialization", flattened.to_string()),
        case("general JSON serialization", general.to_string()),
        case("JSON serialization with a header of its own", {
            let mut unprotected = flattened;
            unprotected["header"] = json!({ "alg": "none" });
            unprotected.to_string()
        }),
        case(
            "an encrypted token, direct",
            jwe(json!({ "alg": "dir", "enc": "A256GCM", "kid": material.jwk["kid"] })),
        ),
        case(
            "an encrypted token, for our key",
            jwe(json!({ "alg": "ECDH-ES", "enc": "A256GCM", "epk": material.jwk })),
        ),
        case("an encrypted token that says EdDSA", jwe(material.forge.header.clone())),
        case("a token within a token", nested),
    ]
}

/// What is no base64url without padding, or has another spelling of the same bytes.
fn encodings(material: &Material) -> Vec<Case> {
    let good = &material.good;
    let [header, claims, signature] = material.parts();
    let (uneven_header, uneven_claims) = (uneven(&material.forge.header), uneven(&material.forge.claims));
    let signed = |message: String| {
        let signature = material.own.sign(message.as_bytes()).to_bytes();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    };
    vec![
        case("no base64 at all", "!!.??.##"),
        case("the signature padded", format!("{good}==")),
        case("the signature padded once", format!("{good}=")),
        case(
            "header padded and signed so",
            signed(format!("{uneven_header}==.{claims}")),
        ),
        case(
            "claims padded and signed so",
            signed(format!("{header}.{uneven_claims}==")),
        ),
        case("bits left over in the signature", respelled(good)),
        case(
            "bits left over in the header, signed so",
            signed(format!("{}.{claims}", respelled(&uneven_header))),
        ),
        case("the standard alphabet", standard_alphabet(material)),
        case(
            "plain JSON for base64",
            format!("{}.{}.{signature}", material.forge.header, material.forge.claims),
        ),
        case(
            "hexadecimal signature",
            format!("{header}.{claims}.{}", "ab".repeat(64)),
        ),
        case("base64 of base64", URL_SAFE_NO_PAD.encode(good)),
        case(
            "a space in the header",
            format!("{} {}.{claims}.{signature}", &header[..8], &header[8..]),
        ),
        case("a letter of another script", good.replacen('e', "е", 1)),
        case("characters escaped", good.replacen('e', "%65", 1)),
    ]
}

/// A part whose last character has bits that stand for nothing, and which padding would follow.
fn uneven(json: &serde_json::Value) -> String {
    let spaced = (0..3).map(|spaces| URL_SAFE_NO_PAD.encode(format!("{json}{}", " ".repeat(spaces))));
    let mut uneven = spaced.filter(|part| part.len() % 4 == 2);
    uneven.next().expect("one of three lengths has bits over")
}

/// The same bytes in another spelling: one of the last character's bits that stand for nothing is set.
fn respelled(text: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = text.split_at(text.len() - 1);
    let value = ALPHABET
        .iter()
        .position(|letter| [*letter] == *last.as_bytes())
        .expect("base64url");
    format!("{rest}{}", ALPHABET[value + 1] as char)
}

/// A token whose parts have at least one of the two characters in which the alphabets differ.
fn standard_alphabet(material: &Material) -> String {
    let tokens = (0..).map(|n| {
        material
            .forge
            .clone()
            .claim("jti", format!("{n}"))
            .signed(&material.own)
    });
    let mut telling = tokens.filter(|token| token.contains(['-', '_']));
    let token = telling.next().expect("most tokens have one");
    let parts = token.split('.').map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
        STANDARD.encode(bytes).trim_end_matches('=').to_owned()
    });
    parts.collect::<Vec<_>>().join(".")
}

/// Signed with the app's own key, but what is signed is not one JSON object.
fn json_texts(material: &Material) -> Vec<Case> {
    let (header, claims) = (material.forge.header.to_string(), material.forge.claims.to_string());
    let utf16 = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    let bad_utf8 = |text: &str| {
        let mut bytes = text.as_bytes().to_vec();
        let end = bytes.len() - 2;
        bytes.insert(end, 0xff);
        bytes
    };
    let deep = format!("{{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":{}", "[".repeat(1000));
    let kid = material.forge.header["kid"].clone();
    let list = json!(["EdDSA", "at+jwt", kid, null]).to_string();
    let mut cases = Vec::new();
    type Change<'a> = (&'a str, Box<dyn Fn(&str) -> Vec<u8> + 'a>);
    let changes: [Change<'_>; 17] = [
        ("empty", Box::new(|_| Vec::new())),
        ("null", Box::new(|_| b"null".to_vec())),
        ("true", Box::new(|_| b"true".to_vec())),
        ("a number", Box::new(|_| b"1e3".to_vec())),
        (
            "text",
            Box::new(|json| serde_json::Value::from(json).to_string().into_bytes()),
        ),
        ("an empty object", Box::new(|_| b"{}".to_vec())),
        (
            "a list of one object",
            Box::new(|json| format!("[{json}]").into_bytes()),
        ),
        ("two objects", Box::new(|json| json.repeat(2).into_bytes())),
        ("cut short", Box::new(|json| json[..json.len() - 1].into())),
        (
            "a comma too many",
            Box::new(|json| json.replace('}', ",}").into_bytes()),
        ),
        ("a comment after it", Box::new(|json| format!("{json}//").into_bytes())),
        ("NUL after it", Box::new(|json| format!("{json}\0").into_bytes())),
        (
            "a byte order mark before it",
            Box::new(|json| format!("\u{feff}{json}").into_bytes()),
        ),
        ("in single quotes", Box::new(|json| json.replace('"', "'").into_bytes())),
        ("in UTF-16", Box::new(utf16)),
        ("not UTF-8", Box::new(bad_utf8)),
        (
            "in YAML",
            Box::new(|json| json.replace(['{', '}', '"'], "").replace(',', "\n").into_bytes()),
        ),
    ];
    for (name, change) in changes {
        let bad_header = compact(&change(&header), claims.as_bytes(), &material.own);
        let bad_claims = compact(header.as_bytes(), &change(&claims), &material.own);
        cases.push(case(format!("header: {name}"), bad_header));
        cases.push(case(format!("claims: {name}"), bad_claims));
    }
    cases.push(case(
        "header: the values as a list",
        compact(list.as_bytes(), claims.as_bytes(), &material.own),
    ));
    cases.push(case(
        "header: deeply nested",
        compact(deep.as_bytes(), claims.as_bytes(), &material.own),
    ));
    let deep = format!("{{\"sub\":{}", "{\"sub\":".repeat(180));
    cases.push(case(
        "claims: deeply nested",
        compact(header.as_bytes(), deep.as_bytes(), &material.own),
    ));
    cases
}

/// Longer than any token of the app.
fn lengths(material: &Material) -> Vec<Case> {
    let good = &material.good;
    let padded = |bytes: usize| {
        material
            .forge
            .clone()
            .claim("padding", "x".repeat(bytes))
            .signed(&material.own)
    };
    vec![
        case(
            "a character too long to be looked at",
            format!("{good}{}", "A".repeat(2049 - good.len())),
        ),
        case("2 kB more, well signed", padded(2048)),
        case("10 kB more, well signed", padded(10_000)),
        case("10 kB of nothing", "x".repeat(10_000)),
        case("10 kB of dots", ".".repeat(10_000)),
        case("one character less", &good[..good.len() - 1]),
        case("two characters less", &good[..good.len() - 2]),
        case("one character more", format!("{good}A")),
    ]
}
