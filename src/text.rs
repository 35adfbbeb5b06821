//! The text form for links, QR codes and files: `kw1.<kind>.<base64url>` (SPEC.md section 3.5).
//!
//! A key says what it is for: `kw1public.<class>.`, `kw1secret.<class>.`. Secret keys have a prefix
//! of their own, so that secret scanners find a leak.

use core::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

use crate::{
    key::{KeyError, PublicKey, SigningKey, role::Role},
    limits::MAX_SEALED,
    seal::{OpeningKey, SealingKey},
    wire::{Kind, VERSION},
};

const PREFIX: &str = "kw1.";
const PUBLIC_PREFIX: &str = "kw1public.";
const SECRET_PREFIX: &str = "kw1secret.";

/// Bytes of the longest text form: `kw1.sealed.` and four for each three of a sealed object.
pub const MAX_TEXT: usize = 11 + MAX_SEALED * 4 / 3;

/// Why a text is not an object's text form, or a buffer is too small for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextError {
    /// The text doesn't begin with `kw1.`, or `kw1public.` or `kw1secret.` for a key.
    Prefix,
    /// The kind is unknown, or not the one that the bytes say; or the class of a key is another.
    Kind,
    /// What follows is not base64url without padding, in its only form.
    Base64,
    /// The bytes are no public key.
    Key(KeyError),
    /// The buffer is too small.
    BufferTooSmall,
}

/// Writes an encoded object as text into a buffer.
///
/// # Errors
/// [`TextError::Kind`] when the bytes are no object, [`TextError::BufferTooSmall`].
pub fn encode<'b>(object: &[u8], buffer: &'b mut [u8]) -> Result<&'b str, TextError> {
    let name = kind_name(object).ok_or(TextError::Kind)?;
    write(&[PREFIX, name, "."], object, buffer)
}

/// Reads an object's text form into a buffer; returns the bytes for the object's own decoder.
///
/// # Errors
/// Any [`TextError`].
pub fn decode<'b>(text: &str, buffer: &'b mut [u8]) -> Result<&'b [u8], TextError> {
    let rest = text.strip_prefix(PREFIX).ok_or(TextError::Prefix)?;
    let (name, base64) = rest.split_once('.').ok_or(TextError::Kind)?;
    let object = read(base64, buffer)?;
    if kind_name(object) == Some(name) { Ok(object) } else { Err(TextError::Kind) }
}

/// Writes a public key as text into a buffer.
///
/// # Errors
/// [`TextError::BufferTooSmall`].
pub fn encode_public<'b, R: Role>(
    key: &PublicKey<R>,
    buffer: &'b mut [u8],
) -> Result<&'b str, TextError> {
    write(&[PUBLIC_PREFIX, R::NAME, "."], key.as_bytes(), buffer)
}

/// Writes the public key that something is sealed to as text into a buffer.
///
/// # Errors
/// [`TextError::BufferTooSmall`].
pub fn encode_sealing<'b>(key: &SealingKey, buffer: &'b mut [u8]) -> Result<&'b str, TextError> {
    write(&[PUBLIC_PREFIX, OpeningKey::NAME, "."], key.as_bytes(), buffer)
}

/// Reads a public key of one class from its text form.
///
/// # Errors
/// Those of [`decode_secret`]; [`TextError::Key`] for a weak key, or another encoding than its
/// canonical one.
pub fn decode_public<R: Role>(text: &str) -> Result<PublicKey<R>, TextError> {
    PublicKey::from_bytes(&*key(PUBLIC_PREFIX, R::NAME, text)?).map_err(TextError::Key)
}

/// Reads the public key that something is sealed to from its text form; any 32 bytes are one.
///
/// # Errors
/// Those of [`decode_secret`].
pub fn decode_sealing(text: &str) -> Result<SealingKey, TextError> {
    Ok(SealingKey::from_bytes(*key(PUBLIC_PREFIX, OpeningKey::NAME, text)?))
}

/// Writes a secret key as text into a buffer, which the caller zeroes after use.
///
/// # Errors
/// [`TextError::BufferTooSmall`].
pub fn encode_secret<'b, R: Role>(
    key: &SigningKey<R>,
    buffer: &'b mut [u8],
) -> Result<&'b str, TextError> {
    write(&[SECRET_PREFIX, R::NAME, "."], key.expose_secret(), buffer)
}

/// Writes the secret key that opens what is sealed as text into a buffer, which the caller zeroes
/// after use.
///
/// # Errors
/// [`TextError::BufferTooSmall`].
pub fn encode_opening<'b>(key: &OpeningKey, buffer: &'b mut [u8]) -> Result<&'b str, TextError> {
    write(&[SECRET_PREFIX, OpeningKey::NAME, "."], key.expose_secret(), buffer)
}

/// Reads a secret key of one class from its text form.
///
/// # Errors
/// [`TextError::Prefix`], [`TextError::Kind`] for another class, [`TextError::Base64`].
pub fn decode_secret<R: Role>(text: &str) -> Result<SigningKey<R>, TextError> {
    Ok(SigningKey::from_secret(&*key(SECRET_PREFIX, R::NAME, text)?))
}

/// Reads the secret key that opens what is sealed from its text form.
///
/// # Errors
/// Those of [`decode_secret`].
pub fn decode_opening(text: &str) -> Result<OpeningKey, TextError> {
    Ok(OpeningKey::from_secret(&*key(SECRET_PREFIX, OpeningKey::NAME, text)?))
}

/// The 32 bytes of a key of this class; they may be secret.
fn key(prefix: &str, class: &str, text: &str) -> Result<Zeroizing<[u8; 32]>, TextError> {
    let rest = text.strip_prefix(prefix).ok_or(TextError::Prefix)?;
    let (name, base64) = rest.split_once('.').ok_or(TextError::Kind)?;
    if name != class {
        return Err(TextError::Kind);
    }
    let mut key = Zeroizing::new([0; 32]);
    match Base64UrlUnpadded::decode(base64, key.as_mut()) {
        Ok(bytes) if bytes.len() == 32 => Ok(key),
        _ => Err(TextError::Base64),
    }
}

fn kind_name(object: &[u8]) -> Option<&'static str> {
    match object {
        [VERSION, byte, ..] => {
            Kind::ALL.iter().find(|(kind, _)| kind.byte() == *byte).map(|(_, name)| *name)
        }
        _ => None,
    }
}

fn write<'b>(head: &[&str], bytes: &[u8], buffer: &'b mut [u8]) -> Result<&'b str, TextError> {
    let head_length = head.iter().map(|part| part.len()).sum::<usize>();
    let (room, rest) = buffer.split_at_mut_checked(head_length).ok_or(TextError::BufferTooSmall)?;
    for (to, from) in room.iter_mut().zip(head.iter().flat_map(|part| part.bytes())) {
        *to = from;
    }
    let tail = Base64UrlUnpadded::encode(bytes, rest).map_err(|_| TextError::BufferTooSmall)?;
    let length = head_length.saturating_add(tail.len());
    let text = buffer.get(..length).ok_or(TextError::BufferTooSmall)?;
    core::str::from_utf8(text).map_err(|_| TextError::Base64)
}

fn read<'b>(base64: &str, buffer: &'b mut [u8]) -> Result<&'b [u8], TextError> {
    Base64UrlUnpadded::decode(base64, buffer).map_err(|error| match error {
        base64ct::Error::InvalidLength => TextError::BufferTooSmall,
        base64ct::Error::InvalidEncoding => TextError::Base64,
    })
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prefix => "the text has not the prefix kw1. (kw1public. or kw1secret. for a key)",
            Self::Kind => "the text names another kind than its bytes",
            Self::Base64 => "not base64url without padding",
            Self::Key(error) => return fmt::Display::fmt(error, f),
            Self::BufferTooSmall => "the buffer is too small",
        })
    }
}

impl core::error::Error for TextError {}
