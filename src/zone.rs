//! Local time at a lock: a table of offsets from UTC with an end (SPEC.md section 9.3).

use crate::time::Time;

/// From this instant on local time is UTC plus this offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The first instant of the offset, Unix seconds; a whole minute.
    pub at: Time,
    /// The offset, minutes east of UTC.
    pub offset: i16,
}

/// The offsets of one zone over a span of time. Outside that span nothing is known.
///
/// A lock never holds the rules of a zone, only their outcome: nobody has to update firmware when
/// a parliament moves the clocks, only a keyset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone<'a> {
    /// The offsets in ascending order of their instants, which are whole minutes; the first begins
    /// the span.
    pub transitions: &'a [Transition],
    /// The first instant that the table says nothing about.
    pub end: Time,
}

impl Zone<'_> {
    /// The local time of an instant, or none outside the span, or where the transition before it is
    /// not on a whole minute.
    pub fn local(&self, instant: Time) -> Option<Local> {
        if instant >= self.end {
            return None;
        }
        let step = self.transitions.iter().rev().find(|step| step.at <= instant)?;
        if step.at.0.checked_rem(60) != Some(0) {
            return None;
        }
        let minutes = i64::try_from(instant.0.checked_div(60)?).ok()?;
        let minutes = minutes.checked_add(step.offset.into())?;
        Some(Local { minutes: u64::try_from(minutes).ok()? })
    }
}

/// A local date and time, to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Local {
    minutes: u64,
}

impl Local {
    /// Days since 1970-01-01, by the local calendar.
    pub const fn day(self) -> u64 {
        self.minutes.wrapping_div(MINUTES_A_DAY)
    }

    /// Minutes since local midnight, as a wall clock shows them: 0 to 1439.
    pub const fn minute(self) -> u64 {
        self.minutes.wrapping_rem(MINUTES_A_DAY)
    }
}

pub(crate) const MINUTES_A_DAY: u64 = 1440;
