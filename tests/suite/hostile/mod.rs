//! Requests that nobody should make.

mod bad_bodies;
mod bad_requests;
mod bad_tokens;
mod tokens;
