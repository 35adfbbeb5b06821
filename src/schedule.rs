//! Weekly windows and excepted dates in the lock's local time (SPEC.md section 7.8).

use crate::{
    limits::{MAX_EVERY_WEEKS, MAX_EXCEPTION_DAYS, MAX_EXCEPTIONS, MAX_SCHEDULE_SPAN, MAX_WINDOWS},
    time::Interval,
    wire::{DecodeError, Part, Reader, Writer},
    zone::{Local, MINUTES_A_DAY, Zone},
};

/// Days of the week as bits, Monday first: a window starts on each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weekdays(pub u8);

impl Weekdays {
    /// Monday to Friday.
    pub const WORKDAYS: Self = Self(0b001_1111);
    /// Saturday and Sunday.
    pub const WEEKEND: Self = Self(0b110_0000);
    /// Every day.
    pub const ALL: Self = Self(0b111_1111);

    /// One day: 0 is Monday, 6 is Sunday; there are no others.
    pub fn day(index: u8) -> Self {
        Self(1_u8.checked_shl(index.into()).unwrap_or(0) & Self::ALL.0)
    }

    fn has(self, index: u64) -> bool {
        u32::try_from(index).ok().and_then(|index| self.0.checked_shr(index)).unwrap_or(0) & 1 == 1
    }
}

/// A weekly window of local time.
///
/// A minute lies in it when the wall clock shows a time from `start` on, less than `length`
/// minutes later, on one of its weekdays or, past midnight, on the day after. Minutes that the
/// clock skips in spring don't exist; those that it repeats in autumn count both times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    /// The days on which the window starts, at least one.
    pub days: Weekdays,
    /// Minutes after local midnight: 0 to 1439.
    pub start: u16,
    /// Minutes: 1 to 1440; the window may pass midnight.
    pub length: u16,
    /// In every n-th week only: 1 to [`MAX_EVERY_WEEKS`].
    pub every: u8,
    /// Which of the n weeks, below `every`: the week's number modulo `every`, where week 0 is the
    /// one of Monday 1969-12-29.
    pub phase: u8,
}

impl Window {
    /// A window of every week.
    pub const fn weekly(days: Weekdays, start: u16, length: u16) -> Self {
        Self { days, start, length, every: 1, phase: 0 }
    }

    fn covers(&self, local: Local) -> bool {
        let (day, minute) = (local.day(), local.minute());
        let (start, length) = (u64::from(self.start), u64::from(self.length));
        let today = minute.checked_sub(start).is_some_and(|since| since < length);
        let since_yesterday = minute.saturating_add(MINUTES_A_DAY).saturating_sub(start);
        today && self.starts(day)
            || since_yesterday < length && day.checked_sub(1).is_some_and(|day| self.starts(day))
    }

    fn starts(&self, day: u64) -> bool {
        // 1970-01-01 was a Thursday, three days after the Monday of week 0.
        let since_monday = day.saturating_add(3);
        let (week, weekday) = (since_monday.wrapping_div(7), since_monday.wrapping_rem(7));
        self.days.has(weekday)
            && week.checked_rem(u64::from(self.every)) == Some(u64::from(self.phase))
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let window = Self {
            days: Weekdays(reader.u8()?),
            start: reader.u16()?,
            length: reader.u16()?,
            every: reader.u8()?,
            phase: reader.u8()?,
        };
        let fits = (1..=Weekdays::ALL.0).contains(&window.days.0)
            && u64::from(window.start) < MINUTES_A_DAY
            && (1..=MINUTES_A_DAY).contains(&window.length.into())
            && (1..=MAX_EVERY_WEEKS).contains(&window.every)
            && window.phase < window.every;
        if fits { Some(window) } else { reader.refuse(DecodeError::OutOfRange(Part::Window)) }
    }

    fn write(&self, out: &mut Writer<'_>) {
        out.put(&(self.days.0, self.start, self.length, self.every, self.phase));
    }
}

/// Local dates on which no window counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dates {
    /// The first day, in days since 1970-01-01.
    pub first: u32,
    /// How many days: 1 to [`MAX_EXCEPTION_DAYS`].
    pub days: u16,
}

impl Dates {
    const fn end(&self) -> u64 {
        #[expect(clippy::as_conversions, reason = "widening, in a const fn")]
        (self.first as u64).saturating_add(self.days as u64)
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let dates = Self { first: reader.u32()?, days: reader.u16()? };
        let fits = (1..=MAX_EXCEPTION_DAYS).contains(&dates.days);
        if fits { Some(dates) } else { reader.refuse(DecodeError::OutOfRange(Part::Exception)) }
    }
}

/// The body of a `Schedule` caveat, as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule<'a> {
    bytes: &'a [u8],
}

/// What a schedule says of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "it is the verdict of a schedule"]
pub enum Scheduled {
    /// Every minute lies in a window and on no excepted date.
    Within,
    /// Some minute lies in no window.
    Outside,
    /// Some minute lies on an excepted date.
    Excepted,
    /// The local time of some minute isn't known.
    ZoneUnknown,
    /// The interval has no end, or spans over [`MAX_SCHEDULE_SPAN`] seconds.
    TimeUnknown,
}

impl<'a> Schedule<'a> {
    /// Checks the body and keeps its bytes; windows ascend, exceptions ascend and don't overlap.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let ((), bytes) = reader.span(|reader| {
            let mut before = None;
            for _ in 0..reader.some(Part::Windows, MAX_WINDOWS)? {
                let window = Window::read(reader)?;
                if let Some(before) = before.replace(window) {
                    reader.ascends(Part::Windows, &before, &window)?;
                }
            }
            let mut end = 0;
            for _ in 0..reader.count(Part::Exceptions, MAX_EXCEPTIONS)? {
                let dates = Dates::read(reader)?;
                if u64::from(dates.first) < end {
                    return reader.refuse(DecodeError::Unsorted(Part::Exceptions));
                }
                end = dates.end();
            }
            Some(())
        })?;
        Some(Self { bytes })
    }

    pub(crate) fn write(out: &mut Writer<'_>, windows: &[Window], exceptions: &[Dates]) {
        out.put(&windows.len());
        for window in windows {
            window.write(out);
        }
        out.put(&exceptions.len());
        for dates in exceptions {
            out.put(&(dates.first, dates.days));
        }
    }

    /// Judges every minute that the interval touches, at most a day and a minute of them.
    ///
    /// Windows and transitions begin and end on whole minutes, so that a minute says all about its
    /// seconds.
    ///
    /// # Errors
    /// None that a schedule that was read could give; an error denies.
    pub fn judge(
        &self,
        interval: &Interval,
        zone: Option<&Zone<'_>>,
    ) -> Result<Scheduled, DecodeError> {
        let (lo, Some(hi)) = (interval.lo(), interval.hi()) else {
            return Ok(Scheduled::TimeUnknown);
        };
        if hi.since(lo) > MAX_SCHEDULE_SPAN {
            return Ok(Scheduled::TimeUnknown);
        }
        let mut minute = lo;
        loop {
            let Some(local) = zone.and_then(|zone| zone.local(minute)) else {
                return Ok(Scheduled::ZoneUnknown);
            };
            match self.at(local)? {
                Scheduled::Within => {}
                other => return Ok(other),
            }
            if minute >= hi {
                return Ok(Scheduled::Within);
            }
            minute = minute.after(60).min(hi);
        }
    }

    fn at(&self, local: Local) -> Result<Scheduled, DecodeError> {
        Reader::whole(self.bytes, |reader| {
            let (mut within, mut excepted) = (false, false);
            for _ in 0..reader.some(Part::Windows, MAX_WINDOWS)? {
                within |= Window::read(reader)?.covers(local);
            }
            for _ in 0..reader.count(Part::Exceptions, MAX_EXCEPTIONS)? {
                let dates = Dates::read(reader)?;
                excepted |= (u64::from(dates.first)..dates.end()).contains(&local.day());
            }
            Some(match (excepted, within) {
                (true, _) => Scheduled::Excepted,
                (false, true) => Scheduled::Within,
                (false, false) => Scheduled::Outside,
            })
        })
    }

    /// The windows, as received.
    pub fn windows(&self) -> impl Iterator<Item = Window> + 'a {
        self.parts().0
    }

    /// The excepted dates, as received.
    pub fn exceptions(&self) -> impl Iterator<Item = Dates> + 'a {
        self.parts().1
    }

    fn parts(&self) -> (impl Iterator<Item = Window> + 'a, impl Iterator<Item = Dates> + 'a) {
        let mut windows = Reader::new(self.bytes);
        let count = windows.some(Part::Windows, MAX_WINDOWS).unwrap_or(0);
        let mut dates = windows;
        for _ in 0..count {
            let _passed = Window::read(&mut dates);
        }
        let ranges = dates.count(Part::Exceptions, MAX_EXCEPTIONS).unwrap_or(0);
        (
            (0..count).map_while(move |_| Window::read(&mut windows)),
            (0..ranges).map_while(move |_| Dates::read(&mut dates)),
        )
    }
}
