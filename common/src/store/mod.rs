//! The store, and how records in it change.
//!
//! Read in this order: [`kv`] (what every Spin store can do), [`claim`] (one winner per version, with no more than
//! that), [`record`] (records that change in no other way), [`layout`] (which of two layouts a store holds).

pub mod claim;
pub mod due;
pub mod kv;
pub mod layout;
pub mod record;
