//! The memo service: a module per verb.

mod create;
mod delete;
mod list;
mod read;
mod update;
