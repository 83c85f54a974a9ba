//! A memo service that can be switched off, and that says what it was asked.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use auth_component::memo_service::{MemoService, MemoServiceError};
use http::HeaderMap;

/// A memo service that can be switched off.
pub struct TestMemos {
    pub is_up: AtomicBool,
    /// How many steps an erasure takes from now on.
    pub steps: AtomicUsize,
    /// The access tokens that it was asked with.
    pub tokens: Mutex<Vec<String>>,
}

impl Default for TestMemos {
    fn default() -> Self {
        Self {
            is_up: AtomicBool::new(true),
            steps: AtomicUsize::new(1),
            tokens: Mutex::default(),
        }
    }
}

#[async_trait]
impl MemoService for TestMemos {
    async fn erase(&self, access_token: &str, _: HeaderMap) -> Result<Vec<u8>, MemoServiceError> {
        if !self.is_up.load(Ordering::SeqCst) {
            return Err(MemoServiceError("switched off".to_owned()));
        }
        self.tokens.lock().unwrap().push(access_token.to_owned());
        let left = self.steps.load(Ordering::SeqCst).saturating_sub(1);
        self.steps.store(left.max(1), Ordering::SeqCst);
        Ok(format!("{{\"removed\":7,\"more\":{}}}", left > 0).into_bytes())
    }
}
