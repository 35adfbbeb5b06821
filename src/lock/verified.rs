//! From verify to permit: what is spent becomes durable (SPEC.md section 14.1).

use core::fmt;

use super::{
    Lock, Permit,
    permit::is_late,
    record::{Decided, Decision},
};
use crate::{
    denial::Denial,
    store::{AsyncStore, Store},
    tables::Capacity,
    time::Now,
    verify::Accepted,
};

/// A request that was verified against a lock, which it holds until it is committed or dropped.
///
/// ```compile_fail,E0308
/// # use keyward::{lock::*, ledger::*, store::Ram, Now};
/// # fn f(lock: &Lock<'_, Ram<9000>>, verified: Verified<'_, '_, Ram<9000>, Home>, now: Now) {
/// lock.act(verified, now, |_order| Outcome::Done); // not without commit
/// # }
/// ```
///
/// ```compile_fail,E0382
/// # use keyward::{lock::*, store::Ram, Now};
/// # fn f(verified: Verified<'_, '_, Ram<9000>, Home>, now: Now) {
/// let first = verified.commit(now);
/// let second = verified.commit(now); // not twice
/// # }
/// ```
#[must_use = "a verified request opens nothing before it is committed"]
pub struct Verified<'l, 't, S, T> {
    pub(super) accepted: Accepted,
    pub(super) lock: &'l mut Lock<'t, S, T>,
    pub(super) now: Now,
}

impl<S, T: Capacity> Verified<'_, '_, S, T> {
    /// What was accepted.
    pub const fn accepted(&self) -> &Accepted {
        &self.accepted
    }

    /// Makes the spent use durable, and only then gives the permit.
    ///
    /// # Errors
    /// [`Denial::TooLate`] more than 20 seconds after the verification's start,
    /// [`Denial::TableFull`], [`Denial::Changed`], [`Denial::StoreFailed`]; the lock remembers
    /// nothing of the request then.
    #[inline(never)]
    pub fn commit(self, now: Now) -> Result<Permit, Denial>
    where
        S: Store,
    {
        let written = match &self.decision(&now) {
            Ok(body) => self.lock.note_down(body.as_bytes(), &now).map_err(Denial::from),
            Err(denial) => Err(*denial),
        };
        match written {
            Ok(()) => self.permit(),
            Err(denial) => Err(self.denied(denial, &now)),
        }
    }

    /// [`commit`](Self::commit) for hosts that await. A future that is dropped gives no permit: the
    /// use is spent then, or it isn't.
    ///
    /// # Errors
    /// Those of `commit`.
    pub async fn commit_async(self, now: Now) -> Result<Permit, Denial>
    where
        S: AsyncStore,
    {
        let written = match &self.decision(&now) {
            Ok(body) => self.lock.write_async(body.as_bytes(), &now).await.map_err(Denial::from),
            Err(denial) => Err(*denial),
        };
        match written {
            Ok(_closed) => self.permit(),
            Err(denial) => Err(self.denied(denial, &now)),
        }
    }

    /// What is to be made durable, if the request may still be granted.
    #[inline(never)]
    fn decision(&self, now: &Now) -> Result<Decided, Denial> {
        if is_late(&self.now, now) {
            return Err(Denial::TooLate);
        }
        let (state, changes) = (&self.lock.state, self.accepted.changes());
        let floor = state.floor_with(changes.heard().map(|heard| heard.at));
        state.tables.admits(changes, floor)?;
        Ok(Decision::write(&self.accepted)?)
    }

    /// Counts what a commit denies.
    fn denied(self, denial: Denial, now: &Now) -> Denial {
        self.lock.note_of(&denial, Some(self.accepted.holder()), now);
        denial
    }

    /// The permit for a decision that is durable.
    fn permit(self) -> Result<Permit, Denial> {
        let Self { accepted, lock, now: started } = self;
        if let (Some(life), Some(heard)) = (&mut lock.state.life, accepted.changes().heard()) {
            life.bounded(heard);
        }
        let (door, number) = (lock.door()?, lock.journal.number());
        Ok(Permit { door, secured: lock.secured, accepted, number, started })
    }
}

impl<S, T> fmt::Debug for Verified<'_, '_, S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Verified").field(&self.accepted).finish()
    }
}
