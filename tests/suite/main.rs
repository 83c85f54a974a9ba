//! The black-box suite: what anybody may rely on, checked over HTTP against the real components.
//!
//! A module per route, then one per thing that can go wrong. Without `MEMO_BASE_URL` the suite builds and
//! starts the embedded host itself; with it, it tests the server of that address.

// A test ends with a panic when something is wrong, so helpers may too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod harness;

mod jwks;
mod me;
mod session;
mod token;
mod users;

mod memos_create;
mod memos_delete;
mod memos_list;
mod memos_read;
mod memos_update;

mod grants;
mod headers;
mod health;
mod imports;
mod site;

mod bad_bodies;
mod bad_requests;
mod bad_tokens;
mod misused_tokens;

mod browser;
mod issuer_down;
mod logs;
mod restart;
mod storms;
