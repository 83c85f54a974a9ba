//! The values of Spin variables, parsed.
//!
//! A value that can't be used is refused when the component starts, with the variable's name: a setting that was
//! silently passed over would be noticed by nobody.

use http::{HeaderValue, Uri, uri::Scheme};

/// A variable holds something that the component can't use. Until that is mended it answers 503 to everything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("variable {variable}: {reason}")]
pub struct ConfigError {
    /// The variable's name.
    pub variable: &'static str,
    /// What is wrong with its value. Never the value, which may be a secret.
    pub reason: String,
}

impl ConfigError {
    /// Says that `variable` is wrong in this way.
    pub fn new(variable: &'static str, reason: impl Into<String>) -> Self {
        Self {
            variable,
            reason: reason.into(),
        }
    }
}

/// The entries of a comma-separated value, without those that are empty.
pub fn entries(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty())
}

/// Parses a whole number that is at most `max`.
///
/// # Errors
/// When the value is something else.
pub fn number(variable: &'static str, text: &str, max: u64) -> Result<u64, ConfigError> {
    let number = text.trim().parse().ok().filter(|number| *number <= max);
    number.ok_or_else(|| ConfigError::new(variable, format!("not a whole number of at most {max}")))
}

/// Parses an origin as browsers send it (RFC 6454 §6.2): scheme, host, and the port where it is not the scheme's own.
fn parse_origin(text: &str) -> Result<HeaderValue, &'static str> {
    let uri: Uri = text.parse().map_err(|_| "not an origin such as https://memo.example")?;
    if !(uri.scheme() == Some(&Scheme::HTTP) || uri.scheme() == Some(&Scheme::HTTPS)) {
        return Err("an origin begins with http:// or https://");
    }
    // `Uri` tells the path of an origin as "/".
    let is_origin = uri.path() == "/" && !text.ends_with('/') && !text.contains('?');
    if is_origin
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase())
    {
        HeaderValue::try_from(text).map_err(|_| "it can't be sent as a header")
    } else {
        Err("an origin has a scheme, a host in lower case and perhaps a port, and nothing after them")
    }
}

/// The origins of other sites whose pages may call the services: the variable `cors_origins`, comma-separated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedOrigins(Vec<HeaderValue>);

impl AllowedOrigins {
    /// Reads the variable. Neither `*` nor `null` is an origin: with credentials, both would mean everybody.
    ///
    /// # Errors
    /// When an entry is not an origin.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let origins: Result<_, _> = entries(text).map(parse_origin).collect();
        origins
            .map(Self)
            .map_err(|reason| ConfigError::new("cors_origins", reason))
    }

    /// Whether an `Origin` header names one of them.
    pub fn contains(&self, origin: &HeaderValue) -> bool {
        self.0.contains(origin)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The origins, as headers name them.
    pub fn to_vec(&self) -> Vec<HeaderValue> {
        self.0.clone()
    }
}

/// Where people reach the app: the variable `public_origin`, such as `https://memo.example`.
///
/// Empty on a laptop, where the app takes a request's word for it. On a public address it is set, because behind a
/// proxy neither the scheme nor the `Host` header that arrives need be what the browser sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicOrigin(Option<HeaderValue>);

impl PublicOrigin {
    /// Reads the variable.
    ///
    /// # Errors
    /// When it is neither empty nor an origin.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let text = Some(text.trim()).filter(|text| !text.is_empty());
        let origin = text.map(parse_origin).transpose();
        origin
            .map(Self)
            .map_err(|reason| ConfigError::new("public_origin", reason))
    }

    /// The origin, where it is set.
    pub fn get(&self) -> Option<&HeaderValue> {
        self.0.as_ref()
    }

    /// Whether people come by https; `None` where that is not said.
    pub fn is_https(&self) -> Option<bool> {
        self.0.as_ref().map(|origin| origin.as_bytes().starts_with(b"https:"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_a_host_and_perhaps_a_port() {
        for good in [
            "https://memo.example",
            "http://localhost:3000",
            "https://[::1]:8443",
            "http://127.0.0.1",
        ] {
            assert!(parse_origin(good).is_ok(), "{good}");
        }
        for wrong in [
            "*",
            "null",
            "memo.example",
            "https://",
            "https://memo.example/",
            "https://memo.example/path",
            "https://memo.example?query",
            "https://Memo.example",
            "ftp://memo.example",
            "https://*.example/",
        ] {
            assert!(parse_origin(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn neither_everybody_nor_nobody_is_an_allowed_origin() {
        let origins = AllowedOrigins::parse(" https://friend.example ,, https://other.example").unwrap();
        for (origin, allowed) in [
            ("https://friend.example", true),
            ("https://other.example", true),
            ("https://friend.example.evil.example", false),
            ("http://friend.example", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(origins.contains(&HeaderValue::from_static(origin)), allowed, "{origin}");
        }
        assert!(AllowedOrigins::parse("").unwrap().is_empty());
        assert!(
            !AllowedOrigins::parse("")
                .unwrap()
                .contains(&HeaderValue::from_static(""))
        );
        for wrong in ["*", "null", "https://friend.example, *"] {
            assert_eq!(AllowedOrigins::parse(wrong).unwrap_err().variable, "cors_origins");
        }
    }

    #[test]
    fn the_public_origin_tells_the_scheme() {
        assert_eq!(PublicOrigin::parse("").unwrap().is_https(), None);
        assert_eq!(
            PublicOrigin::parse("https://memo.example").unwrap().is_https(),
            Some(true)
        );
        assert_eq!(
            PublicOrigin::parse("http://memo.lan:3000").unwrap().is_https(),
            Some(false)
        );
        assert!(PublicOrigin::parse("memo.example").is_err());
    }
}
