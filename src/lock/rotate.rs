//! A new device key within a life (SPEC.md section 24.6).

use super::{Lock, chain::Finished, record};
use crate::{
    denial::Denial,
    key::{PublicKey, role},
    receipt::{Draft, Place, Rotation},
    store::{AsyncStore, Store},
    tables::Capacity,
    time::{Interval, Now},
    unsigned::Unsigned,
    wire::Encoded,
};

/// A signature that stands alone.
pub type LoneSignature = Encoded<64>;

impl<S, T: Capacity> Lock<'_, S, T> {
    /// Drafts the change to a new device key, for the old key and for the new one to sign. Any entry
    /// that is added before the change makes the signatures worthless.
    ///
    /// # Errors
    /// [`Denial::SameLife`] for the old key, [`Denial::Unclaimed`], or that of a
    /// [`Fault`](super::Fault).
    pub fn rotation(
        &self,
        new: &PublicKey<role::Device>,
    ) -> Result<[Unsigned<role::Device, 64>; 2], Denial> {
        let old = self.identity.device;
        if *new == old {
            return Err(Denial::SameLife);
        }
        let message = self.place()?.message(&old, new);
        let unsigned = |signer| Unsigned::new(Encoded::empty(), message.clone(), signer);
        Ok([unsigned(old), unsigned(*new)])
    }

    /// Changes the device key. The new key signs from now on, the entries that the lock still holds
    /// included: the host keeps both until this returns, and erases the old one then. A host that was
    /// cut off tries the new key first at its next start; with the wrong one
    /// [`restore`](Self::restore) says [`Denial::StateCorrupt`] and changes nothing.
    ///
    /// The entry names the change. The lock's card still names the old key: the owner, who sees the
    /// entry, enrols the new one.
    ///
    /// # Errors
    /// [`Denial::DeviceSignature`], [`Denial::SameLife`]; the key is the old one then.
    /// [`Denial::StoreFailed`]: the lock goes on with the old key, but the next start may find the
    /// new one, so the host keeps both until a later write is confirmed or the lock has started.
    pub fn rotate(
        &mut self,
        new: &PublicKey<role::Device>,
        signatures: &[LoneSignature; 2],
        now: Now,
    ) -> Result<Draft, Denial>
    where
        S: Store,
    {
        let old = self.identity.device;
        let rotation = rotation(&old, new, signatures)?;
        let time = self.rotatable(&rotation, &now)?;
        let entry = self.write(record::device(time, &rotation)?.as_bytes(), &now)?;
        self.rotated(*new, entry)
    }

    /// [`rotate`](Self::rotate) for hosts that await.
    ///
    /// # Errors
    /// Those of `rotate`.
    pub async fn rotate_async(
        &mut self,
        new: &PublicKey<role::Device>,
        signatures: &[LoneSignature; 2],
        now: Now,
    ) -> Result<Draft, Denial>
    where
        S: AsyncStore,
    {
        let old = self.identity.device;
        let rotation = rotation(&old, new, signatures)?;
        let time = self.rotatable(&rotation, &now)?;
        let entry = self.write_async(record::device(time, &rotation)?.as_bytes(), &now).await?;
        self.rotated(*new, entry)
    }

    fn rotatable(&self, rotation: &Rotation<'_>, now: &Now) -> Result<Interval, Denial> {
        if rotation.old == rotation.new {
            return Err(Denial::SameLife);
        }
        let time = self.present(*now)?;
        rotation.verify(&self.place()?).map_err(Denial::DeviceSignature)?;
        Ok(time)
    }

    fn rotated(
        &mut self,
        new: PublicKey<role::Device>,
        entry: Option<Finished>,
    ) -> Result<Draft, Denial> {
        self.identity.device = new;
        let Finished { public, private } = entry.ok_or(Denial::Changed)?;
        self.draft(&public, &private)
    }

    /// Where the next event stands.
    fn place(&self) -> Result<Place, Denial> {
        let life = self.life()?;
        let (scope, lock) = (life.scope()?, life.lock()?);
        let head = self.journal.chain.events.head;
        Ok(Place { scope, lock, sequence: head.next, before: head.hash })
    }
}

fn rotation<'r>(
    old: &'r PublicKey<role::Device>,
    new: &'r PublicKey<role::Device>,
    [by_old, by_new]: &'r [LoneSignature; 2],
) -> Result<Rotation<'r>, Denial> {
    let signature = |bytes: &'r LoneSignature| {
        bytes.as_bytes().try_into().map_err(|_| {
            let fault = crate::SignatureFault::Mismatch;
            Denial::DeviceSignature(fault)
        })
    };
    let (old, new) = (old.as_bytes(), new.as_bytes());
    Ok(Rotation { old, new, by_old: signature(by_old)?, by_new: signature(by_new)? })
}
