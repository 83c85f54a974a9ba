//! `POST /api/auth/maintenance`: does what is due, for a scheduler.

use axum::{Json, extract::State};
use common::http::{maintenance::MaintenanceBody, problem::Problem};
use http::HeaderMap;

use super::client::Client;
use crate::{App, due};

/// How many entries one request goes through. Each may ask the memo service for a step.
const ENTRIES: u64 = 50;

/// Does what is due, as far as one request goes.
pub async fn run(State(app): State<App>, client: Client, headers: HeaderMap) -> Result<Json<MaintenanceBody>, Problem> {
    app.maintenance.check(&headers)?;
    let swept = due::sweep(&app.ports, &app.memos, ENTRIES, &client.context).await?;
    Ok(Json(swept.into()))
}
