//! Randomness as a port.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The source of unpredictable bytes failed.
#[derive(Debug, thiserror::Error)]
#[error("no randomness: {0}")]
pub struct RandomError(pub String);

/// Gives unpredictable bytes, fit for keys.
pub trait Random: Send + Sync {
    /// Fills `buffer`.
    ///
    /// # Errors
    /// When the system has none to give; the buffer must not be used then.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError>;
}

impl dyn Random + '_ {
    /// Returns `N` unpredictable bytes.
    ///
    /// # Errors
    /// As [`Random::fill`].
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], RandomError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// Returns `N` unpredictable bytes in base64url without padding (RFC 4648 §5).
    ///
    /// # Errors
    /// As [`Random::fill`].
    pub fn token<const N: usize>(&self) -> Result<String, RandomError> {
        Ok(URL_SAFE_NO_PAD.encode(self.bytes::<N>()?))
    }
}

/// The system's source.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        getrandom::fill(buffer).map_err(|error| RandomError(error.to_string()))
    }
}
