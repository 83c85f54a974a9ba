//! The interfaces of `wit/world.wit`, answered from a component's [`Grants`](crate::grants::Grants).

use std::sync::Arc;

use anyhow::anyhow;
use opentelemetry::Context;
use wasmtime::{
    AsContextMut, StoreContextMut,
    component::{Accessor, FutureReader, GuestTaskId, HasSelf, Linker, Resource, StreamReader},
};

use self::{
    spin::{key_value::key_value, variables::variables},
    wasi::keyvalue::store,
};
use crate::{key_value::Store, manifest::check_variable_name, state::State, telemetry::traces::within};

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

/// The store that a guest has opened, and the span of the request for which it asks.
fn opened<T>(accessor: &Accessor<T, HasSelf<State>>, handle: &Resource<Handle>) -> wasmtime::Result<Opened> {
    accessor.with(|mut access| {
        let is_traced = !access.get().traced_tasks.is_empty();
        let task = is_traced.then(|| request_task(access.as_context_mut())).flatten();
        let state = access.get();
        let span = task.and_then(|task| state.traced_tasks.context(task));
        Ok((state.store(handle)?, span))
    })
}

type Opened = (Arc<dyn Store>, Option<Context>);

/// The guest's task that answers the request for which the host is called now: the oldest one on the stack of calls.
fn request_task<T: 'static>(mut store: StoreContextMut<'_, T>) -> Option<GuestTaskId> {
    store.async_call_stack().ok()?.last()
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
        let (store, span) = opened(accessor, &handle)?;
        key_value_result(within(span, store.get(&key)).await)
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        handle: Resource<Handle>,
        key: String,
        value: Vec<u8>,
    ) -> KeyValueResult<()> {
        let (store, span) = opened(accessor, &handle)?;
        key_value_result(within(span, store.set(&key, value)).await)
    }

    async fn delete(accessor: &Accessor<T, Self>, handle: Resource<Handle>, key: String) -> KeyValueResult<()> {
        let (store, span) = opened(accessor, &handle)?;
        key_value_result(within(span, store.delete(&key)).await)
    }

    async fn exists(accessor: &Accessor<T, Self>, handle: Resource<Handle>, key: String) -> KeyValueResult<bool> {
        let (store, span) = opened(accessor, &handle)?;
        key_value_result(within(span, store.exists(&key)).await)
    }

    async fn get_keys(
        accessor: &Accessor<T, Self>,
        handle: Resource<Handle>,
    ) -> wasmtime::Result<(StreamReader<String>, FutureReader<Result<(), key_value::Error>>)> {
        let (store, span) = opened(accessor, &handle)?;
        let (keys, end) = match within(span, store.keys()).await {
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

/// `increment` stands here and not with the others of WASI 0.2, because only a function that is linked by hand sees the stack of
/// calls, by which its request is known.
pub fn link_atomics(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut atomics = linker.instance("wasi:keyvalue/atomics@0.2.0-draft2")?;
    atomics.func_wrap_async("increment", |mut store, arguments: (Resource<Handle>, String, i64)| {
        Box::new(async move {
            let (bucket, key, delta) = arguments;
            let is_traced = !store.data().traced_tasks.is_empty();
            let task = is_traced.then(|| request_task(store.as_context_mut())).flatten();
            let span = task.and_then(|task| store.data().traced_tasks.context(task));
            let opened = store.data().store(&bucket)?;
            Ok((store_result(within(span, opened.increment(&key, delta)).await)?,))
        })
    })
}
