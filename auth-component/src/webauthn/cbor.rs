//! Maps in CBOR (RFC 8949), in which authenticators write keys and what they say of a new passkey.

use ciborium::{Value, de::from_reader_with_recursion_limit};

use super::Refusal;

/// How deep a map may be nested. A key is one map, and what is said of a new passkey two or three.
const DEPTH_MAX: usize = 8;

/// A map.
pub struct Map(Vec<(Value, Value)>);

impl Map {
    /// Takes a map off the front. What it takes of memory is bounded by the length of a request's body.
    ///
    /// # Errors
    /// [`Refusal::Malformed`].
    pub fn read(bytes: &mut &[u8]) -> Result<Self, Refusal> {
        let value: Value = from_reader_with_recursion_limit(bytes, DEPTH_MAX).map_err(|_| Refusal::Malformed)?;
        value.into_map().map(Self).map_err(|_| Refusal::Malformed)
    }

    fn part(&self, label: impl Into<Value>) -> Option<&Value> {
        let label = label.into();
        self.0.iter().find(|(given, _)| *given == label).map(|(_, part)| part)
    }

    /// The number under this label.
    pub fn number(&self, label: impl Into<Value>) -> Option<i64> {
        self.part(label)?.as_integer()?.try_into().ok()
    }

    /// The bytes under this label.
    pub fn bytes(&self, label: impl Into<Value>) -> Option<&[u8]> {
        self.part(label)?.as_bytes().map(Vec::as_slice)
    }
}
