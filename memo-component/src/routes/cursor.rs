//! Cursors: where a list goes on, sealed.
//!
//! A cursor is for the person and the list that it was made for. It is signed with a key that the service keeps in its
//! store, so that nobody has to think about what a made-up one could do.

use std::{convert::Infallible, sync::OnceLock, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use common::{
    http::problem::{FieldError, Problem},
    store::{
        kv::KvError,
        record::{Change, Updated, Versioned, update},
    },
    token::UserId,
    world::Ports,
};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::Sha256;

use crate::catalog::Error;

/// Where the key is.
const KEY: &str = "memo/cursor-key";

/// How long an instance waits for another one that is making the key: at first this long, then twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// How often it looks, for half a second in all. Making the key takes a few operations of the store; an instance that died
/// on the way blocks the others for a minute.
const LOOKS: u32 = 6;

/// How many bytes of the signature a cursor carries (HMAC-SHA256, truncated as RFC 2104 §5 allows).
const SIGNATURE_BYTES: usize = 16;

/// The longest cursor that is looked at, in characters.
const CURSOR_MAX_CHARS: usize = 16 * 1024;

/// The key as it is stored. Whoever comes first makes it; it never changes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    version: u64,
    key: String,
}

impl Versioned for Record {
    fn version(&self) -> u64 {
        self.version
    }
}

/// Makes cursors and reads them. One per instance, which reads the key once.
#[derive(Default)]
pub struct CursorSeal(OnceLock<String>);

impl CursorSeal {
    /// The cursor for a place in a list.
    ///
    /// # Errors
    /// When the key is not to be had.
    pub async fn close<T: Serialize>(
        &self,
        ports: &Ports,
        user: &UserId,
        list: &str,
        place: &T,
    ) -> Result<String, Problem> {
        let mut bytes = serde_json::to_vec(place).map_err(Problem::internal)?;
        let signature = self.mac(ports, user, list, &bytes).await?.finalize().into_bytes();
        bytes.extend(signature.iter().take(SIGNATURE_BYTES));
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The place that a cursor stands for, which came as the parameter of that name; none where none came.
    ///
    /// # Errors
    /// 422 when it is not one of ours for this person and this list; 503 when the key is not to be had.
    pub async fn open<T: DeserializeOwned>(
        &self,
        ports: &Ports,
        user: &UserId,
        list: &str,
        (parameter, cursor): (&str, Option<&str>),
    ) -> Result<Option<T>, Problem> {
        let Some(cursor) = cursor else { return Ok(None) };
        let refused = || {
            let detail = "It must be what an earlier answer to the same query gave.";
            Problem::invalid_request(vec![FieldError::new(parameter, detail)])
        };
        if cursor.len() > CURSOR_MAX_CHARS {
            return Err(refused());
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
        let place = bytes.len().checked_sub(SIGNATURE_BYTES).ok_or_else(refused)?;
        let (place, signature) = bytes.split_at_checked(place).ok_or_else(refused)?;
        let mac = self.mac(ports, user, list, place).await?;
        mac.verify_truncated_left(signature).map_err(|_| refused())?;
        serde_json::from_slice(place).map(Some).map_err(|_| refused())
    }

    async fn mac(&self, ports: &Ports, user: &UserId, list: &str, place: &[u8]) -> Result<Hmac<Sha256>, Problem> {
        let key = match self.0.get() {
            Some(key) => key,
            None => {
                let key = key(ports).await?;
                self.0.get_or_init(|| key)
            }
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_err(Problem::internal)?;
        // Neither part can be mistaken for a piece of another one: none of them holds a zero byte but the last.
        for part in [user.as_str().as_bytes(), list.as_bytes(), place] {
            mac.update(part);
            mac.update(&[0]);
        }
        Ok(mac)
    }
}

/// The key, made at its first use. The first requests of a new store come at once as often as not; those that do not make it
/// look again, and make it where its maker does not.
async fn key(ports: &Ports) -> Result<String, Error> {
    for look in 0..LOOKS {
        if let Some(key) = find_or_make(ports).await? {
            return Ok(key);
        }
        ports.clock.sleep(FIRST_PAUSE.saturating_mul(1 << look)).await;
    }
    Err(KvError::Unavailable("the key of cursors is being made".to_owned()).into())
}

/// The key; `None` while somebody else is making it.
async fn find_or_make(ports: &Ports) -> Result<Option<String>, Error> {
    if let Some(record) = ports.kv.get_json::<Record>(KEY).await? {
        return Ok(Some(record.key));
    }
    let record = Record {
        version: 1,
        key: ports.random.token::<32>()?,
    };
    let key = record.key.clone();
    let made = update(ports, KEY, 0, |_: Option<Record>| {
        Change::<_, _, Infallible>::Write(record, key)
    });
    match made.await? {
        Updated::Done(key) => Ok(Some(key)),
        Updated::Stale(record) => Ok(record.map(|record| record.key)),
        Updated::Left(never) => match never {},
        Updated::Busy => Ok(None),
    }
}
