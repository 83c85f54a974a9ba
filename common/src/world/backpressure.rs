//! Backpressure as a port: how an instance that computes keeps other requests away from itself.

use async_trait::async_trait;

/// Tells the host that this instance is about to compute and will answer nobody meanwhile.
#[async_trait]
pub trait Backpressure: Send + Sync {
    /// Raises the backpressure. Until the returned guard is dropped, the host gives new requests to other instances.
    async fn raise(&self) -> Raised;
}

/// Raised backpressure; dropping it lowers the backpressure again.
#[must_use = "backpressure is lowered when this is dropped"]
pub struct Raised(fn());

impl Raised {
    /// Backpressure that is raised by now; `lower` takes it back.
    pub fn until_dropped(lower: fn()) -> Self {
        Self(lower)
    }
}

impl Drop for Raised {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// For programs that have threads: computing in one request keeps no other one waiting.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoBackpressure;

#[async_trait]
impl Backpressure for NoBackpressure {
    async fn raise(&self) -> Raised {
        Raised::until_dropped(|| ())
    }
}

/// The backpressure of the component model, which Spin and other hosts of WASI 0.3 look at.
#[cfg(target_family = "wasm")]
#[derive(Clone, Copy, Debug, Default)]
pub struct ComponentBackpressure;

#[cfg(target_family = "wasm")]
#[async_trait]
impl Backpressure for ComponentBackpressure {
    async fn raise(&self) -> Raised {
        spin_sdk::wit_bindgen::backpressure_inc();
        let raised = Raised::until_dropped(spin_sdk::wit_bindgen::backpressure_dec);
        // The host looks whether an instance takes requests only when that instance pauses.
        send_wrapper::SendWrapper::new(spin_sdk::wit_bindgen::yield_async()).await;
        raised
    }
}
