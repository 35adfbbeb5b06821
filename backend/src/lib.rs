//! What services that issue, verify and revoke keyward's tokens need beside the core.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`issuer`] | issues and narrows tokens, signs statuses and lists, by a key or a KMS |
//! | [`template`] | recipes for grants: checked once, filled in for each visit |
//! | [`serials`] | serial numbers that are given once, across crashes and replicas |
//! | [`directory`] | the trust of a million domains, swapped whole under its readers |
//! | [`chains`] | remembers chains whose signatures held, in bounded memory |
//! | [`many`] | verifies many presentations at once, on all cores |
//! | [`gate`] | admits each request once, in the place of a lock |
//! | [`state`] | what verifiers remember together: stores, and a kit for any other |
//! | `service` | all of it over HTTP (feature `service`) |
//! | [`fold`] | fits any number of revocations into the list that every lock holds |
//! | [`zones`] | fills a keyset's offset tables from IANA's data |
//!
//! All but the last two need the feature `server`, which is on by default.
#![forbid(unsafe_code)]

#[cfg(feature = "server")]
pub mod chains;
#[cfg(feature = "server")]
pub mod directory;
pub mod fold;
#[cfg(feature = "server")]
pub mod gate;
#[cfg(feature = "server")]
pub mod issuer;
#[cfg(feature = "server")]
pub mod many;
#[cfg(feature = "server")]
pub mod serials;
#[cfg(feature = "service")]
pub mod service;
#[cfg(feature = "server")]
pub mod state;
#[cfg(feature = "server")]
pub mod template;
pub mod zones;
