//! A lock in software: a directory that keeps what a lock's host keeps (SPEC.md sections 18, 22).
//!
//! It holds `secret`, what the lock alone knows; `store`, its journal; `anchor`, apart from that,
//! for break-glass; and `bolt`, which says where the bolt stands. What lies in a lock's box or is
//! printed on it lies beside: `claim.key`, `label.key`. A process that is killed, at any time,
//! loses nothing by it: the next one starts as a lock does when power comes back.
//!
//! # Limits
//! Whoever may write the directory may put an older one in its place, and uses come back with it.
//! A secret that is drawn anew takes the old one's place by its name; its bytes stay on a drive for
//! as long as the file system keeps them.

mod bolt;
mod host;
mod kept;
mod place;
mod visit;

use std::path::PathBuf;

use clap::Args;
use keyward::{Denial, Refusal};

use crate::fail::Failure;

pub(crate) use bolt::{Bolt, outcome_name};
pub(crate) use host::Host;
pub(crate) use kept::Kept;
pub(crate) use place::Place;
pub(crate) use visit::{Became, Decision};

/// Which lock, and what moves its bolt.
#[derive(Args, Debug)]
pub(crate) struct Which {
    /// The lock's directory
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Moves the bolt: a shell command that is told in `KEYWARD_RIGHT` what to do, and whose exit
    /// code 0 says that it is done [default: the file DIR/bolt says where the bolt stands]
    #[arg(long, env = "KEYWARD_BOLT", value_name = "COMMAND")]
    pub(crate) bolt: Option<String>,
}

/// A denial as a failure: where the lock can't trust its store, that is the machine's trouble.
pub(crate) fn denied(denial: Denial) -> Failure {
    let is_trouble = matches!(denial, Denial::StoreFailed) || is_fault(&denial);
    told(Failure::from(denial), is_trouble)
}

/// A refusal as a failure.
pub(crate) fn refused(refusal: Refusal) -> Failure {
    told(Failure::from(refusal), matches!(refusal, Refusal::StoreFailed))
}

fn told(failure: Failure, is_trouble: bool) -> Failure {
    if is_trouble { Failure::trouble(failure.to_string()) } else { failure }
}

/// Whether a denial says why the lock does nothing at all.
fn is_fault(denial: &Denial) -> bool {
    matches!(
        denial,
        Denial::NotRestored
            | Denial::StateTooNew
            | Denial::StateCorrupt
            | Denial::StateRolledBack
            | Denial::Releasing
    )
}
