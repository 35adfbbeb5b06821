//! Days and clock changes in every zone there is.

use jiff::{Span, Timestamp, ZonedDateTime, civil::Date, tz::TimeZone};

use super::{super::*, berlin, clock};

/// The days around each change of each zone's clocks from 1971 to 2037.
fn each_day_near_a_change(mut check: impl FnMut(&TimeZone, Date)) {
    let start = Timestamp::from_second(31_536_000).unwrap();
    let zones = jiff::tz::db().available().map(|name| TimeZone::get(name.as_str()).unwrap());
    for zone in zones {
        let steps = zone.following(start).take_while(|step| step.timestamp().as_second() < 1 << 31);
        for step in steps {
            let date = zone.to_datetime(step.timestamp()).date();
            let around = date.checked_sub(Span::new().days(2)).unwrap();
            around.series(Span::new().days(1)).take(4).for_each(|day| check(&zone, day));
        }
    }
}

#[test]
fn a_day_goes_from_the_first_second_that_shows_it_to_the_first_that_shows_the_next() {
    let mut days = 0;
    each_day_near_a_change(|zone, day| {
        let clock = Clock { now: ZonedDateTime::new(Timestamp::UNIX_EPOCH, zone.clone()) };
        let date = |second| clock.at(Time(second)).unwrap().date();
        let text = day.to_string();
        let Ok(Time(first)) = instant(&text, &clock) else {
            // A day that a zone skipped, as it crossed the date line.
            let noon = day.at(12, 0, 0, 0).to_zoned_datetime(zone.clone()).unwrap();
            assert_ne!(noon.date(), day, "{zone:?}");
            return;
        };
        assert!(date(first) == day && date(first - 1) < day, "{zone:?} {day}");
        let until = valid(Some(&text), Some(&text), None, &clock).unwrap().until().0;
        assert!(date(until) > day && date(until - 1) == day, "{zone:?} {day}");
        days += 1;
    });
    assert!(days > 100_000, "{days}");
}

#[test]
fn a_time_that_comes_twice_or_never_names_both_instants() {
    let clock = berlin("2026-10-20T12:00");
    let twice = instant("sun 02:30", &clock).unwrap_err();
    assert_eq!(twice.what, "\"2026-10-25 02:30\" in \"sun 02:30\"");
    assert_eq!(
        twice.why,
        "that comes twice in Europe/Berlin, where the clocks change: it could mean \
         2026-10-25T02:30+02:00 or 2026-10-25T02:30+01:00"
    );
    assert_eq!(
        instant("2027-03-28 02:30:15", &clock).unwrap_err().why,
        "that never comes in Europe/Berlin, where the clocks change: it could mean \
         2027-03-28T02:30:15+01:00 or 2027-03-28T02:30:15+02:00"
    );
    // Both edges of the hour that comes twice.
    assert!(instant("sun 01:59:59", &clock).is_ok() && instant("sun 03:00", &clock).is_ok());
    assert!(instant("sun 02:00", &clock).is_err() && instant("sun 02:59:59", &clock).is_err());
}

#[test]
fn a_lapse_by_the_calendar_keeps_the_time_of_day_and_one_by_the_clock_doesnt() {
    let clock = berlin("2026-10-24T12:00");
    assert_eq!(instant("+1d", &clock), instant("2026-10-25 12:00", &clock));
    assert_eq!(instant("+24h", &clock), instant("2026-10-25 11:00", &clock));
    let span = valid(None, None, Some("1w"), &clock).unwrap();
    assert_eq!(tell_duration(span.lasts), "7 d 1 h");
    // From the first of the two times that come twice, to the second of them and past it.
    let twice = Clock { now: berlin("2026-10-25T01:30").now + Span::new().hours(1) };
    assert_eq!(instant("+1h", &twice), instant("2026-10-25T02:30+01:00", &twice));
    let clock = berlin("2026-10-24T02:30");
    let misread = valid(None, None, Some("1d"), &clock).unwrap_err().to_string();
    assert!(
        misread.starts_with("--for \"2026-10-25 02:30\" in \"1d\": that comes twice"),
        "{misread}"
    );
}

#[test]
fn a_skipped_day_is_refused_and_the_one_before_it_ends_where_it_would_have_begun() {
    let apia = clock("2011-12-01T12:00", "Pacific/Apia");
    assert_eq!(instant("2011-12-30", &apia).unwrap_err().why, "Pacific/Apia skipped that day");
    let misread = valid(None, Some("2011-12-30"), None, &apia).unwrap_err();
    assert_eq!(misread.why, "Pacific/Apia skipped that day");
    let span = valid(None, Some("2011-12-29"), None, &apia).unwrap();
    assert_eq!(Ok(span.until()), instant("2011-12-31", &apia));
}

#[test]
fn a_day_that_begins_late_begins_when_it_does() {
    let clock = clock("2026-04-20T12:00", "Africa/Cairo");
    let first = instant("2026-04-24", &clock).unwrap();
    assert_eq!(tell_instant(first, &clock), "Fri 2026-04-24 01:00 [Africa/Cairo]");
}
