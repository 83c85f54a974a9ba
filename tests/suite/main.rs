//! The black-box suite: what anybody may rely on, checked over HTTP against the real components.
//!
//! A folder per service, with a module per route; then what holds for the app as a whole, and what can go wrong.
//! Without `MEMO_BASE_URL` the suite builds and starts the embedded host itself; with it, it tests the server of that
//! address.

// A test ends with a panic when something is wrong, so helpers may too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod harness;

mod auth;
mod memos;

mod app;
mod attacks;
mod gateway;
mod hostile;
mod resilience;
mod survival;

mod browser;
mod interop;
