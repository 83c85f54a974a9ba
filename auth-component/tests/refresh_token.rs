//! Refresh tokens as texts: each has one spelling, and nothing else is read. The seeds of the random ones are fixed.

use auth_component::records::refresh_token::RefreshToken;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use fastrand::Rng;

const ID: &str = "abcdefghijklmnopqrst-_";

fn part(byte: u8) -> String {
    URL_SAFE_NO_PAD.encode([byte; 32])
}

/// The text of the token that was read from this one.
fn read(text: &str) -> Option<String> {
    RefreshToken::parse(text).map(|token| token.to_text())
}

#[test]
fn a_token_is_an_id_a_secret_and_perhaps_a_tag() {
    let (secret, tag) = (part(1), part(2));
    for good in [
        format!("{ID}.{secret}.{tag}"),
        format!("{ID}.{secret}"),
        format!("{}.{secret}.{tag}", "0".repeat(22)),
        format!("{}.{secret}.{tag}", "Z".repeat(22)),
    ] {
        assert_eq!(read(&good).as_deref(), Some(good.as_str()));
    }
    for wrong in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        ID.to_owned(),
        format!("{ID}."),
        format!("{ID}.."),
        format!("{ID}..{tag}"),
        format!("{ID}.{secret}."),
        format!("{ID}.{secret}.{tag}."),
        format!("{ID}.{secret}.{tag}.{tag}"),
        format!("{ID}{secret}{tag}"),
        format!(".{secret}.{tag}"),
        format!("{}.{secret}.{tag}", &ID[1..]),
        format!("{ID}a.{secret}.{tag}"),
        format!("{ID}.{}.{tag}", &secret[1..]),
        format!("{ID}.{secret}A.{tag}"),
        format!("{ID}.{secret}=.{tag}"),
        format!("{ID}.{secret}.{}", &tag[1..]),
        format!("{ID}.{secret}.{tag}A"),
        format!(" {ID}.{secret}.{tag}"),
        format!("{ID}.{secret}.{tag}\n"),
        format!("{ID}.{}.{tag}", secret.replacen('A', "+", 1)),
    ] {
        assert_eq!(read(&wrong), None, "{wrong}");
    }
}

#[test]
fn the_id_is_safe_in_a_key_of_the_store() {
    let (secret, tag) = (part(1), part(2));
    for byte in (0..=127_u8).map(char::from) {
        let is_safe = byte.is_ascii_alphanumeric() || byte == '-' || byte == '_';
        for id in [format!("{byte}{}", &ID[1..]), format!("{}{byte}", &ID[..21])] {
            let text = format!("{id}.{secret}.{tag}");
            assert_eq!(read(&text).is_some(), is_safe, "{text:?}");
        }
    }
    // As many bytes as an id has, and fewer characters.
    assert_eq!(read(&format!("{}.{secret}.{tag}", "é".repeat(11))), None);
}

#[test]
fn whatever_is_sent_is_read_as_it_is_or_refused() {
    let mut rng = Rng::with_seed(1);
    let good = format!("{ID}.{}.{}", part(0), part(255));
    let mut accepted = 0;
    for _ in 0..6000 {
        let mut bytes = good.clone().into_bytes();
        for _ in 0..rng.usize(1..4) {
            let at = rng.usize(..bytes.len());
            match rng.u8(..5) {
                0 => bytes.insert(at, rng.u8(..)),
                1 => drop(bytes.remove(at)),
                2 => bytes[at] = rng.u8(..),
                3 => bytes[at] = rng.alphanumeric() as u8,
                _ => bytes[at] = b"._-=+/ \0"[rng.usize(..8)],
            }
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some(again) = read(&text) {
            assert_eq!(again, text);
            accepted += 1;
        }
        let noise: Vec<u8> = (0..rng.usize(..200)).map(|_| rng.u8(..)).collect();
        assert_eq!(read(&String::from_utf8_lossy(&noise)), None);
    }
    assert!(accepted > 0);
}
