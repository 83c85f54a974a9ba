//! What lies in the store. Every record has a version, and changes only under a claim.

pub mod authorization_code;
pub mod challenge_key;
pub mod client;
pub mod insist;
pub mod label;
pub mod passkey;
pub mod personal_token;
pub mod program_scope;
pub mod recovery_code;
pub mod redirect_uri;
pub mod refresh_token;
pub mod revocation;
pub mod session;
pub mod session_list;
pub mod signing_key;
pub mod totp;
pub mod user;
pub mod username;
