//! A service's OpenAPI document, which was made when the service was built.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::problem::Problem;

/// The document, as it is and in gzip.
#[derive(Debug)]
pub struct Document {
    /// A hash of it.
    pub hash: &'static str,
    /// JSON.
    pub json: &'static [u8],
    /// The same in gzip, a seventh as long.
    pub gzip: &'static [u8],
}

impl Document {
    /// Answers a request that had these headers. Anybody may keep the answer, and asks each time whether it is still good.
    ///
    /// # Errors
    /// None that can happen.
    pub fn answer(&self, request: &HeaderMap) -> Result<Response, Problem> {
        let as_gzip = takes_gzip(request);
        // Strong, so it differs per coding (RFC 9110 §8.8.3.3).
        let etag = format!("\"{}{}\"", self.hash, if as_gzip { "-gz" } else { "" });
        let is_known = listed(request, header::IF_NONE_MATCH)
            .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag);
        let mut response = if is_known {
            StatusCode::NOT_MODIFIED.into_response()
        } else if as_gzip {
            ([(header::CONTENT_ENCODING, "gzip")], self.gzip).into_response()
        } else {
            self.json.into_response()
        };
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_TYPE);
        if !is_known {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        headers.insert(header::ETAG, HeaderValue::try_from(etag).map_err(Problem::internal)?);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        Ok(response)
    }
}

/// Whether a client takes gzip (RFC 9110 §12.5.3). Who does not say it gets the document as it is.
fn takes_gzip(request: &HeaderMap) -> bool {
    listed(request, header::ACCEPT_ENCODING).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().trim_start_matches(['q', 'Q']).trim_start_matches('=');
        name.trim().eq_ignore_ascii_case("gzip") && weight.parse::<f32>().is_ok_and(|weight| weight > 0.0)
    })
}

/// The elements of a header that is a list.
fn listed(request: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    let lines = request.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    static DOCUMENT: Document = Document {
        hash: "0f",
        json: b"{}",
        gzip: b"zip",
    };

    fn answer(name: &'static str, value: &'static str) -> Response {
        let headers = HeaderMap::from_iter([(name.parse().unwrap(), HeaderValue::from_static(value))]);
        DOCUMENT.answer(&headers).unwrap()
    }

    fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    #[test]
    fn who_takes_gzip_gets_gzip() {
        for (accepted, expected) in [
            ("gzip", true),
            ("br, GZip;q=0.5", true),
            ("br", false),
            ("gzip;q=0", false),
            ("", false),
        ] {
            let response = answer("accept-encoding", accepted);
            assert_eq!(header(&response, "content-encoding").is_some(), expected, "{accepted}");
            assert_eq!(header(&response, "content-type"), Some("application/json"));
            assert_eq!(
                header(&response, "etag"),
                Some(if expected { "\"0f-gz\"" } else { "\"0f\"" })
            );
        }
    }

    #[test]
    fn who_has_it_is_told_so() {
        for known in ["\"0f\"", "W/\"0f\"", "\"x\", \"0f\"", "*"] {
            let response = answer("if-none-match", known);
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(header(&response, "content-type"), None);
            assert_eq!(header(&response, "etag"), Some("\"0f\""));
        }
        assert_eq!(answer("if-none-match", "\"0f-gz\"").status(), StatusCode::OK);
    }
}
