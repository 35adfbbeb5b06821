//! What a lock may take for the present, by SPEC.md section 9.2, told again without the lock's code.
//!
//! All is in whole seconds, and the ticks have no drift: the most that has elapsed is the least.

/// The durable floor, and what a restart forgets.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    floor: u64,
    /// This had passed at that uptime.
    passed: Option<(u64, u64)>,
    /// It was at most this at that uptime.
    bound: Option<(u64, u64)>,
}

/// The present: not before the first, and not after the second where that is known.
pub type Present = (u64, Option<u64>);

/// The time of a status, and when the challenge was given whose nonce it is over, if it is.
pub type Heard = (u64, Option<u64>);

impl Clock {
    pub const fn new(floor: u64) -> Self {
        Self { floor, passed: None, bound: None }
    }

    /// The refined interval at an uptime, by a host that has this clock or none.
    pub fn present(&self, host: Option<u64>, uptime: u64) -> Present {
        let lo = self.lo(uptime).max(host.unwrap_or(0));
        let bound = self.bound.map(|(at, since)| at + (uptime - since));
        (lo, host.into_iter().chain(bound).min().map(|hi| hi.max(lo)))
    }

    fn lo(&self, uptime: u64) -> u64 {
        self.passed.map_or(self.floor, |(at, since)| self.floor.max(at + (uptime - since)))
    }

    /// A statement of this time was taken in.
    pub fn heard(&mut self, at: u64, uptime: u64) {
        if at > self.lo(uptime) {
            self.passed = Some((at, uptime));
        }
        self.floor = self.floor.max(at);
    }

    /// A status without a list was taken in, or a request with one committed.
    pub fn told(&mut self, (at, issued): Heard, uptime: u64) {
        self.heard(at, uptime);
        if let Some(issued) = issued {
            self.bound = Some((at + 1, issued));
        }
    }

    /// A keyset was taken in.
    pub fn unbounded(&mut self) {
        self.bound = None;
    }

    /// An epoch was taken in.
    pub fn reset(&mut self, floor: u64, uptime: u64) {
        *self = Self { floor, passed: Some((floor, uptime)), bound: None };
    }

    /// The lock started anew.
    pub fn restart(&mut self) {
        *self = Self::new(self.floor);
    }
}

/// The present with what a request's status adds (SPEC.md section 13.5, step 10).
pub fn with((lo, hi): Present, status: Option<Heard>, uptime: u64) -> Present {
    let Some((at, issued)) = status else { return (lo, hi) };
    let lo = lo.max(at);
    let most = issued.map(|issued| at + (uptime - issued) + 1);
    (lo, hi.map(|hi| hi.max(lo)).into_iter().chain(most).min().map(|hi| hi.max(lo)))
}
