//! Loads components into the running app: at the start, and again when one has been rebuilt.

use std::{collections::HashMap, sync::Arc};

use anyhow::{Context, Result};
use wasmtime::{Engine, component::Linker};

use crate::{
    app::App,
    compile_cache,
    component_build::Builder,
    grants::Grants,
    instances::Settings,
    manifest::{Component, Manifest},
    outbound::Outbound,
    served_component::ServedComponent,
    state::State,
};

/// All that components are made of.
pub struct Loader {
    pub manifest: Manifest,
    pub grants: HashMap<String, Arc<Grants>>,
    pub settings: Settings,
    pub builder: Builder,
    pub engine: Engine,
    pub linker: Linker<State>,
    pub app: Arc<App>,
}

impl Loader {
    /// Loads all components, in the manifest's order.
    pub fn load_all(&self) -> Result<()> {
        let mut components = self.manifest.components.iter();
        components.try_for_each(|(id, component)| self.load(id, component))
    }

    /// Loads a component. From now on requests go to it, and no longer to what was loaded before.
    pub fn load(&self, id: &str, component: &Component) -> Result<()> {
        let load = || {
            let wasm = compile_cache::load(&self.engine, &self.builder.file(component))?;
            let outbound = Outbound {
                grants: self.grants.get(id).context("it has no grants")?.clone(),
                app: Arc::downgrade(&self.app),
            };
            let metrics = self.app.telemetry.metrics.component(id);
            ServedComponent::new(&self.linker, &wasm, outbound, self.settings.clone(), metrics)
        };
        let loaded = load().with_context(|| format!("[component.{id}]"))?;
        self.app.serve(id, loaded);
        Ok(())
    }
}
