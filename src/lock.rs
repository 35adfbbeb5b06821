//! The door: verify, commit, act, record, in this order and no other (SPEC.md section 14).
//!
//! Each step returns what the next one needs and can't be made otherwise, so that code which has
//! not committed can't get at the value that moves the bolt.

mod anchor;
mod life;

use core::fmt;

use crate::{
    caveat::{Channel, Right},
    challenge::Challenge,
    denial::Denial,
    id::{ClaimNonce, LockId, Nonce, Sequence},
    ledger::{CommitError, Ledger, Outcome},
    policy::AppCheck,
    preimage::Scope,
    request::Presentation,
    time::{Interval, Now, Seconds},
    trust::Trust,
    verify::{Accepted, OpenChallenge, View, verify},
};

pub use anchor::Anchor;
use life::Life;
pub use life::{Bundle, Identity, Update};

/// One lock of one domain: what it trusts and what it remembers. A new one is claimed by nobody.
pub struct Lock<'t, L> {
    identity: Identity,
    life: Option<Life>,
    ledger: L,
    app: Option<&'t (dyn AppCheck + Sync)>,
    /// Counts restarts: what was given before one is worth nothing after it.
    run: u64,
}

impl<'t, L: Ledger> Lock<'t, L> {
    /// A lock that nobody has claimed, and a ledger that is empty.
    pub const fn new(identity: Identity, ledger: L) -> Self {
        Self { identity, life: None, ledger, app: None, run: 0 }
    }

    /// The lock with a checker for the embedder's `App` caveats.
    #[must_use]
    pub const fn with_app(mut self, app: &'t (dyn AppCheck + Sync)) -> Self {
        self.app = Some(app);
        self
    }

    /// What the lock trusts.
    ///
    /// # Errors
    /// [`Denial::Unclaimed`].
    pub fn trust(&self) -> Result<Trust<'_>, Denial> {
        self.life()?.trust()
    }

    /// The present, as far as host and lock together know it (SPEC.md section 9.2).
    ///
    /// # Errors
    /// [`Denial::Unclaimed`].
    pub fn present(&self, now: Now) -> Result<Interval, Denial> {
        Ok(self.life()?.clock.refine(now).time)
    }

    /// What the lock remembers.
    pub const fn ledger(&self) -> &L {
        &self.ledger
    }

    /// Opens a link session with a challenge. The nonce must be unpredictable and never given
    /// before; `channel` is what the host observes of the link.
    ///
    /// # Errors
    /// [`Denial::Unclaimed`].
    pub fn challenge(&self, nonce: Nonce, channel: Channel, now: Now) -> Result<Session, Denial> {
        let trust = self.trust()?;
        Ok(Session::new(self.door()?, &trust, OpenChallenge { nonce, channel, issued: now.uptime }))
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
        let challenge = session.open(&self.door()?);
        let life = self.life.as_ref().ok_or(Denial::Unclaimed)?;
        let (trust, refined) = (life.trust()?, life.clock.refine(now));
        let verdict = verify(presentation, &self.view(&trust, challenge, refined));
        if verdict.as_ref().map_or_else(Denial::is_evidence, |_accepted| true) {
            session.open = None;
        }
        Ok(Verified { accepted: verdict?, lock: self, now })
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
        let life = self.life()?;
        let (trust, refined) = (life.trust()?, life.clock.refine(now));
        let accepted = verify(presentation, &self.view(&trust, None, refined))?;
        Ok(Verified { accepted, lock: self, now })
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
        if acted.door != self.door()? {
            return Err(Denial::Changed);
        }
        self.ledger.close(acted.sequence, acted.outcome)?;
        Ok(Recorded { sequence: acted.sequence, outcome: acted.outcome })
    }

    fn life(&self) -> Result<&Life, Denial> {
        self.life.as_ref().ok_or(Denial::Unclaimed)
    }

    fn door(&self) -> Result<Door, Denial> {
        let life = self.life()?;
        let run = Some((self.identity.nonce, self.run));
        Ok(Door { scope: life.scope()?, lock: life.lock()?, run })
    }

    fn view<'v>(
        &'v self,
        trust: &'v Trust<'v>,
        challenge: Option<OpenChallenge>,
        now: Now,
    ) -> View<'v> {
        let app = self.app.map(|app| -> &dyn AppCheck { app });
        View { trust, memory: &self.ledger, now, challenge, app }
    }
}

/// Which lock, in which epoch, in which life and since which restart; an anchor knows no life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Door {
    scope: Scope,
    lock: LockId,
    run: Option<(ClaimNonce, u64)>,
}

/// One link session: a challenge that is spent at most once, at the lock, in the epoch, that gave
/// it.
#[derive(Debug)]
pub struct Session {
    door: Door,
    challenge: Challenge,
    open: Option<OpenChallenge>,
}

impl Session {
    fn new(door: Door, trust: &Trust<'_>, open: OpenChallenge) -> Self {
        let challenge = Challenge {
            lock: trust.lock(),
            nonce: open.nonce,
            epoch: trust.scope().epoch,
            keyset: trust.keyset(),
            list: trust.list(),
            card: trust.card(),
        };
        Self { door, challenge, open: Some(open) }
    }

    /// What the lock sends.
    pub const fn challenge(&self) -> &Challenge {
        &self.challenge
    }

    fn open(&self, door: &Door) -> Option<OpenChallenge> {
        self.open.filter(|_| self.door == *door)
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
    now: Now,
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
        let Self { accepted, lock, now } = self;
        let door = lock.door()?;
        let sequence = lock.ledger.commit(accepted.changes())?;
        if let (Some(life), Some(heard)) = (&mut lock.life, accepted.changes().heard()) {
            life.heard(heard, &now);
        }
        Ok(Permit { door, accepted, sequence })
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
/// # use keyward::{id::Sequence, lock::Permit};
/// # fn f(permit: Permit) {
/// let forged = Permit { sequence: Sequence(0), ..permit };
/// # }
/// ```
#[derive(Debug)]
#[must_use = "the use is spent; act on it, or record that nothing was done"]
pub struct Permit {
    door: Door,
    accepted: Accepted,
    sequence: Sequence,
}

impl Permit {
    /// Hands the order to the actuator and keeps what it reports.
    pub fn act(self, actuator: impl FnOnce(&Order<'_>) -> Outcome) -> Acted {
        let order = Order::of(&self.accepted);
        let (right, outcome) = (order.right, actuator(&order));
        Acted { door: self.door, sequence: self.sequence, right, outcome }
    }

    /// The number of the decision.
    pub const fn sequence(&self) -> Sequence {
        self.sequence
    }
}

/// What an actuator is to do. Only [`Permit::act`] makes one and, for break-glass with a dead store,
/// [`Anchor::open`].
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
    fn of(accepted: &'a Accepted) -> Self {
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
    door: Door,
    sequence: Sequence,
    right: Right,
    outcome: Outcome,
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
