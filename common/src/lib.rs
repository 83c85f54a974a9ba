//! What both services need, and nothing that only one of them does.
//!
//! | module | holds |
//! |---|---|
//! | [`world`] | everything a service takes from outside: store, clock, randomness, log, backpressure |
//! | [`store`] | the key-value port; records that change under a claim, so that every version has one winner |
//! | [`token`] | access-token claims and their verification |
//! | [`http`] | requests parsed into types, error answers, and what every response gets |
//! | [`config`] | the values of Spin variables, parsed |
//! | `entry`, `variable` | a component's entry, and its Spin variables; in Wasm only |
//! | `testing` | a world that tests own; with the cargo feature `testing` only |
//! | `fuzzing` | what holds for the parsers here, whatever they read; with the cargo feature `fuzzing` only |

pub mod config;
#[cfg(target_family = "wasm")]
pub mod entry;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod http;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod token;
#[cfg(target_family = "wasm")]
pub mod variable;
pub mod world;
