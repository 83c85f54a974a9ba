//! What every test builds on: a server to talk to, people to talk as, answers that are easy to check.

mod app;
mod browser;
mod build;
mod client;
mod host;
mod memo;
mod notice;
mod process;
mod response;
mod token;
mod user;

pub use app::TestApp;
pub use browser::{Browser, Screen};
pub use client::{Call, Client};
pub use host::HostPlan;
pub use memo::{Memo, is_time};
pub use response::{Problem, Response};
pub use token::{Forge, foreign_key, own_key};
pub use user::{PASSWORD, User, unique};

/// The server to test, when it is not the suite's own: `MEMO_BASE_URL`, without a slash at the end.
pub fn remote() -> Option<String> {
    let url = std::env::var("MEMO_BASE_URL").ok()?;
    Some(url.trim().trim_end_matches('/').to_owned()).filter(|url| !url.is_empty())
}
