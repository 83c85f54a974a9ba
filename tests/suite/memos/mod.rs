//! The memo service: a module per route, or per verb of `/api/memos/{id}`.

mod backup;
mod batch;
mod changes;
mod create;
mod delete;
mod events;
mod list;
mod maintenance;
mod mcp;
mod options;
mod patch;
mod quotas;
mod read;
mod search;
mod shares;
mod tags;
mod transfer;
mod trash;
mod update;
mod versions;
