//! The token issuer: a module per route.

mod jwks;
mod me;
mod session;
mod token;
mod users;
