//! Which tokens are accepted: every rule of the header and of the claims, and each limit from both sides.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use common::{
    testing::{NoRandom, SeededRandom},
    token::{AccessToken, CLOCK_SKEW, KeySet, TOKEN_MAX_BYTES, TokenError, TokenProfile, UserId, bearer},
    world::{clock::Timestamp, random::Random},
};
use ed25519_dalek::{Signer, SigningKey};
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};

/// The time at which the tokens of these tests were issued, in seconds.
const ISSUED: u64 = 1_790_000_000;
const EXPIRES: u64 = ISSUED + 600;

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn jwk(id: &str, key: &SigningKey) -> Value {
    let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
    json!({"kty": "OKP", "crv": "Ed25519", "kid": id, "x": x})
}

fn key_set(keys: &[Value]) -> KeySet {
    KeySet::parse(json!({"keys": keys}).to_string().as_bytes()).unwrap()
}

fn header() -> Value {
    json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "one"})
}

fn claims() -> Value {
    json!({
        "iss": "memo-auth", "aud": "memo-api", "sub": "ann", "jti": "1", "client_id": "test", "sid": "2",
        "iat": ISSUED, "exp": EXPIRES,
    })
}

/// The object with one field set, or taken out where the value is `Value::Null`.
fn with(mut object: Value, field: &str, value: &Value) -> Value {
    let fields = object.as_object_mut().unwrap();
    match value {
        Value::Null => fields.remove(field),
        value => fields.insert(field.to_owned(), value.clone()),
    };
    object
}

/// Signs any texts, whether or not they are the JSON of a token.
fn sign(parts: &[impl AsRef<[u8]>]) -> String {
    let parts: Vec<String> = parts.iter().map(|part| URL_SAFE_NO_PAD.encode(part)).collect();
    let signed = parts.join(".");
    let signature = URL_SAFE_NO_PAD.encode(key().sign(signed.as_bytes()).to_bytes());
    format!("{signed}.{signature}")
}

fn token(header: &Value, claims: &Value) -> String {
    sign(&[&header.to_string(), &claims.to_string()])
}

fn verify_with(token: &str, keys: &KeySet, now: Timestamp) -> Result<AccessToken, TokenError> {
    let profile = TokenProfile {
        issuer: "memo-auth".to_owned(),
        audience: "memo-api".to_owned(),
    };
    profile.verify(token, keys, now)
}

/// `None` for a good token, or what is wrong with it.
fn fault_at(token: &str, secs: u64) -> Option<TokenError> {
    let keys = key_set(&[jwk("one", &key())]);
    verify_with(token, &keys, Timestamp(secs * 1000)).err()
}

fn fault(token: &str) -> Option<TokenError> {
    fault_at(token, ISSUED)
}

#[test]
fn a_good_token_is_read_as_it_was_written() {
    let keys = key_set(&[jwk("one", &key())]);
    let read = verify_with(&token(&header(), &claims()), &keys, Timestamp(ISSUED * 1000)).unwrap();
    let shown = serde_json::to_value(&read.claims).unwrap();
    for field in ["iss", "aud", "sub", "jti", "client_id", "sid"] {
        assert_eq!(shown[field], claims()[field], "{field}");
    }
    assert_eq!(read.expires_at, Timestamp(EXPIRES * 1000));
}

#[test]
fn every_rule_of_the_header_holds_by_itself() {
    let (invalid, unknown) = (Some(TokenError::Invalid), Some(TokenError::UnknownKey));
    for (field, value, expected) in [
        ("typ", json!("AT+JWT"), None),
        ("typ", json!("At+jWt"), None),
        ("typ", json!("JWT"), invalid),
        ("typ", json!("application/at+jwt"), invalid),
        ("typ", json!("at+jwt "), invalid),
        ("typ", json!(""), invalid),
        ("typ", json!(["at+jwt"]), invalid),
        ("typ", Value::Null, invalid),
        ("alg", json!("none"), invalid),
        ("alg", json!("HS256"), invalid),
        ("alg", json!("Ed25519"), invalid),
        ("alg", json!("eddsa"), invalid),
        ("alg", json!(""), invalid),
        ("alg", Value::Null, invalid),
        ("kid", json!("two"), unknown),
        ("kid", json!("One"), unknown),
        ("kid", json!(""), unknown),
        ("kid", json!(1), invalid),
        ("kid", Value::Null, invalid),
        ("crit", json!([]), invalid),
        ("crit", json!(["exp"]), invalid),
        ("crit", json!(false), invalid),
        // What nobody asks us to understand is passed over.
        ("b64", json!(true), None),
        ("jwk", jwk("one", &SigningKey::from_bytes(&[8; 32])), None),
    ] {
        let changed = with(header(), field, &value);
        assert_eq!(fault(&token(&changed, &claims())), expected, "{changed}");
    }
    // Several faults at once are one, too.
    let all_wrong = json!({"alg": "none", "typ": "JWT", "kid": "one", "crit": []});
    assert_eq!(fault(&token(&all_wrong, &claims())), invalid);
    let twice = r#"{"alg": "none", "alg": "EdDSA", "typ": "at+jwt", "kid": "one"}"#;
    assert_eq!(fault(&sign(&[twice, &claims().to_string()])), invalid);
}

#[test]
fn every_claim_is_needed_and_compared_whole() {
    for (field, wrong) in [
        ("iss", json!("memo-auth2")),
        ("iss", json!("memo-aut")),
        ("iss", json!("Memo-Auth")),
        ("iss", json!("")),
        ("aud", json!("memo-api2")),
        ("aud", json!("memo-auth")),
        ("aud", json!(["memo-api"])),
        ("aud", json!("")),
        ("sub", json!("")),
        ("sub", json!("ann/1")),
        ("sub", json!("x".repeat(65))),
        ("sid", json!("")),
        ("sid", json!("../2")),
        ("sid", json!("x".repeat(65))),
        ("exp", json!("1")),
        ("exp", json!(u64::MAX)),
        ("exp", json!(-1)),
        ("exp", json!(1.5)),
        ("iat", json!("1")),
        ("nbf", json!("1")),
    ] {
        let changed = with(claims(), field, &wrong);
        assert_eq!(
            fault(&token(&header(), &changed)),
            Some(TokenError::Invalid),
            "{changed}"
        );
    }
    for field in ["iss", "aud", "sub", "jti", "client_id", "sid", "exp", "iat"] {
        let without = with(claims(), field, &Value::Null);
        assert_eq!(
            fault(&token(&header(), &without)),
            Some(TokenError::Invalid),
            "{without}"
        );
    }
    let twice = claims().to_string().replacen('{', "{\"sub\": \"bob\", ", 1);
    assert_eq!(
        fault(&sign(&[&header().to_string(), &twice])),
        Some(TokenError::Invalid)
    );
}

#[test]
fn a_header_is_an_object_and_null_is_an_extension_too() {
    let list = json!(["EdDSA", "at+jwt", "one", false]).to_string();
    assert_eq!(fault(&sign(&[&list, &claims().to_string()])), Some(TokenError::Invalid));
    let null = header().to_string().replacen('{', "{\"crit\": null, ", 1);
    assert_eq!(fault(&sign(&[&null, &claims().to_string()])), Some(TokenError::Invalid));
    // serde_json itself does not look into what it passes over.
    let unread = [b"{\"x\":\"\xff\",".as_slice(), &header().to_string().as_bytes()[1..]].concat();
    assert_eq!(
        fault(&sign(&[unread.as_slice(), claims().to_string().as_bytes()])),
        Some(TokenError::Invalid)
    );
    let spaced = format!(" \n{}", header());
    assert_eq!(fault(&sign(&[&spaced, &claims().to_string()])), None);
}

/// Also where a key of ours had the id that they name.
#[test]
fn wycheproofs_tokens_are_refused_whatever_they_say() {
    let corpus: Value = serde_json::from_str(include_str!("../../tests/corpora/jws.json")).unwrap();
    let tokens = corpus["tokens"].as_array().unwrap();
    assert!(tokens.len() > 350);
    for case in tokens {
        let token = case[2].as_str().unwrap();
        let named = token
            .split('.')
            .next()
            .and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let named: Value = named
            .and_then(|json| serde_json::from_slice(&json).ok())
            .unwrap_or_default();
        let keys = key_set(&[jwk(named["kid"].as_str().unwrap_or("one"), &key())]);
        let fault = verify_with(token, &keys, Timestamp(ISSUED * 1000)).err();
        assert_eq!(fault, Some(TokenError::Invalid), "{case}");
    }
}

#[test]
fn the_skew_is_what_the_docs_say() {
    assert_eq!(CLOCK_SKEW.as_secs(), 30);
}

#[test]
fn times_are_allowed_the_skew_and_no_second_more() {
    let skew = CLOCK_SKEW.as_secs();
    let good = token(&header(), &claims());
    for (now, expected) in [
        (ISSUED - skew - 1, Some(TokenError::Invalid)),
        (ISSUED - skew, None),
        (EXPIRES, None),
        (EXPIRES + skew - 1, None),
        (EXPIRES + skew, Some(TokenError::Expired)),
        (EXPIRES + skew + 1, Some(TokenError::Expired)),
    ] {
        assert_eq!(fault_at(&good, now), expected, "{now}");
    }
    // The last millisecond counts.
    let keys = key_set(&[jwk("one", &key())]);
    let end = (EXPIRES + skew) * 1000;
    assert!(verify_with(&good, &keys, Timestamp(end - 1)).is_ok());
    assert!(verify_with(&good, &keys, Timestamp(end)).is_err());

    for (field, ahead, expected) in [
        ("nbf", skew, None),
        ("nbf", skew + 1, Some(TokenError::Invalid)),
        ("iat", skew, None),
        ("iat", skew + 1, Some(TokenError::Invalid)),
    ] {
        let early = with(claims(), field, &json!(ISSUED + ahead));
        assert_eq!(fault(&token(&header(), &early)), expected, "{early}");
    }
}

#[test]
fn times_at_the_end_of_all_numbers_do_no_harm() {
    let keys = key_set(&[jwk("one", &key())]);
    let (last, longer) = (u64::MAX / 1000, u64::MAX / 1000 + 1);
    let latest = token(&header(), &with(claims(), "exp", &json!(last)));
    let read = verify_with(&latest, &keys, Timestamp(u64::MAX)).unwrap();
    assert_eq!(read.expires_at, Timestamp(last * 1000));
    // No clock comes so far.
    let endless = token(&header(), &with(claims(), "exp", &json!(longer)));
    assert_eq!(fault(&endless), Some(TokenError::Invalid));
    let never = token(&header(), &with(claims(), "iat", &json!(u64::MAX)));
    assert_eq!(fault(&never), Some(TokenError::Invalid));
}

#[test]
fn a_token_that_is_wrong_and_expired_is_wrong() {
    let late = EXPIRES + 1000;
    for (field, value) in [("iss", "x"), ("aud", "x")] {
        let wrong = token(&header(), &with(claims(), field, &json!(value)));
        assert_eq!(fault_at(&wrong, late), Some(TokenError::Invalid), "{field}");
    }
}

#[test]
fn a_token_is_three_signed_parts_and_nothing_else() {
    let (header, claims) = (header().to_string(), claims().to_string());
    let good = sign(&[&header, &claims]);
    let parts: Vec<&str> = good.split('.').collect();
    let [head, body, signature] = [parts[0], parts[1], parts[2]];
    let another_body = URL_SAFE_NO_PAD.encode(claims.replace("\"ann\"", "\"bob\""));
    for wrong in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        head.to_owned(),
        format!("{head}.{body}"),
        format!("{head}.{body}."),
        format!("{head}..{signature}"),
        format!(".{body}.{signature}"),
        format!("{body}.{head}.{signature}"),
        format!("{signature}.{body}.{head}"),
        format!("{head}.{signature}.{body}"),
        format!("{head}.{another_body}.{signature}"),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.{signature}"),
        format!("{good}="),
        format!(" {good}"),
        format!("{good}\n"),
        // Signed as they are, and yet no tokens.
        sign(&[&header, &claims, "more"]),
        sign(&[&header]),
        sign(&[&header, ""]),
        sign(&[&header, &format!("{claims} and more")]),
        sign(&[&header, "[]"]),
        sign(&["[]", &claims]),
    ] {
        assert_eq!(fault(&wrong), Some(TokenError::Invalid), "{wrong}");
    }
    assert_eq!(fault(&good), None);
}

#[test]
fn a_signature_has_one_spelling_and_one_key() {
    let good = token(&header(), &claims());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    for position in [0, 31, 32, 63] {
        let mut flipped = bytes.clone();
        flipped[position] ^= 1;
        let wrong = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(flipped));
        assert_eq!(fault(&wrong), Some(TokenError::Invalid), "byte {position}");
    }
    for length in [0, 63] {
        let wrong = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(&bytes[..length]));
        assert_eq!(fault(&wrong), Some(TokenError::Invalid), "{length} bytes");
    }
    // The last character has four bits that mean nothing.
    let (start, last) = signature.split_at(signature.len() - 1);
    let next = char::from(last.as_bytes()[0] + 1);
    assert_eq!(fault(&format!("{signed}.{start}{next}")), Some(TokenError::Invalid));

    let another = key_set(&[jwk("one", &SigningKey::from_bytes(&[8; 32])), jwk("two", &key())]);
    let read = verify_with(&good, &another, Timestamp(ISSUED * 1000));
    assert_eq!(read.err(), Some(TokenError::Invalid));
}

#[test]
fn a_key_under_which_everything_is_signed_signs_nothing() {
    // The neutral element of the curve: this signature fits every message, unless weak keys are refused.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let weak = json!({"kty": "OKP", "crv": "Ed25519", "kid": "one", "x": URL_SAFE_NO_PAD.encode(neutral)});
    let keys = key_set(&[weak]);
    assert!(!keys.is_empty());
    let good = token(&header(), &claims());
    let (signed, _) = good.rsplit_once('.').unwrap();
    let forged = [neutral, [0; 32]].concat();
    let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(forged));
    let read = verify_with(&forged, &keys, Timestamp(ISSUED * 1000));
    assert_eq!(read.err(), Some(TokenError::Invalid));
}

/// A good token of exactly so many bytes.
fn token_of(bytes: usize) -> String {
    let mut paddings = (0..4).flat_map(|head| (0..bytes).map(move |body| (head, body)));
    paddings
        .find_map(|(head, body)| {
            let header = with(header(), "pad", &json!("x".repeat(head)));
            let claims = with(claims(), "pad", &json!("x".repeat(body)));
            Some(token(&header, &claims)).filter(|token| token.len() == bytes)
        })
        .unwrap()
}

#[test]
fn a_token_has_at_most_so_many_bytes() {
    assert_eq!(fault(&token_of(TOKEN_MAX_BYTES)), None);
    assert_eq!(fault(&token_of(TOKEN_MAX_BYTES + 1)), Some(TokenError::Invalid));
}

fn authorization(values: &[&[u8]]) -> HeaderMap {
    let values = values.iter().map(|value| HeaderValue::from_bytes(value).unwrap());
    values.map(|value| (header::AUTHORIZATION, value)).collect()
}

#[test]
fn a_bearer_token_comes_once_and_under_its_scheme() {
    use TokenError::{Invalid, Missing};
    let longest = "x".repeat(TOKEN_MAX_BYTES);
    let longest = format!("Bearer {longest}");
    let too_long = format!("{longest}x");
    for (values, expected) in [
        (&[][..], Err(Missing)),
        (&["Bearer a.b.c"], Ok("a.b.c")),
        (&["bearer a.b.c"], Ok("a.b.c")),
        (&["BEARER a.b.c"], Ok("a.b.c")),
        (&["Bearer  a.b.c "], Ok("a.b.c")),
        (&["Bearer"], Err(Missing)),
        (&["Bearera.b.c"], Err(Missing)),
        (&["Basic YTpi"], Err(Missing)),
        (&["a.b.c"], Err(Missing)),
        (&[""], Err(Missing)),
        (&["Bearer "], Err(Invalid)),
        (&["Bearer   "], Err(Invalid)),
        (&["Bearer a", "Bearer a"], Err(Invalid)),
        (&["Basic YTpi", "Bearer a"], Err(Invalid)),
        (&[&longest], Ok(&longest["Bearer ".len()..])),
        (&[&too_long], Err(Invalid)),
    ] {
        let bytes: Vec<&[u8]> = values.iter().map(|value| value.as_bytes()).collect();
        assert_eq!(bearer(&authorization(&bytes)), expected, "{values:?}");
    }
    assert_eq!(bearer(&authorization(&[b"Bearer a\xff"])), Err(Invalid));
}

#[test]
fn every_error_is_a_401_that_says_how_to_come_back() {
    use axum::response::IntoResponse;
    for (error, challenge) in [
        (TokenError::Missing, None),
        (TokenError::Invalid, Some("The access token is not valid.")),
        (TokenError::UnknownKey, Some("The access token is not valid.")),
        (TokenError::Expired, Some("The access token has expired.")),
    ] {
        let response = common::http::problem::Problem::from(error).into_response();
        assert_eq!(response.status(), 401);
        let sent = response.headers()[header::WWW_AUTHENTICATE].to_str().unwrap();
        let expected = challenge.map_or_else(
            || "Bearer realm=\"memo\"".to_owned(),
            |words| format!("Bearer realm=\"memo\", error=\"invalid_token\", error_description=\"{words}\""),
        );
        assert_eq!(sent, expected);
    }
}

#[test]
fn of_a_key_set_only_usable_keys_are_read() {
    let good = jwk("one", &key());
    for (field, value) in [
        ("kid", Value::Null),
        ("crv", Value::Null),
        ("crv", json!("Ed448")),
        ("crv", json!("ed25519")),
        ("x", Value::Null),
        ("x", json!("")),
        ("x", json!(URL_SAFE_NO_PAD.encode([7; 31]))),
        ("x", json!(URL_SAFE_NO_PAD.encode([7; 33]))),
        ("x", json!(format!("{}=", good["x"].as_str().unwrap()))),
        // No point of the curve has this y.
        ("x", json!(URL_SAFE_NO_PAD.encode([2; 32]))),
    ] {
        let changed = with(good.clone(), field, &value);
        assert!(key_set(std::slice::from_ref(&changed)).is_empty(), "{changed}");
        // It does not take the good one beside it away.
        let both = key_set(&[changed, good.clone()]);
        assert_eq!(both, key_set(std::slice::from_ref(&good)));
    }
    let rsa = json!({"kty": "RSA", "kid": "one", "n": "AQAB", "e": "AQAB"});
    assert!(key_set(&[rsa]).is_empty());
    assert!(key_set(&[]).is_empty());
    assert!(!key_set(&[good]).is_empty());
    for wrong in [
        "",
        "{}",
        "[]",
        "null",
        "{\"keys\": {}}",
        "{\"keys\": [1]}",
        "{\"keys\": []} x",
    ] {
        assert!(KeySet::parse(wrong.as_bytes()).is_err(), "{wrong}");
    }
}

#[test]
fn a_user_id_is_safe_in_a_key_of_the_store() {
    let every_safe_byte = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for good in ["a", "-", "_", "0", every_safe_byte] {
        let id = UserId::try_from(good.to_owned()).unwrap();
        assert_eq!((id.as_str(), id.to_string().as_str()), (good, good));
        assert_eq!(serde_json::to_value(&id).unwrap(), json!(good));
    }
    assert_eq!(every_safe_byte.len(), 64);
    for byte in (0..=127)
        .map(char::from)
        .filter(|byte| !every_safe_byte.contains(*byte))
    {
        for wrong in [
            byte.to_string(),
            format!("a{byte}"),
            format!("{byte}a"),
            format!("a{byte}a"),
        ] {
            assert!(UserId::try_from(wrong.clone()).is_err(), "{wrong:?}");
            assert!(serde_json::from_value::<UserId>(json!(wrong)).is_err(), "{wrong:?}");
        }
    }
    for wrong in [String::new(), "a".repeat(65), "가".to_owned(), "é".to_owned()] {
        assert!(UserId::try_from(wrong.clone()).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_new_user_id_is_random_or_there_is_none() {
    let random: &dyn Random = &SeededRandom::default();
    let (one, two) = (UserId::random(random).unwrap(), UserId::random(random).unwrap());
    assert_ne!(one, two);
    assert_eq!(one.as_str().len(), 22);
    assert_eq!(UserId::try_from(one.to_string()), Ok(one));
    assert!(UserId::random(&NoRandom).is_err());
}
