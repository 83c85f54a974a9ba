//! The trace that a request belongs to, as its caller or the host says it: the header `traceparent` (W3C Trace Context). With
//! its ids in the log somebody finds the trace of a line, and the lines of a trace.

use http::{HeaderMap, HeaderName};

use super::request_id::X_REQUEST_ID;

/// Names the trace and the span that a request belongs to.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Goes with [`TRACEPARENT`] and is for those who make spans.
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The headers of a request that tie to it what a service asks of others because of it. Without a host or a mesh that does so,
/// these headers are all that joins the requests of one trace.
pub fn passed_on(headers: &HeaderMap) -> HeaderMap {
    let mut context = HeaderMap::new();
    for name in [TRACEPARENT, TRACESTATE, X_REQUEST_ID] {
        if let Some(value) = headers.get(&name) {
            context.insert(name, value.clone());
        }
    }
    context
}

/// The ids that a sound `traceparent` names, in lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace: 32 digits.
    pub trace_id: String,
    /// The caller's span, of which the request is a part: 16 digits.
    pub span_id: String,
}

impl TraceContext {
    /// The trace of a request with these headers; none where they name none, several, or one that breaks the form.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(TRACEPARENT).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return None;
        };
        Self::parse(value.to_str().ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split('-');
        let version = hexadecimal(fields.next()?, 2)?;
        let trace_id = hexadecimal(fields.next()?, 32)?;
        let span_id = hexadecimal(fields.next()?, 16)?;
        hexadecimal(fields.next()?, 2)?;
        // A later version may add fields, and no version is ff.
        let is_known = match version {
            "00" => fields.next().is_none(),
            _ => version != "ff",
        };
        let names_something = |id: &str| id.bytes().any(|digit| digit != b'0');
        (is_known && names_something(trace_id) && names_something(span_id)).then(|| Self {
            trace_id: trace_id.to_owned(),
            span_id: span_id.to_owned(),
        })
    }
}

fn hexadecimal(field: &str, digits: usize) -> Option<&str> {
    let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (field.len() == digits && field.bytes().all(is_digit)).then_some(field)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    fn of(values: &[&str]) -> Option<TraceContext> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(TRACEPARENT, HeaderValue::from_str(value).unwrap());
        }
        TraceContext::of(&headers)
    }

    #[test]
    fn the_ids_of_a_sound_header_are_told() {
        let expected = Some(TraceContext {
            trace_id: TRACE.to_owned(),
            span_id: SPAN.to_owned(),
        });
        assert_eq!(of(&[&format!("00-{TRACE}-{SPAN}-01")]), expected);
        assert_eq!(of(&[&format!("00-{TRACE}-{SPAN}-00")]), expected);
        assert_eq!(of(&[&format!("cc-{TRACE}-{SPAN}-01-what-comes-later")]), expected);
    }

    #[test]
    fn what_breaks_the_form_names_no_trace() {
        let (zeros, upper) = ("0".repeat(32), TRACE.to_uppercase());
        for value in [
            String::new(),
            "00".to_owned(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("00-{TRACE}-{SPAN}-01-"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("0-{TRACE}-{SPAN}-01"),
            format!("00-{upper}-{SPAN}-01"),
            format!("00-{zeros}-{SPAN}-01"),
            format!("00-{TRACE}-{}-01", &zeros[..16]),
            format!("00-{TRACE}0-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", &TRACE[1..]),
            format!("00-{TRACE}-{SPAN}-0x"),
            format!("00-{TRACE}-{SPAN}-01\", \"level\": \"error"),
        ] {
            assert_eq!(of(&[&value]), None, "{value}");
        }
        assert_eq!(of(&[]), None);
        let sound = format!("00-{TRACE}-{SPAN}-01");
        assert_eq!(of(&[&sound, &sound]), None, "two of them");
    }
}
