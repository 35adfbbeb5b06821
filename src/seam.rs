//! What the crate takes for a signature, open to other people's test suites: the check of a key
//! where one is decoded, then the very signature check that the whole crate makes. It is no part
//! of the stable interface.

use crate::{
    Channel, Denial, Lock, Now, crypto,
    crypto::SignatureFault,
    id::Nonce,
    key::PublicKey,
    ledger::{Changes, Counted, Heard, Lane},
    lock::Session,
    role,
    tables::Capacity,
};

/// Changes that no request has made, for models of the tables. No lock takes them: it commits what
/// it has verified.
pub fn changes(counted: &[Counted], lane: Option<Lane>, heard: Option<Heard>) -> Changes {
    let mut changes = Changes { counted: Default::default(), lane, heard };
    changes.counted.iter_mut().zip(counted).for_each(|(slot, counted)| *slot = Some(*counted));
    changes
}

/// A session over a nonce of the caller's choice, for vectors.
///
/// # Errors
/// Those of [`Lock::challenge`].
pub fn challenge_over<S, T: Capacity>(
    lock: &Lock<'_, S, T>,
    nonce: Nonce,
    channel: Channel,
    now: Now,
) -> Result<Session, Denial> {
    lock.challenge_over(nonce, channel, now)
}

/// Whether the crate takes a signature over a message in parts, by a key that it takes.
///
/// # Errors
/// The fault; a key that isn't canonical is [`SignatureFault::KeyNotOnCurve`] here, for nothing
/// with such a key decodes.
pub fn verify(
    key: &[u8; 32],
    message: &[&[u8]],
    signature: &[u8; 64],
) -> Result<(), SignatureFault> {
    match PublicKey::<role::Holder>::from_bytes(key) {
        Ok(_) => crypto::verify(key, message, signature).map(drop),
        Err(crate::key::KeyError::Weak) => Err(SignatureFault::WeakKey),
        Err(crate::key::KeyError::NonCanonical) => Err(SignatureFault::KeyNotOnCurve),
    }
}
