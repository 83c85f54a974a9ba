//! A Redis Cluster, and an Envoy that makes it look like one Redis: `deploy/redis/cluster` as it is, on ports of its own.

use std::path::PathBuf;
use std::process::Command;

use super::build::workspace;
use super::envoy::Envoy;
use super::notice::left_out;
use super::process::free_port;
use super::redis::Redis;
use super::replication::{comes_to, on_ports_of_its_own};

/// Nodes, and Envoy in front of them. All of it ends with its value.
pub struct RedisCluster {
    pub nodes: Vec<Redis>,
    envoy: Envoy,
    address: String,
}

impl RedisCluster {
    /// Three masters, each with a replica. `None`, said loudly, where there is no Redis or no Envoy.
    pub async fn start() -> Option<Self> {
        let nodes = nodes(6)?;
        let mut create = Command::new("redis-cli");
        create.args(["--cluster", "create"]);
        create.args(nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())));
        let Ok(created) = create.args(["--cluster-replicas", "1", "--cluster-yes"]).output() else {
            left_out("there is no redis-cli on the PATH (apt-get install redis-tools)");
            return None;
        };
        assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stdout));
        let is_whole = || {
            nodes.iter().all(|node| {
                let told = node.ask("CLUSTER NODES");
                node.ask("CLUSTER INFO").contains("cluster_state:ok") && told.matches("slave ").count() == 3
            })
        };
        comes_to(is_whole, "a whole cluster").await;
        let follow = || {
            nodes
                .iter()
                .filter(|node| node.ask("INFO replication").contains("master_link_status:up"))
        };
        comes_to(|| follow().count() == 3, "replicas").await;
        Self::behind_envoy(nodes).await
    }

    /// One master for all keys, without a replica.
    pub async fn of_one() -> Option<Self> {
        let nodes = nodes(1)?;
        nodes[0].ask("CLUSTER ADDSLOTSRANGE 0 16383");
        comes_to(
            || nodes[0].ask("CLUSTER INFO").contains("cluster_state:ok"),
            "a whole cluster",
        )
        .await;
        Self::behind_envoy(nodes).await
    }

    async fn behind_envoy(nodes: Vec<Redis>) -> Option<Self> {
        let configuration = std::fs::read_to_string(file("envoy.yaml")).expect("Envoy's configuration is there");
        let seeds: Vec<u16> = nodes.iter().map(Redis::port).cycle().take(3).collect();
        let envoy = Envoy::start(&on_ports_of_its_own(configuration, &seeds), &[]).await?;
        let address = envoy.address("redis").await;
        Some(Self { nodes, envoy, address })
    }

    /// Where a host finds it, as if it were one Redis.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Which of the nodes is master, and which its replica, of the shard that a key is in.
    pub fn shard_of(&self, key: &str) -> (usize, usize) {
        let slot: u32 = number(&self.nodes[0].ask(&format!("CLUSTER KEYSLOT {key}")));
        let told = self.nodes[0].ask("CLUSTER NODES");
        let line_of = |what: &str| {
            told.lines()
                .find(|line| line.contains(what))
                .unwrap_or_default()
                .to_owned()
        };
        let master = told
            .lines()
            .find(|line| has_slot(line, slot))
            .expect("somebody has the slot");
        let id = master.split(' ').next().expect("a node has an id");
        let replica = line_of(&format!("slave {id}"));
        (self.place(master), self.place(&replica))
    }

    fn place(&self, line: &str) -> usize {
        let is_named = |node: &Redis| line.contains(&format!("127.0.0.1:{}@", node.port()));
        self.nodes
            .iter()
            .position(is_named)
            .unwrap_or_else(|| panic!("none of ours: {line}"))
    }

    /// Waits until a replica has taken its master's place, and Envoy knows it.
    pub async fn has_promoted(&self, replica: usize) {
        comes_to(|| self.nodes[replica].ask("ROLE").contains("master"), "a promotion").await;
        comes_to(
            || self.nodes[replica].ask("CLUSTER INFO").contains("cluster_state:ok"),
            "a whole cluster",
        )
        .await;
    }

    /// How many commands the services have given the nodes. Replicas are told the writes once more, which do not count.
    pub fn commands(&self) -> u64 {
        let masters = self.nodes.iter().filter(|node| node.ask("ROLE").contains("master"));
        masters.map(told_by_clients).sum()
    }

    /// How many bytes Envoy has passed on for the hosts, there and back.
    pub async fn bytes(&self) -> u64 {
        self.envoy.stat("redis.redis.downstream_cx_rx_bytes_total").await
            + self.envoy.stat("redis.redis.downstream_cx_tx_bytes_total").await
    }
}

/// Commands that the services send, and no others.
fn told_by_clients(node: &Redis) -> u64 {
    let told = node.ask("INFO commandstats");
    let calls = |command: &str| {
        let line = told
            .lines()
            .find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
        line.map_or(0, number)
    };
    ["get", "set", "del", "exists", "incrby"].map(calls).iter().sum()
}

/// The number that a text begins with, after the colon of Redis' protocol where there is one.
fn number<T: std::str::FromStr>(text: &str) -> T {
    let text = text.trim_start_matches(':');
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

/// Whether a line of `CLUSTER NODES` is of the master of this slot.
fn has_slot(line: &str, slot: u32) -> bool {
    line.split(' ').skip(8).any(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (Ok(first), Ok(last)) = (first.parse::<u32>(), last.parse::<u32>()) else {
            return false;
        };
        (first..=last).contains(&slot)
    })
}

fn nodes(count: usize) -> Option<Vec<Redis>> {
    let settings = file("redis.conf").display().to_string();
    let node = |_| {
        // The usual port for what nodes tell each other is ten thousand above the other one, and may not exist.
        let arguments = [&settings, "--cluster-port", &free_port().to_string()];
        // A node that has met no other does not know its own address.
        Redis::start_with(&[&arguments[..], &["--cluster-announce-ip", "127.0.0.1"]].concat())
    };
    (0..count).map(node).collect()
}

fn file(name: &str) -> PathBuf {
    workspace().join("deploy/redis/cluster").join(name)
}
