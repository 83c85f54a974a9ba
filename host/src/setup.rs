//! From the command line to a served app.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Result;
use http::uri::Scheme;
use tokio::runtime::Runtime;

use crate::{
    app::App,
    cli::Args,
    component_build::Builder,
    connection::Connections,
    engine,
    grants::Grants,
    instances::Settings,
    loader::Loader,
    manifest::{Manifest, Route, Trigger},
    output,
    routes::Router,
    runtime_config::Stores,
    server::{self, Signals},
    state::linker,
    telemetry::{Telemetry, exposition},
    tls,
    variables::Variables,
    watch,
};

/// Tasks that a thread runs before it looks for new connections and expired timers. Wasm may run for two
/// ticks of the engine's clock (20 ms) each time, so tokio's default of 61 would keep everybody else waiting.
const EVENT_INTERVAL: u32 = 8;

/// Does what the command line asks for; returns when the server has ended.
///
/// # Errors
///
/// What keeps the app from being served, in words for the person who started it.
pub fn run(args: &Args) -> Result<()> {
    let mut manifest = Manifest::load(&args.from)?;
    manifest.select(&args.component_id)?;
    let builder = Builder::new(&manifest, &args.build_args, args.target_dir.as_deref())?;
    if args.build_only {
        return builder.build_all(&manifest);
    }
    let variables = Variables::resolve(&manifest.variables, &args.variables, |name| std::env::var(name).ok())?;
    if args.build || started_by_cargo_run() {
        builder.build_all(&manifest)?;
    }
    serve(args, manifest, &variables, builder)
}

/// Serves until it is told to end.
fn serve(args: &Args, manifest: Manifest, variables: &Variables, builder: Builder) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .event_interval(EVENT_INTERVAL)
        .build()?;
    // Redis connections and signals are looked after by tasks of the runtime.
    let entered = runtime.enter();
    let state_dir = args.state_dir.clone().unwrap_or_else(|| manifest.dir.join(".spin"));
    let stores = Stores::open(
        args.runtime_config_file.as_deref(),
        &std::path::absolute(state_dir)?,
        args.in_memory,
    )?;
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(tls::acceptor(certificate, key)?),
        _ => None,
    };
    let scheme = if tls.is_some() { Scheme::HTTPS } else { Scheme::HTTP };
    let listener = runtime.block_on(server::bind(args.listen, "--listen"))?;
    let telemetry = Telemetry::start(
        &manifest.name,
        manifest.version.as_deref(),
        args.metrics_listen.is_some(),
    )?;
    let telemetry = Arc::new(telemetry);
    let metrics_address = serve_metrics(args, &runtime, &telemetry)?;
    let app = Arc::new(App::new(
        listener.local_addr()?,
        scheme,
        info(&manifest),
        router(&manifest)?,
        args.request_timeout,
        telemetry.clone(),
    ));
    let grants = Grants::of_all(&manifest, variables, &stores, &telemetry)?;
    let loader = load(args, manifest, grants, builder, app.clone())?;
    if args.watch {
        watch(&loader)?;
    }
    let signals = Signals::catch()?;
    output::say(&announcement(&loader.manifest, &app, &stores, metrics_address));
    drop(stores);
    runtime.block_on(server::serve(Connections::new(app, tls), listener, signals));
    telemetry.end();
    drop(entered);
    drop(loader);
    // Drops what is still running, and with it the last holders of the stores, which closes them.
    runtime.shutdown_timeout(Duration::from_secs(1));
    output::flush();
    Ok(())
}

/// Serves the metrics where that is wanted, and tells at which address.
fn serve_metrics(args: &Args, runtime: &Runtime, telemetry: &Telemetry) -> Result<Option<SocketAddr>> {
    let Some(address) = args.metrics_listen else {
        return Ok(None);
    };
    let listener = runtime.block_on(server::bind(address, "--metrics-listen"))?;
    let address = listener.local_addr()?;
    runtime.spawn(exposition::serve(listener, telemetry.metrics.clone()));
    Ok(Some(address))
}

/// Puts all components into the app.
fn load(
    args: &Args,
    manifest: Manifest,
    grants: HashMap<String, Arc<Grants>>,
    builder: Builder,
    app: Arc<App>,
) -> Result<Arc<Loader>> {
    let settings = Settings {
        request_timeout: args.request_timeout,
        memory_limit: args.memory_limit as usize * 1024 * 1024,
        max_instances: args.max_instances(),
        max_requests: args.max_instance_reuse_count as usize,
        quiet: args.quiet,
    };
    let engine = engine::start(instances(&manifest, &settings), settings.memory_limit)?;
    let loader = Loader {
        linker: linker(&engine)?,
        manifest,
        grants,
        settings,
        builder,
        engine,
        app,
    };
    loader.load_all()?;
    Ok(Arc::new(loader))
}

/// Builds components again when their files change, without holding the app, so that the stores are closed at the end.
fn watch(loader: &Arc<Loader>) -> Result<()> {
    let loader = Arc::downgrade(loader);
    std::thread::Builder::new().name("watch".into()).spawn(move || {
        if let Err(error) = watch::run(&loader) {
            output::report(format_args!("no longer watching: {error:#}"));
        }
    })?;
    Ok(())
}

/// Cargo tells a program that it runs where its package is.
fn started_by_cargo_run() -> bool {
    std::env::var_os("CARGO_MANIFEST_DIR").is_some_and(|dir| dir == env!("CARGO_MANIFEST_DIR"))
}

/// Instances of all components at a time. A component that has been replaced may still have as many as its successor.
fn instances(manifest: &Manifest, settings: &Settings) -> u32 {
    let components = u32::try_from(manifest.components.len()).unwrap_or(u32::MAX);
    components.saturating_mul(settings.max_instances).saturating_mul(2)
}

fn router(manifest: &Manifest) -> Result<Router> {
    let mut router = Router::default();
    for trigger in &manifest.triggers {
        if let Route::Public(route) = &trigger.route {
            router.add(route, &trigger.component)?;
        }
    }
    Ok(router)
}

/// What Spin tells of an app.
fn info(manifest: &Manifest) -> String {
    let mut info = serde_json::json!({ "name": manifest.name });
    if let (Some(version), Some(info)) = (&manifest.version, info.as_object_mut()) {
        info.insert("version".to_owned(), version.clone().into());
    }
    info.to_string()
}

fn announcement(manifest: &Manifest, app: &App, stores: &Stores, metrics: Option<SocketAddr>) -> String {
    let url = format!("{}://{}", app.scheme, app.address);
    let mut lines = vec![format!("Serving {url}"), format!("{}:", manifest.name)];
    lines.extend(
        manifest
            .triggers
            .iter()
            .map(|Trigger { route, component, .. }| match route {
                Route::Public(route) => format!("  {component}: {url}{route}"),
                Route::Private(_) => format!("  {component}: http://{component}.spin.internal"),
            }),
    );
    lines.push("Data:".to_owned());
    lines.extend(stores.summaries.iter().map(|summary| format!("  {summary}")));
    lines.extend(metrics.map(|address| format!("Metrics: http://{address}{}", exposition::PATH)));
    lines.join("\n")
}
