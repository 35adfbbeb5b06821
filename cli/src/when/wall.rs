//! From what a clock on the wall shows to the one instant at which it does.

use jiff::{
    Timestamp, ZonedDateTime,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, Offset, TimeZone},
};
use keyward::Time;

use super::misread::Misread;

/// The only instant at which the zone's clocks show this.
///
/// Where they are put forward over it, or back to it, both instants that it could mean are named.
pub(super) fn only(zone: &TimeZone, shown: DateTime) -> Result<ZonedDateTime, Misread> {
    let ambiguous = zone.to_ambiguous_zoned_datetime(shown);
    let (verb, before, after) = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => {
            return ambiguous.unambiguous().map_err(|_| outside(&written(shown)));
        }
        AmbiguousOffset::Gap { before, after } => ("never comes", before, after),
        AmbiguousOffset::Fold { before, after } => ("comes twice", before, after),
    };
    let why = format!(
        "that {verb} in {}, where the clocks change: it could mean {} or {}",
        name(zone),
        with_offset(shown, before),
        with_offset(shown, after)
    );
    Err(Misread::new(&written(shown), why, "one of these"))
}

/// The first instant at which the zone's clocks show this date: not midnight, where that is
/// skipped, and the first midnight of two.
pub(super) fn start_of(zone: &TimeZone, day: Date) -> Result<Timestamp, Misread> {
    let start = first_from(zone, day)?;
    if start.date() == day {
        return Ok(start.timestamp());
    }
    let why = format!("{} skipped that day", name(zone));
    Err(Misread::new(&day.to_string(), why, "the day before or after"))
}

/// The first instant at which the zone's clocks show the date after this one.
pub(super) fn end_of(zone: &TimeZone, day: Date) -> Result<Timestamp, Misread> {
    start_of(zone, day)?;
    let next = day.tomorrow().map_err(|_| outside(&day.to_string()))?;
    Ok(first_from(zone, next)?.timestamp())
}

/// The first instant at which the zone's clocks show this date, or had it been skipped the next.
fn first_from(zone: &TimeZone, day: Date) -> Result<ZonedDateTime, Misread> {
    day.to_zoned_datetime(zone.clone()).map_err(|_| outside(&day.to_string()))
}

/// An instant in whole seconds, from 1970 on; the text is what says it.
pub(super) fn time(text: &str, stamp: Timestamp) -> Result<Time, Misread> {
    let seconds = u64::try_from(stamp.as_second()).ok();
    match seconds.filter(|_| stamp >= Timestamp::UNIX_EPOCH) {
        Some(seconds) => Ok(Time(seconds)),
        None => Err(Misread::new(text, "time begins in 1970", "a later instant")),
    }
}

/// A zone's name, or where it has none something that can stand for it.
fn name(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("this zone")
}

fn outside(shown: &str) -> Misread {
    Misread::new(shown, "the calendar ends in 9999", "an earlier instant")
}

fn written(shown: DateTime) -> String {
    let seconds = if shown.second() == 0 { "" } else { ":%S" };
    shown.strftime(&format!("%Y-%m-%d %H:%M{seconds}")).to_string()
}

fn with_offset(shown: DateTime, offset: Offset) -> String {
    let zone = offset.to_time_zone();
    let offset =
        jiff::fmt::strtime::format("%:z", &ZonedDateTime::new(Timestamp::UNIX_EPOCH, zone));
    format!("{}{}", written(shown).replace(' ', "T"), offset.unwrap_or_default())
}
