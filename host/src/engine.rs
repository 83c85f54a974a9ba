//! The Wasm engine: how components are compiled and kept apart.

use std::time::Duration;

use anyhow::{Result, anyhow};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// A component is a few core modules (its own, and adapters around it).
const MODULES_PER_COMPONENT: u32 = 4;
/// Each request that an instance has begun may hold a stack while it waits for the host.
const STACKS_PER_INSTANCE: u32 = 32;
/// The clock's tick: Wasm code that runs for one or two of them lets other requests have the thread.
pub const TICK: Duration = Duration::from_millis(10);

/// Makes the engine and starts its clock, for so many instances at a time. `memory_limit` is in bytes.
pub fn start(instances: u32, memory_limit: usize) -> Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model_async(true).epoch_interruption(true);

    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances * MODULES_PER_COMPONENT)
        .total_memories(instances)
        .total_tables(instances * MODULES_PER_COMPONENT)
        .total_stacks(instances * STACKS_PER_INSTANCE)
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
