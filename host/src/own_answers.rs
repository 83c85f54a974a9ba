//! The host's own answers: short, and silent about the inside.

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Response, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS},
};
use http_body_util::{BodyExt, Full};
use wasmtime_wasi_http::WasiBody;

use crate::output::report;

/// An answer in plain text.
pub fn ok(text: &'static str) -> Response<WasiBody> {
    answer(StatusCode::OK, "text/plain", Bytes::from_static(text.as_bytes()))
}

/// An answer in JSON.
pub fn json(json: String) -> Response<WasiBody> {
    answer(StatusCode::OK, "application/json", json.into())
}

/// An answer to a request that no component has answered. It is reported, because no component writes a line about it.
pub fn refuse(status: StatusCode, text: &'static str) -> Response<WasiBody> {
    report(format_args!("answered {}: {}", status.as_u16(), text.trim_end()));
    let mut response = answer(status, "text/plain", Bytes::from_static(text.as_bytes()));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        set(&mut response, RETRY_AFTER, "1");
    }
    response
}

fn answer(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<WasiBody> {
    let body = Full::new(body).map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    set(&mut response, CONTENT_TYPE, content_type);
    set(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}

fn set(response: &mut Response<WasiBody>, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}
