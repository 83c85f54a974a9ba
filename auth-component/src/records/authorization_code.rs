//! Authorization codes, as programs get and send them (RFC 6749 §4.1).

use super::refresh_token::is_session_id;
use crate::bytes32::Bytes32;

/// An authorization code: `{session id}.{secret}`, each part in base64url. The session is there before the code is used, and
/// good for nothing until then.
pub struct AuthorizationCode {
    /// The id of the session that it begins.
    pub(super) session_id: String,
    /// What only its holder knows.
    pub(super) secret: Bytes32,
}

impl AuthorizationCode {
    /// Reads what a program sent; `None` when it can't be a code.
    pub fn parse(text: &str) -> Option<Self> {
        let (session_id, secret) = text.split_once('.')?;
        is_session_id(session_id).then_some(())?;
        Some(Self {
            session_id: session_id.to_owned(),
            secret: Bytes32::from_text(secret)?,
        })
    }

    /// The code as the program gets it.
    pub fn to_text(&self) -> String {
        format!("{}.{}", self.session_id, self.secret.to_text())
    }
}
