//! Instants.

use jiff::{Timestamp, ZonedDateTime, civil::DateTime, tz::TimeZone};
use keyward::{Time, limits::MAX_TIME};

use super::{
    Clock, day,
    hour::{self, Shift},
    lapse,
    misread::Misread,
    wall,
};

/// Which end of a day is meant by the day alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// Its first second.
    Start,
    /// The first second after it.
    End,
}

/// Reads an instant.
pub(super) fn bound(text: &str, clock: &Clock, edge: Edge) -> Result<Time, Misread> {
    if text == "now" {
        return wall::time(text, clock.now.timestamp());
    }
    if let Some(seconds) = text.strip_prefix('@') {
        return unix(text, seconds);
    }
    if let Some(lapse) = text.strip_prefix('+').or_else(|| text.strip_prefix("in ")) {
        let end = lapse::read(lapse.trim_start())?.after(&clock.now)?;
        return wall::time(text, end.timestamp());
    }
    wall::time(text, moment(text, clock, edge)?)
}

/// Reads seconds since 1970, the only way past the calendar's end.
fn unix(text: &str, seconds: &str) -> Result<Time, Misread> {
    match day::digits(seconds, 1, 13) {
        Some(seconds @ ..=MAX_TIME) => Ok(Time(seconds)),
        _ => Err(Misread::new(text, "not Unix seconds, at most 1099511627775", "@1795510800")),
    }
}

/// Reads a day, perhaps with a time, perhaps in a zone of its own.
fn moment(text: &str, clock: &Clock, edge: Edge) -> Result<Timestamp, Misread> {
    let (text, named) = zone(text)?;
    let zone = named.as_ref().unwrap_or_else(|| clock.now.time_zone());
    let today = clock.now.with_time_zone(zone.clone()).date();
    let Some(time) = start_of_time(text)? else {
        let day = day::read(text, today, EXAMPLES)?;
        return match edge {
            Edge::Start => wall::start_of(zone, day),
            Edge::End => wall::end_of(zone, day),
        };
    };
    let (day, time) = text.split_at_checked(time).unwrap_or((text, ""));
    let written = day.ends_with(|c: char| c.is_ascii_digit());
    let (day, time) = match time.strip_prefix('t') {
        Some(time) => (day::iso(day, EXAMPLES)?, time),
        None => (day::read(day, today, EXAMPLES)?, time.trim_start()),
    };
    match hour::read(time)? {
        (time, None) => Ok(wall::only(zone, day.to_datetime(time))?.timestamp()),
        (time, Some(shift)) if written => {
            shifted(text, day.to_datetime(time), shift, named.as_ref())
        }
        _ => Err(Misread::new(text, "an offset goes with a date", "2026-11-25 09:00+01:00")),
    }
}

/// Cuts the zone off that stands in brackets at the end.
fn zone(text: &str) -> Result<(&str, Option<TimeZone>), Misread> {
    let Some((rest, name)) = text.strip_suffix(']').and_then(|text| text.rsplit_once('[')) else {
        return Ok((text, None));
    };
    match TimeZone::get(name) {
        Ok(zone) => Ok((rest.trim_end(), Some(zone))),
        Err(_) => Err(Misread::new(name, "not a time zone I know", "[Europe/Berlin]")),
    }
}

/// Where the time begins that has the first colon: at the space or the `t` before it. None where
/// no time is.
fn start_of_time(text: &str) -> Result<Option<usize>, Misread> {
    let Some((hour, _)) = text.split_once(':') else {
        return Ok(None);
    };
    match hour.rfind(['t', ' ']) {
        Some(at) => Ok(Some(at)),
        None => Err(Misread::new(text, "no day before the time", "today 18:00 or fri 18:00")),
    }
}

/// The instant at which clocks set so far from UTC show this; where a zone is named beside the
/// offset, its clocks must be set so.
fn shifted(
    text: &str,
    shown: DateTime,
    shift: Shift,
    zone: Option<&TimeZone>,
) -> Result<Timestamp, Misread> {
    let offset = match shift {
        Shift::Utc => jiff::tz::Offset::UTC,
        Shift::Wall(offset) => offset,
    };
    let stamp = offset
        .to_timestamp(shown)
        .map_err(|_| Misread::new(text, "the calendar ends in 9999", "an earlier instant"))?;
    match zone {
        Some(zone) if shift != Shift::Utc && zone.to_offset(stamp) != offset => {
            let real = ZonedDateTime::new(stamp, zone.clone());
            let why = format!("the zone's clocks show {} then", real.strftime("%Y-%m-%d %H:%M"));
            Err(Misread::new(text, why, "the offset or the zone"))
        }
        _ => Ok(stamp),
    }
}

const EXAMPLES: &str = "2026-11-25, tomorrow, fri 18:00 or +2h";
