//! Lengths of time: `15min`, `1h30min`, `2 weeks`, `1year`.

use jiff::{Span, SpanRelativeTo, ZonedDateTime};
use keyward::Seconds;

use super::{misread::Misread, wall};

/// How long, in parts that only a start can make an instant of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lapse<'a> {
    text: &'a str,
    /// Years, months, weeks and days.
    calendar: Span,
    /// Hours, minutes and seconds.
    clock: Span,
}

/// Units, the greatest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    Years,
    Months,
    Weeks,
    Days,
    Hours,
    Minutes,
    Seconds,
}

impl Unit {
    const NAMES: [(Self, &[&str]); 7] = [
        (Self::Years, &["y", "year", "years"]),
        (Self::Months, &["month", "months"]),
        (Self::Weeks, &["w", "week", "weeks"]),
        (Self::Days, &["d", "day", "days"]),
        (Self::Hours, &["h", "hour", "hours"]),
        (Self::Minutes, &["min", "minute", "minutes"]),
        (Self::Seconds, &["s", "sec", "second", "seconds"]),
    ];

    fn named(name: &str) -> Result<Self, Misread> {
        let mut units = Self::NAMES.iter();
        match (name, units.find(|(_, names)| names.contains(&name))) {
            (_, Some((unit, _))) => Ok(*unit),
            ("m", None) => {
                Err(Misread::new(name, "it could mean minutes or months", "min or months"))
            }
            (_, None) => Err(Misread::new(name, "not a unit of time", EXAMPLE)),
        }
    }
}

/// Reads counts with their units, each unit once, the greater before the smaller.
pub(super) fn read(text: &str) -> Result<Lapse<'_>, Misread> {
    let mut lapse = Lapse { text, calendar: Span::new(), clock: Span::new() };
    let (mut rest, mut last) = (text, None);
    loop {
        let (count, after) = cut(rest, |c| c.is_ascii_digit());
        let (name, after) = cut(after.trim_start(), char::is_alphabetic);
        if count.is_empty() {
            return Err(Misread::new(rest, "a whole number is missing", EXAMPLE));
        }
        if name.is_empty() {
            return Err(Misread::new(count, "a number without its unit", EXAMPLE));
        }
        let unit = Unit::named(name)?;
        if last.replace(unit).is_some_and(|last| unit <= last) {
            return Err(Misread::new(text, "units go from great to small", EXAMPLE));
        }
        lapse.set(unit, count).ok_or_else(|| Misread::new(text, "too long", EXAMPLE))?;
        rest = after.trim_start();
        if rest.is_empty() {
            break;
        }
    }
    if lapse.calendar.is_zero() && lapse.clock.is_zero() {
        return Err(Misread::new(text, "that is no time at all", EXAMPLE));
    }
    Ok(lapse)
}

impl Lapse<'_> {
    fn set(&mut self, unit: Unit, count: &str) -> Option<()> {
        let count = count.parse::<i64>().ok()?;
        let (calendar, clock) = (&mut self.calendar, &mut self.clock);
        match unit {
            Unit::Years => *calendar = calendar.try_years(count).ok()?,
            Unit::Months => *calendar = calendar.try_months(count).ok()?,
            Unit::Weeks => *calendar = calendar.try_weeks(count).ok()?,
            Unit::Days => *calendar = calendar.try_days(count).ok()?,
            Unit::Hours => *clock = clock.try_hours(count).ok()?,
            Unit::Minutes => *clock = clock.try_minutes(count).ok()?,
            Unit::Seconds => *clock = clock.try_seconds(count).ok()?,
        }
        Some(())
    }

    /// The instant so long after a start: first by the calendar to the same time of another day,
    /// then by the clock.
    pub(super) fn after(&self, start: &ZonedDateTime) -> Result<ZonedDateTime, Misread> {
        let outside = |_| Misread::new(self.text, "the calendar ends in 9999", "a shorter time");
        // By the clock alone, a start that comes twice stays the one it is.
        if self.calendar.is_zero() {
            return start.checked_add(self.clock).map_err(outside);
        }
        let shown = start.datetime().checked_add(self.calendar).map_err(outside)?;
        let day = wall::only(start.time_zone(), shown)?;
        day.checked_add(self.clock).map_err(outside)
    }

    /// The length in seconds, where it has one by itself.
    pub(super) fn seconds(&self) -> Result<Seconds, Misread> {
        if self.calendar.get_years() != 0 || self.calendar.get_months() != 0 {
            let why = "months and years vary in length";
            return Err(Misread::new(self.text, why, "30d or 365d"));
        }
        let fixed = |span: Span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok();
        let length =
            fixed(self.calendar).zip(fixed(self.clock)).and_then(|(a, b)| a.checked_add(b));
        let seconds = length.and_then(|length| u32::try_from(length.as_secs()).ok());
        seconds.map(Seconds).ok_or_else(|| {
            Misread::new(self.text, "longer than 4294967295 s, some 136 years", "a shorter time")
        })
    }
}

/// The longest start whose characters all pass, and the rest.
fn cut(text: &str, pass: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !pass(c)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

const EXAMPLE: &str = "15min, 1h30min or 7d";
