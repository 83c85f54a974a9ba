//! What is measured. A new workload is a line in [`WORKLOADS`] and a function that makes its requests.

mod finding;
mod moving;
mod people;
pub mod reading;
mod writing;

use std::rc::Rc;

use http::Method;

use crate::{
    contestants::Kind::{self, Before, Hello, Limit, Ours, Peer, Pocket, Spin},
    driver::Call,
    round::Client,
    stage::{Size, Stage},
};

/// One kind of work.
pub struct Workload {
    pub name: &'static str,
    pub connections: usize,
    pub on: &'static [Kind],
    /// Whose store it is about.
    whose: Whose,
    /// The client of one connection.
    client: fn(Rc<Stage>, Lane) -> Client,
}

/// Whose store a workload is about: who is not needed is not made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Users,
    Searcher,
    Organisers,
    Follower,
}

use Whose::{Follower, Organisers, Searcher, Users};

/// Which of how many connections.
#[derive(Clone, Copy)]
pub struct Lane {
    pub index: usize,
    pub of: usize,
}

const ALL: &[Kind] = &[Ours, Spin, Limit, Peer, Pocket];
/// Also on an older build of ours.
const AND_BEFORE: &[Kind] = &[Ours, Before, Spin, Limit, Peer, Pocket];
/// PocketBase has no entity tags, and keeps no tokens in mind.
const WITHOUT_POCKET: &[Kind] = &[Ours, Spin, Limit, Peer];
/// What the others have nothing like.
const OWN: &[Kind] = &[Ours, Spin, Limit];
const BARE: &[Kind] = &[Hello, Limit];

/// All of them, in the order of the tables.
pub const WORKLOADS: &[Workload] = &[
    work("hello", 16, BARE, Users, |_, _| {
        reading::forever(|| Call::new(Method::GET, "/hello", 200))
    }),
    work("floor", 16, &[Hello], Users, |_, _| {
        // As long as a token.
        reading::forever(|| Call::new(Method::GET, "/floor", 200).bearer(&"x".repeat(500)))
    }),
    work("static index", 16, OWN, Users, |_, _| {
        reading::forever(|| Call::new(Method::GET, "/", 200))
    }),
    work("GET memo", 16, AND_BEFORE, Users, reading::read),
    work(
        "GET memo, token never seen",
        16,
        WITHOUT_POCKET,
        Users,
        reading::read_with_fresh_tokens,
    ),
    work("GET memo, 304", 16, WITHOUT_POCKET, Users, reading::read_unchanged),
    work("page of 50", 16, AND_BEFORE, Users, reading::page),
    work("create", 16, AND_BEFORE, Users, writing::create),
    work("update with If-Match", 16, AND_BEFORE, Users, writing::update),
    work("90/10 mix of 200 users", 64, AND_BEFORE, Users, writing::mix),
    work("batch of 50 creates", 4, ALL, Users, writing::create_all),
    work("batch of 50 updates", 4, ALL, Organisers, writing::update_all),
    work("search, page of 50", 1, ALL, Searcher, finding::search_page),
    work("search, all pages", 1, ALL, Searcher, finding::search_all),
    work("page of 50 by tag", 4, ALL, Organisers, finding::by_tag),
    work("page of 50 in the trash", 4, ALL, Organisers, finding::in_trash),
    work("tags", 4, ALL, Organisers, finding::tags),
    work("a change, then tags", 4, ALL, Organisers, finding::change_and_tags),
    work("changes, 10 behind", 16, ALL, Follower, finding::changes),
    work("export of 10,000", 1, OWN, Searcher, moving::export),
    work("import of 10,000", 1, OWN, Searcher, moving::import),
    work("refresh", 16, ALL, Users, people::refresh),
    work("sign-in", 4, ALL, Users, people::sign_in),
];

/// What must not depend on how much others have stored.
pub const INDEPENDENT: &[&str] = &[
    "GET memo",
    "create",
    "update with If-Match",
    "page of 50",
    "batch of 50 creates",
    "batch of 50 updates",
    "search, page of 50",
    "search, all pages",
    "page of 50 by tag",
    "page of 50 in the trash",
    "tags",
    "a change, then tags",
    "changes, 10 behind",
];

/// The workload of that name.
pub fn named(name: &str) -> Option<&'static Workload> {
    WORKLOADS.iter().find(|workload| workload.name == name)
}

/// Of all data that which these workloads need on this contestant.
pub fn needed(workloads: &[&Workload], kind: Kind, size: Size) -> Size {
    let needs = |whose| {
        let mut on_it = workloads.iter().filter(|workload| workload.on.contains(&kind));
        on_it.any(|workload| workload.whose == whose)
    };
    Size {
        searched: if needs(Searcher) { size.searched } else { 0 },
        organisers: if needs(Organisers) { size.organisers } else { 0 },
        follower: needs(Follower),
        ..size
    }
}

const fn work(
    name: &'static str,
    connections: usize,
    on: &'static [Kind],
    whose: Whose,
    client: fn(Rc<Stage>, Lane) -> Client,
) -> Workload {
    Workload {
        name,
        connections,
        on,
        whose,
        client,
    }
}

impl Workload {
    /// The same over so many connections.
    pub fn over(&self, connections: usize) -> Self {
        Self { connections, ..*self }
    }

    /// A client for each connection.
    pub fn clients(&self, stage: &Rc<Stage>) -> Vec<Client> {
        let of = self.connections;
        let client = |index| (self.client)(stage.clone(), Lane { index, of });
        (0..of).map(client).collect()
    }
}
