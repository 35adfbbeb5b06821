//! Offset tables for keysets, filled from IANA's data by `jiff` (SPEC.md sections 9.3 and 16.2).

use std::fmt;

use jiff::{Timestamp, tz::TimeZone};
use keyward::{
    EncodeError, Encoded, Time,
    limits::MAX_TRANSITIONS,
    zone::{MAX_ZONE, Transition, Zone, ZoneId},
};

/// The table of an IANA zone over `[from, until)`, as [`Zone::decode`] reads it, and the first
/// minute that it says nothing about: `until`, or earlier where more than 16 transitions come
/// before. Past it a `Schedule` denies as `ZoneUnknown`, so the next keyset must come in time.
///
/// # Errors
/// Any [`ZoneError`].
pub fn table(
    id: ZoneId,
    name: &str,
    from: Time,
    until: Time,
) -> Result<(Encoded<MAX_ZONE>, u32), ZoneError> {
    let mut transitions = transitions(name, from, until)?;
    let end = match transitions.get(MAX_TRANSITIONS) {
        Some(beyond) => beyond.at,
        None => minute(until.0)?,
    };
    transitions.truncate(MAX_TRANSITIONS);
    Ok((Zone::encode(id, &transitions, end).map_err(ZoneError::Encode)?, end))
}

/// The offsets of an IANA zone in `[from, until)`: the one in force at `from`, then each change.
///
/// # Errors
/// Any [`ZoneError`] but [`ZoneError::Encode`].
pub fn transitions(name: &str, from: Time, until: Time) -> Result<Vec<Transition>, ZoneError> {
    let zone = TimeZone::get(name).map_err(|_| ZoneError::Unknown)?;
    let seconds = i64::try_from(from.0).map_err(|_| ZoneError::OutOfRange)?;
    let start = Timestamp::from_second(seconds).map_err(|_| ZoneError::OutOfRange)?;
    let mut table =
        vec![Transition { at: minute(from.0)?, offset: minutes(zone.to_offset(start).seconds())? }];
    for step in zone.following(start) {
        let at = u64::try_from(step.timestamp().as_second()).map_err(|_| ZoneError::OutOfRange)?;
        if at >= until.0 {
            break;
        }
        let offset = minutes(step.offset().seconds())?;
        // A change of the name alone, or of summer time's sign, changes no clock.
        if table.last().is_none_or(|last| last.offset != offset) {
            table.push(Transition { at: minute(at)?, offset });
        }
    }
    Ok(table)
}

fn minute(second: u64) -> Result<u32, ZoneError> {
    if !second.is_multiple_of(60) {
        return Err(ZoneError::NotWholeMinutes);
    }
    u32::try_from(second / 60).map_err(|_| ZoneError::OutOfRange)
}

fn minutes(seconds: i32) -> Result<i16, ZoneError> {
    if seconds % 60 != 0 {
        return Err(ZoneError::NotWholeMinutes);
    }
    i16::try_from(seconds / 60).map_err(|_| ZoneError::OutOfRange)
}

/// Why there is no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ZoneError {
    /// IANA has no zone of this name.
    Unknown,
    /// An instant is before 1970, or too late for a table.
    OutOfRange,
    /// A bound, a transition or an offset is not on a whole minute (before 1972 some aren't).
    NotWholeMinutes,
    /// The table can't be encoded.
    Encode(EncodeError),
}

impl fmt::Display for ZoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("no such time zone"),
            Self::OutOfRange => f.write_str("an instant out of range"),
            Self::NotWholeMinutes => f.write_str("not on a whole minute"),
            Self::Encode(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ZoneError {}
