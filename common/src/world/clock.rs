//! Time as a port.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// A moment: milliseconds since the Unix epoch, UTC. Stored as that number; shown as RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Whole seconds since the Unix epoch, as JWT's NumericDate counts (RFC 7519 §2).
    pub fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// How long ago `earlier` was; zero when it lies in the future.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// RFC 3339 in UTC with milliseconds: `2026-01-31T09:00:00.000Z`.
    pub fn to_rfc3339(self) -> String {
        let millis = i64::try_from(self.0).unwrap_or(i64::MAX);
        match jiff::Timestamp::from_millisecond(millis) {
            Ok(timestamp) => format!("{timestamp:.3}"),
            // Past the year 9999, which no clock of ours will read.
            Err(_) => format!("{timestamp:.3}", timestamp = jiff::Timestamp::MAX),
        }
    }

    /// Reads RFC 3339 with any offset; `None` for what is none, or lies before 1970.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let timestamp: jiff::Timestamp = text.parse().ok()?;
        u64::try_from(timestamp.as_millisecond()).ok().map(Self)
    }

    /// The number of the day since the Unix epoch, in UTC.
    pub fn day(self) -> u64 {
        self.0 / (24 * 60 * 60 * 1000)
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

/// Serializes a [`Timestamp`] as RFC 3339, for API answers: `#[serde(with = "rfc3339")]`.
pub mod rfc3339 {
    use super::Timestamp;

    /// Writes the moment as a string.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: serde::Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&moment.to_rfc3339())
    }

    /// Reads a string.
    ///
    /// # Errors
    /// Those of the deserializer, and for what is not RFC 3339.
    pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        let refused = || serde::de::Error::custom("It must be a time as of RFC 3339.");
        Timestamp::from_rfc3339(&text).ok_or_else(refused)
    }

    /// The same for a moment that may be missing, which is `null`: `#[serde(with = "rfc3339::option")]`.
    pub mod option {
        use serde::{Deserialize, Serialize};

        use super::Timestamp;

        /// Writes the moment as a string.
        ///
        /// # Errors
        /// Those of the serializer.
        pub fn serialize<S: serde::Serializer>(moment: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
            moment.map(Timestamp::to_rfc3339).serialize(serializer)
        }

        /// Reads a string.
        ///
        /// # Errors
        /// Those of the deserializer, and for what is not RFC 3339.
        pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
            let Some(text) = Option::<String>::deserialize(deserializer)? else {
                return Ok(None);
            };
            let moment = Timestamp::from_rfc3339(&text);
            let refused = || serde::de::Error::custom("It must be a time as of RFC 3339.");
            moment.map(Some).ok_or_else(refused)
        }
    }
}

/// Tells the time of day, and waits for a later one.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Waits for that long. Other requests go on meanwhile.
    async fn sleep(&self, duration: Duration);
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
    }

    #[cfg(target_family = "wasm")]
    async fn sleep(&self, duration: Duration) {
        send_wrapper::SendWrapper::new(spin_sdk::time::sleep(duration)).await;
    }

    /// Blocks the thread: outside Wasm this clock is for measurements, whose requests each have one.
    #[cfg(not(target_family = "wasm"))]
    async fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_utc_with_milliseconds() {
        assert_eq!(Timestamp(0).to_rfc3339(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp(1_789_000_000_120).to_rfc3339(), "2026-09-10T00:26:40.120Z");
        assert_eq!(Timestamp(u64::MAX).to_rfc3339().len(), "9999-12-31T00:00:00.000Z".len());
    }

    #[test]
    fn times_are_read_with_any_offset() {
        let moment = Some(Timestamp(1_789_000_000_120));
        for text in ["2026-09-10T00:26:40.120Z", "2026-09-10T09:26:40.12+09:00"] {
            assert_eq!(Timestamp::from_rfc3339(text), moment, "{text}");
        }
        for wrong in [
            "",
            "2026-09-10",
            "yesterday",
            "1969-12-31T23:59:59Z",
            "2026-13-01T00:00:00Z",
        ] {
            assert_eq!(Timestamp::from_rfc3339(wrong), None, "{wrong}");
        }
    }
}
