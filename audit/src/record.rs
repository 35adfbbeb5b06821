//! What an audit keeps of each entry: a fixed number of bytes, and where the rest lies.

use keyward::{SignatureFault, receipt::Log};

use crate::{
    archive::{Carried, Place},
    line::Line,
};

/// One copy of an entry, or one receipt. What it hangs from is kept by [`Records`].
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) number: u64,
    pub(crate) hash: [u8; 32],
    pub(crate) oldest: u64,
    pub(crate) line: Line,
    pub(crate) place: Place,
    pub(crate) carried: Carried,
    pub(crate) private: Shown,
    pub(crate) signature: Signed,
    pub(crate) rotates: bool,
    /// Whether the lock has said it: set by the walk down the chain.
    pub(crate) genuine: bool,
}

/// What became of a private part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// There is none, or a receipt doesn't carry it.
    Nothing,
    Erased,
    Told,
    /// It is not the one that is named.
    Other,
}

/// What is known of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signed {
    Unchecked,
    Holds,
    Broken(SignatureFault),
}

/// All records of one log.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) log: Log,
    pub(crate) all: Vec<Record>,
    before: Before,
    highest: Option<u64>,
    /// Entries that came behind one of a higher number.
    pub(crate) reordered: u64,
}

/// The hashes that records hang from. Of a million records in their order each hangs from the one
/// before, and to write that down again would take a third of the memory.
#[derive(Debug)]
enum Before {
    /// The numbers ascend so far: each hangs from the record in front, but for these.
    InOrder(Vec<(usize, [u8; 32])>),
    /// They don't: one for each record.
    Each(Vec<[u8; 32]>),
}

/// What hangs from what among the records of one number.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hangs<'r> {
    /// The only one hangs from this.
    From([u8; 32]),
    /// One for each record.
    Each(&'r [[u8; 32]]),
}

impl Hangs<'_> {
    /// What the record at this place hangs from.
    pub(crate) fn before(&self, place: usize) -> [u8; 32] {
        match self {
            Self::From(hash) => *hash,
            Self::Each(hashes) => hashes.get(place).copied().unwrap_or_default(),
        }
    }
}

impl Records {
    pub(crate) const fn new(log: Log) -> Self {
        let before = Before::InOrder(Vec::new());
        Self { log, all: Vec::new(), before, highest: None, reordered: 0 }
    }

    pub(crate) fn push(&mut self, record: Record, before: [u8; 32]) {
        if record.carried == Carried::Entry {
            self.reordered += u64::from(self.highest.is_some_and(|high| record.number < high));
            self.highest = self.highest.max(Some(record.number));
        }
        let last = self.all.last();
        if last.is_some_and(|last| last.number >= record.number) {
            self.write_out();
        }
        match &mut self.before {
            Before::InOrder(others) => {
                if self.all.last().is_none_or(|last| last.hash != before) {
                    others.push((self.all.len(), before));
                }
            }
            Before::Each(hashes) => hashes.push(before),
        }
        self.all.push(record);
    }

    /// Writes down what each record hangs from.
    fn write_out(&mut self) {
        let Before::InOrder(others) = &self.before else { return };
        let in_front = std::iter::once([0; 32]).chain(self.all.iter().map(|record| record.hash));
        let mut hashes: Vec<_> = in_front.take(self.all.len()).collect();
        for (place, before) in others {
            if let Some(hash) = hashes.get_mut(*place) {
                *hash = *before;
            }
        }
        self.before = Before::Each(hashes);
    }

    /// By number, then by what they say, then as they came.
    pub(crate) fn sort(&mut self) {
        let Before::Each(hashes) = &self.before else { return };
        let mut both: Vec<_> = self.all.drain(..).zip(hashes.iter().copied()).collect();
        both.sort_by(|(a, _), (b, _)| (a.number, &a.hash).cmp(&(b.number, &b.hash)));
        let mut hashes = Vec::with_capacity(both.len());
        for (record, before) in both {
            self.all.push(record);
            hashes.push(before);
        }
        self.before = Before::Each(hashes);
    }

    /// Visits the records number by number, from the highest down; they are sorted.
    pub(crate) fn down(&mut self, mut visit: impl FnMut(&mut [Record], Hangs<'_>)) {
        let mut rest = self.all.as_mut_slice();
        let mut others: &[(usize, [u8; 32])] = match &self.before {
            Before::InOrder(others) => others,
            Before::Each(_) => &[],
        };
        while let Some(number) = rest.last().map(|record| record.number) {
            let start = rest.iter().rposition(|record| record.number != number);
            let start = start.map_or(0, |place| place.saturating_add(1));
            let Some((below, here)) = rest.split_at_mut_checked(start) else { return };
            let hangs = match (&self.before, others.split_last()) {
                (Before::Each(hashes), _) => {
                    let end = start.saturating_add(here.len());
                    Hangs::Each(hashes.get(start..end).unwrap_or_default())
                }
                (Before::InOrder(_), Some(((place, before), fewer))) if *place == start => {
                    others = fewer;
                    Hangs::From(*before)
                }
                (Before::InOrder(_), _) => {
                    Hangs::From(below.last().map_or([0; 32], |record| record.hash))
                }
            };
            visit(here, hangs);
            rest = below;
        }
    }
}
