//! Against `jiff`'s own readers and arithmetic, and against SPEC.md's numbers.

use jiff::{Span, SpanRelativeTo, ZonedDateTime, civil::Weekday};
use keyward::schedule::{Dates, Weekdays, Window};
use proptest::prelude::*;

use super::{super::*, YEAR_2100, clocks, stamp, time};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn an_instant_is_read_as_jiff_prints_it(clock in clocks(), second in 0..YEAR_2100) {
        let zoned = ZonedDateTime::new(stamp(second), clock.now.time_zone().clone());
        let meant = Ok(time(stamp(second)));
        // It rounds offsets that have seconds to the minute.
        if zoned.offset().seconds() % 60 == 0 {
            prop_assert_eq!(instant(&zoned.to_string(), &clock), meant.clone());
        }
        prop_assert_eq!(instant(&zoned.timestamp().to_string(), &clock), meant);
    }

    /// Around a change of the clocks, if one comes.
    #[test]
    fn what_clocks_show_is_when_jiff_says_or_both_instants_are_named(
        clock in clocks(), second in 0..YEAR_2100, shift in -7200..7200_i64,
    ) {
        let zone = clock.now.time_zone();
        let change = zone.following(stamp(second)).next().map(|step| step.timestamp());
        let near = zone.to_datetime(change.unwrap_or(stamp(second)));
        let shown = near.checked_add(Span::new().seconds(shift)).unwrap();
        let read = instant(&shown.strftime("%Y-%m-%d %H:%M:%S").to_string(), &clock);
        let ambiguous = zone.to_ambiguous_timestamp(shown);
        if let Ok(only) = ambiguous.unambiguous() {
            prop_assert_eq!(read, Ok(time(only)));
        } else {
            let why = read.unwrap_err().why;
            let words = why.split(' ').filter(|word| word.starts_with(['1', '2']));
            let mut named: Vec<_> = words.map(|word| instant(word, &clock).unwrap()).collect();
            named.sort();
            let earlier = time(ambiguous.earlier().unwrap());
            prop_assert_eq!(named, [earlier, time(ambiguous.later().unwrap())], "{}", why);
        }
    }

    #[test]
    fn a_lapse_ends_when_jiff_says(
        clock in clocks(), (y, months, w, d) in (0..20_i64, 0..30_i64, 0..9_i64, 0..40_i64),
        (h, min, s) in (0..50_i64, 0..90_i64, 1..90_i64),
    ) {
        let span = Span::new().years(y).months(months).weeks(w).days(d);
        let span = span.hours(h).minutes(min).seconds(s);
        let meant = time(clock.now.checked_add(span).unwrap().timestamp());
        let text = format!("{y}y {months}months {w}w {d}d {h}h {min}min {s}s");
        match instant(&format!("+{text}"), &clock) {
            Ok(time) => prop_assert_eq!(time, meant),
            Err(misread) => prop_assert!(misread.why.contains("where the clocks change")),
        }
        // And counted from a start that isn't now.
        let start = format!("@{}", clock.now.timestamp().as_second());
        let later = Clock { now: clock.now.tomorrow().unwrap() };
        if let Ok(span) = valid(Some(&start), None, Some(&text), &later) {
            prop_assert_eq!(span.until(), meant);
        }
    }

    #[test]
    fn a_duration_is_as_long_as_jiff_says(
        (w, d) in (0..99_i64, 0..99_i64), (h, min, s) in (0..99_i64, 0..99_i64, 1..99_i64),
    ) {
        let span: Span = format!("{w}w{d}d{h}h{min}m{s}s").parse().unwrap();
        let meant = span.to_duration(SpanRelativeTo::days_are_24_hours()).unwrap();
        let read = duration(&format!("{w}w{d}d{h}h{min}min{s}s")).unwrap();
        prop_assert_eq!(i64::from(read.0), meant.as_secs());
    }

    #[test]
    fn a_weekday_is_the_next_one(clock in clocks(), index in 0..7_i8, full in any::<bool>()) {
        let weekday = Weekday::from_monday_zero_offset(index).unwrap();
        let ahead = i64::from(clock.now.weekday().until(weekday));
        let meant = clock.now.date().checked_add(Span::new().days(ahead)).unwrap();
        let name = meant.strftime(if full { "%A" } else { "%a" }).to_string();
        match except(&name, &clock) {
            Ok(dates) => prop_assert!(ahead > 0 && tell_dates(&dates) == meant.to_string()),
            Err(misread) => prop_assert!(ahead == 0 && misread.why.starts_with("that is today")),
        }
    }

    #[test]
    fn the_week_of_a_date_is_numbered_as_the_spec_says(day in 0..60_000_u32, n in 2..=52_u8) {
        let date = tell_dates(&Dates { first: day, days: 1 });
        let window = every(&format!("every {n} weeks daily week of {date}")).unwrap();
        prop_assert_eq!((day + 3) / 7 % u32::from(n), u32::from(window.phase));
    }
}

#[test]
fn windows_are_in_minutes_and_days_from_monday() {
    let weekly = |text, days, start, length| {
        assert_eq!(every(text), Ok(Window::weekly(Weekdays(days), start, length)), "{text}");
    };
    weekly("mon", 0b000_0001, 0, 1440);
    weekly("Tuesday, THU  09:00 - 12:00", 0b000_1010, 540, 180);
    weekly("mon-wed,sat 0:00-0:01", 0b010_0111, 0, 1);
    weekly("fri-mon 00:00-24:00", 0b111_0001, 0, 1440);
    weekly("weekdays 08:00-18:00", 0b001_1111, 480, 600);
    weekly("weekend,mon 12:00-24:00", 0b110_0001, 720, 720);
    weekly("daily 22:00-06:00", 0b111_1111, 1320, 480);
    weekly("sun 22:00-00:00", 0b100_0000, 1320, 120);
    weekly("sun 22:00-06:00 next day", 0b100_0000, 1320, 480);
    weekly("sun 09:00-09:00 next day", 0b100_0000, 540, 1440);
    let fortnight = Window { every: 2, phase: 1, ..Window::weekly(Weekdays(2), 540, 180) };
    // Any day from Monday to Sunday of that week.
    for date in ["2026-11-23", "2026-11-24", "2026-11-29", "2026-12-07"] {
        let text = format!("every 2 weeks tue 09:00-12:00 week of {date}");
        assert_eq!(every(&text), Ok(fortnight), "{text}");
    }
}
