//! What a lock knows of the present beside its host's clock (SPEC.md section 9.2).
//!
//! A durable floor, that rises with what attesters sign and with the ticks since; and an upper
//! bound, which a status over the lock's own nonce gives for as long as the ticks run.

use crate::time::{Interval, Now, Time, Uptime};

/// The lock's own knowledge of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    floor: Time,
    passed: Option<(Time, Uptime)>,
    bound: Option<(Time, Uptime)>,
}

impl Clock {
    /// A clock that starts from a durable floor.
    pub const fn new(floor: Time) -> Self {
        Self { floor, passed: None, bound: None }
    }

    /// The durable floor: this instant has passed.
    pub const fn floor(&self) -> Time {
        self.floor
    }

    /// The present, as far as host and lock together know it.
    pub fn refine(&self, now: Now) -> Now {
        let time = now.time.passed(self.lo(&now));
        let most = |(bound, since): (Time, _)| Some(bound.after(now.most_since(since)?));
        let bound = self.bound.and_then(most);
        Now { time: bound.map_or(time, |bound| time.not_after(bound)), ..now }
    }

    fn lo(&self, now: &Now) -> Time {
        let passed = self.passed.map(|(instant, since)| instant.after(now.least_since(since)));
        self.floor.max(passed.unwrap_or(self.floor))
    }

    /// Raises the floor to an instant that a statement proves to have passed. One that the ticks
    /// have left behind sets them no new start, so that repeating it doesn't hold time up.
    pub(crate) fn heard(&mut self, at: Time, now: &Now) {
        if at > self.lo(now) {
            self.passed = Some((at, now.uptime));
        }
        self.floor = self.floor.max(at);
    }

    /// Bounds the present: a status of this time was signed after this uptime.
    pub(crate) fn bounded(&mut self, at: Time, issued: Uptime) {
        self.bound = Some((at.after(1), issued));
    }

    /// Forgets the upper bound: its attester may just have been dropped.
    pub(crate) fn unbounded(&mut self) {
        self.bound = None;
    }

    /// Starts anew from an instant, even a lower one: a new epoch, a new owner.
    pub(crate) fn reset(&mut self, floor: Time, now: &Now) {
        *self = Self { floor, passed: Some((floor, now.uptime)), bound: None };
    }

    /// Forgets what rests on ticks, after a restart, or a sleep in which the ticks stood still.
    pub(crate) fn restart(&mut self) {
        *self = Self::new(self.floor);
    }
}

/// How well the present is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quality {
    /// Only that an instant has passed.
    Lower,
    /// Between a status over the lock's nonce and the ticks since.
    Attested,
    /// By the host's clock.
    Clock,
}

impl Quality {
    pub(crate) const ALL: [Self; 3] = [Self::Lower, Self::Attested, Self::Clock];

    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Lower => 0,
            Self::Attested => 1,
            Self::Clock => 2,
        }
    }
}

impl Interval {
    /// A host without a clock that it trusts: nothing is known.
    pub const UNKNOWN: Self = Self::not_before(Time(0));
}
