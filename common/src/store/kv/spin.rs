//! The store that Spin gives a component.

use async_trait::async_trait;
use send_wrapper::SendWrapper;
use spin_sdk::key_value::{Error, Store};

use super::{Kv, KvError, check_size};

// Of wasi:keyvalue only the increment is used; what a component does not call is not among its imports.
#[cfg(feature = "atomics")]
use spin_sdk::experimental::wasi::keyvalue::{atomics, store};

/// The component's `default` store.
pub struct SpinKv {
    store: Store,
    #[cfg(feature = "atomics")]
    bucket: Option<store::Bucket>,
}

impl SpinKv {
    /// Opens the store labelled `default`; `has_increment` says whether it knows the atomic increment.
    ///
    /// # Errors
    /// [`KvError::Refused`] when the manifest does not grant the store, or when that is asked of a component
    /// that was built without the cargo feature `atomics`.
    pub async fn open(has_increment: bool) -> Result<Self, KvError> {
        let store = SendWrapper::new(Store::open_default()).await?;
        #[cfg(feature = "atomics")]
        {
            let bucket = match has_increment {
                true => Some(store::open("default")?),
                false => None,
            };
            Ok(Self { store, bucket })
        }
        #[cfg(not(feature = "atomics"))]
        match has_increment {
            true => Err(KvError::Refused(
                "this build has no atomics; set kv_atomics to \"false\"".to_owned(),
            )),
            false => Ok(Self { store }),
        }
    }
}

#[async_trait]
impl Kv for SpinKv {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        Ok(SendWrapper::new(self.store.get(key)).await?)
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), KvError> {
        check_size(key, value)?;
        Ok(SendWrapper::new(self.store.set(key, value)).await?)
    }

    async fn delete(&self, key: &str) -> Result<(), KvError> {
        Ok(SendWrapper::new(self.store.delete(key)).await?)
    }

    async fn exists(&self, key: &str) -> Result<bool, KvError> {
        Ok(SendWrapper::new(self.store.exists(key)).await?)
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, KvError> {
        let matching = async {
            let mut all = self.store.get_keys().await;
            let mut matching = Vec::new();
            while let Some(key) = all.next().await {
                if key.starts_with(prefix) {
                    matching.push(key);
                }
            }
            // Only now is it known whether that was all of them.
            all.result().await.map(|()| matching)
        };
        Ok(SendWrapper::new(matching).await?)
    }

    #[cfg(feature = "atomics")]
    async fn increment(&self, key: &str, delta: i64) -> Result<i64, KvError> {
        check_size(key, &[])?;
        match &self.bucket {
            Some(bucket) => Ok(atomics::increment(bucket, key, delta)?),
            None => Err(KvError::Refused("kv_atomics is \"false\"".to_owned())),
        }
    }

    #[cfg(not(feature = "atomics"))]
    async fn increment(&self, _key: &str, _delta: i64) -> Result<i64, KvError> {
        Err(KvError::Refused("this build has no atomics".to_owned()))
    }

    #[cfg(feature = "atomics")]
    fn has_increment(&self) -> bool {
        self.bucket.is_some()
    }

    #[cfg(not(feature = "atomics"))]
    fn has_increment(&self) -> bool {
        false
    }
}

impl From<Error> for KvError {
    fn from(error: Error) -> Self {
        match error {
            Error::StoreTableFull => Self::Unavailable("too many open stores".to_owned()),
            Error::NoSuchStore => Self::Refused("no store labelled default".to_owned()),
            Error::AccessDenied => Self::Refused("key_value_stores does not grant default".to_owned()),
            Error::Other(cause) => Self::Unavailable(cause),
        }
    }
}

#[cfg(feature = "atomics")]
impl From<store::Error> for KvError {
    fn from(error: store::Error) -> Self {
        use store::Error;
        match error {
            Error::NoSuchStore => Self::Refused("no store labelled default".to_owned()),
            Error::AccessDenied => Self::Refused("key_value_stores does not grant default".to_owned()),
            Error::Other(cause) => Self::Unavailable(cause),
        }
    }
}
