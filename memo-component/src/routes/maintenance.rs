//! `POST /api/memos/maintenance`: removes what is due, for a scheduler.

use std::sync::Arc;

use axum::{Json, extract::State};
use common::{http::problem::Problem, token::bearer};
use http::HeaderMap;
use serde::Serialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{App, catalog::due};

/// How many entries one request goes through.
const ENTRIES: u64 = 200;

/// What a scheduler must know, as a digest.
#[derive(Clone)]
pub struct MaintenanceToken(Arc<[u8]>);

impl MaintenanceToken {
    /// The token of the configuration; none for an empty one.
    pub fn new(token: &str) -> Option<Self> {
        (!token.is_empty()).then(|| Self(Sha256::digest(token.as_bytes()).as_slice().into()))
    }

    fn is(&self, token: &str) -> bool {
        // Digests have one length, and how much of them agrees tells nothing of the token.
        self.0.ct_eq(&Sha256::digest(token.as_bytes())).into()
    }
}

/// What was done.
#[derive(Serialize)]
pub struct MaintenanceBody {
    removed: usize,
    /// Whether there is more to do: ask again.
    more: bool,
}

/// Removes what is due, as far as one request goes.
pub async fn run(State(app): State<App>, headers: HeaderMap) -> Result<Json<MaintenanceBody>, Problem> {
    let Some(expected) = &app.maintenance else {
        return Err(Problem::not_found("Nothing is served at this path."));
    };
    if !expected.is(bearer(&headers)?) {
        return Err(Problem::unauthorized(
            Some("invalid_token"),
            "This is not the token of maintenance.",
        ));
    }
    let swept = due::sweep(&app.ports, &app.limits, ENTRIES).await?;
    Ok(Json(MaintenanceBody {
        removed: swept.removed,
        more: swept.more,
    }))
}
