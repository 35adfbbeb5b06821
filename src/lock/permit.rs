//! From a permit to a record: what a committed request may do, once (SPEC.md section 14.5).

use super::Door;
use crate::{
    caveat::Right,
    id::Sequence,
    ledger::Outcome,
    limits::ACT_WITHIN,
    time::{Now, Seconds},
    verify::Accepted,
};

/// The right to act once, on a request that is committed.
///
/// ```compile_fail,E0382
/// # use keyward::{lock::*, ledger::*, store::Ram, Now};
/// # fn f(lock: &Lock<'static, Ram<9000>>, permit: Permit, now: Now) {
/// lock.act(permit, now, |_order| Outcome::Done);
/// lock.act(permit, now, |_order| Outcome::Done); // not twice
/// # }
/// ```
///
/// ```compile_fail,E0599
/// # fn f(permit: keyward::lock::Permit) {
/// let copy = permit.clone(); // not a copy of it either
/// # }
/// ```
///
/// ```compile_fail,E0451
/// # use keyward::{id::Sequence, lock::Permit};
/// # fn f(permit: Permit) {
/// let forged = Permit { sequence: Sequence(0), ..permit };
/// # }
/// ```
#[derive(Debug)]
#[must_use = "the use is spent; act on it, or record that nothing was done"]
pub struct Permit {
    pub(super) door: Door,
    /// How often the door had been secured when the permit was given.
    pub(super) secured: u64,
    pub(super) accepted: Accepted,
    pub(super) sequence: Sequence,
    pub(super) started: Now,
}

impl Permit {
    /// The number of the decision.
    pub const fn sequence(&self) -> Sequence {
        self.sequence
    }

    pub(super) fn lapsed(&self, now: &Now) -> bool {
        is_late(&self.started, now)
    }

    pub(super) fn acted(self, outcome: Outcome) -> Acted {
        let right = self.accepted.right();
        Acted { door: self.door, sequence: self.sequence, right, outcome }
    }
}

/// What an actuator is to do. Only [`Lock::act`](super::Lock::act) makes one and, for break-glass with a dead store,
/// [`Anchor::open`](super::Anchor::open).
///
/// ```compile_fail,E0451
/// # use keyward::{Right, lock::Order};
/// let forged = Order { right: Right::UNLOCK, parameter: b"", relock_within: None };
/// ```
#[derive(Debug)]
pub struct Order<'a> {
    right: Right,
    parameter: &'a [u8],
    relock_within: Option<Seconds>,
}

impl<'a> Order<'a> {
    pub(super) fn of(accepted: &'a Accepted) -> Self {
        Self {
            right: accepted.right(),
            parameter: accepted.parameter(),
            relock_within: accepted.relock_within(),
        }
    }

    /// The verb.
    pub const fn right(&self) -> Right {
        self.right
    }

    /// What it is exercised on.
    pub const fn parameter(&self) -> &'a [u8] {
        self.parameter
    }

    /// Relock by then, network or none.
    pub const fn relock_within(&self) -> Option<Seconds> {
        self.relock_within
    }
}

/// An order that was carried out, or tried.
#[derive(Debug)]
#[must_use = "what was done must be recorded"]
pub struct Acted {
    pub(super) door: Door,
    pub(super) sequence: Sequence,
    pub(super) right: Right,
    pub(super) outcome: Outcome,
}

impl Acted {
    /// The number of the decision.
    pub const fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// What is told of it.
    pub(super) const fn told(&self) -> Recorded {
        Recorded { sequence: self.sequence, outcome: self.outcome }
    }

    /// The right that was exercised.
    pub const fn right(&self) -> Right {
        self.right
    }

    /// What the actuator reported.
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }
}

/// A decision with its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The number of the decision.
    pub sequence: Sequence,
    /// What the actuator reported.
    pub outcome: Outcome,
}

/// Whether more time has passed since the start of a verification than an act may wait.
pub(super) fn is_late(started: &Now, now: &Now) -> bool {
    !matches!(now.most_since(started.uptime), Some(..=ACT_WITHIN))
}
