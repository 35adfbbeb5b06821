//! From a statement that was verified to one that is trusted: it becomes durable first (SPEC.md
//! section 17.1).

use super::{
    Lock,
    journal::{self, Pending, Writing},
    life::Life,
    record::{self, Body, Short},
    state::{Snapshot, Statements},
};
use crate::{
    clock::Clock,
    domain::{Change, Taken},
    epoch::Epoch,
    keyset::Keyset,
    ledger::Heard,
    refusal::Refusal,
    status::Status,
    store::{AsyncStore, Store},
    tables::Capacity,
    time::{Now, Time},
};

/// A statement that was verified against a lock, which it holds until it is committed or dropped.
#[must_use = "a verified statement changes nothing before it is committed"]
pub struct Update<'l, 'b, 't, S, T> {
    pub(super) lock: &'l mut Lock<'t, S, T>,
    pub(super) change: Change<'b>,
    pub(super) now: Now,
}

/// What a commit makes durable.
#[expect(clippy::large_enum_variant, reason = "no heap to put a record on")]
enum Plan {
    /// Nothing: whoever repeats a statement doesn't wear the flash out.
    Nothing(Taken),
    Event(Body),
    Time(Short),
    /// A new life, or its next epoch: a new log, whose time starts from here.
    Life(Time),
}

impl<S, T: Capacity> Update<'_, '_, '_, S, T> {
    /// Makes the statement durable, and only then trusts it. Returns what was taken in.
    ///
    /// # Errors
    /// [`Refusal::StoreFailed`]; the lock is as it was.
    #[inline(never)]
    pub fn commit(self) -> Result<Taken, Refusal>
    where
        S: Store,
    {
        let Self { lock, change, now } = self;
        match &lock.plan(&change, &now) {
            Ok(plan) => {
                lock.keep(plan, &change, &now)?;
                Ok(lock.applied(plan, &change, &now))
            }
            Err(refusal) => Err(*refusal),
        }
    }

    /// [`commit`](Self::commit) for hosts that await. A future that is dropped leaves the old state
    /// or the new one.
    ///
    /// # Errors
    /// Those of `commit`.
    pub async fn commit_async(self) -> Result<Taken, Refusal>
    where
        S: AsyncStore,
    {
        let Self { lock, change, now } = self;
        let plan = lock.plan(&change, &now)?;
        match &plan {
            Plan::Nothing(_) => {}
            Plan::Event(body) => {
                let _entry = lock.write_async(body.as_bytes(), &now).await?;
            }
            Plan::Time(body) => {
                let _entry = lock.write_async(body.as_bytes(), &now).await?;
            }
            Plan::Life(floor) => {
                let (journal, writing) = lock.founding(&change, *floor, &now)?;
                journal::write_async(journal, writing).await?;
            }
        }
        Ok(lock.applied(&plan, &change, &now))
    }
}

impl<S, T: Capacity> Lock<'_, S, T> {
    #[inline(never)]
    fn plan(&mut self, change: &Change<'_>, now: &Now) -> Result<Plan, Refusal> {
        Ok(match change {
            Change::Unchanged => Plan::Nothing(Taken::Unchanged),
            Change::Time { at, issued } if *at <= self.state.floor_with(None) => {
                let life = self.state.life.as_mut().ok_or(Refusal::Unclaimed)?;
                life.heard(Heard { at: *at, issued: *issued }, now);
                let is_bounded = issued.is_some();
                Plan::Nothing(if is_bounded { Taken::Time } else { Taken::Unchanged })
            }
            Change::Claim { epoch, keyset, list, .. } => {
                let list = list.map(Status::decode).transpose()?;
                let at = list.map_or(Time(0), |list| list.state.at);
                Plan::Life(issued_at(epoch, keyset)?.max(at))
            }
            Change::Epoch { epoch, keyset } => Plan::Life(issued_at(epoch.as_bytes(), keyset)?),
            Change::Keyset(bytes) | Change::List(bytes) | Change::Card(bytes) => {
                Plan::Event(record::change(self.alive()?.clock.refine(*now).time, bytes)?)
            }
            Change::Time { at, .. } => Plan::Time(record::time(*at)?),
        })
    }

    /// Makes durable what a change takes.
    #[inline(never)]
    fn keep(&mut self, plan: &Plan, change: &Change<'_>, now: &Now) -> Result<(), Refusal>
    where
        S: Store,
    {
        match plan {
            Plan::Nothing(_) => {}
            Plan::Event(body) => self.note_down(body.as_bytes(), now)?,
            Plan::Time(body) => self.note_down(body.as_bytes(), now)?,
            Plan::Life(floor) => {
                let (journal, writing) = self.founding(change, *floor, now)?;
                journal::write(journal, writing)?;
            }
        }
        Ok(())
    }

    /// A new log with a life that is to be the lock's.
    fn founding<'w>(
        &'w mut self,
        change: &'w Change<'_>,
        floor: Time,
        now: &Now,
    ) -> Result<Pending<'w, S, T>, Refusal> {
        let Self { identity, state, secret, journal, .. } = self;
        let held = state.life.as_ref().map(Life::statements);
        let statements = match change {
            Change::Claim { domain, epoch, keyset, card, list } => {
                let (domain, list) = (*domain, *list);
                Statements { domain, epoch, keyset, list, card, floor }
            }
            Change::Epoch { epoch, keyset } => {
                let (epoch, held) = (epoch.as_bytes(), held.ok_or(Refusal::Unclaimed)?);
                Statements { epoch, keyset, list: None, floor, ..held }
            }
            _ => return Err(Refusal::Unclaimed),
        };
        let mut clock = Clock::new(floor);
        clock.reset(floor, now);
        let stated = Some((clock.refine(*now).time, change.taken()));
        let relock = state.relock.is_some();
        let snapshot = Snapshot { identity, statements, tables: None, relock, stated };
        Ok((journal, Writing::log(secret, Some(snapshot))))
    }

    /// Applies what is durable, as far as no event of the journal has.
    #[inline(never)]
    fn applied(&mut self, plan: &Plan, change: &Change<'_>, now: &Now) -> Taken {
        match (plan, change) {
            (Plan::Nothing(taken), _) => return *taken,
            (Plan::Life(floor), change) => {
                if let Change::Claim { domain, .. } = change {
                    self.state.life = Some(Life::blank(*domain, *floor));
                }
                if let Some(life) = &mut self.state.life {
                    life.begin(change, *floor, now);
                }
                self.state.tables = T::EMPTY;
            }
            (Plan::Time(_), Change::Time { at, issued }) => {
                if let Some(life) = &mut self.state.life {
                    life.bounded(Heard { at: *at, issued: *issued });
                }
            }
            (Plan::Event(_) | Plan::Time(_), _) => {}
        }
        change.taken()
    }
}

impl<S, T> core::fmt::Debug for Update<'_, '_, '_, S, T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Update").field(&self.change).finish()
    }
}

/// Since when an epoch and its keyset are.
fn issued_at(epoch: &[u8], keyset: &[u8]) -> Result<Time, Refusal> {
    Ok(Epoch::decode(epoch)?.issued_at.max(Keyset::decode(keyset)?.issued_at))
}
