//! `POST /api/memos/maintenance`: removes what is due, for a scheduler.

use axum::{Json, extract::State};
use common::http::{maintenance::MaintenanceBody, problem::Problem};
use http::HeaderMap;

use crate::{App, catalog::due};

/// How many entries one request goes through.
const ENTRIES: u64 = 200;

/// Removes what is due, as far as one request goes.
pub async fn run(State(app): State<App>, headers: HeaderMap) -> Result<Json<MaintenanceBody>, Problem> {
    app.maintenance.check(&headers)?;
    let swept = due::sweep(&app.ports, &app.limits, ENTRIES).await?;
    Ok(Json(swept.into()))
}
