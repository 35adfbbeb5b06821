//! Offset tables for locks, filled from IANA's data by `jiff`.

use jiff::{Timestamp, tz::TimeZone};
use keyward::{Time, zone::Transition};

/// The offsets of an IANA zone in `[from, to)`: the one in force at `from`, then each transition.
pub fn transitions(zone: &str, from: Time, to: Time) -> Vec<Transition> {
    let zone = TimeZone::get(zone).unwrap();
    let start = Timestamp::from_second(from.0.try_into().unwrap()).unwrap();
    let minutes = |seconds: i32| i16::try_from(seconds / 60).unwrap();
    let first = Transition { at: from, offset: minutes(zone.to_offset(start).seconds()) };
    let later = zone.following(start).map(|step| Transition {
        at: Time(step.timestamp().as_second().try_into().unwrap()),
        offset: minutes(step.offset().seconds()),
    });
    std::iter::once(first).chain(later.take_while(|step| step.at < to)).collect()
}
