//! The real binary with real Wasm: each test writes a spin.toml that points at the misbehaving guest.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod contract;
mod ending;
mod failing;
mod failing_over;
mod granting;
mod harness;
mod limiting;
mod outbound_redis;
mod redis;
mod refusing;
mod serving;
mod storing;
mod streaming;
mod tls;
mod watching;
