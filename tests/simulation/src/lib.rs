//! A deterministic simulator over the services' own code.
//!
//! The services run natively and unchanged, as routers, over a simulated outside ([`world`]): every store operation
//! waits until it is granted, clocks stand still until they are moved, and all chance comes from one seed. Between
//! operations the simulator decides which request goes on, which one crashes, which operation fails, and how much
//! time passes; so it can visit any interleaving that real machines could, and visit it again.
//!
//! Read in this order: [`world`] and [`ports`] (the outside), [`call`] (requests and answers), [`stage`] (runs them),
//! [`journal`] and [`judge`] (what must hold), [`plan`] and [`history`] (random histories), [`explore`] (many of
//! them), [`mutant`] (what it must find).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a tool of tests: a panic is a finding"
)]

pub mod call;
pub mod choices;
pub mod explore;
pub mod history;
pub mod journal;
pub mod judge;
pub mod mutant;
pub mod plan;
pub mod ports;
pub mod stage;
pub mod tokens;
pub mod world;
