//! The token issuer: a module per route.

mod deletion;
mod jwks;
mod me;
pub mod passkeys;
mod password;
mod programs;
mod recovery;
pub mod second_factor;
mod session;
mod sessions;
mod token;
mod tokens;
mod users;
