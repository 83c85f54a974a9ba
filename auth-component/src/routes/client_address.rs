//! Where a request comes from, as an extractor.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

use axum::extract::FromRequestParts;
use http::{HeaderMap, HeaderName, request::Parts};

use crate::{App, config::TrustedProxies};

/// Spin names the other end of the connection here, and lets no client set it.
const SPIN_CLIENT_ADDR: HeaderName = HeaderName::from_static("spin-client-addr");

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address that a request comes from, where it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub Option<IpAddr>);

impl FromRequestParts<App> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self(client_address(&parts.headers, &app.trusted_proxies)))
    }
}

impl ClientAddress {
    /// The network of the address: an IPv4 address, or the /64 that one IPv6 subscriber has. `None` where it is not known, and
    /// for the machine itself.
    pub fn network(self) -> Option<IpAddr> {
        let address = self.0.filter(|address| !address.is_loopback());
        address.map(|address| match address {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        })
    }
}

/// The address of the connection, or, where that is a trusted proxy's, the last one in `X-Forwarded-For` that is not.
pub(crate) fn client_address(headers: &HeaderMap, proxies: &TrustedProxies) -> Option<IpAddr> {
    let peer = headers.get(SPIN_CLIENT_ADDR)?.to_str().ok()?;
    let peer: IpAddr = peer
        .parse::<SocketAddr>()
        .map(|peer| peer.ip())
        .or_else(|_| peer.parse())
        .ok()?;
    let peer = peer.to_canonical();
    if !proxies.contains(peer) {
        return Some(peer);
    }
    let forwarded = headers.get_all(X_FORWARDED_FOR).iter();
    let mut nearest_first: Vec<&[u8]> = forwarded
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .collect();
    nearest_first.reverse();
    // What stands before an entry that can't be read was written by nobody who is trusted.
    nearest_first
        .into_iter()
        .map_while(|entry| std::str::from_utf8(entry).ok()?.trim().parse::<IpAddr>().ok())
        .map(|address| address.to_canonical())
        .find(|address| !proxies.contains(*address))
        .or(Some(peer))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn network(peer: &'static str, forwarded: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(SPIN_CLIENT_ADDR, HeaderValue::from_static(peer));
        for value in forwarded {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_static(value));
        }
        let proxies = TrustedProxies::parse("10.0.0.0/8, ::1").unwrap();
        let address = ClientAddress(client_address(&headers, &proxies));
        address.network().map(|address| address.to_string())
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        for (peer, forwarded, expected) in [
            ("192.0.2.7:5000", &[][..], Some("192.0.2.7")),
            ("192.0.2.7:5000", &["198.51.100.9"], Some("192.0.2.7")),
            ("10.1.2.3:5000", &["198.51.100.9"], Some("198.51.100.9")),
            ("192.0.2.7", &[], Some("192.0.2.7")),
            // A client wrote the first one; the proxies appended what they saw.
            (
                "10.1.2.3:5000",
                &["203.0.113.1, 198.51.100.9, 10.9.9.9"],
                Some("198.51.100.9"),
            ),
            ("10.1.2.3:5000", &["203.0.113.1", "198.51.100.9"], Some("198.51.100.9")),
            ("10.1.2.3:5000", &["203.0.113.1, garbage"], Some("10.1.2.3")),
            ("10.1.2.3:5000", &["203.0.113.1, , 10.9.9.9"], Some("10.1.2.3")),
            ("10.1.2.3:5000", &["203.0.113.1", ""], Some("10.1.2.3")),
            ("10.1.2.3:5000", &["198.51.100.9:80"], Some("10.1.2.3")),
            ("10.1.2.3:5000", &["10.4.4.4, 10.9.9.9"], Some("10.1.2.3")),
            ("10.1.2.3:5000", &["::ffff:198.51.100.9"], Some("198.51.100.9")),
            (
                "10.1.2.3:5000",
                &["198.51.100.9, ::ffff:10.9.9.9"],
                Some("198.51.100.9"),
            ),
            ("[::ffff:10.1.2.3]:5000", &["198.51.100.9"], Some("198.51.100.9")),
            ("10.1.2.3:5000", &[], Some("10.1.2.3")),
            ("[::1]:5000", &["198.51.100.9"], Some("198.51.100.9")),
            ("[::2]:5000", &["198.51.100.9"], Some("::")),
        ] {
            assert_eq!(network(peer, forwarded).as_deref(), expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn what_a_client_wrote_does_not_hide_what_a_proxy_appended() {
        let mut headers = HeaderMap::new();
        headers.insert(SPIN_CLIENT_ADDR, HeaderValue::from_static("10.1.2.3:5000"));
        headers.append(X_FORWARDED_FOR, HeaderValue::from_static("203.0.113.1"));
        // The proxy appends to the last line, whose beginning is no text.
        let appended = HeaderValue::from_bytes(b"\xff, 198.51.100.9").unwrap();
        headers.append(X_FORWARDED_FOR, appended);
        let proxies = TrustedProxies::parse("10.0.0.0/8").unwrap();
        let expected = IpAddr::from([198, 51, 100, 9]);
        assert_eq!(client_address(&headers, &proxies), Some(expected));
    }

    #[test]
    fn one_subscriber_is_one_network_and_the_machine_itself_is_none() {
        assert_eq!(
            network("[2001:db8:1:2:3:4:5:6]:80", &[]).as_deref(),
            Some("2001:db8:1:2::")
        );
        assert_eq!(
            network("[2001:db8:1:ffff:ffff:ffff:ffff:ffff]:80", &[]).as_deref(),
            Some("2001:db8:1:ffff::")
        );
        assert_eq!(network("2001:db8:1:2::7", &[]).as_deref(), Some("2001:db8:1:2::"));
        assert_eq!(network("[::ffff:192.0.2.7]:80", &[]).as_deref(), Some("192.0.2.7"));
        assert_eq!(network("127.0.0.1:80", &[]), None);
        assert_eq!(network("[::ffff:127.0.0.1]:80", &[]), None);
        assert_eq!(network("10.1.2.3:80", &["127.0.0.1"]), None);
        assert_eq!(network("garbage", &["198.51.100.9"]), None);
        assert_eq!(network("", &[]), None);
        let without_peer = HeaderMap::from_iter([(X_FORWARDED_FOR, HeaderValue::from_static("198.51.100.9"))]);
        assert_eq!(client_address(&without_peer, &TrustedProxies::default()), None);
    }
}
