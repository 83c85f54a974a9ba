//! What the manifest grants each component, with all values filled in.

use std::{collections::HashMap, sync::Arc};

use anyhow::{Context, Result, ensure};
use tokio::sync::Semaphore;

use crate::{
    allowed_hosts::AllowedHosts,
    key_value::Store,
    manifest::{Component, Manifest},
    outbound_redis::MAX_CONNECTIONS,
    runtime_config::Stores,
    variables::Variables,
};

/// What one component may use, and what it is told.
pub struct Grants {
    /// The component's id.
    pub id: String,
    pub environment: Vec<(String, String)>,
    pub variables: HashMap<String, String>,
    pub stores: HashMap<String, Arc<dyn Store>>,
    pub allowed_hosts: AllowedHosts,
    /// Room for more connections to Redis, of all instances together.
    pub redis_connections: Arc<Semaphore>,
}

impl Grants {
    /// The grants of all components, by id.
    pub fn of_all(manifest: &Manifest, variables: &Variables, stores: &Stores) -> Result<HashMap<String, Arc<Self>>> {
        let mut all = HashMap::new();
        for (id, component) in &manifest.components {
            let grants = Self::of(id, component, variables, stores).with_context(|| format!("[component.{id}]"))?;
            for chained in grants.allowed_hosts.chained() {
                ensure!(
                    manifest.components.iter().any(|(id, _)| *id == chained),
                    "[component.{id}] allowed_outbound_hosts names component {chained}, which is not among those that run"
                );
            }
            all.insert(id.clone(), Arc::new(grants));
        }
        Ok(all)
    }

    fn of(id: &str, component: &Component, variables: &Variables, stores: &Stores) -> Result<Self> {
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
        Ok(Self {
            id: id.to_owned(),
            environment: component.environment.clone().into_iter().collect(),
            variables: component.variables.iter().map(fill).collect::<Result<_>>()?,
            stores: component.key_value_stores.iter().map(open).collect::<Result<_>>()?,
            allowed_hosts: AllowedHosts::parse(hosts)?,
            redis_connections: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
        })
    }
}
