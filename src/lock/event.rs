//! An event: durable first, then applied, as the next start will read it (SPEC.md section 22.4).

use super::{
    Fault, Lock,
    chain::Finished,
    journal::{self, Pending, Writing},
    record::{Form, Record},
    state::Damaged,
};
use crate::{
    store::{AsyncStore, Store, StoreError},
    tables::Capacity,
    time::Now,
    wire::Encoded,
};

impl<S, T: Capacity> Lock<'_, S, T> {
    /// Makes an event durable, then applies it; returns the entry that it ends. A full log gives way
    /// to a new one first.
    pub(super) fn write(&mut self, body: &[u8], now: &Now) -> Result<Option<Finished>, StoreError>
    where
        S: Store,
    {
        let (journal, writing) = self.writing(body)?;
        journal::write(journal, writing)?;
        self.apply(body, now)
    }

    /// Writes an event of whose entry nothing is told.
    // Apart, since an entry is large.
    #[inline(never)]
    pub(super) fn note_down(&mut self, body: &[u8], now: &Now) -> Result<(), StoreError>
    where
        S: Store,
    {
        self.write(body, now).map(|_entry| ())
    }

    pub(super) async fn write_async(
        &mut self,
        body: &[u8],
        now: &Now,
    ) -> Result<Option<Finished>, StoreError>
    where
        S: AsyncStore,
    {
        let (journal, writing) = self.writing(body)?;
        journal::write_async(journal, writing).await?;
        self.apply(body, now)
    }

    /// Applies an event that is durable by reading it, as the next start will: the lock knows what
    /// its journal says, and nothing else. One that can't be read would stop that start, so it
    /// stops the lock now.
    #[inline(never)]
    pub(super) fn apply(&mut self, body: &[u8], now: &Now) -> Result<Option<Finished>, StoreError> {
        let Self { state, journal, secret, .. } = self;
        let (number, chain) = (journal.number(), &mut journal.chain);
        let applied = Record::read(body).map_err(Damaged::from);
        let applied = applied.and_then(|record| {
            state.apply(&record, Form::OWN, chain.open_right(), now)?;
            chain.take(number, secret, &record, &mut Encoded::empty())
        });
        applied.map_err(|_| {
            self.fault = Some(Fault::Corrupt);
            StoreError::Corrupt
        })
    }

    fn writing<'w>(&'w mut self, body: &'w [u8]) -> Result<Pending<'w, S, T>, StoreError> {
        let Self { identity, state, secret, journal, .. } = self;
        let snapshot = state.snapshot(identity).ok_or(StoreError::Failed)?;
        Ok((journal, Writing::event(secret, body, snapshot)))
    }
}
