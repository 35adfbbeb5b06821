//! A replay window as one would write it first: a set of all counters that were seen.

use std::collections::HashSet;

use keyward::{
    id::Counter,
    replay::{CounterFault, Window},
};

/// What [`Window`] must equal, for any width.
#[derive(Clone, Debug)]
pub struct Naive {
    width: u64,
    highest: u64,
    seen: HashSet<u64>,
    /// All counters up to this one were seen.
    restored: Option<u64>,
}

impl Naive {
    /// A window so many counters wide, whose first counter is this one.
    ///
    /// # Errors
    /// [`CounterFault::Reserved`].
    pub fn starting(width: u64, first: u64) -> Result<Self, CounterFault> {
        if first == u64::MAX {
            return Err(CounterFault::Reserved);
        }
        Ok(Self { width, highest: first, seen: HashSet::from([first]), restored: None })
    }

    /// A window that has seen all up to a counter.
    pub fn restored(width: u64, highest: u64) -> Self {
        Self { width, highest, seen: HashSet::new(), restored: Some(highest) }
    }

    /// The highest counter that was seen.
    pub fn highest(&self) -> u64 {
        self.highest
    }

    /// What a window must say of a counter.
    ///
    /// # Errors
    /// Any [`CounterFault`].
    pub fn check(&self, counter: u64) -> Result<(), CounterFault> {
        if counter == u64::MAX {
            Err(CounterFault::Reserved)
        } else if u128::from(counter) + u128::from(self.width) <= u128::from(self.highest) {
            Err(CounterFault::TooOld)
        } else if self.has_seen(counter) {
            Err(CounterFault::Seen)
        } else {
            Ok(())
        }
    }

    /// Adds a counter to the set, unless it is refused.
    ///
    /// # Errors
    /// Any [`CounterFault`].
    pub fn mark(&mut self, counter: u64) -> Result<(), CounterFault> {
        self.check(counter)?;
        self.seen.insert(counter);
        self.highest = self.highest.max(counter);
        // The set stays small: what is two widths behind is too old by arithmetic alone.
        if self.seen.len() > 256 + 4 * usize::try_from(self.width).unwrap() {
            let floor = self.highest.saturating_sub(2 * self.width);
            self.seen.retain(|counter| *counter >= floor);
        }
        Ok(())
    }

    /// The words that the window must give, one counter after another.
    pub fn words(&self) -> impl Iterator<Item = u64> {
        (0..self.width / 64).map(|word| {
            let seen = |bit: &u64| {
                let counter = self.highest.checked_sub(64 * word + bit);
                counter.is_some_and(|counter| self.has_seen(counter))
            };
            (0..64).filter(seen).fold(0, |bits, bit| bits | 1 << bit)
        })
    }

    fn has_seen(&self, counter: u64) -> bool {
        self.restored.is_some_and(|highest| counter <= highest) || self.seen.contains(&counter)
    }
}

/// A window beside its naive model; each question is put to both.
#[derive(Clone, Debug)]
pub struct Pair<const N: usize> {
    /// The window.
    pub window: Window<N>,
    /// What it must equal.
    pub naive: Naive,
}

impl<const N: usize> Pair<N> {
    /// Counters that the window tells apart.
    pub const WIDTH: u64 = 64 * N as u64;

    /// Both, with one counter seen; none for the reserved one, which both must refuse.
    ///
    /// # Errors
    /// What differs.
    pub fn starting(first: u64) -> Result<Option<Self>, String> {
        match (Window::starting(Counter(first)), Naive::starting(Self::WIDTH, first)) {
            (Ok(window), Ok(naive)) => Ok(Some(Self { window, naive })),
            (Err(ours), Err(theirs)) if ours == theirs => Ok(None),
            (ours, theirs) => Err(format!("starting {first}: {ours:?}, not {theirs:?}")),
        }
    }

    /// Both, with all up to a counter seen.
    pub fn restored(highest: u64) -> Self {
        let window = Window::restored(Counter(highest));
        Self { window, naive: Naive::restored(Self::WIDTH, highest) }
    }

    /// Checks a counter, which must not change the window.
    ///
    /// # Errors
    /// What differs.
    pub fn check(&self, counter: u64) -> Result<(), String> {
        let ours = self.window.check(Counter(counter)).map(drop);
        self.compare("check", counter, ours, self.naive.check(counter))
    }

    /// Marks a counter; says whether it was new.
    ///
    /// # Errors
    /// What differs.
    pub fn mark(&mut self, counter: u64) -> Result<bool, String> {
        let ours = self.window.mark(Counter(counter)).map(drop);
        let theirs = self.naive.mark(counter);
        self.compare("mark", counter, ours, theirs)?;
        Ok(ours.is_ok())
    }

    /// Compares every counter that the window tells apart, and the window that its parts make,
    /// whatever they say beyond counter 0.
    ///
    /// # Errors
    /// What differs.
    pub fn compare_all(&self) -> Result<(), String> {
        let Self { window, naive } = self;
        if !window.seen().eq(naive.words()) {
            return Err(format!("the words of {window:?}"));
        }
        let beyond = (0..N as u64).map(|word| match naive.highest.checked_sub(64 * word) {
            Some(top) => {
                u64::MAX.checked_shl(u32::try_from(top).map_or(64, |top| top.saturating_add(1)))
            }
            None => Some(u64::MAX),
        });
        let words = window.seen().zip(beyond).map(|(word, beyond)| word | beyond.unwrap_or(0));
        let again = Window::from_parts(window.highest(), words.chain([u64::MAX]));
        if again == *window {
            Ok(())
        } else {
            Err(format!("{again:?} from the parts of {window:?}"))
        }
    }

    fn compare(
        &self,
        what: &str,
        counter: u64,
        ours: Result<(), CounterFault>,
        theirs: Result<(), CounterFault>,
    ) -> Result<(), String> {
        let (our_highest, highest) = (self.window.highest().0, self.naive.highest);
        if ours == theirs && our_highest == highest {
            return Ok(());
        }
        Err(format!(
            "{N} blocks, {what} {counter}: {ours:?} up to {our_highest}, not {theirs:?} up to {highest}"
        ))
    }
}
