//! The gateway's rules, as `deploy/envoy` has them, on a real Envoy before real services.

mod canary;
pub mod deployment;
mod edge;
mod failures;
mod limits;
mod rolling;
mod tokens;
