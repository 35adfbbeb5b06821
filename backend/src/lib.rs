//! What services that issue and revoke keyward's tokens need beside the core.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`issuer`] | issues, passes on and revokes, by a key in memory or in a KMS |
//! | [`serials`] | gives each serial number once, across crashes and replicas |
//! | [`template`] | recipes for grants, checked before anybody is granted one |
//! | [`directory`] | what the doors of a million domains trust, swapped under readers |
//! | [`fold`] | fits any number of revocations into the list that every lock holds |
//! | [`zones`] | fills a keyset's offset tables from IANA's data |
#![forbid(unsafe_code)]

pub mod directory;
pub mod fold;
pub mod issuer;
pub mod serials;
pub mod state;
pub mod template;
pub mod zones;
