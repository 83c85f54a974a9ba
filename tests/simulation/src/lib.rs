//! A deterministic simulator over the services' own code.
//!
//! The services run natively and unchanged, as routers, over a simulated outside ([`world`]): every store operation
//! waits until it is granted, clocks stand still until they are moved, and all chance comes from one seed. Between
//! operations the simulator decides which request goes on, which one crashes, which operation fails, and how much
//! time passes; so it can visit any interleaving that real machines could, and visit it again.
//!
//! Read in this order: [`world`], [`op`] and [`ports`] (the outside), [`services`], [`call`] and [`answer`] (requests and
//! answers), [`stage`] (runs them), [`journal`], [`ledger`] and [`judge`] (what must hold), [`plan`], [`storm`],
//! [`history`] with [`wishes`] and [`follower`], [`months`], [`accounts`], [`sessions`], [`factors`] with [`passkeys`] and [`personal`],
//! [`deletions`], [`imports`] and [`shares`] (random histories), [`explore`] (many of
//! them), [`choices`] (all of a kind), [`mutant`] (what it must find).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a tool of tests: a panic is a finding"
)]

pub mod accounts;
pub mod answer;
pub mod call;
pub mod choices;
pub mod deletions;
pub mod explore;
pub mod factors;
pub mod follower;
pub mod history;
pub mod imports;
pub mod journal;
pub mod judge;
pub mod ledger;
pub mod months;
pub mod mutant;
pub mod op;
pub mod passkeys;
pub mod personal;
pub mod plan;
pub mod ports;
pub mod programs;
pub mod script;
pub mod services;
pub mod sessions;
pub mod shares;
pub mod stage;
pub mod storm;
pub mod tokens;
pub mod wishes;
pub mod world;
