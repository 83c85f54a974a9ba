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
pub mod erasure;
pub mod events;
pub mod export;
pub mod idempotency_key;
pub mod import;
pub mod list;
pub mod listeners;
pub mod maintenance;
pub mod mcp;
pub mod memos;
mod openapi;
pub mod path_id;
pub mod protected_resource;
mod scope;
pub mod shared;
pub mod shares;
pub mod tags;
pub mod transfers;
pub mod trash;
pub mod versions;

use axum::{
    Router,
    routing::{delete, get, post},
};

use crate::App;

/// All routes of the service. What an access token has to be for is said by the handlers: [`caller`].
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
        .route("/api/memos/erasure", post(erasure::run))
        .route("/api/memos/shares", get(shares::list_all))
        .route("/api/memos/shares/{share}", delete(shares::revoke))
        // Anybody's who has the link.
        .route("/api/shares/{token}", get(shared::show))
        // Not a person's: it asks for a token of its own.
        .route("/api/memos/maintenance", post(maintenance::run))
        .route("/api/memos/openapi.json", get(openapi::show))
        .route(
            "/api/memos/{id}",
            get(memos::read)
                .put(memos::replace)
                .patch(memos::patch)
                .delete(memos::delete),
        )
        .route("/api/memos/{id}/restore", post(trash::restore))
        .route("/api/memos/{id}/shares", get(shares::list).post(shares::create))
        .route("/api/memos/{id}/versions", get(versions::list))
        .route("/api/memos/{id}/versions/{version}", get(versions::read))
        .route("/api/memos/{id}/versions/{version}/restore", post(versions::restore))
        // For assistants: each tool says what it needs.
        .route(protected_resource::MCP_PATH, post(mcp::serve))
        .route(
            "/.well-known/oauth-protected-resource",
            get(protected_resource::show_app),
        )
        .route(protected_resource::MCP_METADATA_PATH, get(protected_resource::show_mcp))
}
