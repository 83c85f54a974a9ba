//! Content codings and their negotiation (RFC 9110 §12.5.3).

use http::{HeaderMap, header::ACCEPT_ENCODING};

/// How a body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    Brotli,
    Gzip,
    Identity,
}

impl Coding {
    /// The coding's name in `Content-Encoding`; the identity is not named there.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }
}

/// How much the caller wants a coding: thousandths, as `q` has three decimals.
type Weight = u16;

/// What a caller accepts.
pub struct Accepted(Vec<(String, Weight)>);

impl Accepted {
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let listed = headers
            .get_all(ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|element| {
                let (name, parameter) = element.split_once(';').unwrap_or((element, "q=1"));
                let name = name.trim().to_ascii_lowercase();
                (!name.is_empty()).then(|| (name, weight(parameter)))
            });
        Self(listed.collect())
    }

    /// 0 for what the caller refuses.
    pub fn weight(&self, coding: Coding) -> Weight {
        let listed = |name| self.0.iter().find(|(listed, _)| listed == name);
        let found = listed(coding.name().unwrap_or("identity")).or_else(|| listed("*"));
        match (found, coding) {
            (Some((_, weight)), _) => *weight,
            // Unmentioned, the identity is acceptable, yet anything asked for is better.
            (None, Coding::Identity) => 1,
            (None, _) => 0,
        }
    }
}

/// An unreadable weight refuses: the identity is always there to fall back to.
fn weight(parameter: &str) -> Weight {
    let value = parameter
        .trim()
        .strip_prefix(['q', 'Q'])
        .and_then(|rest| rest.trim_start().strip_prefix('='))
        .and_then(|value| value.trim().parse::<f32>().ok());
    match value {
        Some(value) if (0.0..=1.0).contains(&value) => (value * 1000.0).round() as Weight,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// The weights of brotli, gzip and the identity.
    fn weights(accept_encoding: &'static str) -> [Weight; 3] {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accept_encoding));
        let accepted = Accepted::from_headers(&headers);
        [Coding::Brotli, Coding::Gzip, Coding::Identity].map(|coding| accepted.weight(coding))
    }

    #[test]
    fn weights_are_read_with_any_case_and_spacing() {
        assert_eq!(weights("BR ; Q=0.5 ,gzip;q=1.000"), [500, 1000, 1]);
    }

    #[test]
    fn a_star_stands_for_everything_unlisted() {
        assert_eq!(weights("gzip;q=0, *;q=0.3"), [300, 0, 300]);
        assert_eq!(weights("br, *;q=0"), [1000, 0, 0]);
    }

    #[test]
    fn what_is_unlisted_is_refused_except_the_identity() {
        assert_eq!(weights("zstd"), [0, 0, 1]);
        assert_eq!(weights(""), [0, 0, 1]);
    }

    #[test]
    fn an_unreadable_weight_refuses_the_coding() {
        assert_eq!(weights("br;q=high, gzip;q=7, identity;q=NaN"), [0, 0, 0]);
    }
}
