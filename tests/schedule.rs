//! Local time and schedules against IANA's data, as an independent library reads it: every minute
//! of four years in fourteen zones.

use chacha20::ChaCha20Rng;
use jiff::{Timestamp, tz::TimeZone};
use keyward::{
    Caveats, Interval, Time,
    caveat::{Caveat, CaveatSet},
    schedule::{Dates, Schedule, Scheduled, Weekdays, Window},
    zone::{Transition, Zone, ZoneId},
};
use keyward_testkit::{random::Dice, scene::minute, zones};
use rand_core::SeedableRng;

const ZONES: [&str; 14] = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/New_York",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Europe/Berlin",
    "Pacific/Apia",
    "Pacific/Chatham",
];

/// 2024-01-01T00:00:00Z and 2028-01-01T00:00:00Z.
const FROM: Time = Time(1_704_067_200);
const TO: Time = Time(1_830_297_600);

/// What the schedules of this test are, in plain values.
struct Plan {
    windows: Vec<Window>,
    exceptions: Vec<Dates>,
}

/// Days since 1970-01-01 of a civil date.
fn day(year: i16, month: i8, day: i8) -> u32 {
    let date = jiff::civil::date(year, month, day);
    let epoch = jiff::civil::date(1970, 1, 1);
    u32::try_from(epoch.until(date).unwrap().get_days()).unwrap()
}

/// Which of 52 weeks a civil date lies in, counted from Monday 1969-12-29.
fn week(year: i16, month: i8, date: i8) -> u8 {
    u8::try_from((day(year, month, date) + 3) / 7 % 52).unwrap()
}

fn plans() -> Vec<Plan> {
    let weekly = Window::weekly;
    let fortnight = |days, phase| Window { every: 2, phase, ..weekly(days, 9 * 60, 180) };
    vec![
        // Through the hour that clock changes skip and repeat, around midnight and noon.
        Plan { windows: vec![weekly(Weekdays::day(6), 60, 150)], exceptions: vec![] },
        Plan {
            windows: vec![
                weekly(Weekdays::WORKDAYS, 22 * 60, 480),
                weekly(Weekdays::WEEKEND, 0, 1),
            ],
            exceptions: vec![
                Dates { first: day(2024, 2, 29), days: 1 },
                Dates { first: day(2024, 12, 24), days: 9 },
                Dates { first: day(2026, 12, 31), days: 2 },
            ],
        },
        Plan {
            windows: vec![fortnight(Weekdays::ALL, 0), weekly(Weekdays::day(0), 1439, 1440)],
            exceptions: vec![Dates { first: day(2025, 3, 30), days: 366 }],
        },
        // All week but for single minutes, and so an interval is within or not by one of them.
        Plan {
            windows: [0, 181, 362, 543, 724, 905, 1086, 1267]
                .map(|start| weekly(Weekdays::ALL, start, 180.min(1440 - start)))
                .to_vec(),
            exceptions: vec![],
        },
        // The 53rd week of 2026 lasts until Sunday 2027-01-03; one week in 52 drifts past it.
        Plan {
            windows: vec![
                Window { every: 52, phase: week(2026, 12, 28), ..weekly(Weekdays::ALL, 0, 1440) },
                Window {
                    every: 52,
                    phase: week(2024, 2, 26),
                    ..weekly(Weekdays::day(2), 1380, 120)
                },
                Window { every: 3, phase: 2, ..weekly(Weekdays::WEEKEND, 1439, 2) },
            ],
            exceptions: vec![Dates { first: day(2027, 1, 2), days: 1 }],
        },
    ]
}

/// A schedule as a lock decodes it.
fn encoded(plan: &Plan) -> Vec<u8> {
    let caveats = Caveats::narrowing().schedule(&plan.windows, &plan.exceptions).unwrap();
    caveats.encode().unwrap().as_bytes().to_vec()
}

fn schedule(bytes: &[u8]) -> Schedule<'_> {
    // The bitmap of a lone schedule takes two bytes.
    let set = CaveatSet::decode(bytes).unwrap();
    match set.caveats().next() {
        Some(Ok(Caveat::Schedule(schedule))) => schedule,
        other => panic!("{other:?}"),
    }
}

/// The same question to the civil calendar: no code is shared with the lock.
fn naive(plan: &Plan, local: jiff::civil::DateTime) -> Scheduled {
    let epoch = jiff::civil::date(1970, 1, 1);
    let days = |date: jiff::civil::Date| epoch.until(date).unwrap().get_days();
    let today = days(local.date());
    let excepted = plan.exceptions.iter().any(|dates| {
        let first = i32::try_from(dates.first).unwrap();
        (first..first + i32::from(dates.days)).contains(&today)
    });
    if excepted {
        return Scheduled::Excepted;
    }
    let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
    let starts = |window: &Window, date: jiff::civil::Date| {
        let weekday = date.weekday().to_monday_zero_offset();
        let week = (days(date) + 3).div_euclid(7);
        window.days.0 & (1 << weekday) != 0
            && week.rem_euclid(window.every.into()) == i32::from(window.phase)
    };
    let yesterday = local.date().yesterday().unwrap();
    let within = plan.windows.iter().any(|window| {
        let (start, end) = (i32::from(window.start), i32::from(window.start + window.length));
        (start <= minute && minute < end && starts(window, local.date()))
            || (minute + 1440 < end && starts(window, yesterday))
    });
    if within { Scheduled::Within } else { Scheduled::Outside }
}

#[test]
fn every_minute_of_four_years_in_fourteen_zones() {
    let (plans, mut minutes, mut within) = (plans(), 0_u64, 0_u64);
    let bytes: Vec<_> = plans.iter().map(encoded).collect();
    let schedules: Vec<_> = bytes.iter().map(|bytes| schedule(bytes)).collect();
    for name in ZONES {
        let table = zones::transitions(name, FROM, TO);
        let zone = Zone::encode(ZoneId(1), &table, minute(TO.0)).unwrap();
        let zone = Zone::decode(zone.as_bytes()).unwrap();
        let iana = TimeZone::get(name).unwrap();
        for minute in (FROM.0..TO.0).step_by(60) {
            // Any second of the minute will do; another one each time.
            let second = Time(minute + minute / 60 % 60);
            let stamp = Timestamp::from_second(second.0.try_into().unwrap()).unwrap();
            let civil = iana.to_datetime(stamp);
            let local = zone.local(second).expect("within the table");
            let hour_minute = u64::from(civil.hour().unsigned_abs()) * 60
                + u64::from(civil.minute().unsigned_abs());
            let day = u64::from(day(civil.year(), civil.month(), civil.day()));
            assert_eq!((local.day(), local.minute()), (day, hour_minute), "{name} {stamp}");
            for (plan, schedule) in plans.iter().zip(&schedules) {
                let judged = schedule.judge(&Interval::exactly(second), Some(&zone)).unwrap();
                assert_eq!(judged, naive(plan, civil), "{name} {stamp}");
                within += u64::from(judged == Scheduled::Within);
            }
            minutes += 1;
        }
    }
    println!("{minutes} minutes, {within} within a schedule");
    assert_eq!(minutes, 14 * (TO.0 - FROM.0) / 60);
}

#[test]
fn an_interval_is_within_when_each_of_its_minutes_is() {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let (plans, mut within) = (plans(), 0);
    for name in ZONES {
        let table = zones::transitions(name, FROM, TO);
        let zone = Zone::encode(ZoneId(1), &table, minute(TO.0)).unwrap();
        let zone = Zone::decode(zone.as_bytes()).unwrap();
        let iana = TimeZone::get(name).unwrap();
        for round in 0..600 {
            let mut dice = Dice(&mut rng);
            // Half of them around a change of the clocks.
            let near = usize::try_from(dice.below(table.len() as u64)).unwrap();
            let base = if round % 2 == 0 {
                u64::from(table[near].at) * 60
            } else {
                FROM.0 + dice.below(TO.0 - FROM.0)
            };
            let lo = base.saturating_sub(dice.below(7200)).max(FROM.0);
            let span = if dice.once_in(8) { dice.below(86_500) } else { dice.below(7200) };
            let hi = lo + span;
            let plan = &plans[usize::try_from(dice.below(plans.len() as u64)).unwrap()];
            let bytes = encoded(plan);
            let schedule = schedule(&bytes);
            let interval = Interval::between(Time(lo), Time(hi));
            let judged = schedule.judge(&interval, Some(&zone)).unwrap();
            let expected = if span > 86_400 {
                Scheduled::TimeUnknown
            } else {
                // The first second of every minute that the interval touches.
                let seconds = (lo / 60..=hi / 60).map(|minute| lo.max(minute * 60));
                let mut verdicts = seconds.map(|second| {
                    let stamp = Timestamp::from_second(second.try_into().unwrap()).unwrap();
                    naive(plan, iana.to_datetime(stamp))
                });
                verdicts.find(|verdict| *verdict != Scheduled::Within).unwrap_or(Scheduled::Within)
            };
            assert_eq!(judged, expected, "{name} {lo} to {hi}");
            within += u32::from(judged == Scheduled::Within);
        }
    }
    assert!(within > 200, "{within} within: too few to mean anything");
}

#[test]
fn outside_its_table_a_zone_says_nothing() {
    let plan = Plan { windows: vec![Window::weekly(Weekdays::ALL, 0, 1440)], exceptions: vec![] };
    let bytes = encoded(&plan);
    let table = zones::transitions("Europe/Berlin", FROM, TO);
    let zone = Zone::encode(ZoneId(1), &table, minute(TO.0)).unwrap();
    let zone = Zone::decode(zone.as_bytes()).unwrap();
    let judge = |lo: u64, hi: u64| {
        let interval = Interval::between(Time(lo), Time(hi));
        schedule(&bytes).judge(&interval, Some(&zone)).unwrap()
    };
    assert_eq!(judge(FROM.0, FROM.0), Scheduled::Within);
    assert_eq!(judge(FROM.0 - 1, FROM.0), Scheduled::ZoneUnknown);
    assert_eq!(judge(TO.0 - 1, TO.0 - 1), Scheduled::Within);
    assert_eq!(judge(TO.0 - 1, TO.0), Scheduled::ZoneUnknown);
    let exactly = Interval::exactly(FROM);
    assert_eq!(schedule(&bytes).judge(&exactly, None).unwrap(), Scheduled::ZoneUnknown);
    // Nor is there a local time before the first day.
    for (offset, within) in [(-1, Scheduled::ZoneUnknown), (1, Scheduled::Within)] {
        let zone = Zone::encode(ZoneId(1), &[Transition { at: 0, offset }], 1000).unwrap();
        let zone = Zone::decode(zone.as_bytes()).unwrap();
        let first = Interval::exactly(Time(0));
        assert_eq!(schedule(&bytes).judge(&first, Some(&zone)).unwrap(), within);
    }
    let unknown = Interval::not_before(FROM);
    assert_eq!(schedule(&bytes).judge(&unknown, Some(&zone)).unwrap(), Scheduled::TimeUnknown);
}
