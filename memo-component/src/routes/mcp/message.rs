//! Messages of JSON-RPC 2.0, as the protocol uses them: ids are strings or numbers, parameters have names, and there are no
//! batches.

use axum::{
    Json as Answer,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::revision::{Revision, SUPPORTED};

/// What a client sends.
#[derive(Debug, PartialEq)]
pub enum Message {
    /// What it wants an answer to.
    Call(Call),
    /// A notification, or an answer to what nobody asked.
    Other,
}

/// What a client wants an answer to.
#[derive(Debug, PartialEq)]
pub struct Call {
    /// Its name, which the answer repeats.
    pub id: Value,
    /// What is to be done.
    pub method: String,
    /// With what.
    pub params: Map<String, Value>,
}

impl Message {
    /// Reads a body.
    ///
    /// # Errors
    /// When it is not JSON, or no message.
    pub fn parse(body: &[u8]) -> Result<Self, RpcError> {
        let message: Value = serde_json::from_slice(body).map_err(|error| RpcError::no_json(&error))?;
        let Value::Object(mut message) = message else {
            return Err(RpcError::no_message(
                "a message is an object, and batches are not taken",
            ));
        };
        if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return Err(RpcError::no_message("jsonrpc must be \"2.0\""));
        }
        let params = message.remove("params");
        match (message.remove("method"), message.remove("id")) {
            (Some(Value::String(_)), None) => Ok(Self::Other),
            (Some(Value::String(method)), Some(id @ (Value::String(_) | Value::Number(_)))) => match params {
                None => Ok(Self::Call(Call::new(id, method, Map::new()))),
                Some(Value::Object(params)) => Ok(Self::Call(Call::new(id, method, params))),
                Some(_) => Err(RpcError::no_message("params must be an object")),
            },
            (Some(Value::String(_)), Some(_)) => Err(RpcError::no_message("id must be a string or a number")),
            (None, Some(_)) if message.contains_key("result") || message.contains_key("error") => Ok(Self::Other),
            _ => Err(RpcError::no_message("method must be a string")),
        }
    }
}

impl Call {
    fn new(id: Value, method: String, params: Map<String, Value>) -> Self {
        Self { id, method, params }
    }
}

/// The answer to a call that was done.
pub fn result(id: Value, revision: Revision, mut result: Value) -> Response {
    if let (Revision::PerRequest, Some(result)) = (revision, result.as_object_mut()) {
        result.insert("resultType".to_owned(), "complete".into());
    }
    Answer(json!({"jsonrpc": "2.0", "id": id, "result": result})).into_response()
}

/// Why a call is not done.
#[derive(Debug, PartialEq)]
pub struct RpcError {
    status: StatusCode,
    code: i32,
    message: String,
    data: Option<Value>,
}

impl RpcError {
    fn new(status: StatusCode, code: i32, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            data: None,
        }
    }

    fn no_json(error: &serde_json::Error) -> Self {
        Self::new(StatusCode::BAD_REQUEST, -32700, format!("Parse error: {error}"))
    }

    fn no_message(why: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, -32600, format!("Invalid request: {why}"))
    }

    /// There is no such method. The newer revisions say so in the status as well.
    pub fn unknown_method(method: &str, revision: Revision) -> Self {
        let status = match revision {
            Revision::Handshake => StatusCode::OK,
            Revision::PerRequest => StatusCode::NOT_FOUND,
        };
        let method: String = method.chars().take(64).collect();
        Self::new(status, -32601, format!("Method not found: {method}"))
    }

    /// A parameter is missing, or not as it must be.
    pub fn invalid_params(why: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::OK, -32602, format!("Invalid params: {why}"))
    }

    /// The members of `_meta` that each request of the newer revisions has are not all there.
    pub fn incomplete_meta(missing: &str) -> Self {
        let why = format!("Invalid params: _meta must have {missing}");
        Self::new(StatusCode::BAD_REQUEST, -32602, why)
    }

    /// A header says something else than the body.
    pub fn header_mismatch(header: &str) -> Self {
        let why = format!("Header mismatch: {header} must say what the body says");
        Self::new(StatusCode::BAD_REQUEST, -32020, why)
    }

    /// The request speaks a revision of the protocol that is not spoken here.
    pub fn unsupported_revision(requested: &str) -> Self {
        let requested: String = requested.chars().take(64).collect();
        let mut error = Self::new(StatusCode::BAD_REQUEST, -32022, "Unsupported protocol version");
        error.data = Some(json!({"supported": SUPPORTED, "requested": requested}));
        error
    }

    /// The answer to the call of this id; null where the id is not known.
    pub fn response(self, id: Value) -> Response {
        let mut error = json!({"code": self.code, "message": self.message});
        if let (Some(data), Some(error)) = (self.data, error.as_object_mut()) {
            error.insert("data".to_owned(), data);
        }
        (self.status, Answer(json!({"jsonrpc": "2.0", "id": id, "error": error}))).into_response()
    }
}
