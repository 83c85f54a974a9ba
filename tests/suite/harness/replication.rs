//! A Redis with replicas, sentinels that replace it, and an Envoy that finds it: `deploy/redis/replication` as it is, on ports
//! of its own.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::build::workspace;
use super::envoy::Envoy;
use super::redis::{Redis, ask};

/// How long servers may take to find each other, and a failover, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// How many servers Envoy takes for the master.
const HEALTHY: &str = "cluster.redis.membership_healthy";

const SENTINELS: usize = 3;
const SERVERS: usize = 3;

/// Three servers, one of which is the master, and what belongs to them. All of it ends with its value.
pub struct Replication {
    pub servers: Vec<Redis>,
    sentinels: Vec<Redis>,
    envoy: Envoy,
    address: String,
}

impl Replication {
    /// Starts it. `None`, said loudly, where there is no Redis or no Envoy.
    pub async fn start() -> Option<Self> {
        let mut servers = vec![server(&[])?];
        let master = servers[0].port().to_string();
        for _ in 1..SERVERS {
            servers.push(server(&["--replicaof", "127.0.0.1", &master])?);
        }
        comes_to(|| replicas(&servers[0]) == SERVERS - 1, "replicas").await;

        let mut sentinels = Vec::new();
        for _ in 0..SENTINELS {
            sentinels.push(sentinel(servers[0].port())?);
        }
        let know_each_other = || {
            sentinels.iter().all(|sentinel| {
                let master = sentinel.ask("SENTINEL MASTER memo");
                ["num-slaves", "num-other-sentinels"]
                    .iter()
                    .all(|count| master.contains(&format!("{count}\r\n$1\r\n2\r\n")))
            })
        };
        comes_to(know_each_other, "sentinels").await;

        let configuration = std::fs::read_to_string(file("envoy.yaml")).expect("Envoy's configuration is there");
        let ports: Vec<u16> = servers.iter().map(Redis::port).collect();
        let envoy = Envoy::start(&on_ports_of_its_own(configuration, &ports), &[]).await?;
        envoy.waits_for(HEALTHY, |count| count == 1).await;
        let address = envoy.address("redis").await;
        Some(Self {
            servers,
            sentinels,
            envoy,
            address,
        })
    }

    /// Where a host finds it, as if it were one Redis.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// The server that the sentinels call the master, by its place among the servers.
    pub fn master(&self) -> usize {
        let address = self.sentinels[0].ask("SENTINEL GET-MASTER-ADDR-BY-NAME memo");
        let place = self.servers.iter().position(|server| {
            let port = server.port().to_string();
            address.lines().any(|line| line == port)
        });
        place.unwrap_or_else(|| panic!("the master is none of ours: {address}"))
    }

    /// Waits until another than this one is the master, takes writes, and is where Envoy leads to.
    pub async fn has_another_master_than(&self, old: usize) -> usize {
        comes_to(|| self.master() != old, "another master").await;
        let new = self.master();
        comes_to(|| replicas(&self.servers[new]) > 0, "a replica of the new master").await;
        self.envoy.waits_for(HEALTHY, |count| count == 1).await;
        new
    }

    /// Waits until a server that was away follows this master, together with the others. Meanwhile nobody who connects may
    /// get to any other server than this one.
    pub async fn is_whole_again(&self, master: usize) {
        let place = format!("tcp_port:{}\r\n", self.servers[master].port());
        let port = self.address.rsplit(':').next().and_then(|port| port.parse().ok());
        let port = port.expect("an address has a port");
        let is_whole = || {
            // Where it leads nowhere, nobody is misled.
            if let Ok(server) = ask(port, "INFO server") {
                assert!(server.contains(&place), "not the master: {server}");
            }
            replicas(&self.servers[master]) == SERVERS - 1
        };
        comes_to(is_whole, "all replicas").await;
    }
}

/// How many replicas follow a master.
fn replicas(master: &Redis) -> usize {
    master.ask("INFO replication").matches(",state=online,").count()
}

fn server(arguments: &[&str]) -> Option<Redis> {
    let settings = std::fs::read_to_string(file("redis.conf")).expect("the servers' configuration is there");
    start_on_a_copy(settings, arguments)
}

fn sentinel(master: u16) -> Option<Redis> {
    let settings = std::fs::read_to_string(file("sentinel.conf")).expect("the sentinels' configuration is there");
    let here = format!("memo 127.0.0.1 {master}");
    start_on_a_copy(replaced(&settings, "memo redis-0 6379", &here), &["--sentinel"])
}

/// Sentinels write into their configuration, and have the servers write into theirs.
fn start_on_a_copy(settings: String, arguments: &[&str]) -> Option<Redis> {
    let folder = tempfile::Builder::new()
        .prefix("redis-")
        .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
        .expect("target/tmp takes a folder");
    let path = folder.path().join("settings.conf");
    std::fs::write(&path, settings).expect("the folder takes a file");
    Redis::start_in(folder, &[&[&*path.display().to_string()], arguments].concat())
}

/// A configuration of Envoy for three servers on this machine, which listens on a port that is free.
pub fn on_ports_of_its_own(configuration: String, ports: &[u16]) -> String {
    let configuration = replaced(
        &configuration,
        "127.0.0.1, port_value: 6379",
        "127.0.0.1, port_value: 0",
    );
    ports
        .iter()
        .enumerate()
        .fold(configuration, |configuration, (place, port)| {
            let here = format!("address: 127.0.0.1, port_value: {port}");
            replaced(
                &configuration,
                &format!("address: redis-{place}, port_value: 6379"),
                &here,
            )
        })
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "there is no {from} in\n{text}");
    text.replace(from, to)
}

fn file(name: &str) -> PathBuf {
    workspace().join("deploy/redis/replication").join(name)
}

/// Waits for something that is looked for again and again.
pub async fn comes_to(is_so: impl Fn() -> bool, what: &str) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "still not: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
