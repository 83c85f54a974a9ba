//! The command line. Flags that Spin has keep Spin's names and meaning.

use std::{
    net::{SocketAddr, ToSocketAddrs},
    path::PathBuf,
    time::Duration,
};

use clap::Parser;

/// Runs the app that a spin.toml describes, where the Spin CLI is not at hand.
#[derive(Debug, Parser)]
#[command(name = "memo-host", version, args_override_self = true)]
#[command(after_help = "Under `cargo run` the components are built first, as with --build.\n\
    Traces: OTEL_EXPORTER_OTLP_ENDPOINT names their collector (docs/observability.md).\n\
    Ctrl-C or SIGTERM: no new connections, requests in flight are finished, exit 0.")]
pub struct Args {
    /// The manifest, or the folder that holds a spin.toml
    #[arg(short, long, value_name = "PATH", default_value = "spin.toml")]
    pub from: PathBuf,

    /// Where to serve HTTP; port 0 takes a free one, which the printed URL names
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000", value_parser = parse_address)]
    #[arg(env = "SPIN_HTTP_LISTEN_ADDR")]
    pub listen: SocketAddr,

    /// A certificate chain in PEM: serve HTTPS with it, over HTTP/2 or HTTP/1.1
    #[arg(long, value_name = "PATH", env = "SPIN_TLS_CERT", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The certificate's private key in PEM
    #[arg(long, value_name = "PATH", env = "SPIN_TLS_KEY", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Where the data lives [default: .spin beside the manifest]
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,

    /// A runtime-config.toml that maps key-value stores to SQLite files or Redis
    #[arg(long, value_name = "PATH", env = "RUNTIME_CONFIG_FILE")]
    pub runtime_config_file: Option<PathBuf>,

    /// The value of an application variable: KEY=VALUE, or KEY=@FILE for a file's content.
    /// Beats SPIN_VARIABLE_KEY in the environment, which beats the manifest's default
    #[arg(long = "variable", value_name = "KEY=VALUE", value_parser = parse_variable)]
    pub variables: Vec<(String, String)>,

    /// Run only these components
    #[arg(short, long = "component-id", value_name = "ID")]
    pub component_id: Vec<String>,

    /// Drop what components write to stdout and stderr
    #[arg(short, long)]
    pub quiet: bool,

    /// Run the components' build commands first
    #[arg(long)]
    pub build: bool,

    /// Not in Spin: run the components' build commands and serve nothing
    #[arg(long, conflicts_with = "watch")]
    pub build_only: bool,

    /// Not in Spin: arguments to add to each build command
    #[arg(
        long,
        value_name = "ARGS",
        allow_hyphen_values = true,
        default_value = "",
        hide_default_value = true
    )]
    pub build_args: String,

    /// Not in Spin: where cargo builds components, and where their files under target/ are read;
    /// for builds that must not replace the usual ones
    #[arg(long, value_name = "DIR")]
    pub target_dir: Option<PathBuf>,

    /// Not in Spin: rebuild a component when a file changes that its build watches, and go on with the new one
    #[arg(long)]
    pub watch: bool,

    /// Not in Spin: keep the default store in memory and forget it at exit
    #[arg(long)]
    pub in_memory: bool,

    /// Not in Spin: where to serve metrics for Prometheus, at /metrics
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
    pub metrics_listen: Option<SocketAddr>,

    /// Not in Spin: seconds that a component has to begin its answer; then 504
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_seconds)]
    pub request_timeout: Duration,

    /// Not in Spin: MiB of memory that one instance may use
    #[arg(long, value_name = "MIB", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub memory_limit: u32,

    /// Requests that one instance serves before another takes its place. Spin's default is 128
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_instance_reuse_count: u32,

    /// Not in Spin: instances of one component at a time; requests that they have no room for wait for up to 5 s, then
    /// get 503 [default: twice the number of cores, at least 8]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub max_instances: Option<u32>,
}

impl Args {
    /// How many instances one component may have at a time.
    pub fn max_instances(&self) -> u32 {
        let cores = std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1));
        self.max_instances
            .unwrap_or_else(|| cores.saturating_mul(2).clamp(8, 1000))
    }
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let mut addresses = text.to_socket_addrs().map_err(|error| error.to_string())?;
    addresses.next().ok_or_else(|| "no such host".to_owned())
}

fn parse_variable(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE or KEY=@FILE")?;
    let value = match value.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?,
        None => value.to_owned(),
    };
    Ok((key.to_owned(), value))
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.001..=86_400.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("expected a number of seconds, at most those of a day".to_owned()),
    }
}
