//! `GET /api/memos/tags`: which tags there are, and how often.

use axum::{Json, extract::State};
use common::http::problem::Problem;
use serde::Serialize;

use super::caller::Reader;
use crate::{App, catalog::tag_counts::Tags};

/// A tag, and how many memos have it that are neither archived nor in the trash.
#[derive(Serialize)]
pub struct TagBody {
    tag: String,
    count: u64,
}

/// The tags, sorted.
#[derive(Serialize)]
pub struct TagsBody {
    items: Vec<TagBody>,
    /// Whether not all memos have been looked at yet: ask again.
    more: bool,
}

impl From<Tags> for TagsBody {
    fn from(tags: Tags) -> Self {
        let body = |(tag, count)| TagBody { tag, count };
        Self {
            items: tags.counts.into_iter().map(body).collect(),
            more: tags.more,
        }
    }
}

/// Lists the caller's tags.
pub async fn list(State(app): State<App>, Reader(user): Reader) -> Result<Json<TagsBody>, Problem> {
    Ok(Json(app.catalog(&user).tags().await?.into()))
}
