//! What comes to a lock sealed (SPEC.md section 23).

use super::{Lock, Session};
use crate::{
    card::Card,
    denial::Denial,
    id::LockId,
    request::Presentation,
    seal::{Context, OpeningKeys, SealFault, open},
    tables::Capacity,
    wire::Kind,
};

impl<S, T: Capacity> Lock<'_, S, T> {
    /// The lock with the keys that open what is sealed to it.
    #[must_use]
    pub fn with_opening_keys(mut self, keys: OpeningKeys) -> Self {
        self.opening = Some(keys);
        self
    }

    /// Takes other opening keys: at a rotation, when an overlap ends, for a new life. Those of
    /// before are zeroed here; the host erases where it kept them. A card that names the new key is taken
    /// once the lock has it, so a host gives the key first and drops the old one after the card.
    pub fn set_opening_keys(&mut self, keys: OpeningKeys) {
        self.opening = Some(keys);
    }

    /// Gives the opening keys back, to be rotated; until others are set the lock opens nothing that
    /// is sealed.
    pub const fn take_opening_keys(&mut self) -> Option<OpeningKeys> {
        self.opening.take()
    }

    /// Opens a sealed presentation in place: one that came over a link session, or without a
    /// challenge.
    ///
    /// # Errors
    /// [`Denial::Unclaimed`], or that of a [`Fault`](super::Fault); [`Denial::NotOpened`];
    /// [`Denial::Malformed`] for what is in it. The session's challenge is not spent.
    pub fn unseal<'b>(
        &self,
        session: Option<&Session>,
        sealed: &'b mut [u8],
    ) -> Result<Presentation<'b>, Denial> {
        unsealed(self.opening.as_ref(), self.life()?.lock()?, session, sealed)
    }

    /// Reads a presentation, sealed or not.
    pub(super) fn read<'b>(
        &self,
        session: Option<&Session>,
        message: &'b mut [u8],
    ) -> Result<Presentation<'b>, Denial> {
        if message.get(1) == Some(&Kind::Sealed.byte()) {
            self.unseal(session, message)
        } else {
            Ok(Presentation::decode(message)?)
        }
    }

    /// Whether the lock can open what apps will seal by this card. One without keys is not to be
    /// shut by a card that demands seals.
    pub(super) fn opens_for(&self, card: &Card<'_>) -> bool {
        match (&self.opening, card.sealing()) {
            (_, None) => true,
            (Some(keys), Some(key)) => keys.open_for(&key),
            (None, Some(_)) => !card.sealed_only(),
        }
    }
}

pub(super) fn unsealed<'b>(
    keys: Option<&OpeningKeys>,
    lock: LockId,
    session: Option<&Session>,
    sealed: &'b mut [u8],
) -> Result<Presentation<'b>, Denial> {
    let keys = keys.ok_or(SealFault::NoKey)?;
    let nonce = session.map(|session| session.challenge().nonce);
    let opened = open(keys, &Context::presentation(lock, nonce.as_ref()), sealed)?;
    Ok(Presentation::unsealed(&opened)?)
}
