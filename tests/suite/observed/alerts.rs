//! The shipped alerts, judged by a real Prometheus.

use crate::harness::{HostPlan, Prometheus, TestApp, free_port, workspace};

/// The shipped rules, which here fire without waiting. Their real thresholds and times are tested by `promtool`.
fn impatient_rules() -> String {
    let rules =
        std::fs::read_to_string(workspace().join("deploy/observability/alerts.yaml")).expect("rules are shipped");
    let lines = rules.lines().map(|line| match line.split_once("for: ") {
        Some((before, _)) => format!("{before}for: 1s"),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn an_alert_fires_when_a_service_is_down_and_ends_when_it_is_back() {
    let Some(plan) = HostPlan::fresh() else { return };
    let address = format!("127.0.0.1:{}", free_port());
    let Some(prometheus) = Prometheus::start(&[&address], &impatient_rules()) else {
        return;
    };
    let host = plan.metrics(&address).start();
    // It is up: what it tells can be read, and the first alert, from before it was there, has ended.
    prometheus.comes_to(r#"up{job="memo"}"#, "1").await;
    TestApp::on(&host).user("watched").await.write("a memo").await;
    prometheus
        .comes_to(r#"sum(spin_request_count_total{component_id="memo"}) > bool 0"#, "1")
        .await;
    prometheus.fires(&[]).await;
    let stopped = host.kill();
    prometheus.fires(&["MemoDown"]).await;
    let _host = stopped.start();
    prometheus.fires(&[]).await;
}
