//! What both services need, and nothing that only one of them does.
//!
//! | module | holds |
//! |---|---|
//! | [`kv`] | the key-value port, with adapters for Spin and for memory |
//! | [`claim`] | one winner per version of a record |
//! | [`layout`] | which layout a store holds, recorded at first use |
//! | [`ports`] | everything a service takes from outside, in one value |
//! | [`clock`], [`random`] | time and randomness as ports, so that tests can own them |
//! | [`token`] | access-token claims and their verification |
//! | [`problem`] | error answers (RFC 9457) |
//! | [`extract`] | request bodies and queries parsed into types, refused as problems |
//! | [`layers`] | what every response gets: request id, headers, one log line |
//! | `entry`, `variable` | a component's entry, and its Spin variables; in Wasm only |

pub mod claim;
pub mod clock;
#[cfg(target_family = "wasm")]
pub mod entry;
pub mod extract;
pub mod kv;
pub mod layers;
pub mod layout;
pub mod ports;
pub mod problem;
pub mod random;
pub mod token;
#[cfg(target_family = "wasm")]
pub mod variable;
