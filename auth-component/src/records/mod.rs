//! What lies in the store. Every record has a version, and changes only under a claim.

pub mod refresh_token;
pub mod session;
pub mod signing_key;
pub mod user;
pub mod username;
