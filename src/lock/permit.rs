//! From a permit to a record: what a committed request may do, once (SPEC.md section 14.5).

use super::Door;
use crate::{
    caveat::Right,
    challenge::Answer,
    id::{ClaimNonce, Sequence},
    key::role,
    ledger::Outcome,
    limits::{ACT_WITHIN, MAX_RECEIPT},
    receipt::{Draft, Head},
    time::{Now, Seconds},
    unsigned::Unsigned,
    verify::Accepted,
    wire::EncodeError,
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
/// # use keyward::lock::Permit;
/// # fn f(permit: Permit) {
/// let forged = Permit { number: 0, ..permit };
/// # }
/// ```
#[derive(Debug)]
#[must_use = "the use is spent; act on it, or record that nothing was done"]
pub struct Permit {
    pub(super) door: Door,
    /// How often the door had been secured when the permit was given.
    pub(super) secured: u64,
    pub(super) accepted: Accepted,
    /// The number of the decision's write.
    pub(super) number: u64,
    pub(super) started: Now,
}

impl Permit {
    pub(super) fn lapsed(&self, now: &Now) -> bool {
        is_late(&self.started, now)
    }

    pub(super) fn acted(self, outcome: Outcome) -> Acted {
        let right = self.accepted.right();
        let reads = right == Right::READ_LOG && outcome == Outcome::Done;
        let head = Head::acknowledged(self.accepted.parameter()).filter(|_| reads);
        Acted { door: self.door, number: self.number, right, outcome, head }
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
    /// The number of the decision's write.
    pub(super) number: u64,
    pub(super) right: Right,
    pub(super) outcome: Outcome,
    /// The head of the log that the request acknowledges.
    pub(super) head: Option<Head>,
}

impl Acted {
    /// The right that was exercised.
    pub const fn right(&self) -> Right {
        self.right
    }

    /// What the actuator reported.
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The coarse answer for the wire (SPEC.md section 10.2).
    pub const fn answer(&self) -> Answer {
        answer(self.outcome)
    }
}

/// A decision with its outcome, as an entry of the lock's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The number of the entry.
    pub sequence: Sequence,
    /// What the actuator reported.
    pub outcome: Outcome,
    /// The life whose log may be read by this.
    pub(super) reads: Option<ClaimNonce>,
    pub(super) acknowledged: bool,
    pub(super) entry: Draft,
}

impl Recorded {
    /// Whether the owner has acknowledged the log by this request.
    pub const fn acknowledged(&self) -> bool {
        self.acknowledged
    }

    /// The coarse answer for the wire (SPEC.md section 10.2).
    pub const fn answer(&self) -> Answer {
        answer(self.outcome)
    }

    /// The receipt, for the device key to sign: the presenting phone's, which believes nothing else.
    ///
    /// # Errors
    /// None: its parts have room.
    pub fn receipt(&self) -> Result<Unsigned<role::Device, MAX_RECEIPT>, EncodeError> {
        self.entry.receipt()
    }

    /// Whether the log may be read in the clear by the session that the request came over, and by
    /// no other: the host drops what it gets here with that session.
    pub fn may_read(&self) -> Option<MayRead> {
        self.reads.map(MayRead)
    }
}

/// Shows that a `read log` request was granted: with it the log of that life is handed out in the
/// clear. Only [`Recorded::may_read`] makes it.
///
/// ```compile_fail,E0603
/// # fn f(life: keyward::id::ClaimNonce) {
/// let forged = keyward::lock::MayRead(life);
/// # }
/// ```
#[derive(Debug)]
pub struct MayRead(pub(super) ClaimNonce);

/// What was handed to the actuator is done, whatever it did; what lapsed never was.
const fn answer(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Lapsed => Answer::Denied,
        _ => Answer::Done,
    }
}

/// Whether more time has passed since the start of a verification than an act may wait.
pub(super) fn is_late(started: &Now, now: &Now) -> bool {
    !matches!(now.most_since(started.uptime), Some(..=ACT_WITHIN))
}
