//! Keys whose type says what they are for (SPEC.md section 4).
//!
//! A key belongs to one class for life. The class is a type parameter, so a signature can't be
//! asked of the wrong key:
//!
//! ```compile_fail,E0308
//! use keyward::key::{SigningKey, role};
//! # fn draft() -> keyward::UnsignedToken<role::Issuer> { unimplemented!() }
//! let holder = SigningKey::<role::Holder>::from_secret(&[7; 32]);
//! draft().sign(&holder); // an issuer's key signs a grant, a holder's doesn't
//! ```
//!
//! What is sealed is opened with an X25519 key, which is of no class here: see
//! [`OpeningKey`](crate::OpeningKey).

use core::{cmp, fmt, marker::PhantomData};

use crate::{
    crypto::{self, Secret, SignatureFault, truncated},
    id::{KeyId, KeyName},
    preimage::{Label, Message},
    wire::{DecodeError, Reader},
};

/// The classes of keys.
pub mod role {
    use super::Sealed;

    /// A class of keys; the classes are those of this module and no others.
    pub trait Role: Sealed {
        /// The class by name, as text forms and messages have it.
        const NAME: &'static str;
    }

    macro_rules! roles {
        ($($(#[$doc:meta])* $role:ident $name:literal;)*) => {$(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub enum $role {}
            impl Sealed for $role {}
            impl Role for $role {
                const NAME: &'static str = $name;
            }
        )*};
    }

    roles! {
        /// Signs one epoch in its life, then is destroyed.
        Cold "cold";
        /// Signs keysets.
        Root "root";
        /// Signs break-glass tokens.
        Emergency "emergency";
        /// Signs grants, statuses, revocation lists and cards, by the roles of its keyset entry.
        Issuer "issuer";
        /// Is granted a token: narrows it, or presents it at a door.
        Holder "holder";
        /// Agrees to one request: a camera, a second person.
        Witness "witness";
        /// Is a lock: signs receipts.
        Device "device";
        /// Lies in a lock's box: claims the lock.
        Claim "claim";
        /// Is printed on a lock, and never redrawn: says that this lock was claimed.
        Label "label";
    }

    /// The classes that sign a link 0.
    pub trait Grantor: Role {}
    impl Grantor for Issuer {}
    impl Grantor for Emergency {}
}

use role::Role;

mod private {
    pub trait Sealed {}
}
use private::Sealed;

/// A public key of one class, 32 bytes: an Ed25519 point in its only encoding, of large order.
///
/// Whether the point is on the curve shows at the first signature that it is to verify.
pub struct PublicKey<R> {
    bytes: [u8; 32],
    role: PhantomData<R>,
}

impl<R: Role> PublicKey<R> {
    /// Takes a key from its bytes.
    ///
    /// # Errors
    /// [`KeyError::NonCanonical`], [`KeyError::Weak`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        if !crypto::is_canonical(bytes) {
            return Err(KeyError::NonCanonical);
        }
        if crypto::is_small_order(bytes) {
            return Err(KeyError::Weak);
        }
        Ok(Self { bytes: *bytes, role: PhantomData })
    }

    /// The 32 bytes of the key.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// What looks the key up among issuers.
    pub fn id(&self) -> KeyId {
        key_id(&self.bytes)
    }

    /// What names the key in tables and revocations.
    pub fn name(&self) -> KeyName {
        key_name(&self.bytes)
    }
}

/// What looks a key's bytes up among issuers.
pub(crate) fn key_id(bytes: &[u8; 32]) -> KeyId {
    KeyId(truncated(bytes))
}

/// The revocation name of a key's bytes. A hash: a key with the same first bytes as another's
/// takes no secret to find, and whoever has it revoked would revoke the other.
pub(crate) fn key_name(bytes: &[u8; 32]) -> KeyName {
    KeyName(truncated(&crypto::hash(&[Label::KEY.bytes(), bytes])))
}

/// Reads a key's bytes and refuses what is weak or not canonical.
pub(crate) fn read_key<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8; 32]> {
    let bytes = reader.array::<32>()?;
    reader.checked(check_key(bytes))?;
    Some(bytes)
}

/// Refuses a key's bytes that are weak or not canonical.
pub(crate) fn check_key(bytes: &[u8; 32]) -> Result<(), DecodeError> {
    public_key::<role::Holder>(bytes).map(drop)
}

/// Takes a key from bytes that were read.
pub(crate) fn public_key<R: Role>(bytes: &[u8; 32]) -> Result<PublicKey<R>, DecodeError> {
    PublicKey::from_bytes(bytes).map_err(|error| match error {
        KeyError::NonCanonical => DecodeError::NonCanonicalKey,
        KeyError::Weak => DecodeError::WeakKey,
    })
}

/// Why bytes are no public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The y coordinate is not below the field's prime.
    NonCanonical,
    /// The point has order 1, 2, 4 or 8: it verifies signatures that nobody made.
    Weak,
}

/// A secret key of one class in memory, 32 bytes; zeroed when dropped, never printed.
///
/// A key that lives elsewhere (a KMS, an enclave, an offline ceremony) needs no such value: every
/// object that is signed offers `to_sign` and `with_signature`.
pub struct SigningKey<R> {
    secret: Secret,
    role: PhantomData<R>,
}

impl<R: Role> SigningKey<R> {
    /// Draws a new key.
    pub fn generate(rng: &mut impl rand_core::CryptoRng) -> Self {
        let mut seed = zeroize::Zeroizing::new([0; 32]);
        rng.fill_bytes(seed.as_mut());
        Self::from_secret(&seed)
    }

    /// Takes a key from its seed, the 32 secret bytes of RFC 8032, section 5.1.5; the caller zeroes
    /// his own copy.
    pub fn from_secret(seed: &[u8; 32]) -> Self {
        Self { secret: Secret::new(seed), role: PhantomData }
    }

    /// The 32 secret bytes; whoever copies them must zero the copy.
    pub fn expose_secret(&self) -> &[u8; 32] {
        self.secret.seed()
    }

    /// The public half.
    pub fn public(&self) -> PublicKey<R> {
        PublicKey { bytes: self.secret.public(), role: PhantomData }
    }

    /// Signs a message that a draft offers.
    pub(crate) fn sign(&self, message: &Message) -> Signature {
        Signature(self.secret.sign(message.as_bytes()))
    }
}

/// An Ed25519 signature, 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 64]);

impl Signature {
    /// Takes a signature from its bytes; whether it holds is told where it is checked.
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// The 64 bytes, R before S.
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

/// A foreign signer returned a signature that doesn't verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSignature(pub SignatureFault);

impl fmt::Display for BadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the signature does not hold: {:?}", self.0)
    }
}

impl core::error::Error for BadSignature {}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NonCanonical => "the public key is not in its canonical encoding",
            Self::Weak => "the public key has small order",
        })
    }
}

impl core::error::Error for KeyError {}

// Written by hand, since a derive would ask the role, which is only a name, to have the trait too.
impl<R> Copy for PublicKey<R> {}
impl<R> Clone for PublicKey<R> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<R> PartialEq for PublicKey<R> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}
impl<R> Eq for PublicKey<R> {}
impl<R> PartialOrd for PublicKey<R> {
    fn partial_cmp(&self, other: &Self) -> Option<cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<R> Ord for PublicKey<R> {
    fn cmp(&self, other: &Self) -> cmp::Ordering {
        self.bytes.cmp(&other.bytes)
    }
}
impl<R: Role> fmt::Debug for PublicKey<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} key ", R::NAME)?;
        self.bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
impl<R: Role> fmt::Debug for SigningKey<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secret key [redacted]", R::NAME)
    }
}
impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
