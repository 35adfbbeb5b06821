//! What services that issue and revoke keyward's tokens need beside the core.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`fold`] | fits any number of revocations into the list that every lock holds |
//! | [`zones`] | fills a keyset's offset tables from IANA's data |
#![forbid(unsafe_code)]

pub mod fold;
pub mod zones;
