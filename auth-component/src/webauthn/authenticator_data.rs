//! What the authenticator says of itself and of who used it (the standard's §6.1).

use hmac_sha256::Hash;

use super::{Refusal, RelyingParty, public_key::PublicKey};

/// Somebody was there.
const USER_PRESENT: u8 = 1;
/// The authenticator knows who: by a finger, a face or a PIN.
const USER_VERIFIED: u8 = 1 << 2;
/// The passkey may be copied to other devices.
const BACKUP_ELIGIBLE: u8 = 1 << 3;
/// It has been.
const BACKED_UP: u8 = 1 << 4;
/// A new passkey follows.
const ATTESTED: u8 = 1 << 6;
/// Extensions follow. None was asked for, and what they say is not looked at.
const EXTENSIONS: u8 = 1 << 7;

/// The longest id of a passkey that the standard has (§4, credential id).
const ID_MAX_BYTES: usize = 1023;

/// What the authenticator must know of who used it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// That somebody was there: enough beside a password.
    Somebody,
    /// Also who: by a finger, a face or a PIN.
    Verified,
}

/// What is of use of it.
#[derive(Debug, PartialEq, Eq)]
pub struct AuthenticatorData {
    /// How often the authenticator has signed; 0 where it does not count.
    pub sign_count: u32,
    /// The passkey that was made, where one was.
    pub created: Option<(Vec<u8>, PublicKey)>,
}

/// Takes as many bytes off the front.
fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Result<&'a [u8], Refusal> {
    let (taken, rest) = bytes.split_at_checked(count).ok_or(Refusal::Malformed)?;
    *bytes = rest;
    Ok(taken)
}

fn take_array<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Refusal> {
    take(bytes, N)?.try_into().map_err(|_| Refusal::Malformed)
}

impl AuthenticatorData {
    /// Reads and checks it: it has to be for our domain, by somebody who was there, and whom the authenticator verified where that is
    /// asked for.
    ///
    /// # Errors
    /// [`Refusal::Malformed`], [`Refusal::OtherDomain`], [`Refusal::Unverified`] and [`Refusal::Key`].
    pub fn read(mut bytes: &[u8], party: &RelyingParty, presence: Presence) -> Result<Self, Refusal> {
        let bytes = &mut bytes;
        if take_array(bytes)? != Hash::hash(party.id.as_bytes()) {
            return Err(Refusal::OtherDomain);
        }
        let [flags] = take_array(bytes)?;
        let has = |flag: u8| flags & flag != 0;
        let is_enough = has(USER_VERIFIED) || presence == Presence::Somebody;
        if !(has(USER_PRESENT) && is_enough) {
            return Err(Refusal::Unverified);
        }
        if has(BACKED_UP) && !has(BACKUP_ELIGIBLE) {
            return Err(Refusal::Malformed);
        }
        let sign_count = u32::from_be_bytes(take_array(bytes)?);
        let created = if has(ATTESTED) { Some(created(bytes)?) } else { None };
        if !has(EXTENSIONS) && !bytes.is_empty() {
            return Err(Refusal::Malformed);
        }
        Ok(Self { sign_count, created })
    }
}

/// The id and the key of a new passkey (the standard's §6.5.1).
fn created(bytes: &mut &[u8]) -> Result<(Vec<u8>, PublicKey), Refusal> {
    let _model: [u8; 16] = take_array(bytes)?;
    let length = usize::from(u16::from_be_bytes(take_array(bytes)?));
    if !(1..=ID_MAX_BYTES).contains(&length) {
        return Err(Refusal::Malformed);
    }
    let id = take(bytes, length)?.to_vec();
    Ok((id, PublicKey::read_cose(bytes)?))
}
