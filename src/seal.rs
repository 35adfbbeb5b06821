//! Sealing: what only its recipient can read (SPEC.md section 23).
//!
//! HPKE in its base mode (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305.
//! It is for privacy alone: nothing relies on who sealed, and no key is named on the wire.

mod padding;

use core::fmt;

use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    crypto,
    id::{LockId, Nonce},
    limits::MAX_SEALED,
    preimage::{Label, sealed_bytes},
    wire::{DecodeError, EncodeError, Encoded, Kind, Reader, VERSION},
};

/// The public key that something is sealed to: an X25519 key (RFC 7748), 32 bytes. A lock's stands
/// on its card, a log's in a keyset.
///
/// It signs nothing and verifies nothing, so it is no [`PublicKey`](crate::PublicKey):
///
/// ```compile_fail,E0308
/// use keyward::{SigningKey, role, seal::SealingKey};
/// let device = SigningKey::<role::Device>::from_secret(&[7; 32]);
/// let sealing: SealingKey = device.public(); // not an Ed25519 key
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SealingKey([u8; 32]);

impl SealingKey {
    /// Takes a key from its bytes. One of small order is refused when something is to be sealed to
    /// it.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the key.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The secret key that opens what is sealed to its public half: 32 bytes; zeroed when dropped,
/// never printed.
///
/// A lock's lies in a flash page of its own, which its host erases when the key's overlap ends and
/// at a release or reset.
///
/// ```compile_fail,E0599
/// # fn f(key: keyward::seal::OpeningKey) {
/// let copy = key.clone(); // not a copy of it
/// # }
/// ```
pub struct OpeningKey([u8; 32]);

impl OpeningKey {
    /// The class by name, as text forms have it.
    pub const NAME: &'static str = "sealing";

    /// Draws a new key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut secret = Zeroizing::new([0; 32]);
        rng.fill_bytes(secret.as_mut());
        Self(*secret)
    }

    /// Takes a key from its 32 secret bytes, of which X25519 fixes five bits as it multiplies; the
    /// caller zeroes his own copy.
    pub const fn from_secret(secret: &[u8; 32]) -> Self {
        Self(*secret)
    }

    /// The 32 secret bytes; whoever copies them must zero the copy.
    pub const fn expose_secret(&self) -> &[u8; 32] {
        &self.0
    }

    /// The public half.
    pub fn public(&self) -> SealingKey {
        SealingKey(crypto::x25519_public(&self.0))
    }
}

impl Drop for OpeningKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for OpeningKey {}

/// The keys that a recipient opens with: the current one and, while they overlap, the one before.
#[derive(Debug)]
pub struct OpeningKeys {
    current: OpeningKey,
    before: Option<OpeningKey>,
}

impl OpeningKeys {
    /// One key.
    pub const fn new(current: OpeningKey) -> Self {
        Self { current, before: None }
    }

    /// The same with the key before, which still opens.
    #[must_use]
    pub fn with_before(self, before: OpeningKey) -> Self {
        Self { before: Some(before), ..self }
    }

    /// The next key is current, and the one that was opens until the overlap ends; the one before
    /// that is dropped.
    #[must_use]
    pub fn rotated(self, next: OpeningKey) -> Self {
        Self { current: next, before: Some(self.current) }
    }

    /// The overlap ends: the key before is dropped, and its host erases where it was kept.
    #[must_use]
    pub fn without_before(self) -> Self {
        Self { before: None, ..self }
    }

    /// What is to be sealed to from now on.
    pub fn public(&self) -> SealingKey {
        self.current.public()
    }

    /// Whether one of the keys opens what is sealed to this key.
    pub fn open_for(&self, key: &SealingKey) -> bool {
        self.iter().any(|own| own.public() == *key)
    }

    fn iter(&self) -> impl Iterator<Item = &OpeningKey> {
        core::iter::once(&self.current).chain(&self.before)
    }
}

/// What may be sealed; each kind with the sizes that it is filled up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Presentation,
    Entry,
}

impl Content {
    /// The kind's byte on the wire.
    const fn byte(self) -> u8 {
        match self {
            Self::Presentation => Kind::Presentation.byte(),
            Self::Entry => Kind::Entry.byte(),
        }
    }
}

/// What something is sealed for: one kind of object, at one lock, at one moment. It opens under the
/// same context and under no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    content: Content,
    /// What stands behind the label (SPEC.md section 23.2).
    bytes: [u8; 25],
}

impl Context {
    /// A presentation: for the session that gave this nonce, or for none where it is unchallenged.
    pub fn presentation(lock: LockId, nonce: Option<&Nonce>) -> Self {
        let moment = nonce.map_or([0; 16], |nonce| nonce.0);
        Self::new(Content::Presentation, lock, &moment)
    }

    /// An entry of one of a lock's logs. Its number is in it: who carries it needn't know.
    pub fn entry(lock: LockId) -> Self {
        Self::new(Content::Entry, lock, &[0; 16])
    }

    fn new(content: Content, lock: LockId, moment: &[u8; 16]) -> Self {
        Self { content, bytes: sealed_bytes(content.byte(), &lock, moment) }
    }
}

/// A sealed object, read and nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed<'a> {
    text: &'a [u8],
}

impl<'a> Sealed<'a> {
    /// Reads a sealed object; whether it opens, and what is in it, only its recipient knows.
    ///
    /// # Errors
    /// Any [`DecodeError`] of a frame; [`DecodeError::Truncated`] where there is no room for a tag.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Reader::object(bytes, Kind::Sealed, MAX_SEALED, |reader| {
            let _enc = reader.array::<ENC>()?;
            let (text, _tag) = reader.rest().split_last_chunk::<TAG>()?;
            Some(Self { text })
        })
    }

    /// Bytes of the text, encrypted as it is: all that anybody can tell of what is in it.
    pub const fn size(&self) -> usize {
        self.text.len()
    }
}

/// Why a sealed object isn't opened; a stranger learns nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealFault {
    /// The bytes are no sealed object.
    Malformed(DecodeError),
    /// The recipient has no key to open with.
    NoKey,
    /// It has none of the sizes of what is to be in it.
    Size,
    /// No key opens it under this context: it is sealed to another key, for another lock or moment,
    /// or was changed.
    NotOpened,
    /// What is in it is not filled up by the one way that there is.
    Padding,
    /// What is in it is an object of another kind or version.
    OtherKind,
}

impl SealFault {
    /// The name, as vectors and reports have it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "Malformed",
            Self::NoKey => "NoKey",
            Self::Size => "Size",
            Self::NotOpened => "NotOpened",
            Self::Padding => "Padding",
            Self::OtherKind => "OtherKind",
        }
    }
}

/// The bytes of an object that came sealed and was opened; [`open`] alone makes it.
///
/// ```compile_fail,E0603
/// let forged = keyward::seal::Opened(&[1, 7]); // not without opening
/// ```
#[derive(Debug)]
pub struct Opened<'b>(&'b [u8]);

impl<'b> Opened<'b> {
    /// The bytes, for the object's own decoder.
    pub const fn bytes(&self) -> &'b [u8] {
        self.0
    }
}

/// Opens a sealed object in place, with one key after the other.
///
/// # Errors
/// Any [`SealFault`] but `NoKey`. The bytes are as they were for all but `Padding` and `OtherKind`.
pub fn open<'b>(
    keys: &OpeningKeys,
    context: &Context,
    sealed: &'b mut [u8],
) -> Result<Opened<'b>, SealFault> {
    if !padding::is_size(context.content, Sealed::decode(sealed)?.size()) {
        return Err(SealFault::Size);
    }
    let (enc, text, tag) = parts(sealed).ok_or(DecodeError::Truncated)?;
    let (info, aad) = (Label::SEAL.bytes(), &context.bytes);
    // A tag is checked before anything is decrypted: the next key finds the bytes as they came.
    if !keys.iter().any(|key| crypto::hpke_open(&key.0, info, aad, enc, text, tag)) {
        return Err(SealFault::NotOpened);
    }
    let object = padding::stripped(context.content, text).ok_or(SealFault::Padding)?;
    match object {
        [VERSION, kind, ..] if *kind == context.content.byte() => Ok(Opened(object)),
        _ => Err(SealFault::OtherKind),
    }
}

/// Seals an object's bytes to a key, for one context. Nobody sees in its length how many links or
/// witnesses it has.
///
/// # Errors
/// [`EncodeError::Invalid`] with [`DecodeError::WeakKey`] for a key of small order, and with
/// [`DecodeError::WrongKind`] or [`DecodeError::WrongVersion`] for another object than the
/// context's; [`EncodeError::TooLong`].
pub fn seal(
    key: &SealingKey,
    context: &Context,
    object: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Encoded<MAX_SEALED>, EncodeError> {
    let kind = context.content.byte();
    let _rest = Reader::whole(object, |reader| reader.frame(kind).map(|()| reader.rest()))?;
    let size = padding::size(context.content, object.len());
    let size = size.ok_or(EncodeError::TooLong(MAX_SEALED))?;
    let mut out = Encoded::object(Kind::Sealed, &|out| {
        out.raw(&[0; ENC]);
        padding::write(out, object, size);
        out.raw(&[0; TAG]);
    })?;
    let (enc, text, tag) = parts(out.as_mut_bytes()).ok_or(EncodeError::TooLong(MAX_SEALED))?;
    let (info, aad) = (Label::SEAL.bytes(), &context.bytes);
    (*enc, *tag) = crypto::hpke_seal(&key.0, info, aad, text, rng).ok_or(DecodeError::WeakKey)?;
    Ok(out)
}

/// The sender's key, the text and the tag of a sealed object's bytes.
fn parts(sealed: &mut [u8]) -> Option<(&mut [u8; ENC], &mut [u8], &mut [u8; TAG])> {
    let (enc, rest) = sealed.get_mut(2..)?.split_first_chunk_mut()?;
    let (text, tag) = rest.split_last_chunk_mut()?;
    Some((enc, text, tag))
}

/// Bytes of the sender's one-time key.
const ENC: usize = 32;

/// Bytes of the tag.
const TAG: usize = 16;

impl From<DecodeError> for SealFault {
    fn from(error: DecodeError) -> Self {
        Self::Malformed(error)
    }
}

impl fmt::Display for SealFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => fmt::Display::fmt(error, f),
            Self::NoKey => f.write_str("there is no key to open with"),
            Self::Size => f.write_str("not of a size that is sealed"),
            Self::NotOpened => f.write_str("no key opens it in this place"),
            Self::Padding => f.write_str("not filled up by the one way"),
            Self::OtherKind => f.write_str("an object of another kind is in it"),
        }
    }
}

impl core::error::Error for SealFault {}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sealing key ")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for OpeningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sealing secret key [redacted]")
    }
}
