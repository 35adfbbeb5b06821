//! Time as what is known of it: an interval, never a number (SPEC.md section 9).

use crate::{
    clock::Quality,
    limits::MAX_TIME,
    wire::{DecodeError, Part, Reader},
};

/// An instant in Unix seconds, at most [`MAX_TIME`] where it stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

impl Time {
    /// The instant some seconds later, or the end of time.
    // A sum of 64 bits that saturates takes more code than a call.
    #[inline(never)]
    pub const fn after(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// The instant a duration later, or the end of time.
    pub fn plus(self, duration: Seconds) -> Self {
        self.after(duration.0.into())
    }

    /// The seconds since an earlier instant, none since a later one.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    pub(crate) const fn to_le_bytes(self) -> [u8; 8] {
        self.0.to_le_bytes()
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        match reader.u64()? {
            seconds @ ..=MAX_TIME => Some(Self(seconds)),
            _ => reader.refuse(DecodeError::OutOfRange(Part::Time)),
        }
    }
}

/// A duration in seconds, at least 1 where it stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(pub u32);

impl Seconds {
    /// A duration of whole minutes.
    pub const fn minutes(minutes: u32) -> Self {
        Self(minutes.saturating_mul(60))
    }

    /// A duration of whole days of 24 hours.
    pub const fn days(days: u32) -> Self {
        Self(days.saturating_mul(86_400))
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        match reader.u32()? {
            0 => reader.refuse(DecodeError::OutOfRange(Part::Duration)),
            seconds => Some(Self(seconds)),
        }
    }
}

/// What is known of the present: it is not before `lo`, and not after `hi` where that is known.
///
/// `lo >= from` proves *not too early*, `lo >= until` proves *expired*, and only `hi < until`
/// proves *not yet expired*. What isn't proven is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    lo: Time,
    /// The start of time where it isn't known: an `Option` of it would take 8 bytes more.
    hi: Time,
    is_bounded: bool,
    quality: Quality,
}

impl Interval {
    /// The present lies in `[lo, hi]`; where they would cross, `hi` is `lo`.
    pub fn between(lo: Time, hi: Time) -> Self {
        Self::known(lo, Some(hi.max(lo)), Quality::Clock)
    }

    /// The present is not before `lo`; how late it is nobody knows.
    pub const fn not_before(lo: Time) -> Self {
        Self::known(lo, None, Quality::Lower)
    }

    /// The present is this very second, as a trusted clock has it.
    pub const fn exactly(now: Time) -> Self {
        Self::known(now, Some(now), Quality::Clock)
    }

    /// What somebody wrote down; `hi` is not before `lo`.
    pub(crate) const fn known(lo: Time, hi: Option<Time>, quality: Quality) -> Self {
        match hi {
            Some(hi) => Self { lo, hi, is_bounded: true, quality },
            None => Self { lo, hi: Time(0), is_bounded: false, quality },
        }
    }

    /// The earliest that the present can be.
    pub const fn lo(&self) -> Time {
        self.lo
    }

    /// The latest that the present can be, where that is known.
    pub const fn hi(&self) -> Option<Time> {
        if self.is_bounded { Some(self.hi) } else { None }
    }

    /// How well the present is known.
    pub const fn quality(&self) -> Quality {
        self.quality
    }

    /// Raises the lower bound to an instant that has passed.
    #[must_use]
    pub(crate) fn passed(self, instant: Time) -> Self {
        let lo = self.lo.max(instant);
        Self::known(lo, self.hi().map(|hi| hi.max(lo)), self.quality)
    }

    /// Lowers the upper bound to an instant that, an attester says, has not passed.
    #[must_use]
    pub(crate) fn not_after(self, instant: Time) -> Self {
        match self.hi() {
            Some(hi) if hi <= instant => self,
            _ => Self::known(self.lo, Some(instant.max(self.lo)), Quality::Attested),
        }
    }
}

/// Milliseconds since some start, from a counter that never goes back while a challenge lives.
///
/// A host whose counter starts anew, or stood still in sleep, tells the lock by
/// [`Lock::restart`](crate::Lock::restart).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Uptime(pub u64);

/// What the host says of the present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// What the host's clock tells; [`Interval::UNKNOWN`] where there is none, or none to trust.
    pub time: Interval,
    /// The tick counter.
    pub uptime: Uptime,
    /// How far the tick counter may be off, in parts per million; 100 for a bare crystal with
    /// temperature, 20 000 for an RC oscillator.
    pub drift_ppm: u32,
}

impl Now {
    /// A host with a trusted clock that also counts ticks without drift.
    pub fn exactly(now: Time) -> Self {
        let uptime = Uptime(now.0.saturating_mul(1000));
        Self { time: Interval::exactly(now), uptime, drift_ppm: 0 }
    }

    /// A host without a clock, by its ticks alone.
    pub const fn ticks(uptime: Uptime, drift_ppm: u32) -> Self {
        Self { time: Interval::UNKNOWN, uptime, drift_ppm }
    }

    /// Of events that rest on no ticks, and of those before a start.
    pub(crate) const UNTOLD: Self = Self::ticks(Uptime(0), 0);

    /// The most seconds that can have passed since an earlier reading, rounded up.
    pub(crate) fn most_since(&self, earlier: Uptime) -> Option<u64> {
        let ticks = self.uptime.0.checked_sub(earlier.0)?;
        Some(ticks.saturating_add(self.drift(ticks)).div_ceil(1000))
    }

    /// The least seconds that must have passed since an earlier reading, rounded down.
    pub(crate) fn least_since(&self, earlier: Uptime) -> u64 {
        let ticks = self.uptime.0.saturating_sub(earlier.0);
        ticks.saturating_sub(self.drift(ticks)).wrapping_div(1000)
    }

    fn drift(&self, ticks: u64) -> u64 {
        let ppm = u64::from(self.drift_ppm);
        let whole = ticks.wrapping_div(1_000_000).saturating_mul(ppm);
        let rest = ticks.wrapping_rem(1_000_000).saturating_mul(ppm).div_ceil(1_000_000);
        whole.saturating_add(rest)
    }
}
