//! What the crate takes for a signature, open to other people's test suites: the check of a key
//! where one is decoded, then the very signature check that the whole crate makes. It is no part
//! of the stable interface.

use crate::{crypto, crypto::SignatureFault, key::PublicKey, role};

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
