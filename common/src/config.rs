//! The values of Spin variables, parsed.
//!
//! A value that can't be used is refused when the component starts, with the variable's name: a setting that was
//! silently passed over would be noticed by nobody. All that are wrong are told at once, so that nobody mends one after
//! the other.

use http::{HeaderValue, Uri, uri::Scheme};

/// A variable holds something that the component can't use.
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

/// All variables of a component that hold something it can't use. Until they are mended it answers 503 to everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// Takes what was parsed. Where it is wrong that is kept here, and a default stands in for it until
    /// [`check`](Self::check): so all variables are looked at.
    pub fn keep<T: Default>(&mut self, parsed: Result<T, ConfigError>) -> T {
        parsed.unwrap_or_else(|error| {
            self.0.push(error);
            T::default()
        })
    }

    /// Gives what was made of the variables.
    ///
    /// # Errors
    /// All that is wrong, where something is.
    pub fn check<T>(self, made: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(made) } else { Err(self) }
    }

    /// What both have made, or all that is wrong in either.
    ///
    /// # Errors
    /// When something is.
    pub fn both<T, U>(one: Result<T, Self>, other: Result<U, Self>) -> Result<(T, U), Self> {
        match (one, other) {
            (Ok(one), Ok(other)) => Ok((one, other)),
            (Err(one), Err(other)) => Err(one.and(other)),
            (Err(errors), _) | (_, Err(errors)) => Err(errors),
        }
    }

    /// The same and all that others say.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// The names of the variables.
    pub fn variables(&self) -> Vec<&'static str> {
        self.0.iter().map(|error| error.variable).collect()
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

impl std::fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (number, error) in self.0.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

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

/// Reads a name that tokens carry, such as that of the issuer.
///
/// # Errors
/// When there is none, or when it has characters that can't be seen, such as the end of a line.
pub fn name(variable: &'static str, text: &str) -> Result<String, ConfigError> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(ConfigError::new(
            variable,
            "it is empty, or has characters that can't be seen",
        ));
    }
    Ok(text.to_owned())
}

/// Reads the origin of a service that is asked for something, with or without a slash at its end.
///
/// # Errors
/// When it is not an origin.
pub fn service_origin(variable: &'static str, text: &str) -> Result<String, ConfigError> {
    let origin = text.trim().trim_end_matches('/');
    parse_origin(origin).map_err(|reason| ConfigError::new(variable, reason))?;
    Ok(origin.to_owned())
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

    /// The same and the site's, where that is said.
    #[must_use]
    pub fn and(mut self, site: &PublicOrigin) -> Self {
        self.0.extend(site.0.clone());
        self
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

/// Where people reach the app, such as `https://memo.example`: the variable `public_origin`, and `site_origin` where the
/// site has an origin of its own.
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
    pub fn parse(variable: &'static str, text: &str) -> Result<Self, ConfigError> {
        let text = Some(text.trim()).filter(|text| !text.is_empty());
        let origin = text.map(parse_origin).transpose();
        origin.map(Self).map_err(|reason| ConfigError::new(variable, reason))
    }

    /// This one, or the other where this one is not set.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        Self(self.0.or_else(|| other.0.clone()))
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
        assert_eq!(PublicOrigin::parse("public_origin", "").unwrap().is_https(), None);
        assert_eq!(
            PublicOrigin::parse("public_origin", "https://memo.example")
                .unwrap()
                .is_https(),
            Some(true)
        );
        assert_eq!(
            PublicOrigin::parse("public_origin", "http://memo.lan:3000")
                .unwrap()
                .is_https(),
            Some(false)
        );
        assert!(PublicOrigin::parse("public_origin", "memo.example").is_err());
    }
}
