//! What is served: one file a resource, named as its path.
//!
//! Every request is parsed into types by extractors ([`caller`], [`conditions`], [`idempotency_key`], [`path_id`]) and
//! bodies ([`body`]) before its handler runs; [`answer`] makes responses of memos and of errors.

pub mod answer;
pub mod batch;
pub mod body;
pub mod caller;
pub mod changes;
pub mod conditions;
pub mod cursor;
pub mod events;
pub mod export;
pub mod idempotency_key;
pub mod import;
pub mod list;
pub mod listeners;
pub mod maintenance;
pub mod memos;
pub mod path_id;
pub mod tags;
pub mod transfers;
pub mod trash;
pub mod versions;

use axum::{
    Router,
    routing::{delete, get, post},
};

use crate::App;

/// All routes of the service.
pub fn router() -> Router<App> {
    Router::new()
        .route(
            "/api/memos",
            get(list::list).post(memos::create).delete(trash::remove_all),
        )
        .route("/api/memos/tags", get(tags::list))
        .route("/api/memos/changes", get(changes::list))
        .route("/api/memos/events", get(events::listen))
        .route("/api/memos/batch", post(batch::run))
        .route("/api/memos/export", get(export::export))
        .route("/api/memos/import", post(import::import))
        .route("/api/memos/trash", delete(trash::empty))
        .route("/api/memos/maintenance", post(maintenance::run))
        .route(
            "/api/memos/{id}",
            get(memos::read)
                .put(memos::replace)
                .patch(memos::patch)
                .delete(memos::delete),
        )
        .route("/api/memos/{id}/restore", post(trash::restore))
        .route("/api/memos/{id}/versions", get(versions::list))
        .route("/api/memos/{id}/versions/{version}", get(versions::read))
        .route("/api/memos/{id}/versions/{version}/restore", post(versions::restore))
}
