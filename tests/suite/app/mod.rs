//! What the app is as a whole: what spin.toml grants, what every answer carries, what is logged, what the site serves.

mod configuration;
mod grants;
mod headers;
mod health;
mod imports;
mod install;
mod logs;
mod site;
