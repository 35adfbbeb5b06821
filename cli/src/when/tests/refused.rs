//! Each refusal by its reason.

use keyward::{
    Seconds, Time, Valid,
    limits::MAX_TIME,
    schedule::{Dates, Weekdays, Window},
};

use super::{super::*, berlin, clock};

/// Asserts the reason, or its start, for each text.
fn refuses<T: std::fmt::Debug>(
    reader: impl Fn(&str) -> Result<T, Misread>,
    cases: &[(&str, &str)],
) {
    for (text, why) in cases {
        let misread = reader(text).expect_err(text);
        assert!(misread.why.starts_with(why), "{text}: {misread}");
        let (first, whole) = (misread.what.split(" in ").next().unwrap(), misread.to_string());
        assert!(first != "\"\"" || text.is_empty(), "{text}: names nothing: {whole}");
        assert!(!whole.contains('\n') && !whole.contains("?;"), "{whole}");
    }
}

#[test]
fn instants_are_refused() {
    let clock = berlin("2026-11-23T12:00");
    refuses(
        |text| instant(text, &clock),
        &[
            ("", "not a day I know"),
            ("tomorow", "not a day I know"),
            ("2h", "not a day I know"),
            ("26-12-24", "not a day I know"),
            ("2026-1-02", "not a day I know"),
            ("2026-01-2", "not a day I know"),
            ("2026-12-24-25", "not a day I know"),
            ("+2026-12-24", "a number without its unit"),
            ("20261224", "not a day I know"),
            ("2026-12-24T", "not a day I know"),
            ("2026-12-24Z", "not a day I know"),
            ("foo 2026-12-24", "not a day I know"),
            ("tomorrow fri", "not a day I know"),
            ("2026-12-24 fri", "not a day I know"),
            ("2026-13-01", "the calendar has no such date"),
            ("2026-11-31 09:00", "the calendar has no such date"),
            ("fri 2026-11-24", "that date is a tue"),
            ("monday 09:00", "that is today, and again on 2026-11-30"),
            ("09:00", "no day before the time"),
            ("fri09:00", "no day before the time"),
            ("tomorrowT09:00", "not a day I know"),
            ("tue 2026-11-24T09:00", "not a day I know"),
            ("2026-12-24 9", "not a day I know"),
            ("2026-12-24 +01:00", "not a time of day"),
            ("2026-12-24 009:00", "not a time of day"),
            ("2026-12-24 9:0", "not a time of day"),
            ("2026-12-24 09:00:0", "not a time of day"),
            ("2026-12-24 09:00:00.5", "not a time of day"),
            ("2026-12-24 09:00:00:00", "not a time of day"),
            ("2026-12-24 9:00 pm", "not a time of day"),
            ("2026-12-24 09:60", "a day goes from 00:00 to 23:59:59"),
            ("2026-12-24 24:00", "a day goes from 00:00 to 23:59:59"),
            ("2026-12-24 23:59:60", "a day goes from 00:00 to 23:59:59"),
            ("2026-12-24 09:00+1:00", "not an offset from UTC"),
            ("2026-12-24 09:00+0100", "not an offset from UTC"),
            ("2026-12-24 09:00+24:00", "not an offset from UTC"),
            ("2026-12-24 09:00+01:00Z", "not an offset from UTC"),
            ("2026-12-24 09:00zulu", "not an offset from UTC"),
            ("fri 09:00Z", "an offset goes with a date"),
            ("2026-12-24 09:00 [Berlin]", "not a time zone I know"),
            ("2026-12-24 09:00 []", "not a time zone I know"),
            ("2026-12-24 [UTC] 09:00", "not a day I know"),
            ("[UTC]", "not a day I know"),
            ("2026-12-24 09:00+02:00 [Europe/Berlin]", "the zone's clocks show 2026-12-24 08:00"),
            ("1969-12-31", "time begins in 1970"),
            ("0000-01-01", "time begins in 1970"),
            ("1970-01-01", "time begins in 1970"),
            ("1970-01-01T00:59:59+01:00", "time begins in 1970"),
            ("9999-12-31 23:00-20:00", "the calendar ends in 9999"),
            ("+8000y", "the calendar ends in 9999"),
            ("+87660000h", "the calendar ends in 9999"),
            ("now 09:00", "not a day I know"),
            ("in", "not a day I know"),
            ("+", "a whole number is missing"),
            ("+0s", "that is no time at all"),
            ("+-2h", "a whole number is missing"),
            ("-2h", "not a day I know"),
            ("@", "not Unix seconds"),
            ("@-1", "not Unix seconds"),
            ("@+1", "not Unix seconds"),
            ("@1.5", "not Unix seconds"),
            ("@99999999999999999999", "not Unix seconds"),
        ],
    );
}

#[test]
fn durations_are_refused() {
    refuses(
        duration,
        &[
            ("", "a whole number is missing"),
            ("min", "a whole number is missing"),
            ("15", "a number without its unit"),
            ("2h30", "a number without its unit"),
            ("1.5h", "a number without its unit"),
            ("1h,30min", "a whole number is missing"),
            ("5m", "it could mean minutes or months"),
            ("5fortnights", "not a unit of time"),
            ("30min1h", "units go from great to small"),
            ("1h1h", "units go from great to small"),
            ("0s", "that is no time at all"),
            ("0d0h", "that is no time at all"),
            ("1month", "months and years vary in length"),
            ("1y", "months and years vary in length"),
            ("4294967296s", "longer than 4294967295 s"),
            ("50000d", "longer than 4294967295 s"),
            ("99999999999999999999s", "too long"),
            ("9999999999999999s", "too long"),
            ("٣h", "a whole number is missing"),
        ],
    );
}

#[test]
fn windows_are_refused() {
    refuses(
        every,
        &[
            ("", "no days before the hours"),
            ("09:00-12:00", "no days before the hours"),
            ("tue09:00-12:00", "no days before the hours"),
            ("tues", "not a day of the week"),
            ("tue,", "not a day of the week"),
            ("tue thu", "not a day of the week"),
            ("mon-", "not a day of the week"),
            ("mon-wed-fri", "not a day of the week"),
            ("tue,tue", "a day comes twice"),
            ("weekdays,tue", "a day comes twice"),
            ("mon-mon", "it could mean one day or all seven"),
            ("tue 09:00", "no two times"),
            ("tue 09:00–12:00", "no two times"),
            ("tue 9-12", "not a time of day"),
            ("tue 09:00-12:00-15:00", "not a time of day"),
            ("tue 09:00-12:00,14:00-15:00", "not a time of day"),
            ("tue 09:00-12:00 wed", "not a time of day"),
            ("tue 24:00-01:00", "a day goes from 00:00 to 23:59:59"),
            ("tue 09:00-24:01", "a day goes from 00:00 to 23:59:59"),
            ("tue 09:00:30-12:00", "windows go by whole minutes"),
            ("tue 09:00-09:00", "no time at all, or 24 hours"),
            ("tue 09:00-09:01 next day", "a window lasts at most 24 hours"),
            ("tue 00:00-24:00 next day", "a window lasts at most 24 hours"),
            ("tue next day", "not a day of the week"),
            ("every tue", "it doesn't say every how many weeks"),
            ("every 1 weeks tue week of 2026-11-24", "it must be 2 to 52 weeks"),
            ("every 53 weeks tue week of 2026-11-24", "it must be 2 to 52 weeks"),
            ("every +2 weeks tue week of 2026-11-24", "it must be 2 to 52 weeks"),
            ("every 2 weeks tue", "it doesn't say in which of the weeks"),
            ("every 2 weeks tue week of nov", "not a day I know"),
            ("every 2 weeks tue week of 1969-12-28", "schedules begin in 1970"),
            ("every 2 weeks tue from 2026-11-24", "it doesn't say in which of the weeks"),
            ("every 2 weeks week of 2026-11-24", "it doesn't say in which of the weeks"),
            ("tue week of 2026-11-24", "each week has no first"),
        ],
    );
}

#[test]
fn excepted_dates_are_refused() {
    let clock = berlin("2026-11-23T12:00");
    refuses(
        |text| except(text, &clock),
        &[
            ("", "not a day I know"),
            ("christmas", "not a day I know"),
            ("1969-12-31", "dates begin in 1970"),
            ("2026-12-24..", "not a day I know"),
            ("2026-12-24...2026-12-25", "not a day I know"),
            ("2026-12-24-2027-01-02", "not a day I know"),
            ("2026-12-24 09:00", "not a day I know"),
            ("2027-01-02..2026-12-24", "it ends before it begins"),
            ("2027-01-01..2028-01-02", "one range has at most 366 days"),
            ("1970-01-01..9999-12-31", "one range has at most 366 days"),
        ],
    );
}

#[test]
fn spans_are_refused() {
    let clock = berlin("2026-11-23T12:00");
    let span = |from, until, lasts| valid(from, until, lasts, &clock).unwrap_err().to_string();
    let cases = [
        (span(None, None, None), "the span: it has no end; write either --until fri"),
        (span(None, Some("fri"), Some("2h")), "the span: it has two ends; write either"),
        (span(Some("fry"), Some("fri"), None), "--from \"fry\": not a day I know; write"),
        (span(None, Some("Fry"), None), "--until \"Fry\": not a day I know; write"),
        (span(None, None, Some("2 hs")), "--for \"hs\" in \"2 hs\": not a unit of time; write"),
        (span(None, Some("now"), None), "--until \"now\": that is Mon 2026-11-23 12:00"),
        (span(Some("fri 09:00"), Some("fri 08:00"), None), "--until \"fri 08:00\": that is Fri"),
        (span(None, Some("2200-01-01"), None), "--until \"2200-01-01\": over 4294967295 s"),
        (span(None, None, Some("137y")), "--for \"137y\": over 4294967295 s"),
        (span(Some("@999999999999"), None, Some("1s")), "--for \"1s\": the calendar ends before"),
        (span(Some("9999-01-01"), Some("9999-12-31"), None), "--until \"9999-12-31\": the calend"),
    ];
    for (told, start) in cases {
        assert!(told.starts_with(start), "{told}");
    }
}

#[test]
fn the_greatest_of_each_are_read() {
    let clock = berlin("2026-11-23T12:00");
    let last = Time(MAX_TIME);
    assert_eq!(instant("@1099511627775", &clock), Ok(last));
    assert_eq!(instant("@0", &clock), Ok(Time(0)));
    assert_eq!(instant("1970-01-01T01:00", &clock), Ok(Time(0)));
    assert_eq!(duration("4294967295s"), Ok(Seconds(u32::MAX)));
    let span = valid(Some("@1095216660480"), Some("@1099511627775"), None, &clock);
    assert_eq!(span, Ok(Valid { from: Time(MAX_TIME - 0xffff_ffff), lasts: Seconds(u32::MAX) }));
    assert_eq!(except("2028-01-01..2028-12-31", &clock), Ok(Dates { first: 21_184, days: 366 }));
    let first = "every 52 weeks daily week of 1969-12-29";
    assert_eq!(every(first).unwrap().phase, 0);
    // West of Greenwich 1970 begins in 1969.
    assert_eq!(instant("1969-12-31 19:00 [America/New_York]", &clock), Ok(Time(0)));
    let window = Window { every: 52, phase: 51, ..Window::weekly(Weekdays::ALL, 1439, 1440) };
    let text = "every 52 weeks daily 23:59-23:59 next day week of 1970-12-27";
    assert_eq!(every(text), Ok(window));
}

#[test]
fn half_a_second_before_1970_is_before_1970() {
    let now = jiff::Timestamp::new(0, -500_000_000).unwrap();
    let clock = Clock { now: ZonedDateTime::new(now, jiff::tz::TimeZone::UTC) };
    assert_eq!(instant("now", &clock).unwrap_err().why, "time begins in 1970");
    assert!(instant("+1s", &clock).is_ok());
}

#[test]
fn spaces_and_case_do_not_matter() {
    let clock = berlin("2026-11-23T12:00");
    let same =
        |one, other| assert_eq!(instant(one, &clock).unwrap(), instant(other, &clock).unwrap());
    same(" FRI\t18:00 ", "fri 18:00");
    same("Thu  2026-12-24\u{a0} 9:00  +01:00", "2026-12-24T09:00+01:00");
    same("2026-12-24t09:00z [europe/berlin]", "2026-12-24T09:00Z");
    same("IN  1H  30 Min", "+1h30min");
    same("+ 2h", "+2h");
    let window = every("every  2 weeks\ttue week  of 2026-11-24").unwrap();
    assert_eq!(every("every 2 weeks tue week of 2026-11-24"), Ok(window));
    assert_eq!(except("today  ..  fri", &clock), except("today..fri", &clock));
}

#[test]
fn years_and_months_end_on_the_last_day_of_a_shorter_month() {
    let clock = berlin("2028-02-29T12:00");
    assert_eq!(instant("+1y", &clock), instant("2029-02-28 12:00", &clock));
    assert_eq!(instant("in 1y 1d", &clock), instant("2029-03-01 12:00", &clock));
    let span = valid(Some("2027-01-31"), None, Some("1 month"), &clock).unwrap();
    assert_eq!(Ok(span.until()), instant("2027-02-28", &clock));
}

#[test]
fn words_are_days_of_the_zone_that_is_named() {
    let late = clock("2026-11-23T23:30", "Europe/Berlin");
    let tokyo = instant("today 09:00 [Asia/Tokyo]", &late);
    assert_eq!(tokyo, instant("2026-11-24T09:00+09:00", &late));
    // There it is Tuesday already.
    assert!(instant("mon [Asia/Tokyo]", &late).is_ok());
    assert_eq!(instant("tue [Asia/Tokyo]", &late).unwrap_err().example, "today, or that date");
}
