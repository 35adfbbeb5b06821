//! What is told can be read, and means the same.

use jiff::{ZonedDateTime, tz::Offset};
use keyward::{
    Seconds, Time,
    schedule::{Dates, Weekdays, Window},
};
use proptest::prelude::*;

use super::{super::*, berlin, clocks, stamp};

/// What is told of an instant without the word in brackets.
fn told(time: Time, clock: &Clock) -> String {
    let told = tell_instant(time, clock);
    told.split_once(" (").map_or(told.clone(), |(told, _)| told.into())
}

/// Any window that a lock takes.
fn windows() -> impl Strategy<Value = Window> {
    let fields = (1..128_u8, 0..1440_u16, 1..=1440_u16, 1..=52_u8, any::<u8>());
    fields.prop_map(|(days, start, length, every, phase)| Window {
        days: Weekdays(days),
        start,
        length,
        every,
        phase: phase % every,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn an_instant(clock in clocks(), time in 0..=300_000_000_000_u64) {
        let told = told(Time(time), &clock);
        prop_assert_eq!(instant(&told, &clock), Ok(Time(time)), "{}", told);
    }

    #[test]
    fn an_instant_where_the_zone_has_no_name(offset in -1439..1440, time in any::<u32>()) {
        let zone = Offset::from_seconds(offset * 60).unwrap().to_time_zone();
        let clock = Clock { now: ZonedDateTime::new(stamp(0), zone) };
        let (time, utc) = (Time(time.into()), berlin("2000-01-01T00:00"));
        prop_assert_eq!(instant(&told(time, &clock), &utc), Ok(time));
    }

    #[test]
    fn a_duration(any in 1..=u32::MAX, few in 1..1_000_000_u32) {
        for seconds in [Seconds(any), Seconds(few), Seconds::minutes(few)] {
            prop_assert_eq!(duration(&tell_duration(seconds)), Ok(seconds));
        }
    }

    #[test]
    fn a_window(window in windows(), clock in clocks()) {
        prop_assert_eq!(every(&tell_window(&window, &clock)), Ok(window));
    }

    #[test]
    fn a_windows_week_is_that_of_its_next_start(window in windows(), clock in clocks()) {
        let told = tell_window(&window, &clock);
        let Some((_, next)) = told.split_once(" week of ") else {
            prop_assert_eq!(window.every, 1);
            return Ok(());
        };
        let (next, today) = (except(next, &clock).unwrap(), except("today", &clock).unwrap());
        // SPEC.md section 7.8, as it stands there.
        let on = |day: u32| {
            window.days.0 >> ((day + 3) % 7) & 1 == 1
                && (day + 3) / 7 % u32::from(window.every) == u32::from(window.phase)
        };
        let mut days = today.first..=today.first + 7 * 52;
        prop_assert_eq!(days.find(|day| on(*day)), Some(next.first));
    }

    #[test]
    fn dates(first in 0..2_900_000_u32, days in 1..=366_u16, clock in clocks()) {
        let dates = Dates { first, days };
        prop_assert_eq!(except(&tell_dates(&dates), &clock), Ok(dates));
    }

    #[test]
    fn values_that_no_lock_takes_are_told_too(
        first in any::<u32>(), days in any::<u16>(), bits in any::<u8>(), start in any::<u16>(),
        every in any::<u8>(), phase in any::<u8>(), time in any::<u64>(), clock in clocks(),
    ) {
        let window = Window { days: Weekdays(bits), start, length: days, every, phase };
        let dates = Dates { first, days };
        prop_assert!(!tell_dates(&dates).is_empty());
        prop_assert!(!tell_window(&window, &clock).is_empty());
        prop_assert!(!tell_instant(Time(time), &clock).is_empty());
        prop_assert!(!tell_duration(Seconds(first)).is_empty());
    }
}

#[test]
fn each_form_once() {
    let clock = berlin("2026-11-23T12:00");
    let window =
        |days, start, length| tell_window(&Window::weekly(Weekdays(days), start, length), &clock);
    assert_eq!(window(0b000_0111, 0, 1440), "mon-wed");
    assert_eq!(window(0b101_1011, 0, 1439), "mon, tue, thu, fri, sun 00:00-23:59");
    assert_eq!(window(0b111_0001, 600, 1440), "mon, fri-sun 10:00-10:00 next day");
    assert_eq!(window(0b110_0000, 720, 720), "weekend 12:00-24:00");
    let none = "no window (days 0, start 0, length 1, every 1, phase 0)";
    assert_eq!(window(0, 0, 1), none);
    // The farthest that a start can be: yesterday was one.
    let (text, tuesday) = ("every 52 weeks mon week of 2026-11-23", berlin("2026-11-24T12:00"));
    let told = tell_window(&every(text).unwrap(), &tuesday);
    assert_eq!(told, "every 52 weeks mon week of 2027-11-22");
    assert_eq!(tell_duration(Seconds(0)), "0 s");
    assert_eq!(tell_duration(Seconds(90_061)), "1 d 1 h 1 min 1 s");
    assert_eq!(tell_dates(&Dates { first: 0, days: 2 }), "1970-01-01..1970-01-02");
    assert_eq!(tell_dates(&Dates { first: 9, days: 0 }), "0 days from day 9 after 1970-01-01");
    assert_eq!(tell_instant(Time((1 << 40) - 1), &clock), "@1099511627775");
    let yesterday = instant("yesterday 08:00:05", &clock).unwrap();
    assert_eq!(
        tell_instant(yesterday, &clock),
        "Sun 2026-11-22 08:00:05 [Europe/Berlin] (yesterday)"
    );
}
