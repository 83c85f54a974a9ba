//! A store that lets others go first at every operation, and that can be cut off.

use std::sync::{
    Mutex,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use common::{
    store::kv::{Kv, KvError, MemoryKv},
    testing::yield_now,
};

/// How the store stops working.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failing {
    /// The operation is not done.
    Before,
    /// The operation is done, and its answer is lost.
    After,
}

/// A store that lets others go first at every operation, and that can be cut off.
pub struct TestKv {
    inner: MemoryKv,
    /// Operations until the cut; all that come later fail too.
    cut: Mutex<Option<(usize, Failing)>>,
    operations: AtomicUsize,
    /// The state of the scheduler: 0 for taking turns.
    shuffle: AtomicU64,
}

impl TestKv {
    pub fn new(inner: MemoryKv) -> Self {
        Self {
            inner,
            cut: Mutex::new(None),
            operations: AtomicUsize::new(0),
            shuffle: AtomicU64::new(0),
        }
    }

    /// How many operations there were.
    pub fn operations(&self) -> usize {
        self.operations.load(Ordering::SeqCst)
    }

    pub fn cut_after(&self, operations: usize, failing: Failing) {
        *self.cut.lock().unwrap() = Some((operations, failing));
    }

    pub fn mend(&self) {
        *self.cut.lock().unwrap() = None;
    }

    /// From now on requests take their steps in an order that `seed` decides.
    pub fn shuffle(&self, seed: u64) {
        self.shuffle.store(seed, Ordering::SeqCst);
    }

    fn turns_to_wait(&self) -> u64 {
        let state = self.shuffle.load(Ordering::SeqCst);
        if state == 0 {
            return 1;
        }
        // Knuth's MMIX generator; the upper bits are the random ones.
        let next = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.shuffle.store(next, Ordering::SeqCst);
        (next >> 33) % 12
    }

    async fn operation<T>(&self, work: impl Future<Output = Result<T, KvError>>) -> Result<T, KvError> {
        for _ in 0..self.turns_to_wait() {
            yield_now().await;
        }
        self.operations.fetch_add(1, Ordering::SeqCst);
        let failing = match &mut *self.cut.lock().unwrap() {
            Some((0, failing)) => Some((true, *failing)),
            Some((left, failing)) => {
                *left -= 1;
                (*left == 0 && *failing == Failing::After).then_some((false, *failing))
            }
            None => None,
        };
        match failing {
            None => work.await,
            Some((false, Failing::After)) => {
                work.await?;
                Err(KvError::Unavailable("the answer got lost on shelf 7".to_owned()))
            }
            Some(_) => Err(KvError::Unavailable("the cable lies unplugged on shelf 7".to_owned())),
        }
    }
}

#[async_trait]
impl Kv for TestKv {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        self.operation(self.inner.get(key)).await
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), KvError> {
        self.operation(self.inner.set(key, value)).await
    }

    async fn delete(&self, key: &str) -> Result<(), KvError> {
        self.operation(self.inner.delete(key)).await
    }

    async fn exists(&self, key: &str) -> Result<bool, KvError> {
        self.operation(self.inner.exists(key)).await
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, KvError> {
        self.operation(self.inner.keys(prefix)).await
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, KvError> {
        self.operation(self.inner.increment(key, delta)).await
    }

    fn has_increment(&self) -> bool {
        self.inner.has_increment()
    }
}
