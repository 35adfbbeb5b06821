//! Journals for keyward's locks that survive a power cut.
//!
//! | module | feature | what it is |
//! | --- | --- | --- |
//! | [`flash`] | | a log in two halves of a NOR flash, for hosts that wait and those that await |
//! | `file` | `std` | a log in a directory, for servers and gateways |
//! | `kit` | `kit` | runs any store through the contract of [`keyward::store::Store`] |
//! | `random` | `kit`, `sim` | numbers from a seed, for both |
//! | `sim` | `sim` | a NOR flash in memory: power cuts, rot, cells that read differently each time |
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![warn(clippy::pedantic, clippy::missing_errors_doc)]
// A match on a condition lines up yes and no, one on a pair of states every case.
#![allow(
    clippy::match_bool,
    clippy::match_same_arms,
    clippy::module_name_repetitions,
    clippy::must_use_candidate
)]

// In what a lock or a server runs, nothing panics, nothing wraps, nothing is cut off. `kit` and
// `sim` are for tests.
#[cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::string_slice
    )
)]
pub mod flash;

#[cfg(feature = "std")]
#[cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::string_slice
    )
)]
pub mod file;

#[cfg(feature = "kit")]
pub mod kit;

#[cfg(any(feature = "kit", feature = "sim"))]
pub mod random;

#[cfg(feature = "sim")]
pub mod sim;
