//! Windows of a schedule (SPEC.md section 7.8).

use keyward::{
    limits::MAX_EVERY_WEEKS,
    schedule::{Weekdays, Window},
};

use super::{
    day::{self, digits},
    hour,
    misread::Misread,
};

/// Reads a window: in which weeks, on which days, between which times.
pub(super) fn read(text: &str) -> Result<Window, Misread> {
    let (every, rest) = every(text)?;
    let (rest, example) = match rest.split_once(" week of ") {
        Some((rest, example)) => (rest, Some(example)),
        None => (rest, None),
    };
    let phase = match (every, example) {
        (1, None) => 0,
        (1, Some(_)) => return Err(Misread::new(text, "each week has no first", EVERY)),
        (_, None) => return Err(Misread::new(text, "it doesn't say in which of the weeks", EVERY)),
        (every, Some(example)) => phase(every, example)?,
    };
    let (days, hours) = match rest.find(|c: char| c.is_ascii_digit()) {
        Some(at) => rest.split_at_checked(at).unwrap_or((rest, "")),
        None => (rest, ""),
    };
    if days.is_empty() || !hours.is_empty() && !days.ends_with(' ') {
        return Err(Misread::new(text, "no days before the hours", "tue 09:00-12:00"));
    }
    let (start, length) = if hours.is_empty() { (0, A_DAY) } else { times(hours)? };
    Ok(Window { days: weekdays(days.trim_end())?, start, length, every, phase })
}

/// Reads `every 2 weeks`, or nothing for each week.
fn every(text: &str) -> Result<(u8, &str), Misread> {
    let Some(rest) = text.strip_prefix("every ") else {
        return Ok((1, text));
    };
    let Some((count, rest)) = rest.split_once(" weeks ") else {
        return Err(Misread::new(text, "it doesn't say every how many weeks", EVERY));
    };
    match digits(count, 1, 2) {
        Some(every @ 2..=MAX_EVERY_WEEKS) => Ok((every, rest)),
        _ => Err(Misread::new(count, "it must be 2 to 52 weeks", EVERY)),
    }
}

/// Which of so many weeks a date lies in.
fn phase(every: u8, example: &str) -> Result<u8, Misread> {
    let week = day::week(day::iso(example, EVERY)?);
    let phase = week.and_then(|week| week.checked_rem(every.into()));
    phase
        .and_then(|phase| u8::try_from(phase).ok())
        .ok_or_else(|| Misread::new(example, "schedules begin in 1970", EVERY))
}

/// Reads days with commas between them.
fn weekdays(text: &str) -> Result<Weekdays, Misread> {
    let mut days = Weekdays(0);
    for part in text.split(',').map(str::trim) {
        let more = some(part)?;
        if days.0 & more.0 != 0 {
            return Err(Misread::new(text, "a day comes twice", DAYS));
        }
        days.0 |= more.0;
    }
    Ok(days)
}

/// Reads one day, several with a name, or a range, which may pass Sunday.
fn some(text: &str) -> Result<Weekdays, Misread> {
    match text {
        "daily" => return Ok(Weekdays::ALL),
        "weekdays" => return Ok(Weekdays::WORKDAYS),
        "weekend" => return Ok(Weekdays::WEEKEND),
        _ => {}
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let ends = day::weekday(first.trim()).zip(day::weekday(last.trim()));
    let Some((first, last)) = ends else {
        return Err(Misread::new(text, "not a day of the week", DAYS));
    };
    if first == last && text.contains('-') {
        let why = "it could mean one day or all seven";
        return Err(Misread::new(text, why, "daily, or the day alone"));
    }
    let (mut days, mut day) = (bit(first), first);
    while day != last {
        day = day.next();
        days.0 |= bit(day).0;
    }
    Ok(days)
}

fn bit(day: jiff::civil::Weekday) -> Weekdays {
    Weekdays::day(u8::try_from(day.to_monday_zero_offset()).unwrap_or(u8::MAX))
}

/// Reads two times, the second at most a day after the first: start and length in minutes.
fn times(text: &str) -> Result<(u16, u16), Misread> {
    let misread = |why| Misread::new(text, why, "09:00-12:00 or 22:00-06:00");
    let (hours, passes) = match text.strip_suffix(" next day") {
        Some(hours) => (hours, true),
        None => (text, false),
    };
    let (start, end) =
        hours.split_once('-').ok_or_else(|| misread("no two times with - between"))?;
    let start = minute(start.trim())?;
    let end = if end.trim() == "24:00" { A_DAY } else { minute(end.trim())? };
    if start == end && !passes {
        return Err(misread("no time at all, or 24 hours with next day behind it"));
    }
    let end = if passes || end < start { end.saturating_add(A_DAY) } else { end };
    match end.saturating_sub(start) {
        length @ 1..=A_DAY => Ok((start, length)),
        _ => Err(misread("a window lasts at most 24 hours")),
    }
}

/// Reads a time of day in minutes since midnight.
fn minute(text: &str) -> Result<u16, Misread> {
    let time = hour::time(text)?;
    let since = time.duration_since(jiff::civil::Time::midnight());
    match u16::try_from(since.as_mins()) {
        Ok(minute) if time.second() == 0 => Ok(minute),
        _ => Err(Misread::new(text, "windows go by whole minutes", "09:00")),
    }
}

/// Minutes from one midnight to the next, as a clock on the wall shows them.
pub(super) const A_DAY: u16 = 1440;

const DAYS: &str = "tue, mon-fri, weekdays, weekend or daily";

const EVERY: &str = "tue 09:00-12:00, or every 2 weeks tue 09:00-12:00 week of 2026-11-24";
