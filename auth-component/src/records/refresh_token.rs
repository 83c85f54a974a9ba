//! Refresh tokens, as clients get and send them.

use crate::bytes32::Bytes32;

/// Whether a text can be a session's id: 128 bits in base64url.
pub fn is_session_id(text: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    text.len() == 22 && text.bytes().all(safe)
}

/// A refresh token: `{session id}.{secret}.{tag}`, each part in base64url.
pub struct RefreshToken {
    /// The id of its session.
    pub(super) session_id: String,
    /// What only its holder knows.
    pub(super) secret: Bytes32,
    /// Proves that the session gave the secret out. Tokens from before there were tags have none.
    pub(super) tag: Option<Bytes32>,
}

impl RefreshToken {
    /// The id of the session that the token says it belongs to.
    pub fn session_id(&self) -> &str {
        &self.session_id
    }

    /// Reads what a client sent; `None` when it can't be a refresh token.
    pub fn parse(text: &str) -> Option<Self> {
        let (session_id, rest) = text.split_once('.')?;
        is_session_id(session_id).then_some(())?;
        let (secret, tag) = match rest.split_once('.') {
            Some((secret, tag)) => (secret, Some(Bytes32::from_text(tag)?)),
            None => (rest, None),
        };
        Some(Self {
            session_id: session_id.to_owned(),
            secret: Bytes32::from_text(secret)?,
            tag,
        })
    }

    /// The token as the client gets it.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}.{}", self.session_id, self.secret.to_text());
        if let Some(tag) = &self.tag {
            text.push('.');
            text.push_str(&tag.to_text());
        }
        text
    }
}
