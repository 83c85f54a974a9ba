//! What holds for this crate's parsers, whatever they read. With the cargo feature `fuzzing`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "for tests, where a panic is a failed test"
)]

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use common::testing::parsers::Parser;

use crate::{
    client_metadata::ClientMetadata,
    config::TrustedProxies,
    records::{
        authorization_code::AuthorizationCode,
        client::Program,
        program_scope::ProgramScope,
        recovery_code::RecoveryCode,
        redirect_uri::RedirectUri,
        refresh_token::{RefreshToken, is_session_id},
        totp::TotpCode,
        username::Username,
    },
    routes::{
        client_address::client_address,
        cookie::{self, Sent},
        form::Form,
    },
    sign_in::{password::Password, password_policy},
};

/// All of them.
pub const PARSERS: &[Parser] = &[
    Parser {
        name: "cookies",
        seeds: &[
            "name=a; other=b",
            "name=a; name=b",
            "x=name=c\nname=d",
            "name",
            "name=",
            " name = a;;",
        ],
        check: cookies,
    },
    Parser {
        name: "client-address",
        seeds: &[
            "10.0.0.1:80\n203.0.113.1, 198.51.100.9, 10.9.9.9",
            "[::1]:80\n2001:db8::1",
            "192.0.2.7\n10.0.0.1",
            "[::ffff:10.1.2.3]:1\n::ffff:10.0.0.1,::ffff:192.0.2.1",
        ],
        check: address,
    },
    Parser {
        name: "form",
        seeds: &[
            "grant_type=authorization_code&code=a&code_verifier=a+b",
            "client_id=a&client_id=b",
            "%61=%ff&=&",
            "token=a&token_type_hint=",
        ],
        check: form,
    },
    Parser {
        name: "refresh-token",
        seeds: &[
            "AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ],
        check: refresh_token,
    },
    Parser {
        name: "authorization-code",
        seeds: &["AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
        check: authorization_code,
    },
    Parser {
        name: "redirect-uri",
        seeds: &[
            "https://app.example:8443/cb?a=b",
            "http://[::1]:80/cb",
            "http://127.0.0.1:51004/../cb",
            "https://user@app.example\\@evil.example/%63b#part",
            "com.example.app://cb",
        ],
        check: redirect_uri,
    },
    Parser {
        name: "client-metadata",
        seeds: &[
            "{\"redirect_uris\":[\"https://app.example/cb\"],\"client_name\":\"An app\"}",
            "{\"redirect_uris\":[\"com.example.app:/cb\"],\"client_uri\":\"https://app.example\",\"grant_types\":[\"authorization_code\"]}",
            "{\"redirect_uris\":[],\"token_endpoint_auth_method\":\"none\"}",
        ],
        check: client_metadata,
    },
    Parser {
        name: "program-scope",
        seeds: &[
            "memos:read memos:write",
            "openid memos:read",
            "account  memos:write",
            "memos:read\tx",
        ],
        check: program_scope,
    },
    Parser {
        name: "recovery-code",
        seeds: &[
            "0123-4567-89AB-CDEF-GHJK-MNPQ",
            "0123-4567-89AB-CDEF",
            "o0il 1111 abcd zzzz",
            "0123456789ABCDEFG",
        ],
        check: recovery_code,
    },
    Parser {
        name: "totp-code",
        seeds: &["123456", "123 456", "１２３４５６", "1234567"],
        check: totp_code,
    },
    Parser {
        name: "username",
        seeds: &["ann", "A.b_c-9", "-x-", "ann/../bob"],
        check: username,
    },
    Parser {
        name: "password",
        seeds: &["correct horse", "비밀번호여덟글자", "password1", "ann ann ann"],
        check: password,
    },
    Parser {
        name: "trusted-proxies",
        seeds: &["10.0.0.0/8, ::1", "10.0.0.1/33", "::/0,,", "localhost"],
        check: trusted_proxies,
    },
];

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// These bytes as headers of that name, a line each; what no header can hold is left out.
fn lines(name: &HeaderName, bytes: &[u8]) -> HeaderMap {
    let lines = bytes.split(|byte| *byte == b'\n');
    let values = lines.filter_map(|line| HeaderValue::from_bytes(line).ok());
    values.map(|value| (name.clone(), value)).collect()
}

/// A cookie is believed only where it is the only one of its name.
fn cookies(bytes: &[u8]) {
    let headers = lines(&header::COOKIE, bytes);
    // Another reading: pairs that are text, in all lines together.
    let all: Vec<&[u8]> = headers
        .get_all(header::COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    let all = all.join(&b';');
    let pairs = all
        .split(|byte| *byte == b';')
        .filter_map(|pair| std::str::from_utf8(pair).ok());
    let named: Vec<&str> = pairs.filter_map(|pair| pair.trim().strip_prefix("name=")).collect();
    match cookie::sent(&headers, "name") {
        Sent::None => assert!(named.is_empty(), "{named:?}"),
        Sent::One(value) => assert_eq!(named, [value]),
        Sent::Several => assert!(named.len() > 1, "{named:?}"),
    }
}

/// What a client writes itself changes nothing of what a trusted proxy appended.
fn address(bytes: &[u8]) {
    const PEER: HeaderName = HeaderName::from_static("spin-client-addr");
    const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");
    let at = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (peer, forwarded) = (&bytes[..at], bytes.get(at + 1..).unwrap_or_default());
    let proxies = TrustedProxies::parse("10.0.0.0/8, ::1").unwrap();
    let found = |forwarded: &[u8]| -> Option<IpAddr> {
        let mut headers = lines(&FORWARDED, forwarded);
        headers.insert(PEER, HeaderValue::from_bytes(peer).ok()?);
        client_address(&headers, &proxies)
    };
    let alone = found(b"");
    let address = found(forwarded);
    assert_eq!(address.is_some(), alone.is_some());
    let (Some(alone), Some(address)) = (alone, address) else {
        return;
    };
    if !proxies.contains(alone) {
        assert_eq!(address, alone);
    }
    if address != alone {
        assert!(!proxies.contains(address));
        let invented = [b"203.0.113.99, 10.0.0.3, ", forwarded].concat();
        assert_eq!(found(&invented), Some(address));
    }
}

/// A form gives back what was written, and no name twice.
fn form(bytes: &[u8]) {
    let form = Form::parse(bytes);
    for name in ["grant_type", "code", "token", "client_id", "a", ""] {
        if let Ok(Some(value)) = form.get(name) {
            assert!(!value.is_empty() && value.len() <= 3 * bytes.len());
        }
    }
    let encoded: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("a", &text(bytes))
        .finish();
    let read = Form::parse(encoded.as_bytes());
    assert_eq!(read.get("a").ok().flatten().unwrap_or_default(), text(bytes));
}

/// A refresh token has one spelling, and its session's id can be part of a key.
fn refresh_token(bytes: &[u8]) {
    let text = text(bytes);
    if let Some(token) = RefreshToken::parse(&text) {
        assert_eq!(token.to_text(), text);
        assert!(is_session_id(token.session_id()) && !token.session_id().contains(['/', '.']));
    }
}

/// A code has one spelling, and none is a refresh token with its tag.
fn authorization_code(bytes: &[u8]) {
    let text = text(bytes);
    if let Some(code) = AuthorizationCode::parse(&text) {
        assert_eq!(code.to_text(), text);
        assert_eq!((text.len(), text.matches('.').count()), (22 + 1 + 43, 1));
    }
}

/// Whatever is taken as a redirect URI leads where another parser of URIs says as well, stays there with parameters, and is
/// not what a person is not shown.
fn redirect_uri(bytes: &[u8]) {
    let text = text(bytes);
    let Ok(uri) = RedirectUri::parse(&text) else { return };
    assert_eq!(uri.as_str(), text);
    assert!(uri.leads_to(&uri) && text.to_ascii_lowercase().starts_with(&uri.origin()));
    let with = uri.with(&[("state", "a&b=c#d")]);
    assert!(with.starts_with(&text) && !with.contains('#'));
    if text.starts_with("http://") || text.starts_with("https://") {
        let read: http::Uri = text.parse().unwrap();
        let authority = read.authority().unwrap();
        assert!(!authority.as_str().contains('@'));
        assert_eq!(authority.host().to_ascii_lowercase(), uri.host());
        let is_loopback = ["127.0.0.1", "[::1]", "localhost"].contains(&authority.host());
        assert!(read.scheme_str() == Some("https") || is_loopback);
    }
}

/// Whatever is registered can be shown and kept.
fn client_metadata(bytes: &[u8]) {
    if let Ok(metadata) = ClientMetadata::parse(bytes) {
        assert!((1..=10).contains(&metadata.redirect_uris.len()));
        let kept = serde_json::to_string(&metadata.program).unwrap();
        assert!(kept.len() < 2048, "{kept}");
        let again: Program = serde_json::from_str(&kept).unwrap();
        assert_eq!(again, metadata.program);
    }
}

/// No words give more than there is to give.
fn program_scope(bytes: &[u8]) {
    let text = text(bytes);
    if let Some(offered) = ProgramScope::offered_of(&text) {
        assert!(ProgramScope::all().includes(&offered));
        assert!(
            offered
                .as_str()
                .split(' ')
                .all(|word| text.split(' ').any(|given| given == word))
        );
        assert_eq!(ProgramScope::try_from(offered.as_str()), Ok(offered));
    } else {
        assert!(ProgramScope::try_from(text.as_str()).is_err());
    }
}

fn recovery_code(bytes: &[u8]) {
    if let Some(code) = RecoveryCode::parse(&text(bytes)) {
        let shown = code.to_text();
        assert!([29, 19].contains(&shown.len()), "{shown}");
        assert_eq!(RecoveryCode::parse(&shown).unwrap().to_text(), shown);
    }
}

fn totp_code(bytes: &[u8]) {
    let text = text(bytes);
    if let Some(code) = TotpCode::parse(&text) {
        let digits: String = text.chars().filter(|character| !character.is_whitespace()).collect();
        assert_eq!(code.to_text(), digits);
        assert!(digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()));
    }
}

fn username(bytes: &[u8]) {
    let text = text(bytes);
    if let Ok(name) = Username::try_from(text.clone()) {
        assert_eq!(name.as_str(), text.to_ascii_lowercase());
        assert_eq!(Username::try_from(name.as_str().to_owned()), Ok(name.clone()));
        assert!(!name.as_str().contains(['/', ' ', '\0']) && name.as_str().is_ascii());
    }
}

/// Whatever may be chosen may be tried, and however long it is, it is looked at without harm.
fn password(bytes: &[u8]) {
    let text = text(bytes);
    let name = Username::try_from("ann".to_owned()).unwrap();
    let chosen = password_policy::choose(text.clone(), Some(&name)).is_ok();
    assert!(!chosen || Password::new(text).is_ok());
}

fn trusted_proxies(bytes: &[u8]) {
    if let Ok(proxies) = TrustedProxies::parse(&text(bytes)) {
        let nobody = proxies == TrustedProxies::default();
        assert!(!nobody || !proxies.contains(IpAddr::from([127, 0, 0, 1])));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn parsers_hold_whatever_they_read() {
        common::testing::parsers::hold(super::PARSERS);
    }
}
