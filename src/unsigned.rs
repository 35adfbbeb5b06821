//! Objects that wait for their signature: signed here, or anywhere else (SPEC.md section 4.3).

use crate::{
    crypto,
    key::{BadSignature, PublicKey, Signature, SigningKey, role::Role},
    preimage::Message,
    wire::{EncodeError, Encoded},
};

/// An object of at most `N` bytes that a key of class `R` must still sign.
///
/// A key in memory signs in one step, [`sign`](Self::sign). A key that lives elsewhere (a KMS, an
/// HSM, an enclave, an offline ceremony) is handed [`to_sign`](Self::to_sign), and what it returns
/// goes to [`with_signature`](Self::with_signature), which verifies it, since a foreign signer may
/// err.
#[derive(Clone, Debug)]
#[must_use = "an unsigned object convinces nobody"]
pub struct Unsigned<R: Role, const N: usize> {
    head: Encoded<N>,
    message: Message,
    signer: PublicKey<R>,
}

impl<R: Role, const N: usize> Unsigned<R, N> {
    pub(crate) const fn new(head: Encoded<N>, message: Message, signer: PublicKey<R>) -> Self {
        Self { head, message, signer }
    }

    /// The bytes to sign with pure Ed25519 (RFC 8032), and their label in front.
    pub const fn to_sign(&self) -> &Message {
        &self.message
    }

    /// The object's bytes in front of its signature, which completes it.
    pub fn unsigned_bytes(&self) -> &[u8] {
        self.head.as_bytes()
    }

    /// The key that must sign.
    pub const fn signer(&self) -> &PublicKey<R> {
        &self.signer
    }

    /// Completes the object with a signature that was made elsewhere, and verifies it.
    ///
    /// # Errors
    /// [`SignError::Bad`], [`SignError::Encode`] when the object is over its limit.
    pub fn with_signature(self, signature: &Signature) -> Result<Encoded<N>, SignError> {
        let message = [self.message.as_bytes()];
        match crypto::verify(self.signer.as_bytes(), &message, signature.as_bytes()) {
            Ok(_genuine) => Ok(self.completed(signature)?),
            Err(fault) => Err(SignError::Bad(BadSignature(fault))),
        }
    }

    /// Signs the object with a key in memory; doesn't verify.
    ///
    /// # Errors
    /// [`SignError::Encode`] when the key is not the object's signer, or the object over its limit.
    pub fn sign(self, key: &SigningKey<R>) -> Result<Encoded<N>, SignError> {
        if key.public() != self.signer {
            return Err(EncodeError::WrongKey.into());
        }
        let signature = key.sign(&self.message);
        Ok(self.completed(&signature)?)
    }

    fn completed(mut self, signature: &Signature) -> Result<Encoded<N>, EncodeError> {
        self.head.raw(signature.as_bytes())?;
        Ok(self.head)
    }
}

/// Why an object can't be completed with a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignError {
    /// The signature doesn't hold.
    Bad(BadSignature),
    /// The object can't be built.
    Encode(EncodeError),
}

impl From<EncodeError> for SignError {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}

impl core::fmt::Display for SignError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Bad(error) => error.fmt(f),
            Self::Encode(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for SignError {}
