//! The embedded Spin-compatible host: runs spin.toml where the Spin CLI is not at hand.
//!
//! A request's way: [`server`] accepts its connection and [`connection`] reads it, [`app`] finds the component by
//! [`routes`], an instance made by [`instances`] answers it, calling back through [`bindings`] (key-value stores,
//! variables), [`outbound`] (HTTP) and [`outbound_redis`]. What each component is given is in [`grants`]: it comes from [`manifest`],
//! [`variables`] and [`runtime_config`]. [`setup`] puts all of this together.

mod allowed_hosts;
mod app;
mod bindings;
pub mod cli;
mod compile_cache;
mod component_build;
mod connection;
mod engine;
mod grants;
mod instance_limit;
mod instances;
pub mod key_value;
mod loader;
mod manifest;
mod open_answers;
mod outbound;
mod outbound_redis;
mod output;
mod own_answers;
mod request_body;
mod routes;
mod runtime_config;
mod served_component;
mod server;
pub mod setup;
mod spin_headers;
mod state;
mod time_slice;
mod tls;
mod variables;
mod watch;
