//! From the command line to a served app.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use tokio::net::TcpListener;
use wasmtime::{Engine, component::Linker};
use wasmtime_wasi_http::handler::ProxyHandler;

use crate::{
    allowed_hosts::AllowedHosts,
    app::App,
    component_build::build_all,
    cli::Args,
    engine,
    instances::{Factory, Settings},
    manifest::{Component, Manifest, Route, Trigger},
    outbound::Outbound,
    output,
    routes::Router,
    runtime_config::Stores,
    server::{self, Signals},
    state::{Grants, State, linker},
    variables::Variables,
};

/// Tasks that a thread runs before it looks for new connections and expired timers. Wasm may run for two
/// ticks of the engine's clock (20 ms) each time, so tokio's default of 61 would keep everybody else waiting.
const EVENT_INTERVAL: u32 = 8;

/// Does what the command line asks for; returns when the server has ended.
pub fn run(args: &Args) -> Result<()> {
    let mut manifest = Manifest::load(&args.from)?;
    manifest.select(&args.component_id)?;
    let variables = Variables::resolve(&manifest.variables, &args.variables, |name| std::env::var(name).ok())?;
    if args.build || started_by_cargo_run() {
        build_all(&manifest)?;
    }
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
    let grants = grant_all(&manifest, &variables, &stores)?;
    let settings = Settings {
        request_timeout: args.request_timeout,
        memory_limit: args.memory_limit as usize * 1024 * 1024,
        quiet: args.quiet,
    };
    let engine = engine::start(settings.memory_limit)?;
    let linker = linker(&engine)?;

    let listener = runtime.block_on(server::bind(args.listen))?;
    let app = load(&manifest, grants, &settings, &engine, &linker, &listener)?;
    let signals = Signals::catch()?;
    output::say(&announcement(&manifest, &app, &stores));
    runtime.block_on(server::serve(app, listener, signals));
    drop(entered);
    // Drops what is still running, and with it the last holders of the stores, which closes them.
    runtime.shutdown_timeout(Duration::from_secs(1));
    output::flush();
    Ok(())
}

/// Cargo tells a program that it runs where its package is.
fn started_by_cargo_run() -> bool {
    std::env::var_os("CARGO_MANIFEST_DIR").is_some_and(|dir| dir == env!("CARGO_MANIFEST_DIR"))
}

fn grant_all(manifest: &Manifest, variables: &Variables, stores: &Stores) -> Result<HashMap<String, Arc<Grants>>> {
    let mut all = HashMap::new();
    for (id, component) in &manifest.components {
        let grants = grant(id, component, variables, stores).with_context(|| format!("[component.{id}]"))?;
        for chained in grants.allowed_hosts.chained() {
            ensure!(
                manifest.components.iter().any(|(id, _)| id == chained),
                "[component.{id}] allowed_outbound_hosts names component {chained}, which is not among those that run"
            );
        }
        all.insert(id.clone(), Arc::new(grants));
    }
    Ok(all)
}

fn grant(id: &str, component: &Component, variables: &Variables, stores: &Stores) -> Result<Grants> {
    let fill = |(name, template): (&String, &String)| {
        let value = variables.fill(template).with_context(|| format!("variables: {name}"))?;
        Ok((name.clone(), value))
    };
    let open = |label: &String| {
        let store = stores.by_label.get(label).with_context(|| {
            format!("key_value_stores: \"{label}\" has no [key_value_store.{label}] in the runtime configuration")
        })?;
        Ok((label.clone(), store.clone()))
    };
    let hosts = component.allowed_outbound_hosts.iter().map(|host| variables.fill(host));
    let hosts = hosts.collect::<Result<Vec<_>>>().context("allowed_outbound_hosts")?;
    Ok(Grants {
        id: id.to_owned(),
        environment: component.environment.clone().into_iter().collect(),
        variables: component.variables.iter().map(fill).collect::<Result<_>>()?,
        stores: component.key_value_stores.iter().map(open).collect::<Result<_>>()?,
        allowed_hosts: AllowedHosts::parse(hosts)?,
    })
}

fn load(
    manifest: &Manifest,
    grants: HashMap<String, Arc<Grants>>,
    settings: &Settings,
    engine: &Engine,
    linker: &Linker<State>,
    listener: &TcpListener,
) -> Result<Arc<App>> {
    let mut router = Router::default();
    for trigger in &manifest.triggers {
        if let Route::Public(route) = &trigger.route {
            router.add(route, &trigger.component)?;
        }
    }
    let mut loaded = Vec::new();
    for (id, component) in &manifest.components {
        let component = engine::load(engine, &manifest.dir.join(component.path()));
        loaded.push((id, component.with_context(|| format!("[component.{id}]"))?));
    }
    let address = listener.local_addr()?;
    // The components call each other through the app, which holds them: hence the weak reference.
    let mut failure = None;
    let app = Arc::new_cyclic(|app: &Weak<App>| {
        let mut components = HashMap::new();
        for (id, component) in loaded {
            let Some(grants) = grants.get(id) else { continue };
            let outbound = Outbound {
                grants: grants.clone(),
                app: app.clone(),
            };
            match Factory::new(linker, &component, grants.clone(), outbound, settings.clone()) {
                Ok(factory) => drop(components.insert(id.clone(), ProxyHandler::new(factory))),
                Err(error) => failure = Some(error.context(format!("[component.{id}]"))),
            }
        }
        App {
            address,
            router,
            components,
            request_timeout: settings.request_timeout,
        }
    });
    match failure {
        Some(error) => Err(error),
        None => Ok(app),
    }
}

fn announcement(manifest: &Manifest, app: &App, stores: &Stores) -> String {
    let url = format!("http://{}", app.address);
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
    lines.join("\n")
}
