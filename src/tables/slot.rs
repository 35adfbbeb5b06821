//! The places of a lock's tables: bytes without padding, since a lock has most of its memory there.

use core::num::NonZeroU32;

use super::{Count, Lane, LaneView, Payer};
use crate::{
    crypto::truncated,
    id::{Counter, Prefix},
    limits::MAX_TIME,
    replay::Window,
    time::Time,
};

/// A place in a table.
pub(super) trait Slot: Sized {
    type Entry;

    const FREE: Self;

    fn of(entry: &Self::Entry) -> Self;

    /// The entry that it holds, if it isn't free.
    fn held(&self) -> Option<Self::Entry>;
}

/// The place of a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CountSlot {
    link: Prefix,
    payer: Payer,
    /// None in a free place.
    spent: [u8; 4],
    first: Short,
    keep_until: Short,
}

/// The place of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LaneSlot<const BLOCKS: usize> {
    holder: Prefix,
    payer: Payer,
    latest: Short,
    /// The counter behind the highest; 0, which is behind none, in a free place.
    next: [u8; 8],
    /// The words of the window.
    seen: [[u8; 8]; BLOCKS],
}

/// A time in the 40 bits that [`MAX_TIME`] has. One beyond, which no statement can name, is held as
/// [`MAX_TIME`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Short([u8; 5]);

impl Short {
    const START: Self = Self([0; 5]);

    fn of(time: Time) -> Self {
        Self(truncated(&time.0.min(MAX_TIME).to_le_bytes()))
    }

    const fn time(self) -> Time {
        let mut bytes = [0; 8];
        if let Some(low) = bytes.first_chunk_mut() {
            *low = self.0;
        }
        Time(u64::from_le_bytes(bytes))
    }

    /// The time of an end: the last one is that of what never ends.
    const fn end(self) -> Time {
        match self.time() {
            Time(MAX_TIME) => Time(u64::MAX),
            end => end,
        }
    }
}

impl Slot for CountSlot {
    type Entry = Count;

    const FREE: Self = Self {
        link: Prefix([0; 8]),
        payer: Payer::NOBODY,
        spent: [0; 4],
        first: Short::START,
        keep_until: Short::START,
    };

    fn of(count: &Count) -> Self {
        let Count { link, payer, spent, first, keep_until } = *count;
        // Each is held on its safe side: a first use that is told too early ends its term early,
        // and a use that is kept too long is never forgotten.
        let (first, keep_until) = (Short::of(first), Short::of(keep_until));
        Self { link, payer, spent: spent.get().to_le_bytes(), first, keep_until }
    }

    #[inline(never)]
    fn held(&self) -> Option<Count> {
        let Self { link, payer, spent, first, keep_until } = *self;
        let spent = NonZeroU32::new(u32::from_le_bytes(spent))?;
        Some(Count { link, payer, spent, first: first.time(), keep_until: keep_until.end() })
    }
}

impl<const BLOCKS: usize> Slot for LaneSlot<BLOCKS> {
    type Entry = Lane<BLOCKS>;

    const FREE: Self = Self {
        holder: Prefix([0; 8]),
        payer: Payer::NOBODY,
        latest: Short::START,
        next: [0; 8],
        seen: [[0; 8]; BLOCKS],
    };

    fn of(lane: &Lane<BLOCKS>) -> Self {
        let Lane { holder, payer, latest, window } = lane;
        let mut seen = [[0; 8]; BLOCKS];
        for (bytes, word) in seen.iter_mut().zip(window.seen()) {
            *bytes = word.to_le_bytes();
        }
        // The top counter is reserved, so that there is one behind each.
        let next = window.highest().0.saturating_add(1).to_le_bytes();
        Self { holder: *holder, payer: *payer, latest: Short::of(*latest), next, seen }
    }

    #[inline(never)]
    fn held(&self) -> Option<Lane<BLOCKS>> {
        let LaneView { holder, payer, latest, highest, seen } = self.view()?;
        Some(Lane { holder, payer, latest, window: Window::from_parts(highest, seen) })
    }
}

impl<const BLOCKS: usize> LaneSlot<BLOCKS> {
    /// The lane as it is stored.
    pub(super) fn view(&self) -> Option<LaneView<impl Iterator<Item = u64> + use<'_, BLOCKS>>> {
        let highest = Counter(u64::from_le_bytes(self.next).checked_sub(1)?);
        let seen = self.seen.iter().map(|word| u64::from_le_bytes(*word));
        let (holder, payer, latest) = (self.holder, self.payer, self.latest.end());
        Some(LaneView { holder, payer, latest, highest, seen })
    }
}

impl Payer {
    const NOBODY: Self = Self { root: [0; 4], issuer: [0; 4] };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_is_wasted() {
        assert_eq!((size_of::<CountSlot>(), align_of::<CountSlot>()), (30, 1));
        assert_eq!((size_of::<LaneSlot<1>>(), size_of::<LaneSlot<16>>()), (37, 29 + 8 * 16));
    }

    fn count(first: Time, keep_until: Time) -> Count {
        let spent = NonZeroU32::MIN;
        Count { link: Prefix([7; 8]), payer: Payer::NOBODY, spent, first, keep_until }
    }

    #[test]
    fn times_that_statements_can_name_are_held_as_they_are() {
        for time in [0, 1, 1 << 32, MAX_TIME - 1].map(Time) {
            let count = count(time, time);
            assert_eq!(CountSlot::of(&count).held(), Some(count));
        }
    }

    #[test]
    fn a_use_beyond_all_times_is_never_forgotten_and_its_term_never_longer() {
        for time in [MAX_TIME, MAX_TIME + 1, u64::MAX].map(Time) {
            let held = CountSlot::of(&count(time, time)).held().unwrap();
            assert_eq!((held.first, held.keep_until), (Time(MAX_TIME), Time(u64::MAX)));
            assert!(held.first <= time && held.keep_until >= time);
            assert!(!held.is_over(Time(MAX_TIME)));
        }
    }

    #[test]
    fn a_lane_is_held_as_it_is_up_to_the_last_counter() {
        for highest in [0, 1, 63, 64, u64::MAX - 1].map(Counter) {
            let window = Window::<2>::starting(highest).unwrap();
            let (holder, payer) = (Prefix([7; 8]), Payer::NOBODY);
            let lane = Lane { holder, payer, latest: Time(9), window };
            assert_eq!(LaneSlot::of(&lane).held(), Some(lane));
        }
        assert_eq!(LaneSlot::<2>::FREE.held(), None);
    }
}
