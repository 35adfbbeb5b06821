//! Days: words, weekdays and dates.

use std::str::FromStr;

use jiff::{
    Unit,
    civil::{Date, Weekday, date},
};

use super::misread::Misread;

/// The weekdays, Monday first: what the grammar calls them, and in full.
pub(super) const WEEKDAYS: [(&str, &str, Weekday); 7] = [
    ("mon", "monday", Weekday::Monday),
    ("tue", "tuesday", Weekday::Tuesday),
    ("wed", "wednesday", Weekday::Wednesday),
    ("thu", "thursday", Weekday::Thursday),
    ("fri", "friday", Weekday::Friday),
    ("sat", "saturday", Weekday::Saturday),
    ("sun", "sunday", Weekday::Sunday),
];

/// Reads a day: a word, a weekday, a date, or a date behind its weekday.
///
/// The examples are for whoever wrote no day at all.
pub(super) fn read(text: &str, today: Date, examples: &'static str) -> Result<Date, Misread> {
    match text {
        "today" => Ok(today),
        "tomorrow" => today.tomorrow().map_err(|_| outside(text)),
        "yesterday" => today.yesterday().map_err(|_| outside(text)),
        _ => match (weekday(text), text.split_once(' ')) {
            (Some(weekday), _) => next(text, weekday, today),
            (None, Some((name, date))) => named(text, name, date, examples),
            (None, None) => iso(text, examples),
        },
    }
}

/// Reads a date as ISO 8601 writes it, and no other way.
pub(super) fn iso(text: &str, examples: &'static str) -> Result<Date, Misread> {
    let mut parts = text.split('-');
    let mut part = || parts.next().unwrap_or("");
    let (year, month, day) = (digits(part(), 4, 4), digits(part(), 2, 2), digits(part(), 2, 2));
    let (Some(year), Some(month), Some(day), None) = (year, month, day, parts.next()) else {
        return Err(Misread::new(text, "not a day I know", examples));
    };
    Date::new(year, month, day)
        .map_err(|_| Misread::new(text, "the calendar has no such date", examples))
}

/// Reads the name of a weekday.
pub(super) fn weekday(text: &str) -> Option<Weekday> {
    let mut names = WEEKDAYS.iter();
    names.find(|(short, full, _)| [short, full].contains(&&text)).map(|(.., weekday)| *weekday)
}

/// Days since 1970-01-01, none before.
pub(super) fn since_epoch(date: Date) -> Option<u32> {
    u32::try_from(EPOCH.until(date).ok()?.get_days()).ok()
}

/// The date so many days after 1970-01-01, none past the calendar's end.
pub(super) fn after_epoch(days: u64) -> Option<Date> {
    let days = jiff::Span::new().try_days(i64::try_from(days).ok()?).ok()?;
    EPOCH.checked_add(days).ok()
}

/// Weeks since that of Monday 1969-12-29, as schedules number them (SPEC.md section 7.8), none
/// before.
pub(super) fn week(date: Date) -> Option<u32> {
    if date < WEEK_ZERO {
        return None;
    }
    u32::try_from(WEEK_ZERO.until((Unit::Week, date)).ok()?.get_weeks()).ok()
}

/// A number of at least and at most so many digits.
pub(super) fn digits<N: FromStr>(text: &str, least: usize, most: usize) -> Option<N> {
    let fits = (least..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

/// The next such weekday; on that weekday itself nobody knows whether today is meant.
fn next(text: &str, weekday: Weekday, today: Date) -> Result<Date, Misread> {
    let next = today.nth_weekday(1, weekday).map_err(|_| outside(text))?;
    if today.weekday() == weekday {
        let why = format!("that is today, and again on {next}");
        return Err(Misread::new(text, why, "today, or that date"));
    }
    Ok(next)
}

/// A date that must be the weekday before it.
fn named(text: &str, name: &str, date: &str, examples: &'static str) -> Result<Date, Misread> {
    let Some(weekday) = weekday(name) else {
        return Err(Misread::new(text, "not a day I know", examples));
    };
    let date = iso(date, examples)?;
    if date.weekday() == weekday {
        return Ok(date);
    }
    let real =
        WEEKDAYS.iter().find(|(.., day)| *day == date.weekday()).map_or("", |(short, ..)| short);
    Err(Misread::new(text, format!("that date is a {real}"), "one or the other"))
}

fn outside(text: &str) -> Misread {
    Misread::new(text, "the calendar ends in 9999", "an earlier day")
}

const EPOCH: Date = date(1970, 1, 1);

/// The Monday of week 0.
const WEEK_ZERO: Date = date(1969, 12, 29);
