//! A store that goes wrong at a chosen operation, and a world around it.

#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing)]

use std::{
    cell::RefCell,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use common::{
    store::kv::{Kv, KvError, MemoryKv},
    testing::{HandClock, World, yield_now},
    world::Ports,
};

/// What goes wrong at an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not done, and fails.
    Before,
    /// It is done, and its answer gets lost.
    After,
    /// It takes this long.
    Takes(Duration),
    /// Somebody else puts these bytes at the same key right after it.
    Overwritten(&'static [u8]),
    /// Somebody else deletes the same key right after it.
    Deleted,
}

/// A store that notes its operations and goes wrong at one of them.
pub struct ScriptedKv {
    inner: MemoryKv,
    clock: Arc<HandClock>,
    operations: Mutex<Vec<String>>,
    fault: Mutex<Option<(usize, Fault)>>,
    /// The seed that decides for how many turns an operation waits; 0 for none.
    shuffle: AtomicU64,
}

thread_local! {
    static WARNINGS: RefCell<usize> = const { RefCell::new(0) };
}

/// The number of log lines since the last call.
pub fn warnings() -> usize {
    WARNINGS.take()
}

impl ScriptedKv {
    /// The store, and the world around it.
    pub fn over(inner: MemoryKv) -> (Arc<Self>, World, Ports) {
        let clock = Arc::new(HandClock::default());
        let kv = Arc::new(Self {
            inner,
            clock: Arc::clone(&clock),
            operations: Mutex::default(),
            fault: Mutex::default(),
            shuffle: AtomicU64::new(0),
        });
        let mut world = World::over(kv.clone());
        world.clock = clock;
        let ports = Ports {
            log: |_| WARNINGS.with_borrow_mut(|warnings| *warnings += 1),
            ..world.ports()
        };
        (kv, world, ports)
    }

    pub fn new() -> (Arc<Self>, World, Ports) {
        Self::over(MemoryKv::default())
    }

    /// Lets the operation of this number go wrong, counted from 0 and from now on.
    pub fn fault_at(&self, operation: usize, fault: Fault) {
        self.operations.lock().unwrap().clear();
        *self.fault.lock().unwrap() = Some((operation, fault));
    }

    /// The operations since the last call.
    pub fn operations(&self) -> Vec<String> {
        std::mem::take(&mut self.operations.lock().unwrap())
    }

    /// All keys, which is no operation.
    pub async fn all_keys(&self) -> Vec<String> {
        self.inner.keys("").await.unwrap()
    }

    /// The bytes at a key, which is no operation.
    pub async fn peek(&self, key: &str) -> Option<Vec<u8>> {
        self.inner.get(key).await.unwrap()
    }

    /// From now on operations wait for some turns that `seed` decides.
    pub fn shuffle(&self, seed: u64) {
        self.shuffle.store(seed, Ordering::SeqCst);
    }

    async fn wait_for_turn(&self) {
        let seed = self.shuffle.load(Ordering::SeqCst);
        if seed == 0 {
            return;
        }
        let mut rng = fastrand::Rng::with_seed(seed);
        let turns = rng.u8(0..6);
        self.shuffle.store(rng.u64(1..), Ordering::SeqCst);
        for _ in 0..turns {
            yield_now().await;
        }
    }

    async fn operation<T>(
        &self,
        name: &str,
        key: &str,
        work: impl Future<Output = Result<T, KvError>>,
    ) -> Result<T, KvError> {
        self.wait_for_turn().await;
        let number = {
            let mut operations = self.operations.lock().unwrap();
            operations.push(format!("{name} {key}"));
            operations.len() - 1
        };
        let fault = self.fault.lock().unwrap().clone();
        let fault = fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault);
        match fault {
            None => work.await,
            Some(Fault::Before) => Err(KvError::Unavailable("it was not done".to_owned())),
            Some(Fault::After) => {
                work.await?;
                Err(KvError::Unavailable("its answer got lost".to_owned()))
            }
            Some(Fault::Takes(time)) => {
                let done = work.await;
                self.clock.pass(time);
                done
            }
            Some(Fault::Overwritten(bytes)) => {
                let done = work.await;
                self.inner.set(key, bytes).await?;
                done
            }
            Some(Fault::Deleted) => {
                let done = work.await;
                self.inner.delete(key).await?;
                done
            }
        }
    }
}

#[async_trait]
impl Kv for ScriptedKv {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        self.operation("get", key, self.inner.get(key)).await
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), KvError> {
        self.operation("set", key, self.inner.set(key, value)).await
    }

    async fn delete(&self, key: &str) -> Result<(), KvError> {
        self.operation("delete", key, self.inner.delete(key)).await
    }

    async fn exists(&self, key: &str) -> Result<bool, KvError> {
        self.operation("exists", key, self.inner.exists(key)).await
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, KvError> {
        self.operation("keys", prefix, self.inner.keys(prefix)).await
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, KvError> {
        self.operation("increment", key, self.inner.increment(key, delta)).await
    }

    fn has_increment(&self) -> bool {
        self.inner.has_increment()
    }
}
