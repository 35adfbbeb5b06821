//! The bytes of a log.
//!
//! ```text
//! log    = "keyward1" | snapshot u32 | crc32 of what is in front u32 | records
//! record = mark of 8 bytes | length u16 | !length u16 | crc32 of length and payload u32 | payload
//! ```
//!
//! Numbers are little-endian. `snapshot` is where the records end that the log was published with.
//! A mark is zeros until its record is durable, then ones.

use crc::{CRC_32_ISO_HDLC, Crc, Table};
use keyward::limits::MAX_RECORD;

/// Where records start.
pub(super) const HEADER: u64 = 16;

/// Bytes of a mark: so many bits that rot of a few doesn't undo it.
pub(super) const MARK: usize = 8;

/// Bytes in front of a payload.
pub(super) const OVERHEAD: usize = MARK + 8;

const MAGIC: [u8; 8] = *b"keyward1";

const CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

/// What is at a place in a log.
pub(super) enum Found<'a> {
    Whole { marked: bool, payload: &'a [u8] },
    Broken { marked: bool },
}

/// A record behind its mark and head, if it isn't too long.
pub(super) fn frame(payload: &[u8], mark: [u8; MARK]) -> Option<Vec<u8>> {
    let length = u16::try_from(payload.len()).ok()?.to_le_bytes();
    let mut framed = mark.to_vec();
    framed.extend(length);
    framed.extend(length.map(|byte| !byte));
    framed.extend(check(length, payload).to_le_bytes());
    framed.extend(payload);
    Some(framed)
}

/// Reads the record at the start of these bytes.
pub(super) fn parse(bytes: &[u8]) -> Found<'_> {
    let (mark, rest) = bytes.split_at_checked(MARK).unwrap_or_default();
    let ones: u32 = mark.iter().map(|byte| byte.count_ones()).sum();
    let zeros: u32 = mark.iter().map(|byte| byte.count_zeros()).sum();
    let marked = ones > zeros;
    match payload(rest) {
        Some(payload) => Found::Whole { marked, payload },
        None => Found::Broken { marked },
    }
}

fn payload(bytes: &[u8]) -> Option<&[u8]> {
    let ([a, b, c, d], rest) = bytes.split_first_chunk()?;
    let (stated, rest) = rest.split_first_chunk()?;
    let length = usize::from(u16::from_le_bytes([*a, *b]));
    let payload = rest.get(..length)?;
    let whole = *c == !*a && *d == !*b && (1..=MAX_RECORD).contains(&length);
    (whole && check([*a, *b], payload) == u32::from_le_bytes(*stated)).then_some(payload)
}

/// Where the place behind a record is.
pub(super) fn behind(at: u64, length: usize) -> Option<u64> {
    at.checked_add(u64::try_from(length.checked_add(OVERHEAD)?).ok()?)
}

/// The header of a log that is published with records up to this place.
pub(super) fn header(snapshot: u64) -> Option<[u8; 16]> {
    let mut header = [0; 16];
    let fields = MAGIC.into_iter().chain(u32::try_from(snapshot).ok()?.to_le_bytes());
    header.iter_mut().zip(fields).for_each(|(to, from)| *to = from);
    let check = CRC.checksum(header.split_at(12).0).to_le_bytes();
    header.iter_mut().skip(12).zip(check).for_each(|(to, from)| *to = from);
    Some(header)
}

/// The snapshot of the log that starts with these bytes.
pub(super) fn snapshot(log: &[u8]) -> Option<u64> {
    let (_, rest) = log.split_first_chunk::<8>()?;
    let snapshot = u64::from(u32::from_le_bytes(*rest.first_chunk()?));
    (log.first_chunk::<16>()? == &header(snapshot)?).then_some(snapshot)
}

fn check(length: [u8; 2], payload: &[u8]) -> u32 {
    let mut digest = CRC.digest();
    digest.update(&length);
    digest.update(payload);
    digest.finalize()
}
