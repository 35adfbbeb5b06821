//! Counts and lanes of a snapshot.

use core::num::NonZeroU32;

use super::{Body, COUNTS, Form, LANES, Room, Start, anew};
use crate::{
    id::{Counter, Prefix},
    tables::{Capacity, Count, LaneView, Payer},
    time::Time,
    wire::{DecodeError, EncodeError, Part, Reader, Writer},
};

/// Bytes of a count at its largest.
const COUNT_BYTES: usize = 8 + 4 + 4 + 5 + 10 + 10;

pub(in crate::lock) const COUNTS_IN_A_RECORD: usize = (Body::SIZE - 1) / COUNT_BYTES;

/// Bytes of a lane at its largest, without the words of its window.
const LANE_BYTES: usize = 8 + 4 + 4 + 10 + 10;

/// As many counts as fit in one record; whether there are any.
pub(in crate::lock) fn counts(
    out: &mut Room,
    counts: impl Iterator<Item = Count> + Clone,
) -> Result<bool, EncodeError> {
    anew(out, COUNTS, &|out| {
        for count in counts.clone().take(COUNTS_IN_A_RECORD) {
            out.raw(&count.link.0);
            put_payer(out, &count.payer);
            out.integer(u32::from(count.spent).into());
            out.integer(count.first.0);
            out.integer(count.keep_until.0);
        }
    })?;
    Ok(out.as_bytes().len() > 1)
}

/// The counts of a record of them.
pub(in crate::lock) fn read_counts(
    bytes: &[u8],
    form: Form,
) -> Result<impl Iterator<Item = Count>, DecodeError> {
    Reader::all(bytes, move |reader| read_count(reader, form))
}

fn read_count(reader: &mut Reader<'_>, form: Form) -> Option<Count> {
    let (link, payer) = (Prefix(read_name(reader, form)?), read_payer(reader, form)?);
    let spent = NonZeroU32::new(reader.u32()?)
        .or_else(|| reader.refuse(DecodeError::OutOfRange(Part::Uses)))?;
    let (first, keep_until) = (Time(reader.u64()?), Time(reader.u64()?));
    Some(Count { link, payer, spent, first, keep_until })
}

/// As many lanes as fit in one record; whether there are any.
pub(in crate::lock) fn lanes<T: Capacity>(
    out: &mut Room,
    lanes: impl Iterator<Item = LaneView<impl Iterator<Item = u64>>> + Clone,
) -> Result<bool, EncodeError> {
    anew(out, LANES, &|out| {
        for lane in lanes.clone().take(lanes_in_a_record::<T>()) {
            out.raw(&lane.holder.0);
            put_payer(out, &lane.payer);
            out.integer(lane.latest.0);
            out.integer(lane.highest.0);
            lane.seen.for_each(|word| out.raw(&word.to_le_bytes()));
        }
    })?;
    Ok(out.as_bytes().len() > 1)
}

/// The lanes of a record of them.
pub(in crate::lock) fn read_lanes(
    bytes: &[u8],
    form: Form,
) -> Result<impl Iterator<Item = LaneView<impl Iterator<Item = u64>>>, DecodeError> {
    Reader::all(bytes, move |reader| read_lane(reader, form))
}

fn read_lane<'a>(
    reader: &mut Reader<'a>,
    form: Form,
) -> Option<LaneView<impl Iterator<Item = u64> + use<'a>>> {
    let (holder, payer) = (Prefix(read_name(reader, form)?), read_payer(reader, form)?);
    let (latest, highest) = (Time::read(reader)?, Counter(reader.u64()?));
    let (words, _) = reader.take(form.words.saturating_mul(8))?.as_chunks();
    let seen = words.iter().map(|word| u64::from_le_bytes(*word));
    let is_window = highest.0 != u64::MAX && seen.clone().next().is_none_or(|word| word & 1 == 1);
    if !is_window {
        return reader.refuse(DecodeError::OutOfRange(Part::Tag));
    }
    Some(LaneView { holder, payer, latest, highest, seen })
}

const fn lane_bytes<T: Capacity>() -> usize {
    LANE_BYTES.saturating_add(T::BLOCKS.saturating_mul(8))
}

pub(in crate::lock) const fn lanes_in_a_record<T: Capacity>() -> usize {
    (Body::SIZE - 1).div_euclid(lane_bytes::<T>())
}

/// What the tables and the start of a snapshot take at most, as (bytes, records).
pub(in crate::lock) const fn snapshot_size<T: Capacity>() -> (usize, usize) {
    let counts = T::COUNTS.saturating_mul(COUNT_BYTES);
    let lanes = T::LANES.saturating_mul(lane_bytes::<T>());
    let count_records = T::COUNTS.div_ceil(COUNTS_IN_A_RECORD);
    let lane_records = if T::LANES == 0 { 0 } else { T::LANES.div_ceil(lanes_in_a_record::<T>()) };
    let records = 1_usize.saturating_add(count_records).saturating_add(lane_records);
    let bytes = Start::BYTES.saturating_add(counts).saturating_add(lanes).saturating_add(records);
    (bytes, records)
}

fn put_payer(out: &mut Writer<'_>, payer: &Payer) {
    out.raw(&payer.root);
    out.raw(&payer.issuer);
}

fn read_payer(reader: &mut Reader<'_>, form: Form) -> Option<Payer> {
    Some(Payer { root: read_name(reader, form)?, issuer: read_name(reader, form)? })
}

/// The beginning of a name, by which tables tell names apart.
fn read_name<const N: usize>(reader: &mut Reader<'_>, form: Form) -> Option<[u8; N]> {
    let name = *reader.array()?;
    let _end = reader.take(if form.is_wide { N } else { 0 })?;
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::Tables;

    /// What full tables take whose numbers are all at their largest.
    fn written<T: Capacity>() -> (usize, usize) {
        let payer = Payer { root: [1; 4], issuer: [2; 4] };
        let (link, holder, spent) = (Prefix([3; 8]), Prefix([4; 8]), NonZeroU32::MAX);
        let (last, highest) = (Time(u64::MAX), Counter(u64::MAX));
        let count = Count { link, payer, spent, first: last, keep_until: last };
        let seen = core::iter::repeat_n(u64::MAX, T::BLOCKS);
        let lane = LaneView { holder, payer, latest: last, highest, seen };
        let (mut out, mut bytes, mut records) = (Room::empty(), 1 + Start::BYTES, 1);
        let mut add = |out: &Room| {
            assert!(out.as_bytes().len() <= Body::SIZE, "with its tag it is no record");
            bytes += out.as_bytes().len();
            records += 1;
            assert!(records < 100, "there is no end of them");
        };
        let mut from = 0;
        while counts(&mut out, core::iter::repeat_n(count, T::COUNTS - from)).unwrap() {
            add(&out);
            from += COUNTS_IN_A_RECORD.min(T::COUNTS - from);
        }
        let mut from = 0;
        while lanes::<T>(&mut out, core::iter::repeat_n(lane.clone(), T::LANES - from)).unwrap() {
            add(&out);
            from += lanes_in_a_record::<T>().min(T::LANES - from);
        }
        (bytes, records)
    }

    #[test]
    fn the_largest_snapshot_has_the_size_that_a_store_is_checked_for() {
        assert_eq!(snapshot_size::<Tables<64, 16, 1>>(), written::<Tables<64, 16, 1>>());
        assert_eq!(snapshot_size::<Tables<16, 8, 8>>(), written::<Tables<16, 8, 8>>());
        assert_eq!(snapshot_size::<Tables<1, 0, 1>>(), written::<Tables<1, 0, 1>>());
        // Seven such lanes take two bytes more than a record has.
        assert_eq!(snapshot_size::<Tables<1, 7, 17>>(), written::<Tables<1, 7, 17>>());
    }

    #[test]
    fn a_lane_without_a_highest_counter_that_was_seen_is_none() {
        let payer = Payer { root: [1; 4], issuer: [2; 4] };
        let read = |highest, word: u64| {
            let (holder, latest, seen) = (Prefix([4; 8]), Time(1), core::iter::once(word));
            let lane = LaneView { holder, payer, latest, highest: Counter(highest), seen };
            let mut out = Room::empty();
            assert_eq!(lanes::<Tables<1, 1, 1>>(&mut out, core::iter::once(lane)), Ok(true));
            read_lanes(&out.as_bytes()[1..], Form { words: 1, is_wide: false }).map(Iterator::count)
        };
        let refused = Err(DecodeError::OutOfRange(Part::Tag));
        assert_eq!(read(9, 0b11), Ok(1));
        assert_eq!(read(9, 0b10), refused);
        assert_eq!(read(u64::MAX, 0b11), refused);
        assert_eq!(read(u64::MAX, 0b10), refused);
    }
}
