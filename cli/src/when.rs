//! Times as people write them, and as people read them.
//!
//! [`GRAMMAR`] is the whole language. Three rules hold throughout:
//!
//! - Nothing is guessed. What could mean two things is refused, and both are named.
//! - Zones, calendars and clock changes are `jiff`'s. Nothing here counts the days of a month.
//! - What is told can be read: the text of each `tell` function is in the grammar, but for the
//!   word in brackets behind an instant, and for values that no lock takes.
//!
//! | module | what it reads |
//! | --- | --- |
//! | `day` | `today`, `fri`, `2026-12-24` |
//! | `hour` | `09:00`, `+01:00` |
//! | `lapse` | `1h30min`, `1year` |
//! | `moment` | instants, from these |
//! | `span` | a start and an end |
//! | `window`, `dates` | what a schedule is made of |
//!
//! Each reader takes the text that it must account for to the last character, cuts it where a
//! separator stands, and hands the pieces on. Text is in lower case by then, with single spaces.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::string_slice
    )
)]
#![allow(clippy::trivially_copy_pass_by_ref)] // A reference says "not kept".

mod dates;
mod day;
mod grammar;
mod hour;
mod lapse;
mod misread;
mod moment;
mod span;
mod tell;
#[cfg(test)]
mod tests;
mod wall;
mod window;

use jiff::{Timestamp, ZonedDateTime};
use keyward::{
    Seconds, Time, Valid,
    schedule::{Dates, Window},
};

pub(crate) use grammar::GRAMMAR;
pub(crate) use misread::Misread;
pub(crate) use tell::{tell_dates, tell_duration, tell_instant, tell_moment, tell_window};

/// The present, and the zone in which people's words are read and told.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    /// Both of them.
    pub(crate) now: ZonedDateTime,
}

impl Clock {
    /// This clock, as it would be at another time.
    pub(crate) fn moved(&self, time: Time) -> Self {
        Self { now: self.at(time).unwrap_or_else(|| self.now.clone()) }
    }

    /// What this clock's zone calls an instant, or none past the calendar's end.
    fn at(&self, time: Time) -> Option<ZonedDateTime> {
        let stamp = Timestamp::from_second(i64::try_from(time.0).ok()?).ok()?;
        Some(ZonedDateTime::new(stamp, self.now.time_zone().clone()))
    }
}

/// Reads an instant; a day alone is its first second.
///
/// # Errors
/// A [`Misread`] for what isn't in the [`GRAMMAR`], an instant that doesn't exist, comes twice, or
/// lies outside 1970 to [`MAX_TIME`](keyward::limits::MAX_TIME).
pub(crate) fn instant(text: &str, clock: &Clock) -> Result<Time, Misread> {
    read(text, |text| moment::bound(text, clock, moment::Edge::Start))
}

/// Reads a duration; days have 24 hours, and months and years, whose length varies, are refused.
///
/// # Errors
/// A [`Misread`] for what isn't in the [`GRAMMAR`], for none at all, or over 2^32 - 1 seconds.
pub(crate) fn duration(text: &str) -> Result<Seconds, Misread> {
    read(text, |text| lapse::read(text)?.seconds())
}

/// Reads a span from `--from`, or else now, to `--until` or over `--for`, exactly one of them.
///
/// `--until` a day alone includes that day. `--for` goes by the calendar of the clock's zone.
///
/// # Errors
/// A [`Misread`] as of [`instant`] and [`duration`], which names the option; for an end that is
/// missing, given twice, not after the start, or over 2^32 - 1 seconds after it.
pub(crate) fn valid(
    from: Option<&str>,
    until: Option<&str>,
    lasts: Option<&str>,
    clock: &Clock,
) -> Result<Valid, Misread> {
    span::read(from, until, lasts, clock)
}

/// Reads a window of a schedule.
///
/// # Errors
/// A [`Misread`] for what isn't in the [`GRAMMAR`], or no lock would take.
pub(crate) fn every(text: &str) -> Result<Window, Misread> {
    read(text, window::read)
}

/// Reads dates on which no window counts: one, or the first and the last.
///
/// # Errors
/// A [`Misread`] for what isn't in the [`GRAMMAR`], or no lock would take.
pub(crate) fn except(text: &str, clock: &Clock) -> Result<Dates, Misread> {
    read(text, |text| dates::read(text, clock.now.date()))
}

/// Hands a reader the text in lower case with single spaces; a complaint of its names the text.
fn read<T>(text: &str, reader: impl Fn(&str) -> Result<T, Misread>) -> Result<T, Misread> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    reader(&text.to_ascii_lowercase()).map_err(|misread| misread.within(&text))
}
