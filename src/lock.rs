//! The door: verify, commit, act, record, in this order and no other (SPEC.md section 14).
//!
//! Each step returns what the next one needs and can't be made otherwise, so that code which has
//! not committed can't get at the value that moves the bolt.

use core::fmt;

use crate::{
    caveat::{Channel, Right},
    challenge::Challenge,
    denial::Denial,
    id::{LockId, Nonce, Sequence},
    ledger::{CommitError, Ledger, Outcome},
    policy::AppCheck,
    preimage::Scope,
    request::Presentation,
    time::{Now, Seconds},
    trust::Trust,
    verify::{Accepted, OpenChallenge, View, verify},
};

/// One lock of one domain: what it trusts and what it remembers.
pub struct Lock<'t, L> {
    trust: Trust<'t>,
    ledger: L,
    app: Option<&'t (dyn AppCheck + Sync)>,
}

impl<'t, L: Ledger> Lock<'t, L> {
    /// A lock with pinned trust and a ledger of what it remembers.
    pub const fn new(trust: Trust<'t>, ledger: L) -> Self {
        Self { trust, ledger, app: None }
    }

    /// The lock with a checker for the embedder's `App` caveats.
    #[must_use]
    pub const fn with_app(mut self, app: &'t (dyn AppCheck + Sync)) -> Self {
        self.app = Some(app);
        self
    }

    /// What the lock trusts.
    pub const fn trust(&self) -> &Trust<'t> {
        &self.trust
    }

    /// What the lock remembers.
    pub const fn ledger(&self) -> &L {
        &self.ledger
    }

    /// Puts other trust in place.
    ///
    /// ```compile_fail,E0499
    /// # use keyward::{lock::*, ledger::*, time::*, request::Presentation, trust::Trust};
    /// # fn f(lock: &mut Lock<'static, RamLedger<4, 4>>, session: &mut Session,
    /// #      presentation: &Presentation<'_>, now: Now, other: Trust<'static>) {
    /// let verified = lock.verify(session, presentation, now).unwrap();
    /// lock.set_trust(other); // not between verify and commit
    /// verified.commit();
    /// # }
    /// ```
    pub const fn set_trust(&mut self, trust: Trust<'t>) {
        self.trust = trust;
    }

    /// Opens a link session with a challenge. The nonce must be unpredictable and never given
    /// before; `channel` is what the host observes of the link.
    pub const fn challenge(&self, nonce: Nonce, channel: Channel, now: Now) -> Session {
        Session {
            door: self.door(),
            challenge: Challenge {
                lock: self.trust.lock,
                nonce,
                epoch: self.trust.scope.epoch,
                keyset: self.trust.keyset,
                list: self.trust.list,
            },
            open: Some(OpenChallenge { nonce, channel, issued: now.uptime }),
        }
    }

    /// Verifies a presentation that came over a link session. It changes nothing but the
    /// session's challenge, which is spent as soon as all signatures hold: a stranger can't spend
    /// it, and a holder can't try twice.
    ///
    /// The result holds the lock as a map's vacant entry holds the map: nothing can come between
    /// verify and commit.
    ///
    /// # Errors
    /// The first rule that is broken, in the order of SPEC.md section 13.
    pub fn verify(
        &mut self,
        session: &mut Session,
        presentation: &Presentation<'_>,
        now: Now,
    ) -> Result<Verified<'_, 't, L>, Denial> {
        // A session serves the lock, in the epoch, that opened it.
        let challenge = session.open.filter(|_| session.door == self.door());
        let verdict = verify(presentation, &self.view(challenge, now));
        if verdict.as_ref().map_or_else(Denial::is_evidence, |_accepted| true) {
            session.open = None;
        }
        Ok(Verified { accepted: verdict?, lock: self })
    }

    /// Verifies a presentation that came without a challenge, for locks whose card admits it.
    ///
    /// # Errors
    /// The first rule that is broken, in the order of SPEC.md section 13.
    pub fn verify_unchallenged(
        &mut self,
        presentation: &Presentation<'_>,
        now: Now,
    ) -> Result<Verified<'_, 't, L>, Denial> {
        let accepted = verify(presentation, &self.view(None, now))?;
        Ok(Verified { accepted, lock: self })
    }

    /// Closes a decision with what the actuator did: one act, one record.
    ///
    /// ```compile_fail,E0382
    /// # use keyward::{lock::*, ledger::*};
    /// # fn f(lock: &mut Lock<'static, RamLedger<4, 4>>, acted: Acted) {
    /// lock.record(acted);
    /// lock.record(acted); // not twice
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Denial::StoreFailed`]: the decision stays open, and a restart closes it;
    /// [`Denial::Changed`] for another lock's act, or one of another epoch.
    pub fn record(&mut self, acted: Acted) -> Result<Recorded, Denial> {
        if acted.door != self.door() {
            return Err(Denial::Changed);
        }
        self.ledger.close(acted.sequence, acted.outcome)?;
        Ok(Recorded { sequence: acted.sequence, outcome: acted.outcome })
    }

    const fn door(&self) -> (Scope, LockId) {
        (self.trust.scope, self.trust.lock)
    }

    fn view<'v>(&'v self, challenge: Option<OpenChallenge>, now: Now) -> View<'v> {
        let app = self.app.map(|app| -> &dyn AppCheck { app });
        View { trust: &self.trust, memory: &self.ledger, now, challenge, app }
    }
}

/// One link session: a challenge that is spent at most once.
#[derive(Debug)]
pub struct Session {
    door: (Scope, LockId),
    challenge: Challenge,
    open: Option<OpenChallenge>,
}

impl Session {
    /// What the lock sends.
    pub const fn challenge(&self) -> &Challenge {
        &self.challenge
    }
}

/// A request that was verified against a lock, which it holds until it is committed or dropped.
///
/// ```compile_fail,E0599
/// # use keyward::{lock::*, ledger::*};
/// # fn f(verified: Verified<'_, '_, RamLedger<4, 4>>) {
/// verified.act(|_order| Outcome::Done); // not without commit
/// # }
/// ```
///
/// ```compile_fail,E0382
/// # use keyward::{lock::*, ledger::*};
/// # fn f(verified: Verified<'_, '_, RamLedger<4, 4>>) {
/// let first = verified.commit();
/// let second = verified.commit(); // not twice
/// # }
/// ```
#[must_use = "a verified request opens nothing before it is committed"]
pub struct Verified<'l, 't, L> {
    accepted: Accepted,
    lock: &'l mut Lock<'t, L>,
}

impl<L: Ledger> Verified<'_, '_, L> {
    /// What was accepted.
    pub const fn accepted(&self) -> &Accepted {
        &self.accepted
    }

    /// Makes the spent use durable, and only then gives the permit.
    ///
    /// # Errors
    /// [`Denial::TableFull`], [`Denial::Changed`], [`Denial::StoreFailed`]; the lock remembers
    /// nothing of the request then.
    pub fn commit(self) -> Result<Permit, Denial> {
        let sequence = self.lock.ledger.commit(self.accepted.changes())?;
        Ok(Permit { door: self.lock.door(), accepted: self.accepted, sequence })
    }
}

impl<L> fmt::Debug for Verified<'_, '_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Verified").field(&self.accepted).finish()
    }
}

/// The right to act once, on a request that is committed.
///
/// ```compile_fail,E0382
/// # use keyward::{lock::*, ledger::*};
/// # fn f(permit: Permit) {
/// permit.act(|_order| Outcome::Done);
/// permit.act(|_order| Outcome::Done); // not twice
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
/// # use keyward::{Scope, id::{LockId, Sequence}, lock::Permit, verify::Accepted};
/// # fn f(door: (Scope, LockId), accepted: Accepted) {
/// let forged = Permit { door, accepted, sequence: Sequence(0) };
/// # }
/// ```
#[derive(Debug)]
#[must_use = "the use is spent; act on it, or record that nothing was done"]
pub struct Permit {
    door: (Scope, LockId),
    accepted: Accepted,
    sequence: Sequence,
}

impl Permit {
    /// Hands the order to the actuator and keeps what it reports.
    pub fn act(self, actuator: impl FnOnce(&Order<'_>) -> Outcome) -> Acted {
        let order = Order {
            right: self.accepted.right(),
            parameter: self.accepted.parameter(),
            relock_within: self.accepted.relock_within(),
        };
        Acted { door: self.door, sequence: self.sequence, outcome: actuator(&order) }
    }

    /// The number of the decision.
    pub const fn sequence(&self) -> Sequence {
        self.sequence
    }
}

/// What an actuator is to do. Only [`Permit::act`] makes one.
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
    door: (Scope, LockId),
    sequence: Sequence,
    outcome: Outcome,
}

impl Acted {
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

impl From<CommitError> for Denial {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Full => Self::TableFull,
            CommitError::Changed => Self::Changed,
            CommitError::Store => Self::StoreFailed,
        }
    }
}
