//! A real Prometheus for a test of its own.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::app::http_client;
use super::build::workspace;
use super::notice::left_out;
use super::process::{Process, free_port};
use super::wish::Wish;

/// How long anything may take with it, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// A running Prometheus with an empty database. It ends with its value.
pub struct Prometheus {
    _process: Process,
    folder: TempDir,
    address: String,
}

impl Prometheus {
    /// Starts one that asks these targets of the job `memo` for their metrics five times a second and judges by these rules as
    /// often. `None`, said loudly, where there is none to start and `MEMO_BROWSER=all` does not insist on it.
    pub fn start(targets: &[&str], rules: &str) -> Option<Self> {
        let folder = tempfile::Builder::new()
            .prefix("prometheus-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .expect("target/tmp takes a folder");
        let config = format!(
            "global: {{ scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms }}\n\
             rule_files: [rules.yaml]\n\
             scrape_configs: [{{ job_name: memo, static_configs: [{{ targets: {targets:?} }}] }}]\n"
        );
        for (name, text) in [("prometheus.yaml", config.as_str()), ("rules.yaml", rules)] {
            std::fs::write(folder.path().join(name), text).expect("the folder takes a file");
        }
        let address = format!("127.0.0.1:{}", free_port());
        let log = std::fs::File::create(folder.path().join("prometheus.log")).expect("the folder takes a file");
        let mut command = Command::new(program("prometheus"));
        command
            .arg("--config.file=prometheus.yaml")
            .arg("--storage.tsdb.path=data")
            .arg(format!("--web.listen-address={address}"))
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(log);
        let process = match Process::start(&mut command, folder.path()) {
            Ok(process) => process,
            Err(why) => {
                missing("prometheus", &why);
                return None;
            }
        };
        Some(Self {
            _process: process,
            folder,
            address,
        })
    }

    /// Waits until a query has this result: a number in its first series.
    pub async fn comes_to(&self, query: &str, expected: &str) {
        self.until(query, |result| result[0]["value"][1] == expected).await;
    }

    /// Waits until exactly these alerts are firing.
    pub async fn fires(&self, expected: &[&str]) {
        let query = r#"ALERTS{alertstate="firing"}"#;
        self.until(query, |result| {
            let firing = result.as_array().into_iter().flatten();
            let mut firing: Vec<_> = firing
                .filter_map(|alert| alert["metric"]["alertname"].as_str())
                .collect();
            firing.sort_unstable();
            firing.dedup();
            firing == expected
        })
        .await;
    }

    async fn until(&self, query: &str, is_it: impl Fn(&Value) -> bool) {
        let (begun, http) = (Instant::now(), http_client(false));
        let url = format!("http://{}/api/v1/query", self.address);
        let mut last = Value::Null;
        while begun.elapsed() < PATIENCE {
            // It does not listen from the first moment on.
            if let Ok(answer) = http.post(&url).form(&[("query", query)]).send().await {
                last = answer.json().await.unwrap_or_default();
                if is_it(&last["data"]["result"]) {
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let log = std::fs::read_to_string(self.folder.path().join("prometheus.log")).unwrap_or_default();
        panic!("{query} is {last}; its log:\n{log}");
    }
}

/// What a host at this address tells to a Prometheus.
pub async fn exposition(address: &str) -> String {
    let asked = http_client(false).get(format!("http://{address}/metrics")).send().await;
    let answer = asked.expect("the host tells its metrics");
    let content_type = answer.headers()["content-type"].to_str().unwrap_or_default();
    assert!(
        content_type.starts_with("application/openmetrics-text"),
        "{content_type}"
    );
    answer.text().await.expect("a text")
}

/// Runs `promtool` at the root of the workspace, which must find nothing wrong. Left out, said loudly, as a Prometheus is.
pub fn promtool(arguments: &[&str]) {
    match Command::new(program("promtool"))
        .args(arguments)
        .current_dir(workspace())
        .output()
    {
        Ok(output) => assert!(
            output.status.success(),
            "promtool {arguments:?}:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(why) => missing("promtool", &why),
    }
}

/// Where `make prometheus` puts it, or wherever the PATH has it.
fn program(name: &str) -> PathBuf {
    let fetched = workspace().join("target/tools/prometheus/usr/bin").join(name);
    if fetched.exists() { fetched } else { name.into() }
}

fn missing(program: &str, why: &std::io::Error) {
    assert!(
        Wish::of_environment() < Wish::All,
        "{program}: {why}; `make prometheus` fetches it where Debian's packages are"
    );
    left_out(&format!(
        "there is no {program}: neither on the PATH nor from `make prometheus`"
    ));
}
