//! What every test builds on: a server to talk to, people to talk as, answers that are easy to check.

mod app;
mod browser;
mod build;
mod cdn;
mod client;
mod contract;
mod events;
mod foreign;
mod host;
mod identity;
mod line;
mod local_program;
mod memo;
mod notice;
mod process;
mod program;
mod redis;
mod relay;
mod releases;
mod response;
mod routes;
mod scene;
mod token;
mod user;
mod victim;
mod watch;
mod wish;

pub use app::TestApp;
pub use browser::{Axe, Browser, Engine, Screen};
pub use build::workspace;
pub use cdn::Cdn;
pub use client::{Call, Client};
pub use events::{Events, Said};
pub use foreign::Foreign;
pub use host::{Host, HostPlan, Stopped};
pub use identity::Identity;
pub use line::{End, Line, Mishap, Target};
pub use local_program::LocalProgram;
pub use memo::{Change, Memo, is_time};
pub use notice::left_out;
pub use program::{Program, STATE, VERIFIER, allow};
pub use redis::Redis;
pub use releases::{Release, Releases};
pub use response::{Problem, Response};
pub use routes::Route;
pub use scene::Scene;
pub use token::{Forge, compact, foreign_key, now, own_key};
pub use user::{PASSWORD, User, unique};
pub use victim::Victim;
pub use watch::Watch;

/// The server to test, when it is not the suite's own: `MEMO_BASE_URL`, without a slash at the end.
pub fn remote() -> Option<String> {
    let url = std::env::var("MEMO_BASE_URL").ok()?;
    let url = Some(url.trim().trim_end_matches('/').to_owned()).filter(|url| !url.is_empty())?;
    assert!(
        url.starts_with("http://"),
        "MEMO_BASE_URL is {url:?}: the suite speaks plain http:// only"
    );
    Some(url)
}

/// Whether the server's store has the atomic increment. Where it has not (`kv_atomics` is "false", in
/// `MEMO_HOST_ARGS` for hosts of the suite's own, or as told by `MEMO_KV_ATOMICS=false` of a running server), tests of
/// what only the increment can promise are left out, loudly.
pub fn store_is_atomic() -> bool {
    let says_no = |name: &str, what: &str| std::env::var(name).is_ok_and(|value| value.contains(what));
    let atomic = !says_no("MEMO_HOST_ARGS", "kv_atomics=false") && !says_no("MEMO_KV_ATOMICS", "false");
    if !atomic {
        notice::left_out("a store without increment does not promise one winner (docs/storage.md)");
    }
    atomic
}

/// The bytes of a freshly built component, by its id in spin.toml. `None`, said loudly, where another server is tested.
pub fn component(name: &str) -> Option<Vec<u8>> {
    if remote().is_some() {
        notice::left_out("looks into the components, and MEMO_BASE_URL names a running server");
        return None;
    }
    build::host_binary();
    Some(std::fs::read(build::component_file(name)).expect("the component is built"))
}

/// The bytes of a component where spin.toml says that it is, whatever the suite has built for itself. `None` where another
/// server is tested, or where it has never been built.
pub fn usual_component(name: &str) -> Option<Vec<u8>> {
    if remote().is_some() {
        notice::left_out("looks into the components, and MEMO_BASE_URL names a running server");
        return None;
    }
    build::host_binary();
    let component = std::fs::read(build::usual_component_file(name)).ok();
    if component.is_none() {
        notice::left_out("the usual components have never been built here");
    }
    component
}
