//! Lines of text, from memory or a reader, and the object that each holds (SPEC.md section 3.5).

use std::{
    fmt,
    io::{self, BufRead},
};

use base64_simd::{AsOut, URL_SAFE_NO_PAD};
use keyward::{
    DecodeError,
    id::LockId,
    text::{MAX_TEXT, TextError},
    wire::{Kind, VERSION},
};

/// Bytes of the longest line that is read: the longest text form. Of a longer one nothing is kept.
pub const MAX_LINE: usize = MAX_TEXT;

/// Where a line stands: in which input, and at which place in it, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line {
    /// The input.
    pub input: u32,
    /// The line.
    pub number: u64,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of input {}", self.number, self.input)
    }
}

/// Why nothing was taken from a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unreadable {
    /// It is longer than [`MAX_LINE`].
    TooLong,
    /// It is not the text form of an object.
    Text(TextError),
    /// Its bytes are not the object that it names.
    Decode(DecodeError),
    /// It is of another lock's log.
    OtherLock(LockId),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "it is longer than {MAX_LINE} bytes"),
            Self::Text(error) => error.fmt(f),
            Self::Decode(error) => error.fmt(f),
            Self::OtherLock(lock) => write!(f, "it is of another lock, {lock}"),
        }
    }
}

/// A line as a sink is given it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Text<'l> {
    /// It, without its end.
    Whole(&'l [u8]),
    /// It was too long.
    TooLong,
}

/// Walks over the lines of a text in memory. An empty line is none; `\r` before `\n` is its end.
pub(crate) fn lines<'t>(text: &'t [u8], mut sink: impl FnMut(u64, Text<'t>)) {
    let (mut number, mut start) = (0, 0);
    for end in memchr::memchr_iter(b'\n', text).chain([text.len()]) {
        number += 1;
        if let Some(line) = text.get(start..end) {
            give(number, line, &mut sink);
        }
        start = end.saturating_add(1);
    }
}

/// Walks over the lines of a reader, and never holds more than one of them.
pub(crate) fn read_lines(
    mut reader: impl BufRead,
    mut sink: impl FnMut(u64, Text<'_>),
) -> io::Result<u64> {
    let (mut number, mut held, mut too_long, mut bytes) = (1, Vec::new(), false, 0);
    loop {
        let buffer = match reader.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let at_end = buffer.is_empty();
        let end = memchr::memchr(b'\n', buffer);
        let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
        // One byte more than the longest, for `\r`.
        too_long |= held.len().saturating_add(part.len()) > MAX_LINE.saturating_add(1);
        if !too_long {
            held.extend_from_slice(part);
        }
        let taken = part.len().saturating_add(usize::from(end.is_some()));
        reader.consume(taken);
        bytes += u64::try_from(taken).unwrap_or(u64::MAX);
        if end.is_some() || at_end {
            match too_long {
                true => sink(number, Text::TooLong),
                false => give(number, &held, &mut sink),
            }
            held.clear();
            too_long = false;
            number += 1;
        }
        if at_end {
            return Ok(bytes);
        }
    }
}

fn give<'l>(number: u64, line: &'l [u8], sink: &mut impl FnMut(u64, Text<'l>)) {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match line.len() {
        0 => {}
        1..=MAX_LINE => sink(number, Text::Whole(line)),
        _ => sink(number, Text::TooLong),
    }
}

/// Room for any object.
pub(crate) type Buffer = [u8; MAX_LINE];

/// The kind that a line names, and the base64 behind it.
pub(crate) fn split(line: &[u8]) -> Result<(Kind, &[u8]), TextError> {
    let rest = line.strip_prefix(b"kw1.").ok_or(TextError::Prefix)?;
    let dot = memchr::memchr(b'.', rest).ok_or(TextError::Kind)?;
    let (name, base64) = rest.split_at_checked(dot).ok_or(TextError::Kind)?;
    let base64 = base64.get(1..).unwrap_or_default();
    // Nearly all lines of a log.
    if name == b"entry" {
        return Ok((Kind::Entry, base64));
    }
    let known = Kind::ALL.iter().find(|(_, known)| known.as_bytes() == name);
    known.map(|(kind, _)| (*kind, base64)).ok_or(TextError::Kind)
}

/// The bytes of an object of this kind, from its base64: the alphabet of URLs, no padding, unused
/// bits zero.
pub(crate) fn decode<'b>(
    kind: Kind,
    base64: &[u8],
    buffer: &'b mut Buffer,
) -> Result<&'b [u8], TextError> {
    // Shorter than the text, which is at most as long as the buffer.
    let length = URL_SAFE_NO_PAD.decoded_length(base64).map_err(|_| TextError::Base64)?;
    let room = buffer.get_mut(..length).ok_or(TextError::BufferTooSmall)?;
    let object = URL_SAFE_NO_PAD.decode(base64, room.as_out()).map_err(|_| TextError::Base64)?;
    match object {
        [VERSION, byte, ..] if *byte == kind.byte() => Ok(object),
        _ => Err(TextError::Kind),
    }
}

/// The text form of an object's bytes.
pub(crate) fn encode(kind: Kind, object: &[u8]) -> String {
    let name = Kind::ALL.iter().find(|(known, _)| *known == kind).map_or("", |(_, name)| *name);
    let mut text = format!("kw1.{name}.");
    URL_SAFE_NO_PAD.encode_append(object, &mut text);
    text
}
