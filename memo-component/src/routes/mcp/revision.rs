//! Which revision of the protocol a request speaks.
//!
//! Older ones begin with a handshake (`initialize`), after which a header names what was agreed on. In the newer ones each
//! request says everything about itself, in `params._meta`, and headers repeat some of it for what stands in between.

use http::HeaderMap;
use serde_json::Value;

use super::message::{Call, RpcError};

/// The revisions with a handshake that are spoken here, newest first. The one before them has batches.
pub const HANDSHAKE: [&str; 2] = ["2025-11-25", "2025-06-18"];

/// All that are spoken here.
pub const SUPPORTED: [&str; 3] = [PER_REQUEST, "2025-11-25", "2025-06-18"];

/// The one without a handshake, and those that follow it.
const PER_REQUEST: &str = "2026-07-28";

const HEADER: &str = "mcp-protocol-version";
const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// How a request speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revision {
    /// As one after a handshake does.
    Handshake,
    /// By itself.
    PerRequest,
}

impl Revision {
    /// How a call speaks.
    ///
    /// # Errors
    /// When it names a revision that is not spoken here, or its headers and its body disagree.
    pub fn of(headers: &HeaderMap, call: &Call) -> Result<Self, RpcError> {
        // The handshake itself: its parameters say what the client would like, and the answer what it gets.
        if call.method == "initialize" {
            return Ok(Self::Handshake);
        }
        let header = one_header(headers, HEADER)?;
        let meta = call.params.get("_meta");
        let said = meta.and_then(|meta| meta.get(VERSION)).and_then(Value::as_str);
        match (said, header) {
            (None, Some(header)) if HANDSHAKE.contains(&header) => Ok(Self::Handshake),
            // Without a word about it, a request comes from somebody who tries the service by hand.
            (None, None) if call.method != "server/discover" => Ok(Self::Handshake),
            (None, None | Some(PER_REQUEST)) => Err(RpcError::incomplete_meta(VERSION)),
            (None, Some(header)) => Err(RpcError::unsupported_revision(header)),
            (Some(said), header) if header != Some(said) => Err(RpcError::header_mismatch("MCP-Protocol-Version")),
            (Some(said), _) if said != PER_REQUEST => Err(RpcError::unsupported_revision(said)),
            (Some(_), _)
                if meta
                    .and_then(|meta| meta.get(CAPABILITIES))
                    .is_none_or(|it| !it.is_object()) =>
            {
                Err(RpcError::incomplete_meta(CAPABILITIES))
            }
            (Some(_), _) => repeated(headers, call).map(|()| Self::PerRequest),
        }
    }
}

/// Checks the header of a message that nobody answers.
///
/// # Errors
/// When it names a revision that is not spoken here.
pub fn is_known(headers: &HeaderMap) -> Result<(), RpcError> {
    match one_header(headers, HEADER)? {
        Some(header) if !SUPPORTED.contains(&header) => Err(RpcError::unsupported_revision(header)),
        _ => Ok(()),
    }
}

/// Checks the headers that repeat what the body says. What stands in between may go by them, and must not be misled.
fn repeated(headers: &HeaderMap, call: &Call) -> Result<(), RpcError> {
    if one_header(headers, "mcp-method")? != Some(call.method.as_str()) {
        return Err(RpcError::header_mismatch("Mcp-Method"));
    }
    let name = call.params.get("name").and_then(Value::as_str);
    if call.method == "tools/call" && name.is_some() && one_header(headers, "mcp-name")? != name {
        return Err(RpcError::header_mismatch("Mcp-Name"));
    }
    Ok(())
}

/// A header that may come once.
fn one_header<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, RpcError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| RpcError::header_mismatch(name)),
        (Some(_), Some(_)) => Err(RpcError::header_mismatch(name)),
    }
}
