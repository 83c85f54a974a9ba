//! What a scheduler asks for, and with which token: `POST /api/{service}/maintenance`.

use std::sync::Arc;

use http::HeaderMap;
use serde::Serialize;
use subtle::ConstantTimeEq;

use super::problem::Problem;
use crate::{config::ConfigError, store::due::Swept, token::bearer};

/// What a scheduler must know: the variable `maintenance_token`.
#[derive(Clone, Default)]
pub struct MaintenanceToken(Option<Arc<str>>);

impl MaintenanceToken {
    /// Reads the variable; where it is empty, nobody may ask. A line's end, as files have it, is not part of the token.
    ///
    /// # Errors
    /// When it holds what no `Authorization` header does.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let token = text.trim();
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            let reason = "it has spaces, or characters that are not of ASCII";
            return Err(ConfigError::new("maintenance_token", reason));
        }
        Ok(Self((!token.is_empty()).then(|| token.into())))
    }

    /// Lets whoever sent the token go on.
    ///
    /// # Errors
    /// 404 where nobody may ask, and 401 without the token.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let Some(expected) = &self.0 else {
            return Err(Problem::not_found("Nothing is served at this path."));
        };
        // How long the token is can be told by the time that this takes, and nothing else of it.
        if expected.as_bytes().ct_eq(bearer(headers)?.as_bytes()).into() {
            return Ok(());
        }
        Err(Problem::unauthorized(
            Some("invalid_token"),
            "This is not the token of maintenance.",
        ))
    }
}

/// What was done.
#[derive(Serialize)]
pub struct MaintenanceBody {
    removed: usize,
    /// Whether there is more to do: ask again.
    more: bool,
}

impl From<Swept> for MaintenanceBody {
    fn from(Swept { removed, more }: Swept) -> Self {
        Self { removed, more }
    }
}
