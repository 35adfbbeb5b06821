//! A sliding window over the counters of one holder (SPEC.md section 14.2).

use core::iter;

use crate::id::Counter;

/// Which counters of one holder were seen: the highest, and those fewer than W = 64 N below it.
///
/// A counter is accepted when it is above `highest - W` and was not seen. The top value of a
/// `u64` is reserved, so that nothing ever overflows. Windows are equal when they accept the same
/// counters from now on. A window takes 16 N + 8 bytes; to check or mark a counter touches one
/// block of 64 counters, however far the counter is from the highest.
#[derive(Clone, Copy, Debug)]
pub struct Window<const N: usize> {
    highest: u64,
    /// A ring in which block `number` lies at `number % N`. The last W counters are N blocks or,
    /// mostly, N - 1 and the two ends of one place: [`Block`] has room for both.
    blocks: [Block; N],
}

/// One place of the ring. A zeroed one is block 0, of which nothing was seen.
#[derive(Clone, Copy, Debug)]
struct Block {
    /// Bits up to that of this counter are of its block, those above of the block N before. What
    /// was left behind is known by that, so a window that moves far has nothing to clear.
    last: u64,
    /// Bit n: the counter n after the block's first was seen.
    bits: u64,
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

impl<const N: usize> Window<N> {
    /// A window whose first counter is this one; nothing below was seen.
    ///
    /// # Errors
    /// [`CounterFault::Reserved`].
    pub fn starting(first: Counter) -> Result<Self, CounterFault> {
        Self::check_first(first).map(|_unseen| Self::from_parts(first, iter::repeat(0)))
    }

    /// Checks the counter of a holder that has no window yet.
    ///
    /// # Errors
    /// [`CounterFault::Reserved`].
    pub fn check_first(counter: Counter) -> Result<Unseen, CounterFault> {
        if counter.0 == u64::MAX { Err(CounterFault::Reserved) } else { Ok(Unseen(())) }
    }

    /// A window that is restored from its highest counter alone: all below counts as seen.
    pub fn restored(highest: Counter) -> Self {
        Self::from_parts(highest, iter::empty())
    }

    /// The window with this [`highest`](Self::highest) and these words of [`seen`](Self::seen).
    ///
    /// The highest counts as seen whatever the words say, and so does all that missing words would
    /// tell. Words after the first N and bits beyond counter 0 don't matter.
    pub fn from_parts(highest: Counter, words: impl IntoIterator<Item = u64>) -> Self {
        let highest = highest.0;
        let mut window = Self { highest, blocks: [Block { last: 0, bits: 0 }; N] };
        window.advance(highest);
        let words = words.into_iter().chain(iter::repeat(u64::MAX)).take(N);
        // A word counts down from the highest, a block counts up.
        let turn = offset(highest).saturating_add(1);
        for (number, word) in (0..=number_of(highest)).rev().zip(words) {
            let bits = word.reverse_bits().rotate_left(turn);
            window.set(number, bits & !above(highest));
            if let Some(before) = number.checked_sub(1) {
                window.set(before, bits & above(highest));
            }
        }
        window
    }

    /// The highest counter that was seen.
    pub const fn highest(&self) -> Counter {
        Counter(self.highest)
    }

    /// The N words that tell which counters were seen: bit n of word k is `highest - 64 k - n`,
    /// and 0 beyond counter 0.
    pub fn seen(&self) -> impl Iterator<Item = u64> {
        let highest = self.highest;
        let turn = offset(highest).saturating_add(1);
        let numbers = (0..=number_of(highest)).rev().map(move |number| {
            let before = number.checked_sub(1).map_or(0, |before| self.bits(before));
            let bits = self.bits(number) & !above(highest) | before & above(highest);
            bits.rotate_right(turn).reverse_bits()
        });
        numbers.chain(iter::repeat(0)).take(N)
    }

    /// Checks a counter without marking it.
    ///
    /// # Errors
    /// Any [`CounterFault`].
    #[inline]
    pub fn check(&self, counter: Counter) -> Result<Unseen, CounterFault> {
        let counter = counter.0;
        if counter == u64::MAX {
            return Err(CounterFault::Reserved);
        }
        match self.highest.checked_sub(counter) {
            None => Ok(Unseen(())),
            Some(behind) if behind / BLOCK >= lap::<N>() => Err(CounterFault::TooOld),
            Some(_) if self.bits(number_of(counter)) & bit(counter) != 0 => Err(CounterFault::Seen),
            Some(_) => Ok(Unseen(())),
        }
    }

    /// Marks a counter as seen, after checking it again.
    ///
    /// # Errors
    /// Any [`CounterFault`]; the window is then unchanged.
    #[inline]
    pub fn mark(&mut self, counter: Counter) -> Result<Unseen, CounterFault> {
        let unseen = self.check(counter)?;
        if counter.0 > self.highest {
            self.advance(counter.0);
        } else {
            self.set(number_of(counter.0), bit(counter.0));
        }
        Ok(unseen)
    }

    /// Makes a counter the highest, of whose block nothing above it can have been seen: those bits
    /// stay as the lap before has them.
    fn advance(&mut self, counter: u64) {
        let number = number_of(counter);
        if let Some(block) = self.blocks.get_mut(place::<N>(number)) {
            let bits = match number.checked_sub(number_of(block.last)) {
                Some(0) => block.bits & (!above(block.last) | above(counter)),
                Some(ahead) if ahead == lap::<N>() => {
                    block.bits & !above(block.last) & above(counter)
                }
                _ => 0,
            };
            *block = Block { last: counter, bits: bits | bit(counter) };
        }
        self.highest = counter;
    }

    /// Marks counters of one block, all of them within the window.
    fn set(&mut self, number: u64, bits: u64) {
        if let Some(block) = self.blocks.get_mut(place::<N>(number)) {
            let known = block.mask::<N>(number);
            if bits & !known == 0 {
                block.bits |= bits;
            } else {
                block.bits = block.bits & known | bits;
                block.last = number.saturating_mul(BLOCK) | (BLOCK - 1);
            }
        }
    }

    /// What was seen of a block. A place outside the ring can't be; it would count as seen.
    fn bits(&self, number: u64) -> u64 {
        let block = self.blocks.get(place::<N>(number));
        block.map_or(u64::MAX, |block| block.bits & block.mask::<N>(number))
    }
}

impl<const N: usize> PartialEq for Window<N> {
    fn eq(&self, other: &Self) -> bool {
        self.highest == other.highest && self.seen().eq(other.seen())
    }
}

impl<const N: usize> Eq for Window<N> {}

impl Block {
    /// The bits that are of the block with this number, which is one of this place: none where
    /// `last` is of an earlier lap. Within the window, the highest alone is ever a lap ahead.
    fn mask<const N: usize>(&self, number: u64) -> u64 {
        let own = !above(self.last);
        match number_of(self.last).checked_sub(number) {
            Some(0) => own,
            Some(ahead) if ahead == lap::<N>() => !own,
            _ => 0,
        }
    }
}

/// Blocks in the ring.
fn lap<const N: usize>() -> u64 {
    u64::try_from(N).unwrap_or(u64::MAX)
}

/// Where a block lies in the ring.
fn place<const N: usize>(number: u64) -> usize {
    let place = number.checked_rem(lap::<N>()).map(usize::try_from);
    place.and_then(Result::ok).unwrap_or(usize::MAX)
}

/// The block that a counter lies in.
const fn number_of(counter: u64) -> u64 {
    counter / BLOCK
}

/// A counter's bit in its block.
fn bit(counter: u64) -> u64 {
    1_u64.wrapping_shl(offset(counter))
}

/// The bits of a block above that of a counter.
fn above(counter: u64) -> u64 {
    (!1_u64).wrapping_shl(offset(counter))
}

/// How far into its block a counter lies.
fn offset(counter: u64) -> u32 {
    u32::try_from(counter % BLOCK).unwrap_or(0)
}

/// Counters in a block: the bits of a word.
const BLOCK: u64 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_holds_the_two_ends_of_the_window() {
        let mut window = Window::<2>::starting(Counter(65)).unwrap();
        assert!([127, 194].into_iter().all(|counter| window.mark(Counter(counter)).is_ok()));
        assert_eq!((window.bits(1), window.bits(2), window.bits(3)), (1 << 63, 0, 1 << 2));
        assert_eq!(window.check(Counter(193)).map(drop), Ok(()));
        assert_eq!(window.check(Counter(66)).map(drop), Err(CounterFault::TooOld));
        assert_eq!(size_of_val(&window), 16 * 2 + 8);
    }
}
