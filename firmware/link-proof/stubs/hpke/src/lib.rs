//! Stands in for `hpke` in the link proof: the calls that keyward makes, and no encryption.
#![no_std]
#![forbid(unsafe_code)]

use core::{hint::black_box, marker::PhantomData};

/// Not opened, or not sealed.
#[derive(Debug)]
pub struct HpkeError;

/// Is read from bytes.
pub trait Deserializable: Sized {
    /// Reads.
    ///
    /// # Errors
    /// That they are no such thing.
    fn from_bytes(bytes: &[u8]) -> Result<Self, HpkeError>;
}

/// Is written as bytes.
pub trait Serializable {
    /// The bytes.
    fn to_bytes(&self) -> [u8; 32];
}

/// Keys and key agreement.
pub trait Kem {
    /// The public half.
    type PublicKey;
    /// The secret half.
    type PrivateKey;
    /// The sender's one-time key.
    type EncappedKey;

    /// The public half of a secret.
    fn sk_to_pk(secret: &Self::PrivateKey) -> Self::PublicKey;
}

/// Some bytes.
pub struct Bytes([u8; 32]);

impl Deserializable for Bytes {
    fn from_bytes(bytes: &[u8]) -> Result<Self, HpkeError> {
        black_box(bytes);
        black_box(Ok(Self([0; 32])))
    }
}

impl Serializable for Bytes {
    fn to_bytes(&self) -> [u8; 32] {
        black_box(self.0)
    }
}

/// No cipher.
pub mod aead {
    use super::*;

    /// No cipher.
    pub struct ChaCha20Poly1305;

    /// No tag.
    pub struct AeadTag<A>([u8; 32], PhantomData<A>);

    impl<A> AeadTag<A> {
        pub(crate) fn none() -> Self {
            Self(black_box([0; 32]), PhantomData)
        }
    }

    impl<A> Deserializable for AeadTag<A> {
        fn from_bytes(bytes: &[u8]) -> Result<Self, HpkeError> {
            black_box(bytes);
            black_box(Ok(Self([0; 32], PhantomData)))
        }
    }

    impl<A> Serializable for AeadTag<A> {
        fn to_bytes(&self) -> [u8; 32] {
            black_box(self.0)
        }
    }
}

/// No derivation of keys.
pub mod kdf {
    /// No derivation of keys.
    pub struct HkdfSha256;
}

/// No agreement on keys.
pub mod kem {
    use super::*;

    /// No agreement on keys.
    pub struct X25519HkdfSha256;

    impl Kem for X25519HkdfSha256 {
        type PublicKey = Bytes;
        type PrivateKey = Bytes;
        type EncappedKey = Bytes;

        fn sk_to_pk(secret: &Bytes) -> Bytes {
            Bytes(black_box(secret.0))
        }
    }
}

/// The recipient's mode.
pub enum OpModeR<K> {
    /// Base.
    Base,
    /// None.
    None(PhantomData<K>),
}

/// The sender's mode.
pub enum OpModeS<K> {
    /// Base.
    Base,
    /// None.
    None(PhantomData<K>),
}

/// Seals nothing.
///
/// # Errors
/// Whatever the compiler thinks.
pub fn single_shot_seal_inout_detached_with_rng<A, D, K: Kem>(
    mode: &OpModeS<K>,
    key: &K::PublicKey,
    info: &[u8],
    buffer: &mut [u8],
    aad: &[u8],
    rng: &mut impl Sized,
) -> Result<(Bytes, aead::AeadTag<A>), HpkeError> {
    black_box((mode, key, info, buffer, aad, rng, PhantomData::<D>));
    black_box(Ok((Bytes([0; 32]), aead::AeadTag::none())))
}

/// Opens nothing.
///
/// # Errors
/// Whatever the compiler thinks.
pub fn single_shot_open_inout_detached<A, D, K: Kem>(
    mode: &OpModeR<K>,
    secret: &K::PrivateKey,
    enc: &K::EncappedKey,
    info: &[u8],
    buffer: &mut [u8],
    aad: &[u8],
    tag: &aead::AeadTag<A>,
) -> Result<(), HpkeError> {
    black_box((mode, secret, enc, info, buffer, aad, tag, PhantomData::<D>));
    black_box(Ok(()))
}
