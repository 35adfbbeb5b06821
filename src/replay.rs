//! A sliding window over the counters of one holder (SPEC.md section 14.2).

use crate::id::Counter;

/// Counters behind the highest that are still told apart.
pub const WINDOW: u64 = 64;

/// Which counters of one holder were seen: the highest, and those at most 63 below it.
///
/// A counter is accepted when it is above `highest - 64` and was not seen. The top value of a
/// `u64` is reserved, so that nothing ever overflows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    highest: u64,
    /// Bit n: `highest - n` was seen.
    seen: u64,
}

/// Why a counter is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterFault {
    /// The counter is `u64::MAX`.
    Reserved,
    /// The counter was seen.
    Seen,
    /// The counter is so far below the highest that nobody knows.
    TooOld,
}

/// Shows that a counter was not seen; only [`Window::check`] makes it.
#[derive(Debug)]
#[must_use = "it is the proof that a counter is new"]
pub struct Unseen(());

impl Window {
    /// A window whose first counter is this one; nothing below was seen.
    ///
    /// # Errors
    /// [`CounterFault::Reserved`].
    pub const fn starting(first: Counter) -> Result<Self, CounterFault> {
        match first.0 {
            u64::MAX => Err(CounterFault::Reserved),
            highest => Ok(Self { highest, seen: 1 }),
        }
    }

    /// Checks the counter of a holder that has no window yet.
    ///
    /// # Errors
    /// [`CounterFault::Reserved`].
    pub fn check_first(counter: Counter) -> Result<Unseen, CounterFault> {
        Self::starting(counter).map(|_window| Unseen(()))
    }

    /// A window that is restored from its highest counter alone: all below counts as seen.
    pub const fn restored(highest: Counter) -> Self {
        Self { highest: highest.0, seen: u64::MAX }
    }

    /// Checks a counter without marking it.
    ///
    /// # Errors
    /// Any [`CounterFault`].
    pub fn check(&self, counter: Counter) -> Result<Unseen, CounterFault> {
        if counter.0 == u64::MAX {
            return Err(CounterFault::Reserved);
        }
        match self.highest.checked_sub(counter.0) {
            None => Ok(Unseen(())),
            Some(WINDOW..) => Err(CounterFault::TooOld),
            Some(behind) if bit(behind) & self.seen != 0 => Err(CounterFault::Seen),
            Some(_) => Ok(Unseen(())),
        }
    }

    /// Marks a counter as seen, after checking it again.
    ///
    /// # Errors
    /// Any [`CounterFault`]; the window is then unchanged.
    pub fn mark(&mut self, counter: Counter) -> Result<Unseen, CounterFault> {
        let unseen = self.check(counter)?;
        match counter.0.checked_sub(self.highest) {
            Some(ahead) => {
                let shift = u32::try_from(ahead).unwrap_or(u32::MAX);
                self.seen = self.seen.checked_shl(shift).unwrap_or(0) | 1;
                self.highest = counter.0;
            }
            None => self.seen |= bit(self.highest.saturating_sub(counter.0)),
        }
        Ok(unseen)
    }
}

fn bit(behind: u64) -> u64 {
    u32::try_from(behind).ok().and_then(|shift| 1_u64.checked_shl(shift)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_window_equals_a_set_of_all_counters() {
        let edges = [0, 1, 62, 63, 64, 65, 66, 127, 128, 1 << 31, (1 << 32) - 1, 1 << 32];
        let starts = edges.into_iter().chain(edges.map(|edge| u64::MAX - 1 - edge));
        for first in starts {
            let mut window = Window::starting(Counter(first)).unwrap();
            let (mut seen, mut highest) = (HashSet::from([first]), first);
            let steps = (0..400_u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 57);
            for (step, delta) in (0_u64..).zip(steps) {
                let counter = if step % 3 == 0 {
                    highest.saturating_add(delta)
                } else {
                    highest.saturating_sub(delta)
                };
                let naive = if counter == u64::MAX {
                    Err(CounterFault::Reserved)
                } else if u128::from(counter) + 64 <= u128::from(highest) {
                    Err(CounterFault::TooOld)
                } else if seen.contains(&counter) {
                    Err(CounterFault::Seen)
                } else {
                    Ok(())
                };
                assert_eq!(window.check(Counter(counter)).map(drop), naive);
                assert_eq!(window.mark(Counter(counter)).map(drop), naive);
                if naive.is_ok() {
                    seen.insert(counter);
                    highest = highest.max(counter);
                }
            }
        }
    }

    #[test]
    fn a_restored_window_has_seen_all_below() {
        let window = Window::restored(Counter(1000));
        for counter in 0..=1000 {
            assert!(matches!(
                window.check(Counter(counter)),
                Err(CounterFault::Seen | CounterFault::TooOld)
            ));
        }
        assert!(window.check(Counter(1001)).is_ok());
    }
}
