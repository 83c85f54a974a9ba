//! HTTP, as both services speak it: requests parsed into types, error answers, and what every response gets.

pub mod cors;
pub mod document;
pub mod extract;
pub mod layers;
pub mod maintenance;
pub mod problem;
pub mod problems;
pub mod request_id;
pub mod requested;
pub mod trace_context;
