//! The end of a life: release and reset (SPEC.md section 18.2).

use super::{
    Acted, Fault, Identity, Lock, Recorded, Tally,
    chain::Finished,
    journal::{self, Writing},
};
use crate::{
    caveat::Right,
    denial::Denial,
    ledger::Outcome,
    secret::DeviceSecret,
    store::{AsyncStore, Store, StoreError},
    tables::Capacity,
};

impl<S, T: Capacity> Lock<'_, S, T> {
    /// Ends this life after a release that was acted on: erases what is trusted and remembered, and
    /// is a new lock by a new identity and secret. One that was not done is recorded as such.
    ///
    /// # Errors
    /// [`Denial::NotReleased`] unless the act was a release and the actuator reports it done;
    /// [`Denial::Changed`] for another lock's act; [`Denial::SameLife`], [`Denial::StoreFailed`]: the
    /// lock then denies all until it is [reset](Self::reset).
    pub fn release(
        &mut self,
        acted: Acted,
        identity: Identity,
        secret: DeviceSecret,
    ) -> Result<Recorded, Denial>
    where
        S: Store,
    {
        if !self.is_released(&acted)? {
            let _recorded = self.record(acted)?;
            return Err(Denial::NotReleased);
        }
        let recorded = self.last(&acted)?;
        self.fault = Some(Fault::Releasing);
        self.reset(identity, secret)?;
        self.state.relock = None;
        Ok(recorded)
    }

    /// [`release`](Self::release) for hosts that await.
    ///
    /// # Errors
    /// Those of `release`.
    pub async fn release_async(
        &mut self,
        acted: Acted,
        identity: Identity,
        secret: DeviceSecret,
    ) -> Result<Recorded, Denial>
    where
        S: AsyncStore,
    {
        if !self.is_released(&acted)? {
            let _recorded = self.record_async(acted).await?;
            return Err(Denial::NotReleased);
        }
        let recorded = self.last(&acted)?;
        self.fault = Some(Fault::Releasing);
        self.reset_async(identity, secret).await?;
        self.state.relock = None;
        Ok(recorded)
    }

    /// Ends this life by hand: by the button within the housing, which its host asserts. Identity
    /// and secret are drawn anew; a host that finds the lock unclaimed after a cut draws them
    /// again. It works whatever the store holds. The keys that opened what was sealed to this life are
    /// dropped.
    ///
    /// # Errors
    /// [`Denial::SameLife`], [`Denial::StoreFailed`]; the lock is as it was. Where the state is erased
    /// and only the hardware counter failed, it says [`Denial::Releasing`] until it is reset again.
    pub fn reset(&mut self, identity: Identity, secret: DeviceSecret) -> Result<(), Denial>
    where
        S: Store,
    {
        self.may_reset(&identity, &secret)?;
        let counter = self.journal.store.counter()?;
        self.counts_from(counter);
        let (held, before) = (self.fault.replace(Fault::Releasing), self.journal.replaced);
        let erased = journal::write(&mut self.journal, Writing::<T>::log(&self.secret, None));
        self.is_erased(held, before, erased)?;
        self.begin_anew(identity, secret);
        Ok(())
    }

    /// [`reset`](Self::reset) for hosts that await.
    ///
    /// # Errors
    /// Those of `reset`. One whose future was dropped says [`Denial::Releasing`] until it is reset
    /// again, or has read its store anew.
    pub async fn reset_async(
        &mut self,
        identity: Identity,
        secret: DeviceSecret,
    ) -> Result<(), Denial>
    where
        S: AsyncStore,
    {
        self.may_reset(&identity, &secret)?;
        let counter = self.journal.store.counter().await?;
        self.counts_from(counter);
        let (held, before) = (self.fault.replace(Fault::Releasing), self.journal.replaced);
        let writing = Writing::<T>::log(&self.secret, None);
        let erased = journal::write_async(&mut self.journal, writing).await;
        self.is_erased(held, before, erased)?;
        self.begin_anew(identity, secret);
        Ok(())
    }

    /// Ends an erasing: one that wasn't confirmed and replaced no log has left the lock as it was.
    fn is_erased(
        &mut self,
        held: Option<Fault>,
        before: u64,
        erased: Result<(), StoreError>,
    ) -> Result<(), Denial> {
        if erased.is_err() && self.journal.replaced == before {
            self.fault = held;
        }
        Ok(erased?)
    }

    /// The entry of a release, which no log will hold.
    fn last(&self, acted: &Acted) -> Result<Recorded, Denial> {
        let mut chain = self.journal.chain;
        let public = chain.closed(acted.outcome)?;
        self.recorded(acted, public.map(Finished::of_nobody).as_ref())
    }

    fn is_released(&self, acted: &Acted) -> Result<bool, Denial> {
        self.is_last(acted)?;
        Ok(acted.right == Right::RELEASE && acted.outcome == Outcome::Done)
    }

    fn may_reset(&self, identity: &Identity, secret: &DeviceSecret) -> Result<(), Denial> {
        let own = &self.identity;
        let is_same =
            identity.device == own.device || identity.nonce == own.nonce || *secret == self.secret;
        if is_same { Err(Denial::SameLife) } else { Ok(()) }
    }

    /// Writes are counted on from all that the hardware has seen.
    fn counts_from(&mut self, counter: Option<u64>) {
        self.journal.counted(self.journal.number().max(counter.unwrap_or(0)));
    }

    /// A door that must be secured must be so in its next life, too.
    fn begin_anew(&mut self, identity: Identity, secret: DeviceSecret) {
        let relock = self.state.relock;
        self.journal.rewind();
        self.denied = Tally::empty();
        (self.identity, self.secret) = (identity, secret);
        self.opening = None;
        self.state.forget(relock);
        self.fault = None;
        self.run = self.run.wrapping_add(1);
    }
}
