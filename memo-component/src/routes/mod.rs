//! What is served: one file a resource, named as its path.
//!
//! Every request is parsed into types by extractors ([`caller`], [`conditions`], [`idempotency_key`]) before its handler
//! runs.

pub mod caller;
pub mod conditions;
pub mod idempotency_key;
pub mod memos;

use axum::{Router, routing::get};

use crate::App;

/// All routes of the service.
pub fn router() -> Router<App> {
    Router::new()
        .route("/api/memos", get(memos::list).post(memos::create))
        .route(
            "/api/memos/{id}",
            get(memos::read).put(memos::replace).delete(memos::remove),
        )
}
