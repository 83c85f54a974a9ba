//! `/api/memos/{id}/shares` and `/api/memos/shares`: the links by which others read a memo, as their owner sees them.

use std::time::Duration;

use axum::{
    Json as Answer,
    extract::{FromRequestParts, Path, State},
};
use common::{
    http::{
        extract::Json,
        problem::{FieldError, Problem},
        requested,
    },
    world::clock::{Timestamp, rfc3339},
};
use http::{StatusCode, request::Parts};
use serde::{Deserialize, Serialize};

use super::{caller::Writer, path_id::PathId};
use crate::{
    App,
    catalog::{
        Error,
        shares::{Share, ShareId, ShareToken},
    },
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a link is good where nobody says it, in days: long enough to be opened, short enough to be forgotten.
const DAYS: u32 = 7;

/// How long it may be.
const DAYS_MAX: u32 = 365;

/// How long a link is to be good.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShareBody {
    expires_in_days: Option<u64>,
}

impl ShareBody {
    fn lasts(self) -> Result<Duration, Problem> {
        let days = self.expires_in_days.map_or(Some(DAYS), |days| u32::try_from(days).ok());
        match days {
            Some(days @ 1..=DAYS_MAX) => Ok(DAY.saturating_mul(days)),
            _ => {
                let refused = FieldError::new("expires_in_days", format!("It must be 1 to {DAYS_MAX}."));
                Err(Problem::invalid_request(vec![refused]))
            }
        }
    }
}

/// A new link: the only answer that holds its token.
#[derive(Serialize)]
pub struct MadeBody {
    #[serde(flatten)]
    share: ShareItem,
    token: String,
    url: String,
}

/// A link.
#[derive(Serialize)]
pub struct ShareItem {
    id: String,
    memo_id: String,
    #[serde(with = "rfc3339")]
    created_at: Timestamp,
    #[serde(with = "rfc3339")]
    expires_at: Timestamp,
}

impl From<Share> for ShareItem {
    fn from(share: Share) -> Self {
        Self {
            id: share.id.to_string(),
            memo_id: share.memo.to_string(),
            created_at: share.created_at,
            expires_at: share.expires_at,
        }
    }
}

/// Links, oldest first.
#[derive(Serialize)]
pub struct SharesBody {
    items: Vec<ShareItem>,
}

impl From<Vec<Share>> for SharesBody {
    fn from(shares: Vec<Share>) -> Self {
        let items = shares.into_iter().map(ShareItem::from).collect();
        Self { items }
    }
}

/// The app's own origin: as it is configured, or else as the caller wrote it, who is the only one to be misled by it.
pub struct OwnOrigin(String);

impl FromRequestParts<App> for OwnOrigin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let configured = app.addresses.public_origin.get();
        if let Some(origin) = configured.and_then(|origin| origin.to_str().ok()) {
            return Ok(Self(origin.to_owned()));
        }
        let scheme = if requested::came_by_https(&parts.headers) {
            "https"
        } else {
            "http"
        };
        let authority = requested::authority(&parts.headers, &parts.uri);
        // Without one, the address is a relative one.
        Ok(Self(authority.map_or_else(String::new, |authority| {
            format!("{scheme}://{authority}")
        })))
    }
}

impl OwnOrigin {
    fn address_of(&self, token: &ShareToken) -> String {
        format!("{}/api/shares/{}", self.0, token.as_str())
    }
}

/// Gives out a link to a memo.
pub async fn create(
    State(app): State<App>,
    Writer(user): Writer,
    PathId(id): PathId,
    origin: OwnOrigin,
    Json(body): Json<ShareBody>,
) -> Result<(StatusCode, Answer<MadeBody>), Problem> {
    let lasts = body.lasts()?;
    let (token, share) = app.catalog(&user).share(id, lasts).await.map_err(refusal)?;
    let made = MadeBody {
        share: share.into(),
        url: origin.address_of(&token),
        token: token.as_str().to_owned(),
    };
    Ok((StatusCode::CREATED, Answer(made)))
}

/// Lists a memo's links.
pub async fn list(
    State(app): State<App>,
    Writer(user): Writer,
    PathId(id): PathId,
) -> Result<Answer<SharesBody>, Problem> {
    let catalog = app.catalog(&user);
    catalog.read(id).await?;
    let mut shares = catalog.shares().await?;
    shares.retain(|share| share.memo == id);
    Ok(Answer(shares.into()))
}

/// Lists all links of the caller.
pub async fn list_all(State(app): State<App>, Writer(user): Writer) -> Result<Answer<SharesBody>, Problem> {
    Ok(Answer(app.catalog(&user).shares().await?.into()))
}

/// The link of `/shares/{share}`, by its id or by its token.
pub struct PathShare(ShareId);

impl FromRequestParts<App> for PathShare {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Path(id) = Path::<String>::from_request_parts(parts, app)
            .await
            .map_err(|_| absent())?;
        id.parse().map(Self).map_err(|_| absent())
    }
}

/// Ends a link.
pub async fn revoke(
    State(app): State<App>,
    Writer(user): Writer,
    PathShare(id): PathShare,
) -> Result<StatusCode, Problem> {
    app.catalog(&user)
        .revoke_share(&id)
        .await
        .map_err(|error| match error {
            Error::Absent => absent(),
            error => refusal(error),
        })?;
    Ok(StatusCode::NO_CONTENT)
}

fn absent() -> Problem {
    Problem::not_found("You have no such link.")
}

/// Why something was not done to the links.
fn refusal(error: Error) -> Problem {
    match error {
        Error::Busy => Problem::conflict(
            "Your links are being changed at this moment; try again.",
            Duration::from_secs(1),
        ),
        error => error.into(),
    }
}
