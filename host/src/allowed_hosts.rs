//! `allowed_outbound_hosts`: where a component may send requests. Spin's rules: `scheme://host[:port]`,
//! `*` for any scheme, host or port, `*.example.com`, port ranges `8000..9000`, and `self`.

use std::ops::RangeInclusive;

use anyhow::{Context, Result, bail, ensure};
use http::Uri;
use url::Host;

/// Names under this domain are the app's own components.
const CHAINING_SUFFIX: &str = ".spin.internal";

/// A parsed `allowed_outbound_hosts`.
#[derive(Debug, Default, PartialEq)]
pub struct AllowedHosts(Vec<AllowedHost>);

#[derive(Debug, PartialEq)]
struct AllowedHost {
    /// `None`: any.
    scheme: Option<String>,
    host: HostPattern,
    ports: RangeInclusive<u16>,
}

#[derive(Debug, PartialEq)]
enum HostPattern {
    Any,
    /// With its leading dot.
    Under(String),
    Exactly(Host),
    /// The app itself, over its own routes.
    App,
}

impl AllowedHosts {
    /// Parses the entries, their templates already filled in. Empty ones are skipped, as in Spin,
    /// so that an empty variable can mean "nowhere".
    pub fn parse(entries: impl IntoIterator<Item = String>) -> Result<Self> {
        let entries = entries
            .into_iter()
            .filter(|entry| !matches!(entry.as_str(), "" | "http://" | "https://"));
        let parse = |entry: String| {
            // A password that somebody put there is not to be shown.
            let shown = entry.rsplit_once('@').map_or(entry.as_str(), |(_, host)| host);
            AllowedHost::parse(entry.trim()).with_context(|| format!("allowed_outbound_hosts entry \"{shown}\""))
        };
        Ok(Self(entries.map(parse).collect::<Result<_>>()?))
    }

    /// Whether an absolute URL may be requested.
    pub fn allow(&self, uri: &Uri) -> bool {
        let Some(scheme) = uri.scheme_str() else { return false };
        let Some(port) = uri.port_u16().or_else(|| default_port(scheme)) else {
            return false;
        };
        uri.host().is_some_and(|host| self.allow_address(scheme, host, port))
    }

    /// Whether a connection may be made to there. An IPv6 address is in brackets.
    pub fn allow_address(&self, scheme: &str, host: &str, port: u16) -> bool {
        let host = Host::parse(host);
        host.is_ok_and(|host| self.0.iter().any(|allowed| allowed.allows(scheme, &host, port)))
    }

    /// Whether the app's own routes may be requested.
    pub fn allow_app(&self) -> bool {
        self.0.iter().any(|allowed| {
            matches!(allowed.host, HostPattern::Any | HostPattern::App)
                && matches!(allowed.scheme.as_deref(), None | Some("http" | "https"))
        })
    }

    /// The components that are named here for chaining.
    pub fn chained(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(|allowed| match &allowed.host {
            HostPattern::Exactly(Host::Domain(name)) => chained_component(name),
            _ => None,
        })
    }
}

/// The component that a host name such as `auth.spin.internal` stands for, in whatever case it is written.
pub fn chained_component(host: &str) -> Option<String> {
    let host = host.to_ascii_lowercase();
    let id = host.strip_suffix('.').unwrap_or(&host).strip_suffix(CHAINING_SUFFIX)?;
    (!id.contains('.')).then(|| id.to_owned())
}

impl AllowedHost {
    fn parse(entry: &str) -> Result<Self> {
        let (scheme, rest) = entry
            .split_once("://")
            .context("expected <scheme>://<host>[:<port>], with * for any; all hosts are *://*:*")?;
        ensure!(
            scheme == "*" || scheme.bytes().all(|b| b.is_ascii_alphabetic()),
            "the scheme has only letters"
        );
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        ensure!(!rest.contains('/'), "expected no path");
        ensure!(!rest.contains('@'), "expected no user and no password");
        // The last colon of a bare `[::1]` is inside the brackets.
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (rest, None),
        };
        let ports = match port {
            Some("*") => 0..=u16::MAX,
            Some(port) => parse_ports(port).with_context(|| format!("the port {port:?}"))?,
            None => default_port(scheme)
                .map(|port| port..=port)
                .context("expected a port after this scheme")?,
        };
        let scheme = (scheme != "*").then(|| scheme.to_ascii_lowercase());
        Ok(Self {
            scheme,
            host: HostPattern::parse(host)?,
            ports,
        })
    }

    fn allows(&self, scheme: &str, host: &Host, port: u16) -> bool {
        self.scheme.as_deref().is_none_or(|allowed| allowed == scheme)
            && self.ports.contains(&port)
            && match (&self.host, host) {
                (HostPattern::Any, _) => true,
                (HostPattern::Under(suffix), Host::Domain(name)) => name.ends_with(suffix.as_str()),
                (HostPattern::Exactly(allowed), host) => allowed == host,
                (HostPattern::Under(_) | HostPattern::App, _) => false,
            }
    }
}

impl HostPattern {
    fn parse(host: &str) -> Result<Self> {
        match host {
            "*" => return Ok(Self::Any),
            "self" | "self.alt" => return Ok(Self::App),
            _ => (),
        }
        let name = host.strip_prefix("*.").unwrap_or(host);
        ensure!(
            !name.contains('*'),
            "* may stand only for the whole host or before its first dot"
        );
        let parsed = Host::parse(name)?;
        match (host.starts_with("*."), parsed) {
            (false, host) => Ok(Self::Exactly(host)),
            (true, Host::Domain(domain)) => Ok(Self::Under(format!(".{domain}"))),
            (true, _) => bail!("an address has no names under it"),
        }
    }
}

fn parse_ports(ports: &str) -> Result<RangeInclusive<u16>> {
    let Some((start, end)) = ports.split_once("..") else {
        return Ok(ports.parse().map(|port| port..=port)?);
    };
    // The end is exclusive, as in Spin.
    let (start, end): (u16, u16) = (start.parse()?, end.parse()?);
    ensure!(start < end, "an empty range");
    Ok(start..=end - 1)
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        "redis" => Some(6379),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(entry: &str, url: &str) -> bool {
        AllowedHosts::parse([entry.to_owned()])
            .unwrap()
            .allow(&url.parse().unwrap())
    }

    #[test]
    fn scheme_host_and_port_must_all_match() {
        assert!(allows("http://example.com", "http://example.com/path?q"));
        assert!(allows("http://example.com/", "http://EXAMPLE.com:80/"));
        assert!(!allows("http://example.com", "https://example.com/"));
        assert!(!allows("http://example.com", "http://example.com:8080/"));
        assert!(!allows("http://example.com", "http://example.com.evil.org/"));
        assert!(!allows("http://example.com", "http://sub.example.com/"));
        assert!(!allows("http://example.com", "http://example.com@evil.org/"));
        assert!(allows("http://[::1]:8080", "http://[::1]:8080/"));
        assert!(allows("https://[::1]", "https://[::1]/"));
    }

    #[test]
    fn wildcards_and_ranges_match_what_spin_lets_them() {
        assert!(allows("*://*:*", "https://anything.org:1234/"));
        assert!(allows("*://example.com:8080", "https://example.com:8080/"));
        assert!(allows("http://*", "http://example.com/"));
        assert!(!allows("http://*", "http://example.com:81/"));
        assert!(allows("https://*.example.com", "https://a.b.example.com/"));
        assert!(!allows("https://*.example.com", "https://example.com/"));
        assert!(!allows("https://*.example.com", "https://notexample.com/"));
        assert!(allows("http://localhost:8000..9000", "http://localhost:8999/"));
        assert!(!allows("http://localhost:8000..9000", "http://localhost:9000/"));
        assert!(allows("http://auth.spin.internal", "http://auth.spin.internal/keys"));
        assert!(allows("http://*.spin.internal", "http://auth.spin.internal/keys"));
    }

    #[test]
    fn a_components_name_is_the_same_in_any_case() {
        for host in ["auth.spin.internal", "AUTH.Spin.Internal", "auth.spin.internal."] {
            assert_eq!(chained_component(host).as_deref(), Some("auth"), "{host}");
        }
        for host in ["spin.internal", "a.b.spin.internal", "auth.spin.internal.example.com"] {
            assert_eq!(chained_component(host), None, "{host}");
        }
        let hosts = AllowedHosts::parse(["http://Auth.spin.internal".to_owned()]).unwrap();
        assert_eq!(hosts.chained().collect::<Vec<_>>(), ["auth"]);
        assert!(hosts.allow(&"http://AUTH.spin.internal/".parse().unwrap()));
    }

    #[test]
    fn self_allows_the_app_and_nothing_else() {
        let hosts = AllowedHosts::parse(["http://self".to_owned()]).unwrap();
        assert!(hosts.allow_app());
        assert!(!hosts.allow(&"http://self/".parse().unwrap()));
        assert!(
            !AllowedHosts::parse(["http://example.com".to_owned()])
                .unwrap()
                .allow_app()
        );
    }

    #[test]
    fn an_entry_that_an_empty_variable_left_empty_allows_nothing() {
        for entry in ["", "http://", "https://"] {
            assert_eq!(
                AllowedHosts::parse([entry.to_owned()]).unwrap(),
                AllowedHosts::default()
            );
        }
    }

    #[test]
    fn entries_that_are_no_origins_are_refused() {
        for entry in [
            "*",
            "example.com",
            "http://example.com/path",
            "http://example.com:port",
            "http://ex*mple.com",
            "http://*.1.2.3.4",
            "rediss://example.com",
            "redis://example.com:6379/1",
            "redis://:password@example.com:6379",
            "h2c://example.com:80",
            "http://example.com:9..9",
        ] {
            assert!(AllowedHosts::parse([entry.to_owned()]).is_err(), "{entry}");
        }
    }

    #[test]
    fn a_password_in_an_entry_is_not_shown() {
        for entry in [
            "redis://auth:secret@example.com:6379",
            "redis://:se@secret/@example.com",
        ] {
            let error = AllowedHosts::parse([entry.to_owned()]).unwrap_err();
            assert!(!format!("{error:#}").contains("secret"), "{error:#}");
        }
    }
}
