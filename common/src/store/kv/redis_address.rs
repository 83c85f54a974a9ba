//! Where a Redis is that the services reach themselves: the variables `redis_url`, `redis_user` and `redis_password`.
//!
//! The user and the password are no part of the URL, because the URL also stands in `allowed_outbound_hosts`, and Spin takes
//! neither them nor a path there.

use std::fmt;

use http::Uri;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::config::{ConfigError, ConfigErrors};

/// The address of a Redis, with the user and the password that it asks for.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisAddress(String);

impl RedisAddress {
    /// Reads the variables; `None` where `url` is empty. Without a password nobody signs in, which Redis takes for its user
    /// `default`; a password without a user is that user's.
    ///
    /// # Errors
    /// All that is wrong: `url` when it is neither empty nor `redis://host:port` or `rediss://host:port`, a user or a password with
    /// characters that can't be seen, and an empty password for a user.
    pub fn parse(url: &str, user: &str, password: &str) -> Result<Option<Self>, ConfigErrors> {
        let mut errors = ConfigErrors::default();
        let url = url.trim();
        let parts = match url {
            "" => Ok(None),
            url => split(url).map(Some),
        };
        let parts = errors.keep(parts.map_err(|reason| ConfigError::new("redis_url", reason)));
        let user = errors.keep(seen("redis_user", user));
        let password = errors.keep(match seen("redis_password", password) {
            // A client that has no password does not sign in at all, and would be another user.
            Ok("") if !user.is_empty() => Err(ConfigError::new("redis_password", "it is empty, and redis_user is not")),
            password => password,
        });
        errors.check(parts.map(|(scheme, authority)| {
            if password.is_empty() {
                return Self(url.to_owned());
            }
            let user = utf8_percent_encode(user, NON_ALPHANUMERIC);
            let password = utf8_percent_encode(password, NON_ALPHANUMERIC);
            Self(format!("{scheme}://{user}:{password}@{authority}"))
        }))
    }

    /// The whole of it as a URL, with the password in it.
    pub fn to_secret_url(&self) -> &str {
        &self.0
    }
}

/// The text without the line's end of a file that it was read from.
fn seen<'a>(variable: &'static str, text: &'a str) -> Result<&'a str, ConfigError> {
    let text = text.trim_end_matches(['\r', '\n']);
    if text.chars().any(char::is_control) {
        return Err(ConfigError::new(variable, "it has characters that can't be seen"));
    }
    Ok(text)
}

/// The scheme and the host with its port.
fn split(url: &str) -> Result<(&str, &str), &'static str> {
    let expected = "not redis://host:port, or rediss://host:port for TLS, in lower case and with nothing after it";
    let (scheme, authority) = url.split_once("://").ok_or(expected)?;
    if authority.contains('@') {
        return Err("it holds a user or a password, which belong into redis_user and redis_password");
    }
    let is_plain = authority
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".:-[]_".contains(&byte));
    let uri: Uri = url.parse().map_err(|_| expected)?;
    let has_host = uri.host().is_some_and(|host| !host.is_empty());
    if !matches!(scheme, "redis" | "rediss") || !is_plain || !has_host || uri.port_u16().is_none() {
        return Err(expected);
    }
    Ok((scheme, authority))
}

/// Without the password.
impl fmt::Debug for RedisAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RedisAddress(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str, user: &str, password: &str) -> RedisAddress {
        RedisAddress::parse(url, user, password).unwrap().unwrap()
    }

    #[test]
    fn a_redis_is_named_by_scheme_host_and_port() {
        for good in [
            "redis://redis.default.svc.cluster.local:6379",
            "rediss://cache-1.example:6380",
            "redis://127.0.0.1:6379",
            "redis://[::1]:6379",
        ] {
            assert_eq!(parsed(good, "", "").to_secret_url(), good);
        }
        for wrong in [
            "redis.example:6379",
            "http://redis.example:6379",
            "redis://redis.example",
            "redis://redis.example:",
            "redis://:6379",
            "redis://redis.example:6379/",
            "redis://redis.example:6379/1",
            "redis://redis.example:6379#insecure",
            "redis://redis.example:6379?protocol=resp3",
            "redis://Redis.example:6379",
            "redis://redis.example:99999",
            "redis://one.example:6379,two.example:6379",
            "redis://[::1:6379",
            "unix:///run/redis.sock",
        ] {
            let refused = RedisAddress::parse(wrong, "", "").unwrap_err();
            assert_eq!(refused.variables(), ["redis_url"], "{wrong}");
        }
    }

    #[test]
    fn a_user_and_a_password_become_part_of_the_url_whatever_is_in_them() {
        let url = "redis://redis.example:6379";
        let address = parsed(url, "auth", "p@ss/wörd:#1 %");
        assert_eq!(
            address.to_secret_url(),
            "redis://auth:p%40ss%2Fw%C3%B6rd%3A%231%20%25@redis.example:6379"
        );
        let address = parsed(url, "", "secret\n");
        assert_eq!(address.to_secret_url(), "redis://:secret@redis.example:6379");
        assert!(!format!("{address:?}").contains("secret"));
    }

    #[test]
    fn what_would_be_silently_passed_over_is_refused() {
        let refused = RedisAddress::parse("redis://redis.example:6379", "auth", "").unwrap_err();
        assert_eq!(refused.variables(), ["redis_password"]);
        let refused = RedisAddress::parse("redis://:secret@redis.example:6379", "", "").unwrap_err();
        assert_eq!(refused.variables(), ["redis_url"]);
        let told = refused.to_string();
        assert!(told.contains("redis_password") && !told.contains("secret"));
        let refused = RedisAddress::parse("redis.example", "a\tb", "c\u{7}").unwrap_err();
        assert_eq!(refused.variables(), ["redis_url", "redis_user", "redis_password"]);
        assert_eq!(RedisAddress::parse("", "", "").unwrap(), None);
    }
}
