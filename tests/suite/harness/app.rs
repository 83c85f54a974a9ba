//! The server under test, and the ways in.

use std::net::IpAddr;
use std::sync::OnceLock;

use super::client::Client;
use super::host::{Host, HostPlan};
use super::token::SEED;
use super::user::{User, unique};

/// A running memo app.
#[derive(Clone)]
pub struct TestApp {
    base_url: String,
    http: reqwest::Client,
}

impl TestApp {
    /// The server that all tests share: the one that `MEMO_BASE_URL` names, or one host for the whole run.
    pub fn shared() -> Self {
        static SHARED: OnceLock<String> = OnceLock::new();
        Self::at(SHARED.get_or_init(|| super::remote().unwrap_or_else(start_shared)))
    }

    /// The app on a host of the test's own.
    pub fn on(host: &Host) -> Self {
        Self::at(&host.base_url())
    }

    /// The app at an address of the test's own, without a slash at the end.
    pub fn at(base_url: &str) -> Self {
        Self {
            base_url: base_url.to_owned(),
            http: http_client(false),
        }
    }

    /// The same app under a name: browsers have no passkeys for an address of numbers.
    pub fn at_localhost(&self) -> Self {
        Self::at(&self.base_url.replace("//127.0.0.1", "//localhost"))
    }

    /// Where the app is, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// A client that has not signed in.
    pub fn anonymous(&self) -> Client {
        Client::new(&self.base_url, self.http.clone())
    }

    /// A client that has not signed in, at one of the machine's own addresses: all of 127.0.0.0/8 are.
    pub fn client_at(&self, address: IpAddr) -> Client {
        let http = http_options(false).local_address(address).build();
        Client::new(&self.base_url, http.expect("a client can be had at the address"))
    }

    /// A client that keeps cookies as a browser does.
    pub fn with_cookies(&self) -> Client {
        Client::new(&self.base_url, http_client(true))
    }

    /// A new person who has signed in. The name is made unique.
    pub async fn user(&self, name: &str) -> User {
        User::sign_up(self, &unique(name)).await
    }
}

/// One client per test, because each test has a runtime of its own and a connection belongs to one.
pub(super) fn http_client(cookies: bool) -> reqwest::Client {
    let client = http_options(cookies).build();
    client.expect("a client without options cannot fail")
}

fn http_options(cookies: bool) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .cookie_store(cookies)
        .redirect(reqwest::redirect::Policy::none());
    if super::remote().is_none() {
        builder.no_proxy()
    } else {
        builder
    }
}

/// Never dropped: its leash ends it with this process.
fn start_shared() -> String {
    static HOST: OnceLock<Host> = OnceLock::new();
    HOST.get_or_init(|| HostPlan::unguarded().variable("signing_key", SEED).start())
        .base_url()
}
