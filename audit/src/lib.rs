//! Audits the logs of [`keyward`]'s locks: a library that convinces a stranger.
//!
//! A lock chains what it does, and signs it (SPEC.md section 24). Whoever has the entries, the
//! lock's card and the domain's statements can tell what is missing, added, changed or erased, and
//! needs to trust nobody on the way: not the phones that carried the log, nor its owner.
//!
//! | step | type | what it does |
//! | --- | --- | --- |
//! | whom to believe | [`Statements`], [`Trust`] | epochs, keysets and cards; what of them holds |
//! | reading | [`Audit`] | lines from memory or readers, each entry hashed once |
//! | the chain | [`Audited`], [`Finding`] | whole, gap, fork, tamper, truncation, erased |
//! | the join | [`Joins`], [`Teller`] | who opened, by whose authority, with which witness |
//! | the way out | [`export`], [`erase`] | JSON Lines, CSV; the same log with nobody's name |
//!
//! ```
//! use keyward_audit::{Audit, Mode, Statements};
//! # fn audit(domain: keyward::id::DomainId, lock: keyward::id::LockId, text: &[u8]) -> Option<()> {
//! let mut statements = Statements::new(domain);
//! statements.read_text(text);
//! let trust = statements.verify();
//! let mut audit = Audit::new(trust.lock(lock)?);
//! audit.read_text(text, &mut ());
//! let audited = audit.finish(Mode::Fast, &mut ());
//! for finding in audited.findings() {
//!     println!("{finding}");
//! }
//! # Some(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![warn(clippy::pedantic, clippy::missing_errors_doc)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::as_conversions,
        clippy::string_slice
    )
)]
// A match on a condition lines up yes and no.
#![allow(
    clippy::elidable_lifetime_names,
    clippy::match_bool,
    clippy::match_same_arms,
    clippy::module_name_repetitions,
    clippy::must_use_candidate,
    clippy::trivially_copy_pass_by_ref
)]

mod archive;
mod audited;
mod book;
mod chain;
mod collect;
pub mod erase;
pub mod export;
mod facts;
mod finding;
mod join;
mod keys;
mod line;
mod progress;
mod record;
mod signatures;
mod tell;
mod trust;

pub use archive::Carried;
pub use audited::{Audited, LogHead};
pub use book::{Book, NoLabel};
pub use collect::{Audit, Counts, MAX_NAMED_LINES, Mode};
pub use facts::{Facts, Who};
pub use finding::{Finding, Missing, Seen, Tampering};
pub use join::{Authority, Evidence, Joins, Step};
pub use line::{Line, MAX_LINE, Unreadable};
#[cfg(feature = "bar")]
pub use progress::Bar;
pub use progress::{Progress, Stage};
pub use tell::Teller;
pub use trust::{LockTrust, MAX_STATEMENTS, Named, Refused, Statements, Trust};
