//! Stands in for `ed25519-dalek` in the link proof: the calls that keyward makes, and no
//! signature. Every verdict is one that the compiler can't foresee.
#![no_std]
#![forbid(unsafe_code)]

use core::hint::black_box;

use signature::{Error, MultipartVerifier, Signer};

/// No signature.
pub struct Signature([u8; 64]);

impl Signature {
    /// Takes bytes.
    pub fn from_bytes(bytes: &[u8; 64]) -> Self {
        Self(black_box(*bytes))
    }

    /// Gives bytes.
    pub fn to_bytes(&self) -> [u8; 64] {
        black_box(self.0)
    }
}

/// No key.
pub struct VerifyingKey([u8; 32]);

impl VerifyingKey {
    /// Takes bytes.
    ///
    /// # Errors
    /// Sometimes, for all that the compiler knows.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, Error> {
        verdict().map(|()| Self(black_box(*bytes)))
    }

    /// Gives bytes.
    pub fn to_bytes(&self) -> [u8; 32] {
        black_box(self.0)
    }
}

impl MultipartVerifier<Signature> for VerifyingKey {
    fn multipart_verify(&self, message: &[&[u8]], signature: &Signature) -> Result<(), Error> {
        black_box((&self.0, message, &signature.0));
        verdict()
    }
}

/// No secret.
pub struct SigningKey {
    secret: [u8; 32],
    public: VerifyingKey,
}

impl SigningKey {
    /// Takes bytes.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self { secret: black_box(*bytes), public: VerifyingKey(black_box(*bytes)) }
    }

    /// Gives bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        black_box(&self.secret)
    }
}

impl AsRef<VerifyingKey> for SigningKey {
    fn as_ref(&self) -> &VerifyingKey {
        &self.public
    }
}

impl Signer<Signature> for SigningKey {
    fn sign(&self, message: &[u8]) -> Signature {
        black_box(message);
        Signature(black_box([0; 64]))
    }

    fn try_sign(&self, message: &[u8]) -> Result<Signature, Error> {
        verdict().map(|()| self.sign(message))
    }
}

fn verdict() -> Result<(), Error> {
    if black_box(true) { Ok(()) } else { Err(Error::new()) }
}
