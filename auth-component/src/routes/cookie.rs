//! The cookie that holds a browser's refresh token.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts},
};
use common::http::problem::Problem;

use crate::{
    App,
    records::{
        refresh_token::RefreshToken,
        session::{self, Error},
    },
};
use common::http::requested;

/// Over https: browsers take a cookie of such a name from the host itself only, never from a sibling host or over plain
/// http (RFC 6265bis §4.1.3.2), and want it to hold for all paths.
const HTTPS: CookieForm = CookieForm {
    name: "__Host-memo_refresh",
    attributes: "Path=/; HttpOnly; SameSite=Strict; Secure",
};

/// Over plain http, on a laptop. Not every browser makes an exception from `Secure` for loopback.
const PLAIN: CookieForm = CookieForm {
    name: "memo_refresh",
    attributes: "Path=/api/auth/session; HttpOnly; SameSite=Strict",
};

#[derive(Debug)]
struct CookieForm {
    name: &'static str,
    attributes: &'static str,
}

/// The browser's cookie: what was sent, and how to set and clear it.
pub struct RefreshCookie {
    form: &'static CookieForm,
    sent: Sent,
}

/// What a browser sent.
pub(crate) enum Sent {
    None,
    One(String),
    /// Somebody planted another one beside the app's; which of them is the app's can't be told.
    Several,
}

impl FromRequestParts<App> for RefreshCookie {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let may_be_https = || requested::may_be_https(&parts.headers, &parts.uri);
        let form = if app.public_origin.is_https().unwrap_or_else(may_be_https) {
            &HTTPS
        } else {
            &PLAIN
        };
        let sent = sent(&parts.headers, form.name);
        Ok(Self { form, sent })
    }
}

/// The cookie of that name, in all lines together.
pub(crate) fn sent(headers: &HeaderMap, name: &str) -> Sent {
    let lines = headers.get_all(header::COOKIE).iter();
    let mut values = lines
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        // Each pair is read by itself, because other cookies of the same host need not be ASCII.
        .filter_map(|pair| std::str::from_utf8(pair).ok()?.trim().split_once('='))
        .filter(|(sent, _)| *sent == name)
        .map(|(_, value)| value.to_owned());
    match (values.next(), values.next()) {
        (None, _) => Sent::None,
        (Some(value), None) => Sent::One(value),
        (Some(_), Some(_)) => Sent::Several,
    }
}

type SetCookie = [(HeaderName, HeaderValue); 1];

impl RefreshCookie {
    /// The refresh token that the browser sent; `None` where it sent none at all.
    ///
    /// # Errors
    /// [`Error::Ended`] when it can't be one, or when the cookie came more than once.
    pub fn token(&self) -> Result<Option<RefreshToken>, Error> {
        match &self.sent {
            Sent::None => Ok(None),
            Sent::One(value) => RefreshToken::parse(value).map(Some).ok_or(Error::Ended),
            Sent::Several => Err(Error::Ended),
        }
    }

    /// The header that gives the browser a token.
    ///
    /// # Errors
    /// 500, which can't happen: tokens are made of characters that a header may hold.
    pub fn set(&self, token: &RefreshToken) -> Result<SetCookie, Problem> {
        self.header(&token.to_text(), session::TTL.as_secs())
    }

    /// The header that takes the cookie away.
    ///
    /// # Errors
    /// As [`RefreshCookie::set`].
    pub fn clear(&self) -> Result<SetCookie, Problem> {
        self.header("", 0)
    }

    fn header(&self, value: &str, max_age_secs: u64) -> Result<SetCookie, Problem> {
        let CookieForm { name, attributes } = self.form;
        let cookie = format!("{name}={value}; Max-Age={max_age_secs}; {attributes}");
        let cookie = HeaderValue::try_from(cookie).map_err(Problem::internal)?;
        Ok([(header::SET_COOKIE, cookie)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of the cookies `name` in these lines, as far as they are told: none, one, or `"several"`.
    fn sent_in(lines: &[&[u8]]) -> Option<String> {
        let lines = lines.iter().map(|line| HeaderValue::from_bytes(line).unwrap());
        let headers: HeaderMap = lines.map(|line| (header::COOKIE, line)).collect();
        match sent(&headers, "name") {
            Sent::None => None,
            Sent::One(value) => Some(value),
            Sent::Several => Some("several".to_owned()),
        }
    }

    #[test]
    fn one_cookie_is_found_among_all_others() {
        for (lines, expected) in [
            (&[][..], None),
            (&[&b""[..]], None),
            (&[b"name"], None),
            (&[b"name=a"], Some("a")),
            (&[b"name="], Some("")),
            (&[b"name=a=b"], Some("a=b")),
            (&[b"other=x; name=a; more=y"], Some("a")),
            (&[b"other=x;name=a"], Some("a")),
            (&[b"other=x", b"name=a"], Some("a")),
            (&[b"Name=a; xname=b; name2=c; x=name=d"], None),
            (&[b"name=a; name=b"], Some("several")),
            (&[b"name=a; name=a"], Some("several")),
            (&[b"name=a", b"name=a"], Some("several")),
            (&[b"name=a; name=b; name=c"], Some("several")),
            // Cookies of other apps on the same host may hold anything.
            (&["other=우유; name=a".as_bytes()], Some("a")),
            (&[b"other=\xff; name=a"], Some("a")),
            (&[b"name=\xff; name=a"], Some("a")),
        ] {
            assert_eq!(sent_in(lines).as_deref(), expected, "{lines:?}");
        }
    }
}
