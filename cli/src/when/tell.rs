//! Instants, durations, windows and dates, for people.

use jiff::{SpanRound, Unit, ZonedDateTime, civil::Date};
use keyward::{
    Seconds, Time,
    limits::MAX_EVERY_WEEKS,
    schedule::{Dates, Weekdays, Window},
};

use super::{Clock, day, window::A_DAY};

/// Tells an instant in the clock's zone, and whether that is today, yesterday or tomorrow:
/// `Tue 2026-11-24 10:00 [Europe/Berlin] (tomorrow)`.
pub(crate) fn tell_instant(time: Time, clock: &Clock) -> String {
    let near = clock.at(time).map_or("", |at| near(&at, &clock.now));
    format!("{}{near}", tell_moment(time, clock))
}

/// Tells an instant in the clock's zone: `Tue 2026-11-24 10:00 [Europe/Berlin]`.
///
/// The offset stands there too where the time comes twice or the zone has no name. Past the
/// calendar's end, in 9999, the Unix seconds stand alone: `@1099511627775`.
pub(crate) fn tell_moment(time: Time, clock: &Clock) -> String {
    let Some(at) = clock.at(time) else {
        return format!("@{}", time.0);
    };
    let seconds = if at.second() == 0 { "" } else { ":%S" };
    let zone = at.time_zone();
    let twice = zone.to_ambiguous_zoned_datetime(at.datetime()).is_ambiguous();
    let offset = if twice || zone.iana_name().is_none() { "%:z" } else { "" };
    let told = at.strftime(&format!("%a %Y-%m-%d %H:%M{seconds}{offset}")).to_string();
    let name = zone.iana_name().map_or(String::new(), |name| format!(" [{name}]"));
    format!("{told}{name}")
}

fn near(at: &ZonedDateTime, now: &ZonedDateTime) -> &'static str {
    match now.date().until(at.date()).map(|days| days.get_days()) {
        Ok(-1) => " (yesterday)",
        Ok(0) => " (today)",
        Ok(1) => " (tomorrow)",
        _ => "",
    }
}

/// Tells a duration in days of 24 hours, hours, minutes and seconds: `1 d 2 h`, `15 min`.
pub(crate) fn tell_duration(duration: Seconds) -> String {
    let days = SpanRound::new().largest(Unit::Day).days_are_24_hours();
    let span = jiff::Span::new().try_seconds(duration.0).and_then(|span| span.round(days));
    let Ok(span) = span else {
        return format!("{} s", duration.0);
    };
    let parts = [
        (i64::from(span.get_days()), "d"),
        (span.get_hours().into(), "h"),
        (span.get_minutes(), "min"),
        (span.get_seconds(), "s"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count != 0);
    let told: Vec<_> = parts.map(|(count, unit)| format!("{count} {unit}")).collect();
    if told.is_empty() { "0 s".into() } else { told.join(" ") }
}

/// Tells a window: `tue, thu 09:00-12:00`, `fri 22:00-06:00 next day`, `sat`,
/// `every 2 weeks tue 09:00-12:00 week of 2026-11-24`.
///
/// The week is named by the first day from today on, as the clock has it, on which the window
/// begins.
pub(crate) fn tell_window(window: &Window, clock: &Clock) -> String {
    told_window(window, clock.now.date()).unwrap_or_else(|| {
        let Window { days: Weekdays(days), start, length, every, phase } = window;
        format!(
            "no window (days {days}, start {start}, length {length}, every {every}, phase {phase})"
        )
    })
}

/// None for a window that no lock takes.
fn told_window(window: &Window, today: Date) -> Option<String> {
    let mut told = told_days(window.days)?;
    if (window.start, window.length) != (0, A_DAY) {
        told.push_str(&told_hours(window.start, window.length)?);
    }
    match (window.every, window.phase) {
        (1, 0) => Some(told),
        (every @ 2..=MAX_EVERY_WEEKS, phase) if phase < every => {
            let next = next_start(window, today)?;
            Some(format!("every {every} weeks {told} week of {next}"))
        }
        _ => None,
    }
}

/// Tells days by the name of all of them, or from each run of three or more the ends.
fn told_days(days: Weekdays) -> Option<String> {
    match days {
        Weekdays::ALL => return Some("daily".into()),
        Weekdays::WORKDAYS => return Some("weekdays".into()),
        Weekdays::WEEKEND => return Some("weekend".into()),
        Weekdays(0 | 128..) => return None,
        _ => {}
    }
    let named = (0_u8..).zip(day::WEEKDAYS);
    let named: Vec<_> = named.map(|(index, (name, ..))| (has(days, index), name)).collect();
    let runs = named.chunk_by(|(a, _), (b, _)| a == b).filter_map(|run| match run {
        [(false, _), ..] => None,
        [(_, first), _, .., (_, last)] if run.len() > 2 => Some(format!("{first}-{last}")),
        run => Some(run.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ")),
    });
    Some(runs.collect::<Vec<_>>().join(", "))
}

fn has(days: Weekdays, index: u8) -> bool {
    days.0 & Weekdays::day(index).0 != 0
}

fn told_hours(start: u16, length: u16) -> Option<String> {
    if start >= A_DAY || !(1..=A_DAY).contains(&length) {
        return None;
    }
    let end = start.checked_add(length)?;
    let (end, passes) = match end.checked_sub(A_DAY) {
        None | Some(0) => (end, ""),
        // The end alone says so, unless it is the start.
        Some(end) => (end, " next day"),
    };
    let hour =
        |minute: u16| format!("{:02}:{:02}", minute.wrapping_div(60), minute.wrapping_rem(60));
    Some(format!(" {}-{}{passes}", hour(start), hour(end)))
}

/// The first day from this one on, on which a window begins.
fn next_start(window: &Window, today: Date) -> Option<Date> {
    let mut days = today.series(jiff::Span::new().days(1)).take(MAX_PERIOD);
    days.find(|date| {
        let index = u8::try_from(date.weekday().to_monday_zero_offset());
        let week = day::week(*date).and_then(|week| week.checked_rem(window.every.into()));
        index.is_ok_and(|index| has(window.days, index)) && week == Some(window.phase.into())
    })
}

/// Tells dates: `2026-12-24`, `2026-12-24..2027-01-02`.
pub(crate) fn tell_dates(dates: &Dates) -> String {
    let first = u64::from(dates.first);
    let last = u64::from(dates.days).checked_sub(1).and_then(|more| first.checked_add(more));
    match (day::after_epoch(first), last.and_then(day::after_epoch)) {
        (Some(first), Some(last)) if first == last => first.to_string(),
        (Some(first), Some(last)) => format!("{first}..{last}"),
        _ => format!("{} days from day {first} after 1970-01-01", dates.days),
    }
}

/// Days after which each window begins anew: those of [`MAX_EVERY_WEEKS`].
const MAX_PERIOD: usize = 7 * 52;
