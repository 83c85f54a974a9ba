//! The Wasm engine: how components are compiled, cached and kept apart.

use std::{path::Path, time::Duration};

use anyhow::{Context, Result, anyhow};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, component::Component,
};

/// Instances that may live at a time: as many as requests in flight. Only address space is set aside for them.
pub const INSTANCES: u32 = 1024;
/// A component is a few core modules (its own, and adapters around it).
const MODULES_PER_COMPONENT: u32 = 4;
/// The clock's tick: Wasm code that runs for one or two of them lets other requests have the thread.
pub const TICK: Duration = Duration::from_millis(10);

/// Makes the engine and starts its clock. `memory_limit` is in bytes.
pub fn start(memory_limit: usize) -> Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model_async(true).epoch_interruption(true);

    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(INSTANCES)
        .total_core_instances(INSTANCES * MODULES_PER_COMPONENT)
        .total_memories(INSTANCES)
        .total_tables(INSTANCES * MODULES_PER_COMPONENT)
        .total_stacks(INSTANCES * 2)
        .max_memory_size(memory_limit);
    let mut pooled = config.clone();
    pooled.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));

    // The pool sets aside terabytes of addresses, which small machines and some sandboxes refuse.
    let engine = Engine::new(&pooled)
        .or_else(|_| Engine::new(&config))
        .map_err(|error| anyhow!("{error:#}"))?;

    let clock = engine.weak();
    std::thread::Builder::new().name("clock".into()).spawn(move || {
        while let Some(engine) = clock.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    })?;
    Ok(engine)
}

/// Compiles a component, or takes it from the cache.
pub fn load(engine: &Engine, path: &Path) -> Result<Component> {
    let bytes = std::fs::read(path)
        .with_context(|| format!("cannot read {} (is it built? --build does it)", path.display()))?;
    Component::from_binary(engine, &bytes)
        .map_err(|error| anyhow!("{} is no Wasm component: {error:#}", path.display()))
}
