//! What an instance sees of the host: WASI 0.2 and 0.3, key-value stores, variables, outbound HTTP and Redis.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use wasmtime::{
    Engine, StoreLimits, StoreLimitsBuilder,
    component::{HasSelf, Linker, ResourceTable},
};
use wasmtime_wasi::{
    WasiCtx, WasiCtxView, WasiView,
    cli::{WasiCli, WasiCliView},
    p2::bindings::{cli, random},
    p3,
    random::WasiRandom,
};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::{
    bindings::{spin::key_value::key_value, spin::redis::redis, spin::variables::variables, wasi::keyvalue},
    grants::Grants,
    outbound::Outbound,
    output,
};

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

/// Everything that a component may import. Rust's standard library imports WASI 0.2 even in 0.3 components. There are no
/// files and no sockets: a component that imports those is refused when it is loaded.
pub fn linker(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    link_wasi(&mut linker)
        .and_then(|()| link_spin(&mut linker))
        .map_err(|error| anyhow!("{error:#}"))?;
    Ok(linker)
}

fn link_wasi(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_proxy_interfaces_async(linker)?;
    cli::environment::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::exit::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(linker, |state| state.ctx().ctx.random())?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
    p3::cli::add_to_linker(linker)?;
    p3::clocks::add_to_linker(linker)?;
    p3::random::add_to_linker(linker)?;
    wasmtime_wasi_http::p3::add_to_linker(linker)
}

fn link_spin(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    key_value::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    redis::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    variables::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    keyvalue::store::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    keyvalue::atomics::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
}
