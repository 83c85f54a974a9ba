//! The embedded Spin-compatible host: runs spin.toml where the Spin CLI is not at hand.
//!
//! A request's way: [`server`] takes it from its connection, [`app`] finds the component by [`routes`], an
//! instance made by [`instances`] answers it, calling back through [`bindings`] (key-value stores, variables) and
//! [`outbound`] (HTTP). What each component is given comes from [`manifest`], [`variables`] and [`runtime_config`].

mod allowed_hosts;
mod app;
mod bindings;
mod component_build;
pub mod cli;
mod engine;
mod instances;
pub mod key_value;
mod manifest;
mod outbound;
mod output;
mod routes;
mod runtime_config;
mod server;
pub mod setup;
mod state;
mod variables;

