//! How others can tell who somebody is: access tokens, and the keys that sign them.

pub mod access_token;
pub mod keyring;
