//! `GET /api/auth/revocations`: which sessions ended before their access tokens did, and which keys are good.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use common::{
    http::problem::Problem,
    world::{
        Ports,
        clock::{Timestamp, rfc3339},
    },
};
use http::{HeaderValue, header};
use serde::Serialize;

use crate::{App, records::revocation, tokens::keyring::Keyring};

/// For how long an instance gives the same list: whoever asks, and however often, it is read every few seconds and not more.
pub const MAX_AGE: Duration = Duration::from_secs(5);

/// The list as the API shows it.
#[derive(Serialize)]
struct RevocationsBody {
    #[serde(with = "rfc3339")]
    generated_at: Timestamp,
    items: Vec<RevokedBody>,
    /// Ids of the public keys. Who follows the list learns from it that a key was taken back, long before they would ask for
    /// the keys again.
    keys: Vec<String>,
}

#[derive(Serialize)]
struct RevokedBody {
    id: String,
    #[serde(with = "rfc3339")]
    until: Timestamp,
}

/// The list that an instance read last, as it is sent.
#[derive(Default)]
pub struct RevocationList(Mutex<Option<(Timestamp, String)>>);

impl RevocationList {
    async fn current(&self, ports: &Ports, keyring: &Keyring) -> Result<String, Problem> {
        let now = ports.clock.now();
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, list)) = kept
            && at <= now
            && now.since(at) < MAX_AGE
        {
            return Ok(list);
        }
        let items = revocation::list(ports).await?.into_iter();
        let body = RevocationsBody {
            generated_at: now,
            items: items
                .map(|revoked| RevokedBody {
                    id: revoked.id,
                    until: revoked.until,
                })
                .collect(),
            keys: keyring.current(now).await?.ids(),
        };
        let list = serde_json::to_string(&body).map_err(Problem::internal)?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, list.clone()));
        Ok(list)
    }
}

/// Tells the sessions that ended lately: hashes of their ids, which say nothing to whoever has no token of theirs. Beside them the
/// ids of the keys that tokens are to be believed by.
pub async fn show(State(app): State<App>) -> Result<Response, Problem> {
    let list = app.revocations.current(&app.ports, &app.keys).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=15")),
    ];
    Ok((headers, list).into_response())
}
