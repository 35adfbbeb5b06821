//! What the fuzz targets demand, as plain functions: each takes bytes and panics on a finding.
//!
//! The core is built as it ships: no `cfg(fuzzing)`, no check left out. Where a target needs
//! genuine signatures it signs with the testkit's keys.

mod attenuate;
mod audit;
mod decode;
mod journal;
mod life;
mod mutated;
mod statements;
mod text;
mod unseal;

pub use attenuate::attenuate;
pub use audit::audit_mutated;
pub use decode::{decode, decode_vs_postcard};
pub use journal::journal;
pub use life::lock_life;
pub use mutated::{verify_bytes, verify_mutated};
pub use statements::statements_mutated;
pub use text::text;
pub use unseal::unseal;
