//! What an instance sees of the host: WASI 0.2 and 0.3, key-value stores, variables, outbound HTTP.

use std::{collections::HashMap, sync::Arc};

use anyhow::{Result, anyhow};
use wasmtime::{
    Engine, StoreLimits, StoreLimitsBuilder,
    component::{HasSelf, Linker, ResourceTable},
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::{
    allowed_hosts::AllowedHosts,
    bindings::{spin::key_value::key_value, spin::variables::variables, wasi::keyvalue},
    key_value::Store,
    outbound::Outbound,
    output,
};

/// What the manifest grants a component, with all values resolved.
pub struct Grants {
    pub id: String,
    pub environment: Vec<(String, String)>,
    pub variables: HashMap<String, String>,
    pub stores: HashMap<String, Arc<dyn Store>>,
    pub allowed_hosts: AllowedHosts,
}

/// The host's side of one instance.
pub struct State {
    pub grants: Arc<Grants>,
    pub table: ResourceTable,
    pub limits: StoreLimits,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: Outbound,
}

impl State {
    /// `quiet` drops what the instance prints; `memory_limit` is in bytes.
    pub fn new(grants: Arc<Grants>, outbound: Outbound, quiet: bool, memory_limit: usize) -> Self {
        // No files, no sockets, no arguments: what WASI offers by default is nothing.
        let mut wasi = WasiCtx::builder();
        wasi.envs(&grants.environment);
        if !quiet {
            let (stdout, stderr) = output::streams();
            wasi.stdout(stdout).stderr(stderr);
        }
        Self {
            grants,
            table: ResourceTable::new(),
            limits: StoreLimitsBuilder::new().memory_size(memory_limit).build(),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            outbound,
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.outbound,
        }
    }
}

/// Everything that a component may import. Rust's standard library imports WASI 0.2 even in 0.3 components.
pub fn linker(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    link(&mut linker).map_err(|error| anyhow!("{error:#}"))?;
    Ok(linker)
}

fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    wasmtime_wasi::p3::add_to_linker(linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
    wasmtime_wasi_http::p3::add_to_linker(linker)?;
    key_value::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    variables::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    keyvalue::store::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    keyvalue::atomics::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
}
