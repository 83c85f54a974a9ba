//! What is wrong with the claims. All tokens here are signed with the app's own key: a mistake of the issuer's, or another
//! service of the same key, must not open anything either.

use serde_json::{Value, json};

use super::{Case, Material, case};
use crate::harness::{compact, now};

pub fn cases(material: &Material) -> Vec<Case> {
    let mut cases = missing(material);
    cases.extend(times(material));
    cases.extend(parties(material));
    cases.extend(ids(material));
    cases.extend(twice(material));
    cases
}

fn with(material: &Material, name: &str, value: Value) -> Case {
    let shown: String = value.to_string().chars().take(60).collect();
    let token = material.forge.clone().claim(name, value).signed(&material.own);
    case(format!("{name} {shown}"), token)
}

fn missing(material: &Material) -> Vec<Case> {
    let needed = ["iss", "aud", "sub", "exp", "iat", "jti", "client_id", "sid"];
    let without = needed.map(|name| {
        let token = material.forge.clone().without_claim(name).signed(&material.own);
        case(format!("no {name}"), token)
    });
    let renamed = needed.map(|name| {
        let value = material.forge.claims[name].clone();
        let forge = material
            .forge
            .clone()
            .without_claim(name)
            .claim(&name.to_uppercase(), value);
        case(format!("{name} in capitals only"), forge.signed(&material.own))
    });
    without.into_iter().chain(renamed).collect()
}

fn times(material: &Material) -> Vec<Case> {
    let now = now();
    let mut cases = Vec::new();
    for age in [31, 60, 3600, 86_400 * 365] {
        let forge = material
            .forge
            .clone()
            .claim("iat", now - age - 600)
            .claim("exp", now - age);
        cases.push(case(format!("expired for {age} s"), forge.signed(&material.own)));
    }
    for name in ["exp", "iat", "nbf"] {
        for value in [
            json!(null),
            json!(""),
            json!("soon"),
            json!((now + 600).to_string()),
            json!(true),
            json!(-1),
            json!([now]),
            json!({}),
            json!(now as f64 + 600.5),
        ] {
            cases.push(with(material, name, value));
        }
        // Numbers that no number of serde_json's holds are written by hand.
        for number in [
            "1e400",
            "-1e400",
            "1e20",
            "18446744073709551616",
            "9e99",
            "0x7fffffff",
            "NaN",
            "Infinity",
            "1_000",
            "01",
            "+1",
        ] {
            cases.push(case(format!("{name} is {number}"), by_hand(material, name, number)));
        }
    }
    cases.push(with(material, "exp", json!(0)));
    cases.push(with(material, "exp", json!(u64::MAX)));
    for name in ["iat", "nbf"] {
        for ahead in [60, 3600, 86_400 * 365 * 100] {
            let token = material.forge.clone().claim(name, now + ahead).signed(&material.own);
            cases.push(case(format!("{name} in {ahead} s"), token));
        }
        cases.push(with(material, name, json!(u64::MAX)));
    }
    cases
}

/// The claims with one that is written like this, whatever it was.
fn by_hand(material: &Material, name: &str, value: &str) -> String {
    let rest = material.forge.clone().without_claim(name).claims.to_string();
    let claims = format!("{{\"{name}\":{value},{}", &rest[1..]);
    compact(
        material.forge.header.to_string().as_bytes(),
        claims.as_bytes(),
        &material.own,
    )
}

/// Who issued it, and for whom.
fn parties(material: &Material) -> Vec<Case> {
    let mut cases = Vec::new();
    for name in ["iss", "aud"] {
        let right = material.forge.claims[name].as_str().expect("text").to_owned();
        for wrong in [
            json!(null),
            json!(0),
            json!(true),
            json!(""),
            json!([]),
            json!({}),
            json!([right]),
            json!([right, "another"]),
            json!(["another", right]),
            json!("another"),
            json!("https://elsewhere.example"),
            json!("*"),
            json!(format!("{right}/")),
            json!(format!("{right} ")),
            json!(format!("{right}\0")),
            json!(format!("x{right}")),
            json!(format!("{right}.evil.example")),
            json!(right.to_uppercase()),
            json!(&right[..right.len() - 1]),
            json!(format!("{right},another")),
        ] {
            cases.push(with(material, name, wrong));
        }
    }
    let swapped = material
        .forge
        .clone()
        .claim("iss", material.forge.claims["aud"].clone());
    let swapped = swapped.claim("aud", material.forge.claims["iss"].clone());
    cases.push(case("issuer and audience swapped", swapped.signed(&material.own)));
    cases
}

/// Ids that could name another part of a store, and values that are no text.
fn ids(material: &Material) -> Vec<Case> {
    let mut cases = Vec::new();
    for name in ["sub", "sid"] {
        let right = material.forge.claims[name].as_str().expect("text").to_owned();
        for wrong in [
            json!(""),
            json!("/"),
            json!("."),
            json!(".."),
            json!(format!("../{right}")),
            json!(format!("{right}/1")),
            json!(format!("{right}/../{right}")),
            json!(format!("{right}\0")),
            json!(format!("{right}\n")),
            json!(format!("{right} ")),
            json!("a:b"),
            json!("a*"),
            json!("%2e%2e"),
            json!("회원"),
            json!(format!("65 {}", "x".repeat(62))),
            json!(format!("1000 {}", "x".repeat(995))),
            json!("' OR 1=1 --"),
        ] {
            cases.push(with(material, name, wrong));
        }
    }
    for name in ["sub", "sid", "jti", "client_id", "scope"] {
        for wrong in [json!(1), json!(1.5), json!(true), json!(["a"]), json!({ "$ne": null })] {
            cases.push(with(material, name, wrong));
        }
        cases.push(with(material, name, json!(null)));
    }
    cases
}

/// Claims that come twice, in both orders, plainly and in escapes.
fn twice(material: &Material) -> Vec<Case> {
    let written = material.forge.claims.to_string();
    let header = material.forge.header.to_string();
    let mut cases = Vec::new();
    for (name, member) in [
        ("sub", "\"sub\":\"somebody\"".to_owned()),
        ("sub, escaped", "\"\\u0073ub\":\"somebody\"".to_owned()),
        ("sub, the same", format!("\"sub\":{}", material.forge.claims["sub"])),
        ("iss", "\"iss\":\"another\"".to_owned()),
        ("aud", "\"aud\":\"another\"".to_owned()),
        ("exp", "\"exp\":9999999999".to_owned()),
        ("iat", "\"iat\":1".to_owned()),
        ("nbf", "\"nbf\":1,\"nbf\":1".to_owned()),
        ("sid", "\"sid\":\"another\"".to_owned()),
        ("jti", "\"jti\":\"another\"".to_owned()),
        ("client_id", "\"client_id\":\"another\"".to_owned()),
        ("scope", "\"scope\":\"account\"".to_owned()),
    ] {
        let before = format!("{{{member},{}", &written[1..]);
        let after = format!("{},{member}}}", &written[..written.len() - 1]);
        for (place, claims) in [("before", before), ("after", after)] {
            let token = compact(header.as_bytes(), claims.as_bytes(), &material.own);
            cases.push(case(format!("claim twice, {place}: {name}"), token));
        }
    }
    cases
}
