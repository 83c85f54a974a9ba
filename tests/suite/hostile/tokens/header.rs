//! What is wrong with the rest of the header. All but what is said to come from elsewhere is signed with the app's own key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signer;
use serde_json::{Value, json};

use super::{Case, Material, case};
use crate::harness::{compact, foreign_key};

pub fn cases(material: &Material) -> Vec<Case> {
    let mut cases = types(material);
    cases.extend(key_ids(material));
    cases.extend(keys_that_come_along(material));
    cases.extend(extensions(material));
    cases.extend(twice(material));
    cases
}

fn types(material: &Material) -> Vec<Case> {
    let forge = &material.forge;
    let mut cases = vec![case(
        "typ: none at all",
        forge.clone().without_header("typ").signed(&material.own),
    )];
    let others = [
        "",
        "JWT",
        "jwt",
        "at",
        "at+jwt ",
        " at+jwt",
        "at+jwt\0",
        "at+jwt;x=y",
        "at-jwt",
        "id_token",
        "rt+jwt",
        "dpop+jwt",
        "logout+jwt",
        "secevent+jwt",
        "recovery+jwt",
        "application/jwt",
        "JOSE",
    ];
    for typ in others {
        cases.push(case(
            format!("typ {typ:?}"),
            forge.clone().header("typ", typ).signed(&material.own),
        ));
    }
    for typ in [json!(null), json!(1), json!(["at+jwt"]), json!({ "at+jwt": true })] {
        let name = format!("typ {typ}");
        cases.push(case(name, forge.clone().header("typ", typ).signed(&material.own)));
    }
    cases
}

fn key_ids(material: &Material) -> Vec<Case> {
    let forge = &material.forge;
    let kid = forge.header["kid"].as_str().expect("a key id").to_owned();
    let missing = forge.clone().without_header("kid");
    let mut cases = vec![
        case("kid: none at all", missing.signed(&material.own)),
        case("kid: none at all, from elsewhere", missing.signed(&foreign_key())),
    ];
    let long = "k".repeat(1000);
    let others = [
        "",
        " ",
        "unknown",
        "0",
        "*",
        "null",
        "../../etc/passwd",
        "..\\..\\windows",
        "/dev/null",
        "file:///dev/null",
        "http://127.0.0.1:9/jwks.json",
        "' OR 1=1 --",
        "'; DROP TABLE keys; --",
        "x' UNION SELECT 'key",
        "$(id)",
        "`id`",
        "${jndi:ldap://127.0.0.1:9/a}",
        "{{7*7}}",
        "%00",
        "\0",
        "a\r\nb: c",
        "__proto__",
        "constructor",
        "memo/jwks",
        "auth/key/signing",
        "<script>",
        "열쇠",
        &long,
        &format!("{kid}\0"),
        &format!("{kid} "),
        &format!(" {kid}"),
        &kid.to_uppercase(),
        &kid[..kid.len() - 1],
        &format!("{kid}/.."),
        &format!("{kid},{kid}"),
    ];
    for other in others {
        let name: String = other.chars().take(60).collect();
        let forge = forge.clone().header("kid", other);
        cases.push(case(format!("kid {name:?}"), forge.signed(&material.own)));
        cases.push(case(
            format!("kid {name:?}, from elsewhere"),
            forge.signed(&foreign_key()),
        ));
    }
    for other in [json!(null), json!(0), json!([kid]), json!({ "kid": kid }), json!(true)] {
        let name = format!("kid {other}");
        cases.push(case(name, forge.clone().header("kid", other).signed(&material.own)));
    }
    cases
}

/// A token that says where its key is, or brings it along: signed with that key, under our id, under its own, and under none.
fn keys_that_come_along(material: &Material) -> Vec<Case> {
    let x = URL_SAFE_NO_PAD.encode(foreign_key().verifying_key().as_bytes());
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "theirs", "x": x });
    let mut cases = Vec::new();
    for (field, value) in [
        ("jwk", jwk.clone()),
        ("jwk", json!({ "keys": [jwk] })),
        ("jwks", json!({ "keys": [jwk] })),
        ("jku", json!("http://127.0.0.1:9/jwks.json")),
        ("jku", json!("data:application/json,{}")),
        ("jku", json!("file:///etc/passwd")),
        ("x5u", json!("http://127.0.0.1:9/cert.pem")),
        ("x5c", json!(["MIIB", x])),
        ("x5c", json!([])),
        ("x5t", json!(x)),
        ("x5t#S256", json!(x)),
        ("key", json!(x)),
    ] {
        let bring = material.forge.clone().header(field, value.clone());
        let short: String = value.to_string().chars().take(40).collect();
        let tokens = [
            ("under our id", bring.clone()),
            ("under its own", bring.clone().header("kid", "theirs")),
            ("under none", bring.without_header("kid")),
        ];
        for (name, forge) in tokens {
            cases.push(case(format!("{field} {short} {name}"), forge.signed(&foreign_key())));
        }
    }
    cases
}

/// Extensions that say they must be understood, and one that changes what is signed.
fn extensions(material: &Material) -> Vec<Case> {
    let forge = &material.forge;
    let mut cases = Vec::new();
    for crit in [
        json!([]),
        json!(null),
        json!(true),
        json!(""),
        json!("b64"),
        json!({}),
        json!(["b64"]),
        json!(["exp"]),
        json!(["alg"]),
        json!(["typ", "kid"]),
        json!(["http://example.org/must-understand"]),
        json!([""]),
        json!([1]),
    ] {
        let name = format!("crit {crit}");
        cases.push(case(
            name,
            forge
                .clone()
                .header("crit", crit)
                .header("exp", 1)
                .signed(&material.own),
        ));
    }
    let unencoded = forge.clone().header("b64", false).header("crit", json!(["b64"]));
    cases.push(case("b64: false", unencoded.signed(&material.own)));
    for (name, header) in [
        ("crit", unencoded.header),
        ("no crit", forge.clone().header("b64", false).header),
    ] {
        // RFC 7797 §3: the claims are signed, and sent, as they are.
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), forge.claims);
        let signature = URL_SAFE_NO_PAD.encode(material.own.sign(message.as_bytes()).to_bytes());
        cases.push(case(
            format!("unencoded claims with {name}"),
            format!("{message}.{signature}"),
        ));
    }
    // DEFLATE with one stored block: what is signed are not claims but something that would become some.
    let claims = forge.claims.to_string();
    let length = u16::try_from(claims.len()).expect("a short token");
    let stored = [
        &[1],
        &length.to_le_bytes()[..],
        &(!length).to_le_bytes(),
        claims.as_bytes(),
    ]
    .concat();
    let header = forge.clone().header("zip", "DEF").header.to_string();
    cases.push(case("zip: DEF", compact(header.as_bytes(), &stored, &material.own)));
    cases
}

/// Members that come twice: which one counts would be a guess.
fn twice(material: &Material) -> Vec<Case> {
    let Value::Object(header) = &material.forge.header else {
        panic!("no object")
    };
    let claims = material.forge.claims.to_string();
    let written = header.iter().map(|(name, value)| format!("\"{name}\":{value}"));
    let written = written.collect::<Vec<_>>().join(",");
    let mut cases = Vec::new();
    for (name, member) in [
        ("alg: none first", "\"alg\":\"none\""),
        ("alg: the same", "\"alg\":\"EdDSA\""),
        ("alg: escaped", "\"\\u0061lg\":\"none\""),
        ("typ", "\"typ\":\"JWT\""),
        ("kid", "\"kid\":\"theirs\""),
        ("kid: null", "\"kid\":null"),
        ("crit", "\"crit\":null,\"crit\":[]"),
    ] {
        for (place, json) in [
            ("before", format!("{{{member},{written}}}")),
            ("after", format!("{{{written},{member}}}")),
        ] {
            let token = compact(json.as_bytes(), claims.as_bytes(), &material.own);
            cases.push(case(format!("header twice, {place}: {name}"), token));
        }
    }
    cases
}
