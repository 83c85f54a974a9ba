//! Redirect URIs: where a person's browser goes with a code. A code must get to the program that it was asked for by, so a URI
//! is registered, and compared byte by byte (RFC 9700 §2.1).
//!
//! Three kinds are taken: `https`; `http` on the machine itself, of which the port may be another one at each use, because a
//! program takes one that is free (RFC 8252 §7.3); and schemes of a program's own, with a dot in them as in a domain that it
//! has (RFC 8252 §7.1), which no `javascript:` has.

use serde::{Deserialize, Serialize};

/// The most bytes of a URI.
const MAX_BYTES: usize = 512;

/// Names of the machine itself. `localhost` is one as well, because many programs say so; browsers look it up nowhere.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// A redirect URI of one of the kinds that are taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedirectUri(String);

/// A URI with an authority, in parts that make it up again: `{scheme}://{host}{port}{rest}`.
struct Parts<'a> {
    scheme: &'a str,
    host: &'a str,
    /// With its colon; empty where there is none.
    port: &'a str,
    /// Path and query.
    rest: &'a str,
}

impl RedirectUri {
    /// Reads a URI.
    ///
    /// # Errors
    /// A sentence that says what it has to be like.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > MAX_BYTES {
            return Err("A redirect URI has at most 512 bytes.");
        }
        if !text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"\"#*<>\\^`{|}".contains(&byte))
        {
            return Err("A redirect URI is an absolute URI in ASCII, without a fragment and without wildcards.");
        }
        let is_good = match parts(text) {
            Some(parts) => {
                is_host(parts.host) && is_port(parts.port) && (parts.scheme == "https" || parts.is_loopback())
            }
            None => is_private_use(text),
        };
        if is_good {
            Ok(Self(text.to_owned()))
        } else {
            Err(
                "A redirect URI begins with https://, http://127.0.0.1, http://[::1], http://localhost, or a scheme of your own \
                 such as com.example.app:/, and has no user in it.",
            )
        }
    }

    /// The URI, byte by byte as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it leads where a registered one does: byte by byte the same, but for the port on the machine itself.
    pub fn leads_to(&self, registered: &Self) -> bool {
        let same_but_port = || {
            let (own, theirs) = (parts(&self.0)?, parts(&registered.0)?);
            let is_loopback = own.is_loopback() && theirs.is_loopback();
            Some(is_loopback && own.host == theirs.host && own.rest == theirs.rest)
        };
        self == registered || same_but_port() == Some(true)
    }

    /// Whom a person can know it by: scheme, host and port, or the scheme of a program's own.
    pub fn origin(&self) -> String {
        match parts(&self.0) {
            Some(Parts { scheme, host, port, .. }) => format!("{scheme}://{}{port}", host.to_ascii_lowercase()),
            None => self.0.split_inclusive(':').next().unwrap_or_default().to_owned(),
        }
    }

    /// The host, or the scheme of a program's own: a name for a program that gives none.
    pub fn host(&self) -> String {
        match parts(&self.0) {
            Some(parts) => parts.host.to_ascii_lowercase(),
            None => self.0.split(':').next().unwrap_or_default().to_owned(),
        }
    }

    /// The URI with these parameters added to its query.
    pub fn with(&self, parameters: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        let separator = if self.0.contains('?') { '&' } else { '?' };
        format!("{}{separator}{}", self.0, query.finish())
    }
}

impl Parts<'_> {
    fn is_loopback(&self) -> bool {
        self.scheme == "http" && LOOPBACK.contains(&self.host)
    }
}

/// The parts of an `http` or `https` URI.
fn parts(text: &str) -> Option<Parts<'_>> {
    let (scheme, rest) = text.split_once("://")?;
    if !["http", "https"].contains(&scheme) {
        return None;
    }
    let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    // An address of IPv6 has colons of its own, and ends with its bracket.
    let from = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    let colon = authority
        .get(from..)?
        .find(':')
        .map_or(authority.len(), |colon| from + colon);
    let (host, port) = authority.split_at(colon);
    Some(Parts {
        scheme,
        host,
        port,
        rest,
    })
}

fn is_host(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match inner {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
        }
    }
}

fn is_port(port: &str) -> bool {
    match port.strip_prefix(':') {
        Some(number) => {
            number.bytes().all(|byte| byte.is_ascii_digit()) && number.parse::<u16>().is_ok_and(|port| port > 0)
        }
        None => port.is_empty(),
    }
}

/// A scheme with a dot, and a path. `http` and `https` are not among these.
fn is_private_use(text: &str) -> bool {
    let Some((scheme, path)) = text.split_once(':') else {
        return false;
    };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte));
    is_scheme && scheme.contains('.') && path.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_kinds_of_uris_are_taken() {
        for (uri, origin) in [
            ("https://app.example/cb", "https://app.example"),
            ("https://app.example", "https://app.example"),
            ("https://App.Example:8443/cb?a=b&c=", "https://app.example:8443"),
            ("https://app.example?x=@", "https://app.example"),
            ("https://[2001:db8::1]/cb", "https://[2001:db8::1]"),
            ("https://xn--9t4b11y.example/", "https://xn--9t4b11y.example"),
            ("http://127.0.0.1/cb", "http://127.0.0.1"),
            ("http://127.0.0.1:51004/cb", "http://127.0.0.1:51004"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
            ("http://localhost:6274/oauth/callback", "http://localhost:6274"),
            ("com.example.app:/oauth", "com.example.app:"),
            ("com.example.app://oauth/cb", "com.example.app:"),
        ] {
            let parsed = RedirectUri::parse(uri);
            assert_eq!(
                parsed.map(|uri| (uri.origin(), uri.0)),
                Ok((origin.to_owned(), uri.to_owned()))
            );
        }
    }

    #[test]
    fn other_uris_are_not() {
        for uri in [
            "",
            "/cb",
            "//app.example/cb",
            "app.example/cb",
            "http://app.example/cb",
            "http://127.0.0.2/cb",
            "http://127.1/cb",
            "http://0.0.0.0/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://localhost.evil.example/cb",
            "http://LOCALHOST/cb",
            "http://user@127.0.0.1/cb",
            "https://user@app.example/cb",
            "https://user:password@app.example/cb",
            "https://app.example@evil.example/cb",
            "https://app.example\\@evil.example/cb",
            "https://app.example%2eevil.example/cb",
            "https://*.example/cb",
            "https://app.example/*",
            "https://app.example/cb#",
            "https://app.example/cb#part",
            "https://app.example:/cb",
            "https://app.example:0/cb",
            "https://app.example:65536/cb",
            "https://app.example:+80/cb",
            "https://app.example:80:80/cb",
            "https:///cb",
            "https://[::1",
            "https://[::1]x/cb",
            "https://[evil.example]/cb",
            "https:app.example/cb",
            "HTTPS://app.example/cb",
            "https://우유.example/cb",
            "https://app.example/c b",
            "https://app.example/cb\n",
            " https://app.example/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "myapp:/cb",
            "myapp://cb",
            "com.example.app:cb",
            "Com.example.app:/cb",
            ".example:/cb",
            "com.example.app",
        ] {
            assert!(RedirectUri::parse(uri).is_err(), "{uri}");
        }
        assert!(RedirectUri::parse(&format!("https://app.example/{}", "a".repeat(512))).is_err());
    }

    #[test]
    fn only_the_port_on_the_machine_itself_is_free() {
        let leads = |from: &str, to: &str| {
            RedirectUri::parse(from)
                .unwrap()
                .leads_to(&RedirectUri::parse(to).unwrap())
        };
        for (used, registered) in [
            ("https://app.example/cb?a=b", "https://app.example/cb?a=b"),
            ("http://127.0.0.1:51004/cb", "http://127.0.0.1/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb"),
            ("http://[::1]:51004/cb?a", "http://[::1]:1/cb?a"),
            ("http://localhost:51004/cb", "http://localhost:3000/cb"),
        ] {
            assert!(leads(used, registered), "{used}");
        }
        for (used, registered) in [
            ("https://app.example:444/cb", "https://app.example/cb"),
            ("https://app.example:443/cb", "https://app.example/cb"),
            ("https://app.example/cb/", "https://app.example/cb"),
            ("https://app.example/cb/../cb", "https://app.example/cb"),
            ("https://app.example/./cb", "https://app.example/cb"),
            ("https://app.example//cb", "https://app.example/cb"),
            ("https://app.example/CB", "https://app.example/cb"),
            ("https://app.example/%63b", "https://app.example/cb"),
            ("https://app.example/cb?", "https://app.example/cb"),
            ("https://app.example/cb?x=y", "https://app.example/cb"),
            ("https://app.example/cb;x", "https://app.example/cb"),
            ("https://App.example/cb", "https://app.example/cb"),
            ("https://app.example./cb", "https://app.example/cb"),
            ("https://app.example.evil.example/cb", "https://app.example/cb"),
            ("https://localhost/cb", "http://localhost/cb"),
            ("http://localhost/cb", "http://127.0.0.1/cb"),
            ("http://127.0.0.1:1/cb", "http://[::1]:1/cb"),
            ("http://127.0.0.1:51004/cb/", "http://127.0.0.1/cb"),
            ("http://127.0.0.1:51004/other", "http://127.0.0.1/cb"),
            ("http://127.0.0.1:51004", "http://127.0.0.1/"),
            ("com.example.app:/cb2", "com.example.app:/cb"),
            ("com.example.app2:/cb", "com.example.app:/cb"),
        ] {
            assert!(!leads(used, registered), "{used}");
        }
    }

    #[test]
    fn parameters_are_added_and_nothing_is_lost() {
        let with = |uri: &str| RedirectUri::parse(uri).unwrap().with(&[("state", "a+b c&d=우유#%")]);
        let state = "state=a%2Bb+c%26d%3D%EC%9A%B0%EC%9C%A0%23%25";
        assert_eq!(with("https://a.example/cb"), format!("https://a.example/cb?{state}"));
        assert_eq!(
            with("https://a.example/cb?x=y"),
            format!("https://a.example/cb?x=y&{state}")
        );
        assert_eq!(with("com.example.app:/cb"), format!("com.example.app:/cb?{state}"));
    }
}
