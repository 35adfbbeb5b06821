//! The rules that hold over all readers; what each of them refuses stands in a table.

mod agrees;
mod any_text;
mod refused;
mod told;
mod zones;

use jiff::{Timestamp, ZonedDateTime, civil::DateTime, tz::TimeZone};
use keyward::Time;
use proptest::prelude::*;

use super::Clock;

/// A clock in Berlin that shows this.
pub(super) fn berlin(shown: &str) -> Clock {
    clock(shown, "Europe/Berlin")
}

fn clock(shown: &str, zone: &str) -> Clock {
    Clock { now: shown.parse::<DateTime>().unwrap().in_tz(zone).unwrap() }
}

/// Clocks from 1970 to 2100, in zones with all manner of changes.
fn clocks() -> impl Strategy<Value = Clock> {
    (0..ZONES.len(), 0..YEAR_2100).prop_map(|(zone, second)| {
        let zone = TimeZone::get(ZONES[zone]).unwrap();
        Clock { now: ZonedDateTime::new(stamp(second), zone) }
    })
}

fn stamp(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// An instant of `jiff`'s as one of keyward's.
fn time(stamp: Timestamp) -> Time {
    Time(stamp.as_second().try_into().unwrap())
}

const YEAR_2100: i64 = 4_102_444_800;

const ZONES: [&str; 8] = [
    "Africa/Cairo",
    "America/Havana",
    "America/St_Johns",
    "Antarctica/Troll",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Apia",
    "UTC",
];
