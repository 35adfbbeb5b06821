//! Times of day and offsets from UTC.

use jiff::{Span, civil::Time, tz::Offset};

use super::{day::digits, misread::Misread};

/// How far from UTC a time was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shift {
    /// `Z`: the instant in UTC, whatever clocks on the wall show (RFC 9557, section 2.2).
    Utc,
    /// `+01:00`: what a clock on the wall shows, and how it is set.
    Wall(Offset),
}

/// Reads a time of day, and the offset behind it if there is one.
pub(super) fn read(text: &str) -> Result<(Time, Option<Shift>), Misread> {
    match text.find(['z', '+', '-']).and_then(|at| text.split_at_checked(at)) {
        None => Ok((time(text)?, None)),
        Some((hour, "z")) => Ok((time(hour.trim_end())?, Some(Shift::Utc))),
        Some((hour, rest)) => Ok((time(hour.trim_end())?, Some(Shift::Wall(offset(rest)?)))),
    }
}

/// Reads a time of day to the minute or to the second.
pub(super) fn time(text: &str) -> Result<Time, Misread> {
    let mut parts = text.split(':');
    let mut part = || parts.next();
    let hour = part().and_then(|hour| digits(hour, 1, 2));
    let minute = part().and_then(|minute| digits(minute, 2, 2));
    let second = part().map_or(Some(0), |second| digits(second, 2, 2));
    let (Some(hour), Some(minute), Some(second), None) = (hour, minute, second, parts.next())
    else {
        return Err(Misread::new(text, "not a time of day", "09:00 or 09:00:30"));
    };
    let range = "a day goes from 00:00 to 23:59:59";
    Time::new(hour, minute, second, 0)
        .map_err(|_| Misread::new(text, range, "00:00 of the next day for its end"))
}

/// Reads `+01:00`, `-03:30`; with seconds, as some zones had before 1972.
fn offset(text: &str) -> Result<Offset, Misread> {
    let misread = || Misread::new(text, "not an offset from UTC", "Z, +01:00 or -03:30");
    let east = text.strip_prefix('+');
    let size = east.or_else(|| text.strip_prefix('-')).ok_or_else(misread)?;
    // An offset has the shape of a time of day, but for hours of one digit.
    if !matches!(size.len(), 5 | 8) {
        return Err(misread());
    }
    let size = time(size).map_err(|_| misread())?;
    let size = Span::new().hours(size.hour()).minutes(size.minute()).seconds(size.second());
    let offset = Offset::UTC.checked_add(size).map_err(|_| misread())?;
    Ok(if east.is_some() { offset } else { offset.negate() })
}
