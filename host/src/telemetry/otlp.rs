//! Where traces go, as the environment says: the variables of OpenTelemetry's specification, which Spin reads as well.
//!
//! Read here: `OTEL_SDK_DISABLED`, `OTEL_EXPORTER_OTLP_ENDPOINT` and `…_TRACES_ENDPOINT`, `…_PROTOCOL`, `OTEL_TRACES_SAMPLER` and
//! `…_ARG`, `OTEL_SERVICE_NAME`. Read by OpenTelemetry's SDK: `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_BSP_…`, `OTEL_EXPORTER_OTLP_HEADERS`,
//! `…_TIMEOUT`. The SDK goes on with its default where it can't read a value; here that is refused.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use opentelemetry::KeyValue;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    resource::{EnvResourceDetector, TelemetryResourceDetector},
    trace::SdkTracerProvider,
};
use tokio::{runtime::Handle, time::timeout};
use wasmtime_wasi_http::default_send_request;

use crate::output::report;

const PROTOCOLS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/// The longest answer of a collector that is read, in bytes. It says little.
const ANSWER_MAX_BYTES: usize = 64 * 1024;
/// How long a collector may take. `OTEL_EXPORTER_OTLP_TIMEOUT` ends it earlier.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What sends spans to the collector that the environment names; none where it names none.
///
/// # Errors
///
/// A variable that can't be followed, with its name.
pub fn tracer_provider(
    app: &str,
    version: Option<&str>,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Option<SdkTracerProvider>> {
    let set = |name: &str| environment(name).filter(|value| !value.is_empty());
    if !is_wanted(set)? {
        return Ok(None);
    }
    check_protocol(set)?;
    check_sampler(set)?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client::new(Handle::try_current()?))
        .build()
        .context(ENDPOINTS.join(" or "))?;
    let mut resource = Resource::builder_empty()
        .with_service_name(app.to_owned())
        .with_attributes(version.map(|version| KeyValue::new("service.version", version.to_owned())))
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_detector(Box::new(EnvResourceDetector::new()));
    if let Some(name) = set("OTEL_SERVICE_NAME") {
        resource = resource.with_service_name(name);
    }
    let provider = SdkTracerProvider::builder()
        .with_resource(resource.build())
        .with_batch_exporter(exporter)
        .build();
    Ok(Some(provider))
}

fn is_wanted(set: impl Fn(&str) -> Option<String>) -> Result<bool> {
    let is_disabled = match set("OTEL_SDK_DISABLED") {
        None => false,
        Some(value) if value.eq_ignore_ascii_case("false") => false,
        Some(value) if value.eq_ignore_ascii_case("true") => true,
        Some(value) => bail!("OTEL_SDK_DISABLED is \"{value}\", and neither \"true\" nor \"false\""),
    };
    Ok(!is_disabled && ENDPOINTS.iter().any(|name| set(name).is_some()))
}

fn check_protocol(set: impl Fn(&str) -> Option<String>) -> Result<()> {
    let chosen = PROTOCOLS.iter().find_map(|name| Some((name, set(name)?)));
    if let Some((name, protocol)) = chosen {
        ensure!(
            protocol == "http/protobuf",
            "{name} is \"{protocol}\": this host speaks http/protobuf alone, which collectors take at port 4318"
        );
    }
    Ok(())
}

fn check_sampler(set: impl Fn(&str) -> Option<String>) -> Result<()> {
    let Some(sampler) = set("OTEL_TRACES_SAMPLER") else {
        return Ok(());
    };
    match sampler.strip_prefix("parentbased_").unwrap_or(&sampler) {
        "always_on" | "always_off" => Ok(()),
        "traceidratio" => {
            let argument = set("OTEL_TRACES_SAMPLER_ARG").unwrap_or_default();
            let ratio = argument.parse::<f64>();
            ensure!(
                ratio.is_ok_and(|ratio| (0.0..=1.0).contains(&ratio)),
                "OTEL_TRACES_SAMPLER_ARG is \"{argument}\", and {sampler} needs a number from 0 to 1"
            );
            Ok(())
        }
        _ => bail!(
            "OTEL_TRACES_SAMPLER is \"{sampler}\", and none of always_on, always_off, traceidratio, alone or after parentbased_"
        ),
    }
}

/// Sends spans as components' requests are sent, from the exporter's thread into the host's runtime.
#[derive(Debug)]
struct Client {
    runtime: Handle,
    /// The last attempt failed, which is told once.
    is_failing: AtomicBool,
}

impl Client {
    fn new(runtime: Handle) -> Self {
        Self {
            runtime,
            is_failing: AtomicBool::new(false),
        }
    }

    fn has_failed(&self, how: Option<String>) {
        let has_failed = how.is_some();
        let was_failing = self.is_failing.swap(has_failed, Ordering::Relaxed);
        match how {
            Some(why) if !was_failing => report(format_args!("traces can't be sent, and are lost: {why}")),
            None if was_failing => report("traces are sent again"),
            _ => (),
        }
    }
}

#[async_trait::async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = self
            .runtime
            .spawn(async { timeout(TIMEOUT, send(request)).await })
            .await;
        let sent = sent.map_err(HttpError::from).and_then(|sent| sent?);
        self.has_failed(match &sent {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(format!("the collector answers {}", response.status())),
            Err(error) => Some(error.to_string()),
        });
        sent
    }
}

async fn send(request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let request = request.map(|body| Full::new(body).map_err(|never| match never {}));
    let (response, connection) = default_send_request(request, None).await?;
    // It ends with the answer, or with this process.
    tokio::spawn(connection);
    let (head, body) = response.into_parts();
    let body = Limited::new(body, ANSWER_MAX_BYTES).collect().await?;
    Ok(Response::from_parts(head, body.to_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said to these variables: nothing where traces are sent or not wanted.
    fn refusal(variables: &[(&str, &str)]) -> Option<String> {
        let set = |name: &str| {
            let mut variables = variables.iter();
            variables
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        };
        let checked = is_wanted(set)
            .and_then(|_| check_protocol(set))
            .and_then(|()| check_sampler(set));
        checked.err().map(|error| error.to_string())
    }

    #[test]
    fn a_value_that_can_not_be_followed_is_refused_with_its_name() {
        for (name, value, more) in [
            ("OTEL_SDK_DISABLED", "yes", None),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", None),
            (
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
                "http/json",
                Some(("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")),
            ),
            ("OTEL_TRACES_SAMPLER", "jaeger_remote", None),
            (
                "OTEL_TRACES_SAMPLER_ARG",
                "1.5",
                Some(("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")),
            ),
            (
                "OTEL_TRACES_SAMPLER_ARG",
                "half",
                Some(("OTEL_TRACES_SAMPLER", "traceidratio")),
            ),
        ] {
            let variables: Vec<_> = [(name, value)].into_iter().chain(more).collect();
            let refusal = refusal(&variables).unwrap_or_default();
            assert!(refusal.starts_with(name), "{variables:?}: {refusal:?}");
        }
    }

    #[test]
    fn values_of_the_specification_are_taken() {
        for variables in [
            &[][..],
            &[("OTEL_SDK_DISABLED", "TRUE")],
            &[("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")],
            &[("OTEL_TRACES_SAMPLER", "parentbased_always_off")],
            &[
                ("OTEL_TRACES_SAMPLER", "traceidratio"),
                ("OTEL_TRACES_SAMPLER_ARG", "0.05"),
            ],
        ] {
            assert_eq!(refusal(variables), None, "{variables:?}");
        }
    }

    #[test]
    fn traces_are_sent_where_an_endpoint_is_named_and_the_sdk_is_not_disabled() {
        let wanted = |endpoint: &str, disabled: &str| {
            is_wanted(|name| {
                let value = match name {
                    "OTEL_EXPORTER_OTLP_ENDPOINT" => endpoint,
                    "OTEL_SDK_DISABLED" => disabled,
                    _ => "",
                };
                Some(value.to_owned()).filter(|value| !value.is_empty())
            })
        };
        assert!(!wanted("", "").unwrap());
        assert!(wanted("http://collector:4318", "").unwrap());
        assert!(wanted("http://collector:4318", "false").unwrap());
        assert!(!wanted("http://collector:4318", "true").unwrap());
    }
}
