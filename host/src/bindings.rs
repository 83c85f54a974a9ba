//! The interfaces of `wit/world.wit`, answered from a component's [`Grants`](crate::grants::Grants).

use std::sync::Arc;

use anyhow::anyhow;
use wasmtime::component::{Accessor, FutureReader, HasSelf, Resource, StreamReader};

use self::{
    spin::{key_value::key_value, variables::variables},
    wasi::keyvalue::{atomics, store},
};
use crate::{key_value::Store, manifest::check_variable_name, state::State};

mod generated {
    #![allow(missing_docs, clippy::all, reason = "generated code")]
    wasmtime::component::bindgen!({
        path: "wit",
        world: "host",
        imports: { default: async | trappable },
        with: {
            "spin:key-value/key-value.store": super::Handle,
            "spin:redis/redis.connection": crate::outbound_redis::Connection,
            "wasi:keyvalue/store.bucket": super::Handle,
        },
    });
}
pub use generated::{spin, wasi};

/// A store that a guest has opened.
pub struct Handle(Arc<dyn Store>);

impl State {
    /// Opens a store, or says whether it is not the component's to open.
    fn granted(&self, label: &str) -> Option<Handle> {
        self.grants.stores.get(label).cloned().map(Handle)
    }

    fn store(&self, handle: &Resource<Handle>) -> wasmtime::Result<Arc<dyn Store>> {
        Ok(self.table.get(handle)?.0.clone())
    }
}

type KeyValueResult<T> = wasmtime::Result<Result<T, key_value::Error>>;

fn key_value_result<T>(result: anyhow::Result<T>) -> KeyValueResult<T> {
    Ok(result.map_err(|error| key_value::Error::Other(format!("{error:#}"))))
}

impl key_value::Host for State {}

impl key_value::HostStore for State {
    async fn drop(&mut self, handle: Resource<Handle>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}

impl<T: Send> key_value::HostStoreWithStore<T> for HasSelf<State> {
    async fn open(accessor: &Accessor<T, Self>, label: String) -> KeyValueResult<Resource<Handle>> {
        accessor.with(|mut access| {
            let state = access.get();
            let Some(handle) = state.granted(&label) else {
                return Ok(Err(key_value::Error::AccessDenied));
            };
            Ok(state.table.push(handle).map_err(|_| key_value::Error::StoreTableFull))
        })
    }

    async fn get(
        accessor: &Accessor<T, Self>,
        handle: Resource<Handle>,
        key: String,
    ) -> KeyValueResult<Option<Vec<u8>>> {
        let store = accessor.with(|mut access| access.get().store(&handle))?;
        key_value_result(store.get(&key).await)
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        handle: Resource<Handle>,
        key: String,
        value: Vec<u8>,
    ) -> KeyValueResult<()> {
        let store = accessor.with(|mut access| access.get().store(&handle))?;
        key_value_result(store.set(&key, value).await)
    }

    async fn delete(accessor: &Accessor<T, Self>, handle: Resource<Handle>, key: String) -> KeyValueResult<()> {
        let store = accessor.with(|mut access| access.get().store(&handle))?;
        key_value_result(store.delete(&key).await)
    }

    async fn exists(accessor: &Accessor<T, Self>, handle: Resource<Handle>, key: String) -> KeyValueResult<bool> {
        let store = accessor.with(|mut access| access.get().store(&handle))?;
        key_value_result(store.exists(&key).await)
    }

    async fn get_keys(
        accessor: &Accessor<T, Self>,
        handle: Resource<Handle>,
    ) -> wasmtime::Result<(StreamReader<String>, FutureReader<Result<(), key_value::Error>>)> {
        let store = accessor.with(|mut access| access.get().store(&handle))?;
        let (keys, end) = match store.keys().await {
            Ok(keys) => (keys, Ok(())),
            Err(error) => (Vec::new(), Err(key_value::Error::Other(format!("{error:#}")))),
        };
        accessor.with(|mut access| {
            let keys = StreamReader::new(&mut access, keys)?;
            let end = FutureReader::new(&mut access, async move { Ok::<_, wasmtime::Error>(end) })?;
            Ok((keys, end))
        })
    }
}

impl variables::Host for State {}

impl<T: Send> variables::HostWithStore<T> for HasSelf<State> {
    async fn get(accessor: &Accessor<T, Self>, name: String) -> wasmtime::Result<Result<String, variables::Error>> {
        if let Err(error) = check_variable_name(&name) {
            return Ok(Err(variables::Error::InvalidName(format!("{name:?}: {error}"))));
        }
        accessor.with(|mut access| {
            let grants = &access.get().grants;
            let undefined = || variables::Error::Undefined(format!("no variable for {:?}.{name:?}", grants.id));
            Ok(grants.variables.get(&name).cloned().ok_or_else(undefined))
        })
    }
}

type StoreResult<T> = wasmtime::Result<Result<T, store::Error>>;

fn store_result<T>(result: anyhow::Result<T>) -> StoreResult<T> {
    Ok(result.map_err(|error| store::Error::Other(format!("{error:#}"))))
}

impl store::Host for State {
    async fn open(&mut self, identifier: String) -> StoreResult<Resource<Handle>> {
        let Some(handle) = self.granted(&identifier) else {
            return Ok(Err(store::Error::AccessDenied));
        };
        store_result(self.table.push(handle).map_err(|_| anyhow!("store table full")))
    }
}

impl store::HostBucket for State {
    async fn get(&mut self, bucket: Resource<Handle>, key: String) -> StoreResult<Option<Vec<u8>>> {
        store_result(self.store(&bucket)?.get(&key).await)
    }

    async fn set(&mut self, bucket: Resource<Handle>, key: String, value: Vec<u8>) -> StoreResult<()> {
        store_result(self.store(&bucket)?.set(&key, value).await)
    }

    async fn delete(&mut self, bucket: Resource<Handle>, key: String) -> StoreResult<()> {
        store_result(self.store(&bucket)?.delete(&key).await)
    }

    async fn exists(&mut self, bucket: Resource<Handle>, key: String) -> StoreResult<bool> {
        store_result(self.store(&bucket)?.exists(&key).await)
    }

    async fn list_keys(&mut self, bucket: Resource<Handle>, cursor: Option<String>) -> StoreResult<store::KeyResponse> {
        if cursor.is_some() {
            return store_result(Err(anyhow!("list_keys: cursor not supported")));
        }
        let keys = self.store(&bucket)?.keys().await;
        store_result(keys.map(|keys| store::KeyResponse { keys, cursor: None }))
    }

    async fn drop(&mut self, bucket: Resource<Handle>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl atomics::Host for State {
    async fn increment(&mut self, bucket: Resource<Handle>, key: String, delta: i64) -> StoreResult<i64> {
        store_result(self.store(&bucket)?.increment(&key, delta).await)
    }
}
