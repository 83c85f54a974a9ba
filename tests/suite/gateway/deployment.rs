//! The app behind its gateway: a real Envoy with the rules of `deploy/envoy`, replicas of each service, and one Redis.

use std::path::Path;

use crate::harness::{Envoy, Host, HostPlan, Redis, SEED, TestApp, store_is_atomic, workspace};

/// What a test has otherwise than the configuration says: ports that are free, on this machine alone.
const PORTS: [(&str, &str); 2] = [
    (
        "address: 0.0.0.0, port_value: 8080",
        "address: 127.0.0.1, port_value: 0",
    ),
    (
        "address: 0.0.0.0, port_value: 8081",
        "address: 127.0.0.1, port_value: 0",
    ),
];

/// A gateway, and the store of the replicas that are put behind it.
pub struct Deployment {
    pub envoy: Envoy,
    redis: Redis,
    public: String,
    internal: String,
}

impl Deployment {
    /// Starts a gateway with nothing behind it, and edits its configuration before that: each text has to be in it. `None`,
    /// said loudly, where there is no Envoy or no Redis, and where no host may be started.
    pub async fn start(edits: &[(&str, &str)]) -> Option<Self> {
        // Says it where another server is tested.
        HostPlan::fresh()?;
        // The gateway's rules are the same for other stores.
        if !store_is_atomic() {
            return None;
        }
        let folder = workspace().join("deploy/envoy");
        let configuration = edited(&folder.join("envoy.yaml"), &[&PORTS, edits].concat());
        let files = ["weights.yaml"].map(|name| (name.to_owned(), read(&folder.join(name))));
        let nobody = CLUSTERS.map(|cluster| (endpoints_file(cluster), endpoints(cluster, &[])));
        let envoy = Envoy::start(&configuration, &[&files[..], &nobody].concat()).await?;
        let redis = Redis::start()?;
        let url = |address| format!("http://{address}");
        let (public, internal) = (envoy.address("public").await, envoy.address("internal").await);
        Some(Self {
            envoy,
            redis,
            public: url(public),
            internal: url(internal),
        })
    }

    /// The app as people reach it.
    pub fn app(&self) -> TestApp {
        TestApp::at(&self.public)
    }

    /// The app as the services reach one another.
    pub fn inside(&self) -> TestApp {
        TestApp::at(&self.internal)
    }

    /// A replica of a service, to be started.
    pub fn replica(&self, service: &str) -> HostPlan {
        self.replica_on(service, &self.redis)
    }

    /// The same on another store.
    pub fn replica_on(&self, service: &str, redis: &Redis) -> HostPlan {
        let plan = HostPlan::fresh().expect("the tests start hosts");
        let plan = match service {
            "memo" => plan.component("memo").component("events"),
            service => plan.component(service),
        };
        plan.runtime_config(&redis.runtime_config())
            .variable("jwks_origin", &self.internal)
            .variable("memo_origin", &self.internal)
            .variable("public_origin", &self.public)
            .variable("trusted_proxies", "127.0.0.1")
            .variable("signing_key", SEED)
    }

    /// Starts a replica of each service, and puts it behind the gateway.
    pub async fn with_one_of_each(&self) -> [Host; 3] {
        let hosts = ["auth", "memo", "site"].map(|service| self.replica(service).start());
        for (cluster, host) in ["auth", "memo", "site"].into_iter().zip(&hosts) {
            self.put_behind(cluster, &[host]).await;
        }
        self.has_keys().await;
        hosts
    }

    /// Puts these replicas behind the gateway, and no others, and waits until it has seen that they are well.
    pub async fn put_behind(&self, cluster: &str, hosts: &[&Host]) {
        let urls: Vec<String> = hosts.iter().map(|host| host.base_url()).collect();
        self.put_urls_behind(cluster, &urls).await;
    }

    /// The same with whatever serves HTTP there.
    pub async fn put_urls_behind(&self, cluster: &str, urls: &[String]) {
        let clusters = clusters_of(cluster);
        let mut updates = Vec::new();
        for cluster in &clusters {
            let name = format!("cluster.{cluster}.update_success");
            updates.push((self.envoy.stat(&name).await, name));
        }
        self.envoy.replaces(&endpoints_file(cluster), &endpoints(cluster, urls));
        for (before, name) in updates {
            self.envoy.waits_for(&name, |count| count > before).await;
        }
        for cluster in clusters {
            let healthy = format!("cluster.{cluster}.membership_healthy");
            self.envoy.waits_for(&healthy, |count| count == urls.len() as u64).await;
        }
    }

    /// Waits until the gateway has the issuer's keys.
    pub async fn has_keys(&self) {
        let fetched = "http.public.jwt_authn.jwks_fetch_success";
        self.envoy.waits_for(fetched, |count| count > 0).await;
    }

    /// Gives a service's canary so many of a hundred requests.
    pub async fn weighs(&self, service: &str, percent: u64) {
        let weights = edited(
            &self.envoy.folder().join("weights.yaml"),
            &[
                (
                    &format!("routing.{service}.{service}: 100"),
                    &format!("routing.{service}.{service}: {}", 100 - percent),
                ),
                (
                    &format!("routing.{service}.{service}-canary-or-{service}: 0"),
                    &format!("routing.{service}.{service}-canary-or-{service}: {percent}"),
                ),
            ],
        );
        let loaded = self.envoy.stat("runtime.load_success").await;
        self.envoy.replaces("weights.yaml", &weights);
        self.envoy
            .waits_for("runtime.load_success", |count| count > loaded)
            .await;
    }

    /// How many requests a cluster was given, second tries among them; those for its health do not count.
    pub async fn requests_to(&self, cluster: &str) -> u64 {
        self.envoy.stat(&format!("cluster.{cluster}.upstream_rq_total")).await
    }
}

/// A test that fails shows why the gateway answered as it did.
impl Drop for Deployment {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.envoy.access_log();
            let own = log
                .lines()
                .filter(|line| !line.contains("\"details\":\"via_upstream\""));
            own.for_each(|line| eprintln!("{line}"));
        }
    }
}

/// The clusters whose replicas stand in files.
const CLUSTERS: [&str; 6] = ["auth", "auth-canary", "memo", "memo-canary", "site", "site-canary"];

/// The clusters that read the file of a cluster.
fn clusters_of(cluster: &str) -> Vec<&str> {
    match cluster {
        "memo" => vec!["memo", "events"],
        cluster => vec![cluster],
    }
}

fn endpoints_file(cluster: &str) -> String {
    format!("endpoints/{cluster}.yaml")
}

/// A file of endpoints, as `deploy/envoy/endpoints` has them.
fn endpoints(cluster: &str, urls: &[String]) -> String {
    let endpoints = urls.iter().map(|url| {
        let (_, port) = url.rsplit_once(':').expect("an address has a port");
        format!("{{ endpoint: {{ address: {{ socket_address: {{ address: 127.0.0.1, port_value: {port} }} }} }} }}")
    });
    let endpoints = endpoints.collect::<Vec<_>>().join(", ");
    format!(
        "resources:\n- \"@type\": type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment\n  \
         cluster_name: {cluster}\n  endpoints: [{{ lb_endpoints: [{endpoints}] }}]\n"
    )
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|why| panic!("{}: {why}", file.display()))
}

/// A file with other texts in the place of some, each of which has to be there.
fn edited(file: &Path, edits: &[(&str, &str)]) -> String {
    let mut text = read(file);
    for (from, to) in edits {
        assert!(text.contains(from), "{} has no {from:?}", file.display());
        text = text.replace(from, to);
    }
    text
}
